"""What a run tells while it goes on, for a progress display, and what it has measured at the end."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from nonverbal.pipeline.store import JsonCodec, commit
from nonverbal.pipeline.survey import Outcome
from nonverbal.pipeline.unit import Unit
from nonverbal.verdicts import Reason


class Observer(Protocol):
    """Callbacks from the supervising process, in its main loop: return quickly, raise nothing."""

    def on_units(self, level: str, seen: int, finished: int) -> None:
        """So many units of a level ("source" or "clip") are known, so many of them finished."""

    def on_unit_started(self, unit: Unit) -> None:
        """A worker begins with a unit (again, after a failure)."""

    def on_progress(self, unit: Unit, stage: str, fraction: float) -> None:
        """`stage` has come to `fraction` in [0, 1]; 0 when it begins."""

    def on_unit_failed(self, unit: Unit, stage: str, reason: Reason, failures: int) -> None:
        """A try failed; the unit is tried again or, after this, quarantined."""

    def on_unit_finished(self, outcome: Outcome, timings: Mapping[str, float]) -> None:
        """Done, rejected or quarantined; `timings` are wall seconds by stage, with "commit"."""

    def on_stop(self, message: str) -> None:
        """The run ends early: on request, or because nothing can be written any more."""


class Silent:
    """An observer that shows nothing."""

    def on_units(self, level: str, seen: int, finished: int) -> None: ...

    def on_unit_started(self, unit: Unit) -> None: ...

    def on_progress(self, unit: Unit, stage: str, fraction: float) -> None: ...

    def on_unit_failed(self, unit: Unit, stage: str, reason: Reason, failures: int) -> None: ...

    def on_unit_finished(self, outcome: Outcome, timings: Mapping[str, float]) -> None: ...

    def on_stop(self, message: str) -> None: ...


@dataclass(frozen=True)
class UnitTiming:
    """One try at a unit: `wall_s` from task to verdict, `stages` the part of it spent in each stage and in "commit".

    `start_s` is how long the worker took to come up when this was its first unit, else 0.
    """

    unit_id: str
    level: str
    status: str
    reason: str
    duration_s: float
    start_s: float
    wall_s: float
    stages: dict[str, float]
    peak_mb: float

    @property
    def explained_s(self) -> float:
        return sum(self.stages.values())


@dataclass(frozen=True)
class RunRecord:
    """What one run measured; no part of any hashed data."""

    started: str
    wall_s: float
    workers: int
    cores: int
    exit_code: int
    units: tuple[UnitTiming, ...]

    def by_stage(self, level: str = "clip") -> dict[str, float]:
        """Wall seconds by stage over all units of a level, "commit" last."""
        totals: dict[str, float] = {}
        for timing in self.units:
            for stage, wall_s in timing.stages.items() if timing.level == level else ():
                totals[stage] = totals.get(stage, 0.0) + wall_s
        commit_s = totals.pop("commit", 0.0)
        return {**totals, "commit": commit_s}

    @property
    def explained(self) -> float:
        """The share of the workers' time, start-up included, that the stages and commits account for, in [0, 1]."""
        spent_s = sum(timing.wall_s + timing.start_s for timing in self.units)
        known_s = sum(timing.explained_s + timing.start_s for timing in self.units)
        return known_s / spent_s if spent_s else 1.0


def save_record(folder: Path, record: RunRecord) -> Path:
    """Writes a run's record as ``UTC-PID.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.json"
    codec = JsonCodec(RunRecord)
    commit(path, lambda temporary: codec.write(temporary, record), lambda temporary: None)  # no result depends on it
    return path
