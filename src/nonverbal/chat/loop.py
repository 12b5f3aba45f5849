"""A chat as a person has it: lines in, commands obeyed, mistakes told in a sentence, a film at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from rich.console import Console

from nonverbal.avatar.mesh import load_model
from nonverbal.chat.clip import ClipSettings, check_film_path, film_reel
from nonverbal.chat.exchange import Exchange
from nonverbal.chat.partner import Partner
from nonverbal.chat.reel import can_be_shown, reel_of
from nonverbal.chat.screen import Screen
from nonverbal.chat.transcript import save_chat
from nonverbal.chat.typed import MANNERS, Order, Typed, read_typed
from nonverbal.chat.voice import Speaker
from nonverbal.mars.sampling import Draw, SamplingConfig
from nonverbal.mars.store import Mars, load_mars
from nonverbal.media.names import printable
from nonverbal.ticks import ticking
from nonverbal.verdicts import UserError

if TYPE_CHECKING:
    from nonverbal.chat.command import Chat

HELP = f"""\
Type what you say, and before it, in brackets, how you say it:
{", ".join(f"({name})" for name in MANNERS)}.
(laughing) may stand alone. Without brackets the last mark tells: ? asks, ! is delighted.
/video FILE.mp4 - film of the conversation so far
/save FILE.json - words, directions and codes of it
/reset - begin anew
/help - this
/quit - end, as the end of the input does
Ctrl-C breaks off an answer; what was said until then counts."""


class ChatLoop:
    """Takes the lines of one run of the command.

    Attributes:
        screen: where it writes.
        exchange: the conversation.
        failed: how many lines could not be taken.
    """

    def __init__(self, mars: Mars, chat: Chat, console: Console) -> None:
        """Raises:
        UserError: a setting, the voice or the name of the film is wrong, or what a film needs is missing.
        """
        sampling = sampling_of(chat, mars.vocabulary.config.step_s)
        self._chat, self._mars, self._console = chat, mars, console
        self._film = ClipSettings(voice=Speaker(chat.voice).voice)
        if chat.video is not None:
            self._check_film(chat.video)
        partner = Partner(mars.tokenizers, mars.vocabulary.config, chat.partner, chat.seed)
        if chat.partner != "text":
            partner.message(Typed("Hello."))  # the first line takes seconds, in which nobody should have to wait
        self.screen = Screen(console, not chat.text_only_view)
        self.exchange = Exchange(mars, partner, sampling)
        self.failed = 0
        self._orders: dict[str, Callable[[str], None]] = {
            "video": self._video,
            "save": self._save,
            "reset": self._reset,
            "help": self._help,
        }

    def take(self, line: str) -> bool:
        """Does what a line asks for; False where that is the end. A mistake is told, and the chat goes on."""
        try:
            told = read_typed(line)
            if isinstance(told, Order):
                return self._obey(told)
            if told is not None:
                self.screen.listening(self.exchange.hear(told))
                self.screen.reply(self.exchange)
        except UserError as error:
            self.failed += 1
            self.screen.aside(str(error))
        return True

    def end(self) -> int:
        """Writes the film that was asked for; the exit code, which is 1 where lines of a script failed.

        Raises:
            UserError: the film cannot be written.
        """
        if self._chat.video is not None and self.exchange.messages:
            self._video(str(self._chat.video))
        return 1 if self.failed and not self._console.is_terminal else 0

    def _obey(self, order: Order) -> bool:
        if order.name in ("quit", "exit"):
            return False
        if order.name not in self._orders:
            names = ", ".join(f"/{name}" for name in (*self._orders, "quit"))
            raise UserError(f"there is no command /{order.name}; the commands are {names}")
        self._orders[order.name](order.argument)
        return True

    def _video(self, name: str) -> None:
        path = Path(name)
        self._check_film(path)
        reel = reel_of(self.exchange.conversation, self._mars.tokenizers, self.exchange.config)
        with ticking(self._console) as tick:
            done = film_reel(reel, path, self._film, tick)
        self.screen.aside(
            f"{printable(done.path)}: {reel.duration_s:.1f} s of film in {done.wall_s:.1f} s, "
            f"{done.frames_per_s:.1f} frames a second"
        )

    def _save(self, name: str) -> None:
        save_chat(self.exchange, Path(name), printable(self._chat.model))
        self.screen.aside(f"{printable(name)}: {len(self.exchange.messages)} turns")

    def _reset(self, _: str) -> None:
        self.exchange.reset()
        self.screen.aside("a new conversation")

    def _help(self, _: str) -> None:
        for line in HELP.splitlines():
            self.screen.aside(line)

    def _check_film(self, path: Path) -> None:
        check_film_path(path)
        spaces = {space for tokenizer in self._mars.tokenizers.values() for space in tokenizer.spaces}
        if not can_be_shown(tuple(spaces)):
            raise UserError(f"no open avatar can perform {', '.join(sorted(spaces))}: films need arkit52 and smplx117")
        load_model()  # says what is missing before anybody has talked for an hour


def open_loop(chat: Chat, console: Console) -> ChatLoop:
    """The chat that the command asks for.

    Raises:
        UserError: there is no such model or device, or a setting or file name is wrong.
    """
    if chat.device == "cuda" and not torch.cuda.is_available():
        raise UserError("device: got cuda, but there is no GPU that torch can use; leave --device out")
    if chat.video is not None:
        check_film_path(chat.video)  # before the model is loaded, which takes its time
    return ChatLoop(load_mars(chat.model, chat.device), chat, console)


def sampling_of(chat: Chat, step_s: float) -> SamplingConfig:
    """How turns are drawn.

    Raises:
        UserError: a setting is out of range.
    """
    if chat.temperature < 0 or not step_s <= chat.max_seconds <= 600:
        raise UserError(
            f"temperature={chat.temperature:g}, max_seconds={chat.max_seconds:g}: expected a temperature of 0 or more "
            f"and {step_s:g} to 600 seconds"
        )
    motion = Draw(chat.motion_temperature, chat.top_p)
    return SamplingConfig(
        text=Draw(chat.temperature or 1.0, chat.top_p),
        face=motion,
        body=motion,
        max_steps=int(chat.max_seconds / step_s),
        greedy=chat.temperature == 0,
        seed=chat.seed,
    )
