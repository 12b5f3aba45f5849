"""One run: survey what is there, work on what is missing, check the books, say how it ended.

Sources go first through their stages, each clip follows as soon as its source is cut. Where nothing is missing no
process starts and nothing is written.
"""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from nonverbal.pipeline.attempts import Attempts
from nonverbal.pipeline.engine import Engine
from nonverbal.pipeline.ledger import FunnelRow, Ledger, account, funnel
from nonverbal.pipeline.lock import Output, output_error
from nonverbal.pipeline.observe import Observer, RunRecord, Silent, save_record
from nonverbal.pipeline.plan import Plan
from nonverbal.pipeline.pool import LocalPool, Pool
from nonverbal.pipeline.ray_cluster import sweep_cluster
from nonverbal.pipeline.settings import EngineSettings, available_cores
from nonverbal.pipeline.stage import Stage
from nonverbal.pipeline.store import DamagedArtefactError, Store, retry, sweep
from nonverbal.pipeline.survey import Outcome, Status, Survey, unique_sources
from nonverbal.pipeline.unit import FileMark, Unit
from nonverbal.pipeline.wire import Setup
from nonverbal.records import dumps
from nonverbal.types import Clip, Source
from nonverbal.verdicts import Reason

EXIT_MISMATCH = 1
"""The books do not balance: something seen is unaccounted for."""
EXIT_QUARANTINED = 3
"""Everything is accounted for, but some units could not be worked on."""


@dataclass(frozen=True)
class RunResult:
    """What stands after a run; `record` is None where there was nothing to do."""

    store: Store
    outcomes: tuple[Outcome, ...]
    ledger: Ledger
    funnel: tuple[FunnelRow, ...]
    record: RunRecord | None
    exit_code: int
    message: str

    @property
    def clips(self) -> tuple[Clip, ...]:
        """The clips that came through, in order of id."""
        done = (o.unit.clip for o in self.outcomes if o.status is Status.DONE)
        return tuple(sorted((clip for clip in done if clip), key=lambda clip: clip.clip_id))

    @property
    def fingerprint(self) -> str:
        """sha256 that changes whenever any verdict or any result may have changed: what an assembly depends on."""
        verdicts = sorted([o.unit.unit_id, o.status, o.stage, str(o.reason), o.message] for o in self.outcomes)
        return hashlib.sha256(dumps([self.store.plan.keys, verdicts]).encode("utf-8", "surrogatepass")).hexdigest()

    def read(self, stage: str, unit_id: str) -> Any:
        """A committed result."""
        return self.store.read(stage, unit_id)


@dataclass
class _Manifest:
    """Every source and clip seen; routes each to the engine where work is missing."""

    survey: Survey
    engine: Engine
    observer: Observer
    sources: dict[str, Unit] = field(default_factory=dict)
    clips: list[Unit] = field(default_factory=list)
    found: dict[str, Outcome] = field(default_factory=dict)
    finished: dict[str, int] = field(default_factory=lambda: {"source": 0, "clip": 0})

    def start(self, sources: Sequence[Source]) -> None:
        """Takes stock of what is there; `found` keeps where each unit stood before any work."""
        self.sources = {source.source_id: Unit(source) for source in sources}
        for unit in self.sources.values():
            self._route(unit)
        self._tell()

    def heard(self, outcome: Outcome) -> None:
        """A verdict from the engine."""
        self.settled(outcome)
        self._tell()

    def settled(self, outcome: Outcome) -> None:
        """The verdict on a unit is known: a source that is cut brings its clips."""
        self.finished[outcome.unit.level] += 1
        self.engine.attempts.forget(outcome.unit.unit_id)
        if outcome.unit.level == "source" and outcome.status is Status.DONE:
            clips = self.survey.clips(outcome.unit.source)
            self.clips += clips
            for clip in clips:
                self._route(clip)

    def recover(self, after: Survey) -> None:
        """A source broken off just after its last commit is done all the same, and its clips are seen."""
        for dropped in self.engine.dropped:
            outcome = after.outcome(dropped.unit)
            if outcome.unit.level == "source" and outcome.status is Status.DONE:
                self.settled(outcome)

    def _route(self, unit: Unit) -> None:
        outcome = self.found[unit.unit_id] = self.survey.outcome(unit)
        if outcome.status is Status.PENDING:
            self.engine.add(outcome)
            return
        try:
            self.settled(outcome)
        except DamagedArtefactError:
            self.finished["source"] -= 1
            self.engine.add(Outcome(unit, Status.PENDING, self.survey.store.plan.source_stages[-1].name))

    def _tell(self) -> None:
        self.observer.on_units("source", len(self.sources), self.finished["source"])
        self.observer.on_units("clip", len(self.clips), self.finished["clip"])


