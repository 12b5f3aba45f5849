"""The pipeline run for a measurement: whole videos, short ones too, and what `speak` thought is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from nonverbal.accuracy.evidence import KeepEvidence
from nonverbal.accuracy.films import Shot
from nonverbal.accuracy.measure import Take
from nonverbal.build import Built, build
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.rows import KEPT, Row
from nonverbal.pipeline.observe import Observer
from nonverbal.pipeline.stage import Stage
from nonverbal.settings import BuildSettings
from nonverbal.types import Clip
from nonverbal.verdicts import UserError


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
    """Runs the pipeline on the videos and sets each clip beside its truth; `out` is the dataset's folder."""
    return takes_of(build([str(shot.video) for shot in shots], out, settings, observer, tick), shots, out)


def takes_of(built: Built, shots: Sequence[Shot], out: Path) -> list[Take]:
    """What a build made of the videos, each clip beside its truth.

    Raises:
        UserError: the build was broken off.
    """
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
