"""Where workers live: a pool of seats on this machine, and what the engine asks of any pool."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from multiprocessing.connection import wait
from typing import Any, Protocol

from nonverbal.pipeline.observe import UnitTiming
from nonverbal.pipeline.settings import available_cores
from nonverbal.pipeline.stage import Needs
from nonverbal.pipeline.supervisor import Limits, Worker
from nonverbal.pipeline.survey import Outcome
from nonverbal.pipeline.wire import Said, Setup, Task

_CHECK_EVERY_S = 1.0


@dataclass
class Seat:
    """One worker as the engine sees it, and what its present task has cost so far."""

    needs: Needs = field(default_factory=Needs)
    threads: int = 1
    task: Outcome | None = None
    segment: int = 0
    stage: str = ""
    start_s: float = 0.0
    begun_s: float = 0.0
    timings: dict[str, float] = field(default_factory=dict)

    def begin(self, pending: Outcome, segment: int) -> None:
        """Takes a unit; `segment` is the part of its stages to do."""
        self.task, self.segment, self.stage = pending, segment, pending.stage
        self.begun_s, self.timings = time.monotonic(), {}

    def note(self, said: Said) -> None:
        """Keeps account of where the task is."""
        if said.kind == "ready":
            self.start_s, self.begun_s = said.value, time.monotonic()
        elif said.kind == "begun":
            self.stage = said.stage
        elif said.kind == "ended":
            self.timings[said.stage] = self.timings.get(said.stage, 0.0) + said.value

    def end(self, outcome: Outcome, memory_mb: float) -> UnitTiming:
        """Lets the unit go: what the try has cost. The start of the process is told once, with its first unit."""
        start_s, self.start_s, self.task = self.start_s, 0.0, None
        wall_s = time.monotonic() - self.begun_s
        unit, reason = outcome.unit, str(outcome.reason or "")
        names = (unit.unit_id, unit.level, str(outcome.status), reason)
        return UnitTiming(*names, unit.duration_s, start_s, wall_s, self.timings, memory_mb)


class Pool(Protocol):
    """Workers on one machine or many. A seat is free while its `task` is None, which is the engine's to set."""

    most_workers: int

    def prepare(self, waiting: Mapping[Needs, int]) -> None:
        """Told before units are given out how many wait for a worker of each kind."""

    def free(self, needs: Needs) -> Seat | None:
        """A seat without task that meets the needs, if there is one now."""

    def give(self, seat: Seat, task: Task, limits: Limits) -> None:
        """Has the seat's worker work on a task, starting the worker where needed."""

    def listen(self, timeout_s: float) -> list[tuple[Seat, Said]]:
        """Waits a moment; what was said by and about the seats that have a task.

        After `fail`, `unborn` or `lost` the worker is gone; the seat of a lost one is not to be used again.
        """

    def close(self) -> None:
        """Ends all workers at once, whatever they do."""


@dataclass
class LocalSeat(Seat):
    """A seat with a process of this machine, once there is one."""

    worker: Worker | None = None


@dataclass
class LocalPool:
    """Worker processes on this machine, one a core unless `workers` says otherwise."""

    setup: Setup
    workers: int = 0
    most_workers: int = 0
    seats: list[LocalSeat] = field(default_factory=list)
    _limit: int = 0
    _checked_s: float = 0.0

    def prepare(self, waiting: Mapping[Needs, int]) -> None:
        self._limit = min(self.workers or available_cores(), self._busy() + sum(waiting.values()))

    def free(self, needs: Needs) -> Seat | None:
        if self._busy() >= self._limit:
            return None
        seat = next((seat for seat in self.seats if seat.task is None), None)
        if seat is None:
            seat = LocalSeat()
            self.seats.append(seat)
        seat.threads = max(1, available_cores() // self._limit)
        return seat

    def give(self, seat: Seat, task: Task, limits: Limits) -> None:
        assert isinstance(seat, LocalSeat), "a seat of another pool"
        if seat.worker is not None and seat.worker.is_dead():
            self._end(seat)
        if seat.worker is None:
            seat.worker = Worker.spawn(self.setup)
            self.most_workers = max(self.most_workers, sum(s.worker is not None for s in self.seats))
        seat.worker.give(task, limits, seat.stage)

    def listen(self, timeout_s: float) -> list[tuple[Seat, Said]]:
        heard: list[tuple[Seat, Said]] = []
        channels = self._channels()
        for channel in wait(list(channels), timeout=timeout_s):
            seat = channels[channel]
            worker = seat.worker
            if worker is None:
                continue  # ended a moment ago
            if channel is worker.chatter:
                worker.drain()
            elif (said := worker.hear()) is not None:
                heard += self._passed_on(seat, said)
            else:
                heard += self._buried(seat)
        return heard + self._checked()

    def close(self) -> None:
        for seat in self.seats:
            self._end(seat)

    def _busy(self) -> int:
        return sum(seat.task is not None for seat in self.seats)

    def _channels(self) -> dict[Any, LocalSeat]:
        channels: dict[Any, LocalSeat] = {}
        for seat in self.seats:
            if seat.worker is not None:
                channels[seat.worker.connection] = seat
                if seat.worker.talking:
                    channels[seat.worker.chatter] = seat
        return channels

    def _passed_on(self, seat: LocalSeat, said: Said) -> list[tuple[Seat, Said]]:
        """A message, unless it is a late tick, from a thread that a library left behind."""
        if seat.task is None:
            return []
        return [(seat, self._ended_by(seat, said) if said.kind == "fail" else said)]

    def _buried(self, seat: LocalSeat) -> list[tuple[Seat, Said]]:
        worker = seat.worker
        assert worker is not None, "nobody to bury"
        seat.worker = None
        said = worker.autopsy()
        return [] if seat.task is None else [(seat, replace(said, log=worker.log))]

    def _checked(self) -> list[tuple[Seat, Said]]:
        """Once a second: who is dead without a word, who has overstepped a limit."""
        if time.monotonic() - self._checked_s < _CHECK_EVERY_S:
            return []
        self._checked_s = time.monotonic()
        heard: list[tuple[Seat, Said]] = []
        for seat in self.seats:
            if seat.worker is None:
                continue
            if seat.worker.is_dead():
                heard += self._buried(seat)
            elif seat.worker.busy and (said := seat.worker.overstepped()) is not None:
                heard.append((seat, self._ended_by(seat, said)))
        return heard

    def _ended_by(self, seat: LocalSeat, said: Said) -> Said:
        """A failure: the process is not used again, since nobody knows what state it is in."""
        worker = seat.worker
        assert worker is not None, "a failure without a process"
        self._end(seat)
        return replace(said, log=worker.log)

    def _end(self, seat: LocalSeat) -> None:
        if seat.worker is not None:
            seat.worker.end()
            seat.worker = None
