"""What a chat writes: words and stage directions as they come where somebody looks, whole lines where nobody does.

Nothing that was typed or generated reaches the terminal before control and escape characters are taken out of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing

from rich.console import Console

from nonverbal.chat.describe import bracketed
from nonverbal.chat.exchange import Exchange
from nonverbal.media.names import clean_text

_YOU, _MODEL, _DIRECTION, _ASIDE = "bold cyan", "bold green", "yellow", "dim"


class Screen:
    """Writes a chat to a console.

    Args:
        console: where to.
        directions: stage directions are written beside the words.
    """

    def __init__(self, console: Console, directions: bool = True) -> None:
        self._console = console
        self._directions = directions

    def you(self, line: str) -> None:
        """A line that was read from a file or a pipe; who types sees it anyway."""
        self._write("you: ", _YOU)
        self.line(line)

    def line(self, text: str, style: str = "", indent: str = "") -> None:
        """A whole line."""
        self._write(f"{indent}{clean_text(text, len(text))}\n", style)

    def aside(self, text: str) -> None:
        """A line that is no part of the conversation."""
        self.line(text, _ASIDE, "  ")

    def listening(self, described: str) -> None:
        """What the model does and says while it listens; nothing where that is nothing."""
        if described and self._directions:
            self.aside(f"meanwhile: {described}")

    def reply(self, exchange: Exchange) -> bool:
        """Writes the model's turn; False where it was interrupted."""
        self._write("model: ", _MODEL)
        finished = self._stream(exchange) if self._console.is_terminal else self._whole(exchange)
        self._pace(exchange)
        return finished

    def _stream(self, exchange: Exchange) -> bool:
        """Words and directions as the steps come."""
        finished = True
        try:
            with closing(exchange.reply()) as coming:
                for shown in coming:
                    if shown.directions and self._directions:
                        self._write(f"{bracketed(shown.directions)} ", _DIRECTION)
                    self._words(shown.words)
        except KeyboardInterrupt:
            finished = False
        self._write("\n" if finished else "… (interrupted)\n")
        return finished

    def _whole(self, exchange: Exchange) -> bool:
        """One line once the turn is over, its directions where they begin."""
        before = len(exchange.messages)
        with closing(exchange.reply()) as coming:
            words = [word for shown in coming for word in shown.words]
        told = exchange.messages[-1] if len(exchange.messages) > before else None
        self.line(exchange.described(told) if told and self._directions else " ".join(words))
        return True

    def _words(self, words: Iterable[str]) -> None:
        for word in words:
            if clean := clean_text(word):
                self._write(f"{clean} ")

    def _pace(self, exchange: Exchange) -> None:
        pace, step_s = exchange.pace, exchange.config.step_s
        if pace.steps:
            self.aside(
                f"heard in {pace.heard_s:.1f} s, first step {pace.first_s * 1000:.0f} ms later; "
                f"{pace.steps * step_s:.1f} s in {pace.wall_s:.1f} s, {pace.real_time(step_s):.1f} x real time"
            )

    def _write(self, text: str, style: str = "") -> None:
        self._console.print(text, style=style, end="", markup=False, highlight=False, soft_wrap=True, emoji=False)