def run(
    output: Output,
    sources: Sequence[Source],
    source_stages: Sequence[Stage],
    clip_stages: Sequence[Stage],
    settings: EngineSettings | None = None,
    observer: Observer | None = None,
    marks: Mapping[str, FileMark] | None = None,
) -> RunResult:
    """Brings every source and clip to a verdict, in an output held through `claim`.

    `marks` gives the state of each source's file when its id was taken: a file in another state by now is E_CHANGED.

    SIGINT or SIGTERM once: the units at hand are finished, no new one begins. Twice: everything stops at once.

    Raises:
        ValueError: the stages do not fit together; nothing has been loaded or written.
        UserError: a stage needs something only the user can give.
        OutputError: the output cannot be written (found before any work; on the way it becomes an exit code).
        WorkerStartError: worker processes cannot start.
    """
    store = Store(output.artefacts, Plan(tuple(source_stages), tuple(clip_stages)))
    watcher = observer or Silent()
    clock = _Clock()
    try:
        engine = Engine(store, settings or EngineSettings(), Attempts.load(output.attempts), watcher)
        engine.marks.update(marks or {})
        if os.path.isdir(store.root):
            sweep(store.root)
            sweep_cluster(output.home)
            retry(store.root, Reason.E_CHANGED)  # the file may be back, and was never at fault
        manifest = _Manifest(Survey.take(store), engine, watcher)
        engine.finished = manifest.heard
        manifest.start(unique_sources(sources))
        if not engine.n_waiting:
            return _result(manifest, manifest.found, 0, "")
        store.make_folders()
    except OSError as error:
        raise output_error(error, output.path) from error
    stopped, message = _work(engine, output, watcher, _pool(engine, output, list(manifest.sources.values())))
    with suppress(OSError):  # what cannot be removed now is by the next run
        sweep(store.root)  # a worker that was killed, or went with its node, may have been writing
    after = Survey.take(store)
    manifest.recover(after)
    outcomes = {unit.unit_id: after.outcome(unit) for unit in [*manifest.sources.values(), *manifest.clips]}
    result = _result(manifest, outcomes, stopped, message)
    return _recorded(result, output, clock, engine)


@dataclass(frozen=True)
class _Clock:
    """When a run began: the date for the label, the steady clock for the duration."""

    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    started_s: float = field(default_factory=time.monotonic)


def _pool(engine: Engine, output: Output, sources: Sequence[Unit]) -> AbstractContextManager[Pool]:
    """Where the workers are, as the settings say; only a cluster has anything to open and close."""
    settings, setup = engine.settings, Setup.of(str(engine.store.root), engine.store.plan)
    if settings.engine == "local":
        return nullcontext(LocalPool(setup, settings.workers))
    from nonverbal.pipeline.ray_pool import on_cluster  # Ray is loaded where it is asked for

    return on_cluster(setup, settings, output.home, [unit.source.path for unit in sources], list(engine.lanes))


def _work(engine: Engine, output: Output, observer: Observer, opening: AbstractContextManager[Pool]) -> tuple[int, str]:
    """Runs the engine; why it stopped early, as exit code and sentence, or 0 and nothing."""
    try:
        with opening as pool, _heeding_signals(engine, observer):
            engine.run(pool)
    except OSError as error:
        stop = output_error(error, output.path)
        observer.on_stop(f"{stop.reason}: {stop}")
        return stop.exit_code, f"{stop.reason}: {stop}"
    if engine.signals:
        left = engine.n_waiting + len(engine.dropped)
        return 128 + engine.signals[0], f"stopped on request{'; run the same again to go on' if left else ''}"
    return 0, ""


def _result(manifest: _Manifest, outcomes: dict[str, Outcome], stopped: int, message: str) -> RunResult:
    """Balances the verdicts, which are taken off the disk and not from memory, against what the run has seen."""
    engine, store = manifest.engine, manifest.survey.store
    broken_off = [o for o in engine.dropped if outcomes[o.unit.unit_id].status is Status.PENDING]
    left = [o.unit for o in [*engine.waiting, *broken_off]]
    accounts = [
        account(
            [o for o in outcomes.values() if o.unit.level == level],
            len(manifest.sources) if level == "source" else len(manifest.clips),
            [unit.unit_id for unit in left if unit.level == level],
        )
        for level in ("source", "clip")
    ]
    ledger = Ledger(*accounts)
    everything = tuple(outcomes.values())
    code, sentence = _exit(ledger, stopped, message)
    return RunResult(store, everything, ledger, funnel(store.plan, everything), None, code, sentence)


def _exit(ledger: Ledger, stopped: int, message: str) -> tuple[int, str]:
    if not ledger.balanced:
        return EXIT_MISMATCH, f"the books do not balance: {ledger}. {message}".strip()
    if stopped:
        return stopped, message
    if ledger.sources.quarantined or ledger.clips.quarantined:
        return EXIT_QUARANTINED, "some units failed again and again and are set aside in quarantine"
    return 0, ""


def _recorded(result: RunResult, output: Output, clock: _Clock, engine: Engine) -> RunResult:
    """Adds what the run measured and writes it down, unless the disk is full."""
    wall_s, timings = time.monotonic() - clock.started_s, tuple(engine.timings)
    record = RunRecord(clock.started, wall_s, engine.most_workers, available_cores(), result.exit_code, timings)
    result = replace(result, record=record)
    try:
        save_record(output.runs, record)
    except OSError as error:
        stop = output_error(error, output.path)
        code, message = result.exit_code or stop.exit_code, result.message or f"{stop.reason}: {stop}"
        return replace(result, exit_code=code, message=message)
    return result


@contextmanager
def _heeding_signals(engine: Engine, observer: Observer) -> Iterator[None]:
    """Notes SIGINT and SIGTERM for the engine instead of dying; only possible, and only done, in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def note(number: int, frame: FrameType | None) -> None:
        engine.signals.append(number)
        if len(engine.signals) == 1:
            observer.on_stop("finishing the clips at hand; once more to stop at once")

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
