"""The local engine: takes units through their stages in worker processes that may hang, crash or be killed."""

from __future__ import annotations

import errno
import signal
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Any

from nonverbal.pipeline.attempts import Attempts
from nonverbal.pipeline.observe import Observer, UnitTiming
from nonverbal.pipeline.settings import EngineSettings, available_cores
from nonverbal.pipeline.store import Quarantine, Store
from nonverbal.pipeline.supervisor import Limits, Worker
from nonverbal.pipeline.survey import Outcome, Status
from nonverbal.pipeline.unit import ChangedError, FileMark, Unit, file_mark
from nonverbal.pipeline.wire import Said, Setup, Task
from nonverbal.verdicts import Reason, UserError

_WAIT_S = 0.2
_CHECK_EVERY_S = 1.0
_START_TRIES = 3
_GRACE_S = 2.0


class WorkerStartError(UserError):
    """Worker processes die before they are given anything: the installation is broken, no clip is to blame."""


@dataclass
class Engine:
    """Runs queued units on worker processes until none is left or the user stops it.

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
    queue: deque[Outcome] = field(default_factory=deque)
    dropped: list[Outcome] = field(default_factory=list)
    timings: list[UnitTiming] = field(default_factory=list)
    signals: list[int] = field(default_factory=list)
    most_workers: int = 0
    _late: deque[Outcome] = field(default_factory=deque)
    _workers: list[Worker] = field(default_factory=list)
    _failed_starts: int = 0
    _checked_s: float = 0.0

    def add(self, pending: Outcome) -> None:
        """Queues a unit; one that was at hand when an earlier run died comes last."""
        late = pending.unit.unit_id in self.attempts.interrupted
        (self._late if late else self.queue).append(pending)

    @property
    def waiting(self) -> list[Outcome]:
        """What is queued and not begun."""
        return [*self.queue, *self._late]

    @property
    def n_waiting(self) -> int:
        return len(self.queue) + len(self._late)

    def run(self) -> None:
        """Works until the queue is empty, the user stops it, or something stops everything.

        One signal in `signals` lets the units at hand finish, a second breaks them off.

        Raises:
            OSError: nothing can be written any more; what is committed stays good.
            UserError: a stage needs something only the user can give.
            WorkerStartError: workers cannot start.
        """
        try:
            while self._busy() or (self.n_waiting and not self.signals):
                if len(self.signals) > 1:
                    return
                if not self.signals:
                    self._dispatch()
                self._listen()
                self._check()
        finally:
            for worker in list(self._workers):
                self._drop(worker)

    def _busy(self) -> int:
        return sum(worker.task is not None for worker in self._workers)

    def _dispatch(self) -> None:
        """Gives queued units to idle workers, starting new ones up to the limit."""
        cores = available_cores()
        limit = min(self.settings.workers or cores, self._busy() + self.n_waiting)
        while self.n_waiting and self._busy() < limit:
            pending = self.queue.popleft() if self.queue else self._late.popleft()
            self._begin(pending, max(1, cores // limit))

    def _begin(self, pending: Outcome, threads: int) -> None:
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
        worker = next((idle for idle in self._workers if idle.task is None), None) or self._spawn()
        worker.give(pending, Task(source, pending.unit.clip, threads, mark))
        self.observer.on_unit_started(pending.unit)

    def _spawn(self) -> Worker:
        worker = Worker.spawn(Setup.of(str(self.store.root), self.store.plan))
        self._workers.append(worker)
        self.most_workers = max(self.most_workers, len(self._workers))
        return worker

    def _listen(self) -> None:
        """Waits a moment for messages, output and deaths, and deals with them."""
        channels: dict[Any, Worker] = {}
        for worker in self._workers:
            channels[worker.connection] = worker
            if worker.talking:
                channels[worker.chatter] = worker
        for channel in wait(list(channels), timeout=_WAIT_S):
            worker = channels[channel]
            if worker not in self._workers:
                continue  # ended a moment ago
            if channel is worker.chatter:
                worker.drain()
            elif (said := worker.hear()) is not None:
                self._heed(worker, said)
            else:
                self._bury(worker)

    def _heed(self, worker: Worker, said: Said) -> None:
        """Acts on one message."""
        if worker.task is None:
            return  # a late tick, from a thread that a library left behind
        unit = worker.task.unit
        if said.kind == "ready":
            self._failed_starts = 0
        elif said.kind in ("begun", "tick"):
            self.observer.on_progress(unit, said.stage, said.value)
        elif said.kind == "done":
            self._finish(worker, Outcome(unit, Status.DONE))
        elif said.kind == "reject":
            self._finish(worker, Outcome(unit, Status.REJECTED, said.stage, said.reason, said.message))
        elif said.kind == "fail":
            assert said.reason is not None, "a failure came without its reason"
            self._fail(worker, said.reason, said.message, said.traceback)
        elif said.kind == "full":
            raise OSError(errno.ENOSPC, said.message)
        elif said.kind == "stop":
            raise UserError(said.message)

    def _check(self) -> None:
        """Once a second: who is dead without a word, who has overstepped a limit."""
        if time.monotonic() - self._checked_s < _CHECK_EVERY_S:
            return
        self._checked_s = time.monotonic()
        for worker in list(self._workers):
            if worker.is_dead():
                self._bury(worker)
            elif worker.task is not None:
                overstepped = worker.overstepped(self._limits(worker.task.unit))
                if overstepped is not None:
                    self._fail(worker, *overstepped)

    def _limits(self, unit: Unit) -> Limits:
        settings = self.settings
        unit_s = settings.clip_limit_base_s + settings.clip_limit_factor * unit.duration_s
        return Limits(unit_s if unit.clip else settings.source_limit_s, settings.no_progress_s, settings.max_memory_gb)

    def _finish(self, worker: Worker, outcome: Outcome) -> None:
        self.timings.append(worker.timing(outcome))
        worker.task = None
        self._conclude(outcome, self.timings[-1].stages)

    def _conclude(self, outcome: Outcome, stages: dict[str, float]) -> None:
        self.observer.on_unit_finished(outcome, stages)
        self.finished(outcome)

    def _bury(self, worker: Worker) -> None:
        """The process is gone without a word: the crash of the unit at hand, or a start that failed."""
        status = self._end(worker, _GRACE_S)
        if worker.task is None:
            return
        if worker.ready:
            self._fail(worker, Reason.E_CRASH, f"the worker process {_cause(status)} in stage {worker.stage}")
            return
        self._failed_starts += 1
        if self._failed_starts >= _START_TRIES:
            hint = "install nonverbal anew; its last words were"
            raise WorkerStartError(
                f"a worker process {_cause(status)} on starting: {hint}\n{worker.log.strip()[-2000:]}"
            )
        self.queue.appendleft(worker.task)

    def _fail(self, worker: Worker, reason: Reason, message: str, traceback: str = "") -> None:
        """Counts a failure; the process is not used again, since nobody knows what state it is in."""
        if worker in self._workers:
            self._end(worker)
        pending = worker.task
        assert pending is not None, "a worker failed without a unit"
        failures = self.attempts.fail(pending.unit.unit_id)
        at = Outcome(pending.unit, Status.PENDING, worker.stage, reason, message)
        self.timings.append(worker.timing(at))
        self.observer.on_unit_failed(pending.unit, worker.stage, reason, failures)
        if failures >= self.settings.tries or reason is Reason.E_CHANGED:
            self._quarantine(at, reason, message, failures, traceback, worker.log)
        else:
            self.queue.append(pending)

    def _quarantine(
        self, at: Outcome, reason: Reason, message: str, failures: int, traceback: str = "", log: str = ""
    ) -> None:
        unit_id = at.unit.unit_id
        self.store.put_quarantine(Quarantine(unit_id, at.stage, reason, message, traceback, log, failures))
        self._conclude(Outcome(at.unit, Status.QUARANTINED, at.stage, reason, message), {})

    def _end(self, worker: Worker, grace_s: float = 0.0) -> int:
        self._workers.remove(worker)
        return worker.end(grace_s)

    def _drop(self, worker: Worker) -> None:
        """Ends a worker without holding anything against the unit it had."""
        self._end(worker)
        if worker.task is not None:
            self.dropped.append(worker.task)
            with suppress(OSError):  # on a full disk the mark stays open, which costs the unit its place in the queue
                self.attempts.pause(worker.task.unit.unit_id)


def _cause(status: int) -> str:
    if status == -signal.SIGKILL:
        return "was killed (by the system for want of memory, or by hand)"
    if status < 0:
        return f"died of {signal.Signals(-status).name}"
    return f"ended with status {status}"
