"""`nonverbal benchmark accuracy`: studio videos through the pipeline, the result against what was staged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from nonverbal.accuracy.films import films, shoot
from nonverbal.accuracy.measure import measure
from nonverbal.accuracy.picture import draw
from nonverbal.accuracy.side_by_side import Entry, backend_table, chosen, compare, entries_as_json
from nonverbal.accuracy.summary import summarise
from nonverbal.accuracy.table import as_json, tables
from nonverbal.accuracy.taking import MeasuredSettings, measured, take_all
from nonverbal.progress import watching
from nonverbal.settings import BuildSettings, load_settings
from nonverbal.studio.scene import LAYOUTS, Layout
from nonverbal.ticks import Tick, ticking

FITTED_SEED = 1000
"""Seeds from here on may have been used to fit the estimators, so that they measure nothing."""


@dataclass(frozen=True)
class Accuracy:
    """How close the pipeline comes to a known truth: studio videos, one table."""

    videos: int = 4
    """How many studio videos are made and measured."""
    minutes: float = 2.0
    """Length of each, in minutes."""
    seed: int = 500
    """Seed of the first video; the others follow, all below 1000: the estimators may have seen higher ones."""
    layouts: tuple[Layout, ...] = LAYOUTS
    """Layouts of the videos, in turn: "split", "wide", "cuts"."""
    work: Path = Path(".bench/accuracy")
    """Folder of the videos and of the dataset made from them; what is finished there is used again, so give another one
    once the studio has changed."""
    config: Path | None = None
    """Settings of the pipeline: a TOML file (see `nonverbal settings`) or the dataset.json of a dataset. Clips begin at
    the first second and may be short, whatever it says."""
    json: bool = False
    """Print JSON instead of tables."""
    backend: tuple[str, ...] = ()
    """Instead of the one table, one row for each of these backends (names as `nonverbal doctor` lists them, or "all"),
    each in the place of what does its work by default, with its speed."""
    picture: Path | None = None
    """Also draw the figures into this PNG file."""

    def __post_init__(self) -> None:
        if self.videos < 1 or not self.minutes > 0 or not self.layouts:
            raise ValueError(
                f"got {self.videos} videos of {self.minutes} minutes in {len(self.layouts)} layouts; expected at least "
                "one of each and a length above 0"
            )
        if not 0 <= self.seed <= FITTED_SEED - self.videos:
            raise ValueError(
                f"got seeds {self.seed} to {self.seed + self.videos - 1}, expected 0 to {FITTED_SEED - 1}: higher ones "
                "may have been used to fit the estimators"
            )

    def run(self, console: Console) -> int:
        progress = Console(stderr=True) if self.json else console
        backends = chosen(self.backend)
        shots = []
        for i, film in enumerate(films(self.videos, self.minutes, self.seed, self.layouts)):
            with ticking(progress) as tick:
                shots.append(shoot(film, self.work / "videos", _titled(f"video {i + 1} of {self.videos}: ", tick)))
        if backends:
            with watching(progress) as (observer, tell):
                entries = compare(backends, shots, self.work / "dataset", self.settings(), observer, tell)
            return _show(entries, console, self.json)
        with watching(progress) as (observer, tell):
            takes = take_all(shots, self.work / "dataset", self.settings(), observer, tell)
        scores = [measure(take) for take in takes]
        summary = summarise(scores)
        if self.picture:
            draw(summary, scores, self.picture)
        if self.json:
            print(json.dumps(as_json(summary), indent=2, sort_keys=True))
        else:
            for table in tables(summary):
                console.print(table)
        return 0

    def settings(self) -> MeasuredSettings:
        """The pipeline's settings with those that a benchmark needs."""
        return measured(load_settings(self.config) if self.config else BuildSettings())


def _titled(title: str, tick: Tick) -> Tick:
    return lambda what, done, of: tick(title + what, done, of)


def _show(entries: Sequence[Entry], console: Console, as_text: bool) -> int:
    if as_text:
        print(json.dumps(entries_as_json(entries), indent=2, sort_keys=True))
    else:
        console.print(backend_table(entries))
    return 0
