"""`nonverbal view`: the command."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from nonverbal.serve.settings import ServerConfig
from nonverbal.verdicts import UserError


@dataclass(frozen=True)
class View:
    """Look at a dataset in the browser: both people move with their words, timelines, curves, what was rejected."""

    dataset: tyro.conf.Positional[Path]
    """Folder of the dataset."""
    media: Path | None = None
    """Folder with the videos that the dataset was made from, to play along; they are recognised by their content."""
    open: bool = False
    """Show the page in your browser at once."""
    server: Annotated[ServerConfig, tyro.conf.arg(name="")] = field(default_factory=ServerConfig)

    def run(self, console: Console) -> int:
        try:
            from nonverbal.serve.app import serve
            from nonverbal.serve.library import Library
            from nonverbal.serve.library_media import MediaFolder
            from nonverbal.serve.viewer_api import viewer_part
        except ImportError as error:
            raise UserError(f"{error.name} is missing: pip install 'nonverbal[serve]'") from error
        with console.status("Reading the dataset"):
            library = Library(self.dataset)
            sizes = {source_id: row["size_bytes"] for source_id, row in library.sources.items()}
            media = MediaFolder(self.media, sizes) if self.media is not None else None
        part = viewer_part(library, media)
        return serve(self.server, [part], console, "/viewer", self.open)
