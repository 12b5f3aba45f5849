"""How far a long work has come, told to whoever asks, and drawn as a bar with rate and time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Tick = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""


def silent(what: str, done: int, of: int) -> None:
    """A tick that tells nobody."""


@contextmanager
def ticking(console: Console) -> Iterator[Tick]:
    """A tick that draws a bar with rate and time left where somebody looks."""
    if not console.is_terminal:
        yield silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        bar = progress.add_task("", rate="")

        def tick(what: str, done: int, of: int) -> None:
            task = progress.tasks[bar]
            if task.description != what:
                progress.reset(bar, description=what)
            rate = f"{task.speed:.1f}/s" if task.speed else ""
            progress.update(bar, completed=done, total=of, rate=rate)

        yield tick
