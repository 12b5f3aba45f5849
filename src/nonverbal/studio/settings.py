"""What can be asked of the studio."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nonverbal.studio.scene import LAYOUTS, Layout
from nonverbal.studio.script.write import HINGES
from nonverbal.studio.speech.voices import DEFAULT_VOICES
from nonverbal.verdicts import UserError


@dataclass(frozen=True)
class StudioSettings:
    """What a podcast is like. Everything not said here follows from the seed."""

    minutes: float = 2.0
    """Length of the podcast; lines that would not fit are left out."""
    seed: int = 7
    """Decides people, words, voices' melody, movements, cameras, light and noise. 1,000 and above may have been used to
    fit the estimators: measure with smaller ones."""
    layout: Layout = "split"
    """split: a camera each, side by side; wide: one camera; cuts: one camera at a time."""
    voices: tuple[str, str] = DEFAULT_VOICES
    """The voices of A and B: joe, joe:1.2 (raised by that factor), an espeak-ng voice such as en-us+f3, or a folder
    with recordings and their lines.jsonl."""
    replay: Path | None = None
    """A recorded ARKit track (CSV of Live Link Face): faces and heads follow it instead of the words."""
    width_px: int = 1280
    """Width of the picture."""
    height_px: int = 720
    """Height of the picture."""

    def __post_init__(self) -> None:
        if not 0.1 <= self.minutes <= 180:
            raise UserError(f"minutes={self.minutes:g}: expected 0.1 to 180; make several podcasts for more")
        if self.layout not in LAYOUTS:
            raise UserError(f"unknown layout {self.layout!r}; the layouts are {', '.join(LAYOUTS)}")
        if self.seed < 0:
            raise UserError(f"seed={self.seed}: expected 0 or more")
        if min(self.width_px, self.height_px) < 240 or self.width_px % 4 or self.height_px % 4:
            raise UserError(
                f"a picture of {self.width_px} x {self.height_px}: expected multiples of 4, at least 240 pixels each"
            )


@dataclass(frozen=True)
class TruthSettings:
    """Hours of dialogues without sound or picture."""

    hours: float = 1.0
    """Length of all dialogues together."""
    minutes: float = 10.0
    """Length of each."""
    seed: int = 1000
    """Decides everything; dialogue i is that of seed + i."""
    hinges: float = HINGES
    """How often lines come up whose meaning hangs on face and body, beside 9 for all other exchanges together."""

    def __post_init__(self) -> None:
        if not 0 <= self.hinges <= 1000:
            raise UserError(f"hinges={self.hinges:g}: expected 0 to 1000; {HINGES:g} is usual")
        if self.hours <= 0 or not 0.1 <= self.minutes <= 15:
            raise UserError(
                f"hours={self.hours:g}, minutes={self.minutes:g}: expected hours above 0 and minutes from 0.1 to 15"
            )
