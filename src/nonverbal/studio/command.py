"""`nonverbal studio`: the command."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from nonverbal.studio.script.write import HINGES
from nonverbal.studio.settings import StudioSettings, TruthSettings
from nonverbal.ticks import ticking
from nonverbal.verdicts import UserError


@dataclass(frozen=True)
class Studio:
    """A podcast of two made-up people whose every word, turn, expression and gesture is known."""

    out: Path
    """Folder for podcast.mp4, podcast.rttm and the dataset truth/; with --truth-only, of the dataset itself."""
    truth_only: bool = False
    """Write dialogues without sound or picture: training data, in minutes."""
    hours: float | None = None
    """With --truth-only: length of all dialogues together; each is --minutes long, at most 15."""
    hinges: float | None = None
    """With --truth-only: how often lines come up whose meaning hangs on face and body (1.6), beside 9 for others."""
    settings: Annotated[StudioSettings, tyro.conf.arg(name="")] = field(default_factory=StudioSettings)

    def run(self, console: Console) -> int:
        if self.hours is not None and not self.truth_only:
            raise UserError("--hours goes with --truth-only; a filmed podcast takes --minutes")
        if self.hinges is not None and not self.truth_only:
            raise UserError("--hinges goes with --truth-only")
        # Imported here, since compilers and networks come along that no other command needs.
        from nonverbal.studio.hours import write_hours
        from nonverbal.studio.shoot import shoot_podcast

        with ticking(console) as tick:
            if self.truth_only:
                hours = self.settings.minutes / 60 if self.hours is None else self.hours
                minutes = min(self.settings.minutes, hours * 60)
                hinges = HINGES if self.hinges is None else self.hinges
                asked = TruthSettings(hours, minutes, self.settings.seed, hinges)
                count = write_hours(self.out, asked, tick)
                told = f"{count} dialogues of {asked.minutes:g} minutes in {self.out}"
            else:
                video = shoot_podcast(self.out, self.settings, tick)
                told = f"{video}, its podcast.rttm, and its truth in {self.out / 'truth'}"
        console.print(told, markup=False, highlight=False, soft_wrap=True)
        return 0
