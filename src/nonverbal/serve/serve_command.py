"""`nonverbal serve`: the command."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from rich.console import Console

from nonverbal.serve.settings import ServerConfig
from nonverbal.verdicts import UserError

if TYPE_CHECKING:  # torch and FastAPI take seconds to load, which no other command has to wait for
    from nonverbal.mars.store import Mars
    from nonverbal.serve.parts import Part

_DEMO, _DEMO_NAME = "demo", "nonverbal-demo"
_SPARE_SOCKETS = 8  # beyond the chats, for those who are told that all places are taken
_SPARE_REQUESTS = 48  # beyond the chats, each of which may be one long request to OpenAI's interface


@dataclass(frozen=True)
class Serve:
    """Talk with a model in the browser or over OpenAI's interface: words, face and body come as they are made."""

    model: str
    """Folder of the model, as `nonverbal train` writes it; demo for the small one that comes with the package."""
    dataset: Path | None = None
    """Folder of a dataset to look at beside the chat."""
    media: Path | None = None
    """Folder with the videos that the dataset was made from, to play along."""
    name: str = ""
    """What clients call the model; the name of its folder when left out."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where the model runs."""
    chats: int = 16
    """Most chats at once."""
    context: int = 4096
    """Most tokens that a chat remembers; less needs less memory."""
    open: bool = False
    """Show the page in your browser at once."""
    server: Annotated[ServerConfig, tyro.conf.arg(name="")] = field(default_factory=ServerConfig)

    def run(self, console: Console) -> int:
        try:
            from nonverbal.mars.demo_model import starters
            from nonverbal.serve.app import serve
            from nonverbal.serve.chat_hall import ChatLimits
            from nonverbal.serve.chat_part import STARTERS, Chats
        except ImportError as error:
            raise UserError(f"{error.name} is missing: pip install 'nonverbal[serve]'") from error
        with console.status("Loading the model"):
            mars, name = self._mars()
            lines = starters() if name == _DEMO_NAME else STARTERS
            chats = Chats(mars, self.name or name, ChatLimits(chats=self.chats, context=self.context), starters=lines)
        parts = [chats.part(), *self._viewer(console)]
        Thread(target=chats.hall.warm_up_acting, name="acting", daemon=True).start()
        return serve(with_room_for(self.server, self.chats), parts, console, "/chat", self.open)

    def _mars(self) -> tuple[Mars, str]:
        """The model and what to call it.

        Raises:
            UserError: there is no such model or device.
        """
        import torch

        from nonverbal.mars.demo_model import demo_model
        from nonverbal.mars.store import load_mars

        if self.device == "cuda" and not torch.cuda.is_available():
            raise UserError("device: got cuda, but there is no GPU that torch can use; leave --device out")
        if self.model == _DEMO and not Path(_DEMO).is_dir():
            return load_mars(demo_model(), self.device), _DEMO_NAME
        folder = Path(self.model)
        return load_mars(folder, self.device), folder.resolve().name

    def _viewer(self, console: Console) -> list[Part]:
        """The dataset's part, if one was given."""
        if self.dataset is None:
            return []
        from nonverbal.serve.library import Library
        from nonverbal.serve.library_media import MediaFolder
        from nonverbal.serve.viewer_api import viewer_part

        with console.status("Reading the dataset"):
            library = Library(self.dataset)
            sizes = {source_id: row["size_bytes"] for source_id, row in library.sources.items()}
            media = MediaFolder(self.media, sizes) if self.media is not None else None
        return [viewer_part(library, media)]


def with_room_for(server: ServerConfig, chats: int) -> ServerConfig:
    """The same server with limits that let so many chats in at once, and others beside them."""
    limits = server.limits
    room = replace(
        limits,
        sockets=max(limits.sockets, chats + _SPARE_SOCKETS),
        parallel=max(limits.parallel, chats + _SPARE_REQUESTS),
        connections=max(limits.connections, 2 * (chats + _SPARE_SOCKETS + _SPARE_REQUESTS)),
    )
    return replace(server, limits=room)
