"""`nonverbal benchmark accuracy`: studio videos through the pipeline, the result against what was staged."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from nonverbal.accuracy.evidence import KeepEvidence
from nonverbal.accuracy.films import Shot, films, shoot
from nonverbal.accuracy.measure import Take, measure
from nonverbal.accuracy.picture import draw
from nonverbal.accuracy.summary import summarise
from nonverbal.accuracy.table import as_json, tables
from nonverbal.build import build
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.rows import KEPT, Row
from nonverbal.pipeline.observe import Observer
from nonverbal.pipeline.stage import Stage
from nonverbal.progress import watching
from nonverbal.settings import BuildSettings, load_settings
from nonverbal.studio.scene import LAYOUTS, Layout
from nonverbal.ticks import Tick, ticking
from nonverbal.types import Clip
from nonverbal.verdicts import UserError

FITTED_SEED = 1000
"""Seeds from here on may have been used to fit the estimators, so that they measure nothing."""


@dataclass(frozen=True)
class MeasuredSettings(BuildSettings):
    """A build that keeps what `speak` thought, which no result depends on."""

    evidence: KeepEvidence = field(default_factory=KeepEvidence)

    @property
    def clip_stages(self) -> tuple[Stage, ...]:
        return (*super().clip_stages, self.evidence)

    def resolved(self) -> dict[str, Any]:
        plain = super().resolved()
        del plain["evidence"]
        return plain


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
        shots = []
        for i, film in enumerate(films(self.videos, self.minutes, self.seed, self.layouts)):
            with ticking(progress) as tick:
                shots.append(shoot(film, self.work / "videos", _titled(f"video {i + 1} of {self.videos}: ", tick)))
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


def measured(base: BuildSettings) -> MeasuredSettings:
    """Any settings as those of a benchmark: whole videos, short ones too, with the evidence kept."""
    given = {f.name: getattr(base, f.name) for f in fields(BuildSettings)}
    given["segment"] = replace(base.segment, skip_intro_s=0.0, min_clip_s=min(5.0, base.segment.clip_s))
    return MeasuredSettings(**given, evidence=KeepEvidence())


def take_all(
    shots: Sequence[Shot],
    out: Path,
    settings: MeasuredSettings,
    observer: Observer,
    tick: Callable[[str], None],
) -> list[Take]:
    """Runs the pipeline on the videos and sets each clip beside its truth; `out` is the dataset's folder.

    Raises:
        UserError: the build was broken off.
    """
    built = build([str(shot.video) for shot in shots], out, settings, observer, tick)
    if built.written is None:
        raise UserError(f"the build was broken off ({built.run.message}); run the same again to go on")
    dataset = open_dataset(out)
    sources = {row["source_id"]: row for row in dataset.sources()}
    clips = dataset.clips()
    takes = []
    for shot in shots:
        own = sorted((c for c in clips if c["source_id"] == shot.source_id), key=lambda c: (c["start_s"], c["clip_id"]))
        if not own:
            takes.append(Take(shot.name, shot.truth, None, verdict=_why(sources[shot.source_id])))
        for row in own:
            kept = row["verdict"] == KEPT
            takes.append(
                Take(
                    name=shot.name if len(own) == 1 else f"{shot.name} from {row['start_s']:.0f} s",
                    truth=shot.truth,
                    found=dataset.dialogue(row["clip_id"]) if kept else None,
                    evidence=built.run.read("evidence", row["clip_id"]) if kept else None,
                    clip=_clip(row),
                    verdict="" if kept else _why(row),
                )
            )
    return takes


def _clip(row: Row) -> Clip:
    return Clip(row["clip_id"], row["source_id"], row["start_s"], row["start_s"] + row["duration_s"])


def _why(row: Row) -> str:
    return f"{row['reason']}: {row['message']}"
