"""What a person sees while a build runs: a bar for all clips and one for each at hand; nothing where nobody looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nonverbal.media.names import printable
from nonverbal.pipeline.observe import Observer, Silent
from nonverbal.pipeline.survey import Outcome
from nonverbal.pipeline.unit import Unit
from nonverbal.verdicts import Reason

_SHARES = {
    "source": {"probe": 0.5, "thumbnail": 0.4, "segment": 0.1},
    "clip": {"diarize": 0.1, "language": 0.03, "transcribe": 0.15, "watch": 0.68, "cues": 0.04},
}
"""The part of a unit's time that each stage takes, measured on ten minutes of talk; others take next to none."""


@contextmanager
def watching(console: Console) -> Iterator[tuple[Observer, Callable[[str], None]]]:
    """An observer of the run and one of the files read before it, drawing on `console` if that is a terminal."""
    if not console.is_terminal:
        yield Silent(), lambda path: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"))
    times = (TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("{task.fields[note]}"))
    with Progress(*columns, *times, console=console, transient=True) as progress:
        bars = Bars(progress)
        yield bars, bars.on_file


@dataclass
class _Level:
    """All units of one level: `running` is how far each of those at hand has come, in [0, 1]."""

    bar: TaskID
    seen: int = 0
    finished: int = 0
    running: dict[str, float] = field(default_factory=dict)


@dataclass
class Bars:
    """Draws a run on a rich `Progress`: see `watching`."""

    progress: Progress
    levels: dict[str, _Level] = field(default_factory=dict)
    units: dict[str, TaskID] = field(default_factory=dict)
    verdicts: Counter[str] = field(default_factory=Counter)
    files: TaskID | None = None

    def on_file(self, path: str) -> None:
        """A file's bytes are about to be hashed."""
        if self.files is None:
            self.files = self.progress.add_task("[bold]reading files", total=None, note="")
        self.progress.update(self.files, note=escape(printable(Path(path).name)))

    def on_units(self, level: str, seen: int, finished: int) -> None:
        if self.files is not None:
            self.progress.remove_task(self.files)
            self.files = None
        if seen and level not in self.levels:
            self.levels[level] = _Level(self.progress.add_task(f"[bold]{level}s", total=seen, note=""))
        if level in self.levels:
            self.levels[level].seen, self.levels[level].finished = seen, finished
            self._redraw(self.levels[level])

    def on_unit_started(self, unit: Unit) -> None:
        if unit.unit_id not in self.units:
            self.units[unit.unit_id] = self.progress.add_task(f"{unit.level} {unit.unit_id[:8]}", total=1, note="")
        self.levels[unit.level].running[unit.unit_id] = 0.0

    def on_progress(self, unit: Unit, stage: str, fraction: float) -> None:
        level, shares = self.levels[unit.level], _SHARES[unit.level]
        names = list(shares)
        if stage in names:
            done = sum(shares[name] for name in names[: names.index(stage)]) + shares[stage] * fraction
            level.running[unit.unit_id] = max(level.running[unit.unit_id], min(done, 1.0))
        note = f"{stage} {fraction:.0%}"
        self.progress.update(self.units[unit.unit_id], completed=level.running[unit.unit_id], note=note)
        self._redraw(level)

    def on_unit_failed(self, unit: Unit, stage: str, reason: Reason, failures: int) -> None:
        self._tell(f"{unit.level} {unit.unit_id[:8]}: {stage} failed with {reason} (try {failures})")

    def on_unit_finished(self, outcome: Outcome, timings: Mapping[str, float]) -> None:
        unit = outcome.unit
        self.levels[unit.level].running.pop(unit.unit_id, None)
        if unit.unit_id in self.units:
            self.progress.remove_task(self.units.pop(unit.unit_id))
        if unit.level == "clip" or outcome.reason:
            self.verdicts[str(outcome.reason or outcome.status)] += 1

    def on_stop(self, message: str) -> None:
        self._tell(message)

    def _tell(self, sentence: str) -> None:
        self.progress.console.print(sentence, markup=False, highlight=False)

    def _redraw(self, level: _Level) -> None:
        counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(self.verdicts.items()))
        done = level.finished + sum(level.running.values())
        self.progress.update(
            level.bar, total=level.seen, completed=done, note=f"{level.finished}/{level.seen} {counts}"
        )
