"""The engine: takes units through their stages on workers that may hang, crash or be killed, wherever those are."""

from __future__ import annotations

import errno
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from nonverbal.pipeline.attempts import Attempts
from nonverbal.pipeline.observe import Observer, UnitTiming
from nonverbal.pipeline.pool import Pool, Seat
from nonverbal.pipeline.segments import Segment, cut, whole
from nonverbal.pipeline.settings import EngineSettings
from nonverbal.pipeline.stage import Needs
from nonverbal.pipeline.store import Quarantine, Store
from nonverbal.pipeline.supervisor import Limits
from nonverbal.pipeline.survey import Outcome, Status
from nonverbal.pipeline.unit import ChangedError, FileMark, Unit, file_mark
from nonverbal.pipeline.wire import Said, Task
from nonverbal.verdicts import Reason, UserError

_WAIT_S = 0.2
_START_TRIES = 3


class WorkerStartError(UserError):
    """Worker processes die before they are given anything: the installation is broken, no clip is to blame."""


@dataclass
class Lane:
    """Units that wait for workers of one kind; those that were at hand when all died come after the others."""

    queue: deque[Outcome] = field(default_factory=deque)
    late: deque[Outcome] = field(default_factory=deque)

    def __len__(self) -> int:
        return len(self.queue) + len(self.late)

    def take(self) -> Outcome:
        return self.queue.popleft() if self.queue else self.late.popleft()


