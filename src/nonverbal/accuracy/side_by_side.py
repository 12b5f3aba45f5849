"""Backends side by side: the same videos once for each, every other stage as it is by default, one row a backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from nonverbal.accuracy.films import Shot
from nonverbal.accuracy.measure import measure
from nonverbal.accuracy.summary import Figure, Summary, summarise
from nonverbal.accuracy.table import shown
from nonverbal.accuracy.taking import MeasuredSettings, takes_of
from nonverbal.backends.registry import BACKENDS
from nonverbal.backends.requirements import Backend
from nonverbal.build import build
from nonverbal.pipeline.observe import Observer, RunRecord
from nonverbal.verdicts import UserError

EVERY = "all"

COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("kept", "kept", "%"),
    ("der", "DER", "%"),
    ("wer", "WER", "%"),
    ("word_start", "word start", "ms"),
    ("attribution", "right face", "%"),
    ("asd_ap", "ASD AP", ""),
    ("r52", "face r", ""),
    ("head", "head", "deg"),
)
"""Figure of a summary, heading, unit."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One backend's row.

    Attributes:
        problem: why it cannot run here; the rest is empty then.
        figures: those of `COLUMNS`.
        speeds: seconds of media for each second of work, by stage; those of the row before that ran it where a stage's
            result was shared.
    """

    backend: Backend
    problem: str = ""
    figures: Mapping[str, Figure] = field(default_factory=dict)
    speeds: Mapping[str, float] = field(default_factory=dict)

    @property
    def speed(self) -> float | None:
        """x real time of the backend's own stage; None where its result was there before the benchmark began."""
        return self.speeds.get(self.backend.stage)


def chosen(names: Sequence[str]) -> list[Backend]:
    """The backends of these names, in the registry's order; `EVERY` takes all.

    Raises:
        UserError: there is no backend of a name.
    """
    known = {backend.name for backend in BACKENDS}
    if wrong := [name for name in names if name not in known | {EVERY}]:
        raise UserError(f"no backend is called {wrong[0]!r}; expected {EVERY} or one of: {', '.join(sorted(known))}")
    return [backend for backend in BACKENDS if backend.name in names or EVERY in names]


def with_backend(settings: MeasuredSettings, backend: Backend) -> MeasuredSettings:
    """The settings with `backend` in the place of whatever did its work."""
    for stage, setting, value in ((backend.stage, backend.setting, backend.name), *backend.chosen_by):
        settings = replace(settings, **{stage: replace(getattr(settings, stage), **{setting: value})})
    return settings


def compare(
    backends: Sequence[Backend],
    shots: Sequence[Shot],
    out: Path,
    settings: MeasuredSettings,
    observer: Observer,
    tick: Callable[[str], None],
) -> list[Entry]:
    """Measures each backend that can run here; results that two of them share are made once.

    Args:
        out: folder of the dataset, which holds the last backend's in the end.
    """
    entries = []
    known: dict[str, float] = {}  # by the key of a stage's results
    for backend in backends:
        if told := backend.problem():
            entries.append(Entry(backend, told))
            continue
        built = build([str(shot.video) for shot in shots], out, with_backend(settings, backend), observer, tick)
        summary = summarise([measure(take) for take in takes_of(built, shots, out)])
        keys = built.run.store.plan.keys
        known |= {keys[stage]: speed for stage, speed in _speeds(built.run.record).items() if stage in keys}
        speeds = {stage: known[key] for stage, key in keys.items() if key in known}
        entries.append(Entry(backend, "", _figures(summary), speeds))
    return entries


def _figures(summary: Summary) -> dict[str, Figure]:
    return {name: summary.figures[name] for name, *_ in COLUMNS}


def _speeds(record: RunRecord | None) -> dict[str, float]:
    media_s: dict[str, float] = {}
    for unit in record.units if record else ():
        for stage in unit.stages:
            media_s[stage] = media_s.get(stage, 0.0) + unit.duration_s
    spent_s = {} if record is None else record.by_stage("source") | record.by_stage("clip")
    return {stage: media_s[stage] / wall_s for stage, wall_s in spent_s.items() if wall_s > 0 and media_s.get(stage)}


def backend_table(entries: Sequence[Entry]) -> Table:
    """One row a backend, the ones that cannot run here with the reason."""
    table = Table(title="Backends side by side", title_justify="left", box=SIMPLE_HEAD)
    for heading in ("backend", "of", *(heading for _, heading, _ in COLUMNS), "x real time"):
        table.add_column(heading, justify="left" if heading in ("backend", "of") else "right")
    told = []
    for entry in entries:
        if entry.problem:
            told.append(escape(entry.problem))
            continue
        cells = [
            shown(entry.figures[name].value, unit) if entry.figures[name].count else "-" for name, _, unit in COLUMNS
        ]
        speed = f"{entry.speed:.1f}" if entry.speed else "-"
        table.add_row(escape(entry.backend.name), entry.backend.stage, *cells, speed)
    table.caption = "\n".join(["Not here:", *told]) if told else None
    table.caption_justify = "left"
    return table


def entries_as_json(entries: Sequence[Entry]) -> dict[str, Any]:
    """Backend -> figures, speeds, or why it cannot run."""
    return {
        entry.backend.name: {
            "stage": entry.backend.stage,
            "problem": entry.problem,
            "figures": {name: f.value if f.count else None for name, f in entry.figures.items()},
            "x_real_time": dict(entry.speeds),
        }
        for entry in entries
    }
