"""`nonverbal chat`: the command."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

from rich.console import Console

from nonverbal.media.names import printable
from nonverbal.verdicts import UserError

if TYPE_CHECKING:
    from nonverbal.chat.loop import ChatLoop


@dataclass(frozen=True)
class Chat:
    """Talk with a model: you type, it answers in words, face and body. Type /help once inside."""

    model: Path
    """Folder of the model, as `nonverbal train` writes it."""
    video: Path | None = None
    """Film of the whole conversation, written at its end (.mp4)."""
    script: Path | None = None
    """Text file to read in place of the keyboard, a line a turn."""
    partner: Literal["acted", "unseen", "text"] = "acted"
    """What the model gets of you. acted: your words in time, with face and body as the studio acts them; unseen: your
    words in time; text: your words alone."""
    temperature: float = 0.8
    """Of words: below 1 the likely ones come more often; 0 for always the likeliest of everything."""
    motion_temperature: float = 1.0
    """Of face and body."""
    top_p: float = 0.95
    """Words and motion are drawn from the likeliest that together have this probability."""
    max_seconds: float = 30.0
    """Longest answer."""
    seed: int = 0
    """Equal seeds and equal lines give equal answers."""
    text_only_view: bool = False
    """Show words without stage directions."""
    voice: str = ""
    """An espeak-ng voice such as en-us+m3 that speaks the model's words in films."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where the model runs."""

    def run(self, console: Console) -> int:
        lines = _lines(self.script)
        from nonverbal.chat.loop import open_loop  # torch and transformers come along

        loop = open_loop(self, console)
        if lines is None:
            _converse(loop, console)
        else:
            for line in lines:
                if line.strip():
                    loop.screen.you(line)
                if not loop.take(line):
                    break
        return loop.end()


def _lines(script: Path | None) -> Iterator[str] | None:
    """The lines of a file or a pipe; None for a keyboard.

    Raises:
        UserError: the file is missing or no text.
    """
    if script is None:
        return None if sys.stdin.isatty() else _of(sys.stdin, "standard input")
    try:
        return iter(script.read_text(encoding="utf-8").splitlines())
    except OSError as error:
        raise UserError(f"{printable(script)}: cannot be read ({error.strerror}); expected a text file") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{printable(script)}: is no UTF-8 text ({error.reason}); expected a line a turn") from error


def _of(stream: TextIO, name: str) -> Iterator[str]:
    try:
        for line in stream:
            yield line.rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise UserError(f"{name}: is no UTF-8 text ({error.reason}); expected a line a turn") from error


def _converse(loop: ChatLoop, console: Console) -> None:
    """Turn by turn from the keyboard until it ends; an interrupted line is dropped, an interrupted answer kept."""
    with suppress(ImportError):
        import readline  # noqa: F401 - gives input() its line editing and history

    loop.screen.aside("Type what you say; (smiling), (angry) and the like before it show how. /help tells more.")
    while True:
        try:
            line = input("you: ")
        except EOFError:
            console.print()
            return
        except KeyboardInterrupt:
            console.print()
            continue
        try:
            if not loop.take(line):
                return
        except KeyboardInterrupt:
            loop.screen.aside("(interrupted)")
