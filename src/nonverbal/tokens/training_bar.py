"""What a training run shows of itself: a bar where somebody looks, a line at each validation everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Line = dict[str, Any]
"""A line of the log: "step", "of", and numbers; those of a validation stand under "validation"."""


@contextmanager
def training_bar(
    console: Console, step: Callable[[Line], str], validation: Callable[[Line], str]
) -> Iterator[Callable[[Line], None]]:
    """An observer that shows lines of the log.

    Args:
        console: where it is shown.
        step: a line in few words: losses and rate.
        validation: the numbers of a validation in few words.
    """

    def tell(line: Line) -> None:
        told = f"step {line['step']} of {line['of']}, validation: {validation(line['validation'])}"
        console.print(told, markup=False, highlight=False, soft_wrap=True)

    if not console.is_terminal:
        yield lambda line: tell(line) if "validation" in line else None
        return
    columns = (BarColumn(12), MofNCompleteColumn(), TextColumn("{task.fields[told]}"))  # 80 columns hold it all
    with Progress(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, transient=True, speed_estimate_period=120
    ) as progress:
        bar = progress.add_task("", total=None, told="first steps")

        def observe(line: Line) -> None:
            if "validation" in line:
                tell(line)
            else:
                progress.update(bar, completed=line["step"], total=line["of"], told=step(line))

        yield observe
