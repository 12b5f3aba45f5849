"""`nonverbal export`: the command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro
from rich.console import Console
from rich.table import Table

from nonverbal.ticks import ticking
from nonverbal.verdicts import UserError

if TYPE_CHECKING:  # tables and rotations take a second to load, which no other command has to wait for
    from nonverbal.formats.differences import Difference
    from nonverbal.formats.take import Take


@dataclass(frozen=True)
class Export:
    """Motion as a file of another program's format, read back and compared."""

    motion: tyro.conf.Positional[Path]
    """A dataset's folder, a .motion.safetensors, a Live Link Face .csv, or an AMASS or BEAT2 .npz."""
    to: Literal["bvh", "glb", "arkit-csv", "amass-npz", "vrma", "motion"]
    """The format; motion is our own file (.motion.safetensors)."""
    out: Path
    """The file to be; one that is there is replaced."""
    dialogue: str | None = None
    """Which dialogue of a dataset: its id, or how it begins."""
    participant: str | None = None
    """Which of its people, such as A."""
    start_s: float = 0.0
    """Where to begin, in seconds."""
    end_s: float | None = None
    """Where to end, in seconds; at the end when left out."""
    fps: float | None = None
    """Frames a second of the file; those of the motion when left out."""
    smooth: bool = False
    """Smooth a dataset's motion first, as its reader does."""
    person: int = 5
    """Who is shown in a .glb: a seed."""
    presets: bool = True
    """VRM's own expressions (blink, aa, ou, happy) beside those by ARKit's names in a .vrma. An avatar that has both
    shows both: leave them out for one."""

    def run(self, console: Console) -> int:
        from nonverbal.formats.targets import TARGETS, Wishes, check_name, export_take

        check_name(self.out, TARGETS[self.to].suffix)
        take = self._take()
        with ticking(console) as tick:
            found = export_take(take, self.to, self.out, Wishes(self.person, self.presets), tick)
        self._show(take, found, TARGETS[self.to].lost, console)
        return 0

    def _take(self) -> Take:
        from nonverbal.formats.open import open_takes
        from nonverbal.formats.sampling import cut, held, resampled

        if self.fps is not None and not 1.0 <= self.fps <= 240.0:
            raise UserError(f"--fps is {self.fps}, expected 1 to 240")
        if self.person < 0:
            raise UserError(f"--person is {self.person}, expected 0 or more")
        takes = open_takes(self.motion, self.dialogue, self.participant, self.smooth)
        if len(takes) > 1:
            names = " or ".join(take.name.rsplit("-", 1)[-1] for take in takes)
            raise UserError(f"{self.motion}: {len(takes)} people talk in it; choose one with --participant {names}")
        take = cut(takes[0], self.start_s, self.end_s)
        take = take if self.fps is None else resampled(take, self.fps)
        return take if self.to == "motion" else held(take)

    def _show(self, take: Take, found: tuple[Difference, ...], lost: str, console: Console) -> None:
        table = Table(title="Read back", title_justify="left", caption_justify="left")
        for name in ("part", "unit", "mean error", "largest error"):
            table.add_column(name, justify="right" if "error" in name else "left")
        for part in found:
            table.add_row(part.part, part.unit, f"{part.mean:.2g}", f"{part.largest:.2g}")
        console.print(table)
        if lost:
            console.print(f"The format has no place for: {lost}.", soft_wrap=True)
        size = self.out.stat().st_size / 1e6
        told = f"{take.n_frames} frames at {take.fps:g} a second, {take.duration_s:.2f} s, {size:.2f} MB"
        console.print(f"Written: {self.out} ({told})", markup=False, highlight=False, soft_wrap=True)
