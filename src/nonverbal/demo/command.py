"""`nonverbal demo`: the command."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from nonverbal.verdicts import UserError

if TYPE_CHECKING:
    from nonverbal.fitting.chat_steps import Done, Step


@dataclass(frozen=True)
class Demo:
    """The whole way in a quarter of an hour: a video to a dataset, talk to a model, and a page to see both."""

    out: Path
    """Folder for all of it; the same again goes on where it was stopped."""
    video: Path | None = None
    """A video of two people talking, in place of a film made by the studio."""
    serve: bool = True
    """Show the dataset and the model in a browser at the end, until Ctrl+C; only where somebody looks."""
    port: int = 8000
    """Port of the page; if it is taken, the next free one."""

    def run(self, console: Console) -> int:
        if self.video is not None and not self.video.is_file():
            raise UserError(f"{self.video}: no such file; give a video of two people talking, or leave it out")
        # Imported here, since torch, transformers and the studio come along.
        from nonverbal.demo.walk import Walk
        from nonverbal.fitting.chat_steps import walk

        made = Walk(self.out, self.video)
        steps = made.steps()
        done = walk(steps, self.out, console)
        console.print(_times(steps, done))
        told = ["nonverbal", "serve", "--model", str(made.model), "--dataset", str(made.dataset)]
        told += ["--media", str(made.media)]
        if self.serve and sys.stdin.isatty() and console.is_terminal:
            return self._serve(made.model, made.dataset, made.media, console)
        console.print("Look at the dataset and talk with the model:", soft_wrap=True)
        console.print(f"    {shlex.join(told)}", markup=False, highlight=False, soft_wrap=True)
        console.print("Talk with the model that ships, trained for an hour by the same recipe:", soft_wrap=True)
        console.print("    nonverbal serve --model demo", markup=False, highlight=False, soft_wrap=True)
        return 0

    def _serve(self, model: Path, dataset: Path, media: Path, console: Console) -> int:
        from nonverbal.serve.serve_command import Serve
        from nonverbal.serve.settings import ServerConfig

        return Serve(str(model), dataset=dataset, media=media, server=ServerConfig(port=self.port)).run(console)


def _times(steps: Sequence[Step], done: Mapping[str, Done]) -> Table:
    """How long each step took, in the run that did it."""
    table = Table(title="Time (minutes)", title_justify="left")
    table.add_column("step")
    for heading in ("wall", "processor"):
        table.add_column(heading, justify="right")
    for step in steps:
        table.add_row(step.title, *(f"{s / 60:.1f}" for s in (done[step.name].wall_s, done[step.name].cpu_s)))
    totals = (sum(getattr(one, name) for one in done.values()) for name in ("wall_s", "cpu_s"))
    table.add_row("all", *(f"{s / 60:.1f}" for s in totals), style="bold")
    return table