@dataclass
class Engine:
    """Runs queued units on the workers of a pool until none is left or the user stops it.

    What is queued are pending outcomes: a unit and the stage it has to go on from. `finished` hears the verdict on
    each, forgets its attempts and may queue more. `dropped` are the units whose work was broken off. `marks` says in
    which state the file of a source (by id) was when it was hashed; without one, the state it is first met in counts.
    """

    store: Store
    settings: EngineSettings
    attempts: Attempts
    observer: Observer
    finished: Callable[[Outcome], None] = lambda outcome: None
    marks: dict[str, FileMark] = field(default_factory=dict)
    lanes: dict[Needs, Lane] = field(default_factory=dict)
    dropped: list[Outcome] = field(default_factory=list)
    timings: list[UnitTiming] = field(default_factory=list)
    signals: list[int] = field(default_factory=list)
    most_workers: int = 0
    segments: dict[str, tuple[Segment, ...]] = field(default_factory=dict)
    _at_work: list[Seat] = field(default_factory=list)
    _spent: dict[str, dict[str, float]] = field(default_factory=dict)
    _losses: Counter[str] = field(default_factory=Counter)
    _failed_starts: int = 0

    def __post_init__(self) -> None:
        share = cut if self.settings.engine == "ray" else whole
        plan = self.store.plan
        self.segments = {"source": share(plan.source_stages), "clip": share(plan.clip_stages)}
        for segment in (*self.segments["source"], *self.segments["clip"]):
            self.lanes.setdefault(segment.needs, Lane())

    def add(self, pending: Outcome) -> None:
        """Queues a unit; one that was at hand when an earlier run died comes last."""
        lane = self._lane(pending)
        late = pending.unit.unit_id in self.attempts.interrupted
        (lane.late if late else lane.queue).append(pending)

    @property
    def waiting(self) -> list[Outcome]:
        """What is queued and not begun."""
        return [pending for lane in self.lanes.values() for pending in (*lane.queue, *lane.late)]

    @property
    def n_waiting(self) -> int:
        return sum(len(lane) for lane in self.lanes.values())

    def run(self, pool: Pool) -> None:
        """Works until the queue is empty, the user stops it, or something stops everything; closes the pool.

        One signal in `signals` lets the units at hand finish, a second breaks them off.

        Raises:
            OSError: nothing can be written any more; what is committed stays good.
            UserError: a stage needs something only the user can give.
            WorkerStartError: workers cannot start.
        """
        try:
            while self._at_work or (self.n_waiting and not self.signals):
                if len(self.signals) > 1:
                    return
                if not self.signals:
                    self._dispatch(pool)
                for seat, said in pool.listen(_WAIT_S):
                    self._heed(seat, said)
        finally:
            pool.close()
            self.most_workers = pool.most_workers
            for seat in self._at_work:
                self._drop(seat)

    def _index(self, pending: Outcome) -> int:
        """The segment that the unit has to go on from."""
        segments = self.segments[pending.unit.level]
        return next((i for i, segment in enumerate(segments) if pending.stage in segment.stages), 0)

    def _lane(self, pending: Outcome) -> Lane:
        return self.lanes[self.segments[pending.unit.level][self._index(pending)].needs]

    def _dispatch(self, pool: Pool) -> None:
        """Gives queued units to free workers that meet their needs."""
        pool.prepare({needs: len(lane) for needs, lane in self.lanes.items()})
        for needs, lane in self.lanes.items():
            while len(lane) and (seat := pool.free(needs)) is not None:
                self._begin(pool, seat, lane.take())

    def _begin(self, pool: Pool, seat: Seat, pending: Outcome) -> None:
        source = pending.unit.source
        try:
            now = file_mark(source.path)
        except OSError:
            now = (-1, 0, 0)
        mark = self.marks.setdefault(source.source_id, now)
        if now != mark or now[0] != source.size_bytes:
            self._quarantine(pending, Reason.E_CHANGED, str(ChangedError(source.path)), 0)
            return
        self.attempts.begin(pending.unit.unit_id)
        segments, index = self.segments[pending.unit.level], self._index(pending)
        seat.begin(pending, index)
        self._at_work.append(seat)
        only = segments[index].stages if len(segments) > 1 else ()
        task = Task(source, pending.unit.clip, seat.threads, mark, only)
        pool.give(seat, task, self._limits(pending.unit, segments[index].needs))
        self.observer.on_unit_started(pending.unit)

    def _heed(self, seat: Seat, said: Said) -> None:
        """Acts on one message."""
        if seat.task is None:
            return  # its unit has ended, and this is about the process
        unit = seat.task.unit
        seat.note(said)
        if said.kind == "ready":
            self._failed_starts = 0
        elif said.kind in ("begun", "tick"):
            self.observer.on_progress(unit, said.stage, said.value)
        elif said.kind == "done":
            self._advance(seat, said)
        elif said.kind == "reject":
            self._finish(seat, Outcome(unit, Status.REJECTED, said.stage, said.reason, said.message), said.value)
        elif said.kind == "fail":
            self._fail(seat, said)
        elif said.kind == "unborn":
            self._start_again(seat, said)
        elif said.kind == "lost":
            self._lose(seat, said)
        elif said.kind == "full":
            raise OSError(errno.ENOSPC, said.message)
        elif said.kind == "stop":
            raise UserError(said.message)

    def _limits(self, unit: Unit, needs: Needs) -> Limits:
        settings = self.settings
        unit_s = settings.clip_limit_base_s + settings.clip_limit_factor * unit.duration_s
        memory_gb = needs.memory_gb or settings.max_memory_gb
        return Limits(unit_s if unit.clip else settings.source_limit_s, settings.no_progress_s, memory_gb)

    def _release(self, seat: Seat, outcome: Outcome, memory_mb: float) -> dict[str, float]:
        """The work on a unit ends here; what its stages have taken so far, elsewhere too."""
        self._at_work.remove(seat)
        self.timings.append(seat.end(outcome, memory_mb))
        spent = self._spent.pop(outcome.unit.unit_id, {})
        return {name: spent.get(name, 0.0) + s for name, s in (spent | self.timings[-1].stages).items()}

    def _advance(self, seat: Seat, said: Said) -> None:
        """A segment is done: the next one follows soon, before units that have not begun."""
        pending, following = seat.task, seat.segment + 1
        assert pending is not None, "nothing was done"
        segments = self.segments[pending.unit.level]
        if following == len(segments):
            self._finish(seat, Outcome(pending.unit, Status.DONE), said.value)
            return
        onward = Outcome(pending.unit, Status.PENDING, segments[following].stages[0])
        self._spent[pending.unit.unit_id] = self._release(seat, onward, said.value)
        self._lane(onward).queue.appendleft(onward)

    def _finish(self, seat: Seat, outcome: Outcome, memory_mb: float) -> None:
        self._conclude(outcome, self._release(seat, outcome, memory_mb))

    def _conclude(self, outcome: Outcome, stages: dict[str, float]) -> None:
        self.observer.on_unit_finished(outcome, stages)
        self.finished(outcome)

    def _start_again(self, seat: Seat, said: Said) -> None:
        pending = seat.task
        assert pending is not None, "a start that nobody asked for"
        self._failed_starts += 1
        if self._failed_starts >= _START_TRIES:
            raise WorkerStartError(f"a worker process {said.message}")
        self._at_work.remove(seat)
        seat.task = None
        self._lane(pending).queue.appendleft(pending)

    def _fail(self, seat: Seat, said: Said) -> None:
        """Counts a failure; the next try begins with the first segment, should a result have been found damaged."""
        pending = seat.task
        assert pending is not None, "a failure without a unit"
        assert said.reason is not None, "a failure came without its reason"
        failures = self.attempts.fail(pending.unit.unit_id)
        at = Outcome(pending.unit, Status.PENDING, said.stage, said.reason, said.message)
        self._release(seat, at, said.value)
        self.observer.on_unit_failed(pending.unit, said.stage, said.reason, failures)
        if failures >= self.settings.tries or said.reason is Reason.E_CHANGED:
            self._quarantine(at, said.reason, said.message, failures, said)
        else:
            again = self._from_the_start(pending)
            self._lane(again).queue.append(again)

    def _lose(self, seat: Seat, said: Said) -> None:
        """A machine went and took a worker with it. No unit is to blame, until the same one is there every time."""
        pending = seat.task
        assert pending is not None, "nothing was lost"
        self._losses[pending.unit.unit_id] += 1
        losses = self._losses[pending.unit.unit_id]
        at = Outcome(pending.unit, Status.PENDING, seat.stage, Reason.E_CRASH, said.message)
        self._release(seat, at, 0.0)
        self.observer.on_unit_failed(pending.unit, at.stage, Reason.E_CRASH, self.attempts.failures(at.unit.unit_id))
        if losses >= self.settings.max_losses:
            told = f"its machine or actor was lost {losses} times in stage {at.stage}, at last: {said.message}"
            self._quarantine(at, Reason.E_CRASH, told, losses)
        else:
            again = self._from_the_start(pending)
            self._lane(again).late.append(again)

    def _from_the_start(self, pending: Outcome) -> Outcome:
        stage = self.segments[pending.unit.level][0].stages[0]
        return Outcome(pending.unit, Status.PENDING, stage) if len(self.segments[pending.unit.level]) > 1 else pending

    def _quarantine(self, at: Outcome, reason: Reason, message: str, failures: int, said: Said | None = None) -> None:
        unit_id, traceback, log = at.unit.unit_id, said.traceback if said else "", said.log if said else ""
        self.store.put_quarantine(Quarantine(unit_id, at.stage, reason, message, traceback, log, failures))
        self._conclude(Outcome(at.unit, Status.QUARANTINED, at.stage, reason, message), {})

    def _drop(self, seat: Seat) -> None:
        """The unit was broken off without anything being held against it."""
        if seat.task is not None:
            self.dropped.append(seat.task)
            with suppress(OSError):  # on a full disk the mark stays open, which costs the unit its place in the queue
                self.attempts.pause(seat.task.unit.unit_id)
