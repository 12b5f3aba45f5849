"""`nonverbal import arkit` and `nonverbal import amass`: the commands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro
from rich.console import Console

from nonverbal.verdicts import UserError

if TYPE_CHECKING:  # rotations take a second to load, which no other command has to wait for
    from nonverbal.formats.take import Take


@dataclass(frozen=True)
class ImportArkit:
    """A face recorded with Live Link Face (CSV of 52, 61 or 68 numbers a row) as a motion file at 25 Hz."""

    source: tyro.conf.Positional[Path]
    """The .csv."""
    out: Path
    """The motion file to be, NAME.motion.safetensors; one that is there is replaced."""
    timecode_fps: float | None = None
    """Frames its timecode counts a second; found where the seconds roll over when left out."""

    def run(self, console: Console) -> int:
        from nonverbal.formats.live_link import live_link_take
        from nonverbal.media.names import printable

        _check_rate("--timecode-fps", self.timecode_fps)
        _check_out(self.out)
        take, rows = live_link_take(self.source, counted_fps=self.timecode_fps)
        kind = " drop-frame" if rows.drop_frame else ""
        counts = f"a{kind} timecode that counts {rows.counted_fps:g} a second"
        rate = f"{len(rows.times_s)} rows, {rows.fps:.3f} a second by {counts}"
        _tell(console, f"{rate}; {rows.missing} rows missing or without a face, {rows.repeated} told twice")
        if rows.ignored:
            _tell(console, f"{len(rows.ignored)} columns not read: {', '.join(printable(n) for n in rows.ignored[:8])}")
        if rows.head is None:
            _tell(console, "The head does not turn in it, so the motion has no body.")
        _write(take, self.out, console)
        return 0


@dataclass(frozen=True)
class ImportAmass:
    """Body motion of AMASS or BEAT2 (.npz with SMPL-X or SMPL-H poses) as a motion file at 25 Hz."""

    source: tyro.conf.Positional[Path]
    """The .npz."""
    out: Path
    """The motion file to be, NAME.motion.safetensors; one that is there is replaced."""
    rate: float | None = None
    """Frames a second of the file, where it does not say or says it wrongly."""

    def run(self, console: Console) -> int:
        from nonverbal.formats.amass import amass_take

        _check_rate("--rate", self.rate)
        _check_out(self.out)
        take, rate = amass_take(self.source, recorded_fps=self.rate)
        face = "with a flame53 face" if take.face is not None else "without a face"
        _tell(console, f"{rate:g} frames a second, {face}")
        _write(take, self.out, console)
        return 0


def _check_rate(flag: str, rate: float | None) -> None:
    if rate is not None and not 1.0 <= rate <= 1000.0:
        raise UserError(f"{flag} is {rate}, expected 1 to 1000")


def _check_out(out: Path) -> None:
    from nonverbal.formats.motion_file import SUFFIX
    from nonverbal.formats.targets import check_name

    check_name(out, SUFFIX)


def _write(take: Take, out: Path, console: Console) -> None:
    from nonverbal.formats.motion_file import write_motion

    write_motion(take, out)
    seen = "" if take.validity is None else f", {take.validity.any(axis=1).mean():.1%} of them seen"
    told = f"{take.n_frames} frames at {take.fps:g} a second{seen}"
    _tell(console, f"Written: {out} ({told})")


def _tell(console: Console, sentence: str) -> None:
    console.print(sentence, markup=False, highlight=False, soft_wrap=True)
