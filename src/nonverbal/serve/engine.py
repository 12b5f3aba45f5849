"""One thread that lets a model talk in many conversations at once: whatever they have to read is read in one go.

    round     1          2          3          4
    chat A    a a a a    a          a -> step  a          heard, then token by token; a step goes to whoever waits
    chat B               b b b b b  b          (full)     its reader is slow: it pauses, the others go on
    chat C    c          c          c -> step  over

Work is a generator that yields None where the model has to read what stands unread in its history, and what it makes
otherwise. It runs in this thread only, so that nothing of it needs a lock.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from nonverbal.mars.history import History
from nonverbal.mars.shared import SharedMemory, SharedReader
from nonverbal.verdicts import UserError

LOG = logging.getLogger("nonverbal.serve")
T = TypeVar("T")
_IDLE_LOOK_S = 1.0
_SHORT = 16


@dataclass(frozen=True)
class EngineConfig:
    """How conversations share the model."""

    batch: int = 32
    """Most conversations that are read for at once; with more, they take turns."""
    piece: int = 256
    """Most tokens of a conversation that are read at once, so that long messages do not hold up the others."""
    waiting: int = 12
    """Things made that may wait for their reader; then the conversation pauses."""
    patience_s: float = 30.0
    """A conversation whose reader takes nothing in for so long is ended."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise UserError(f"{name}={value}: expected more than 0")


class Talker(Protocol):
    """What reads and remembers in a conversation; `mars.session.Session` is one."""

    @property
    def history(self) -> History: ...


class TooSlow(Exception):
    """Nobody took in what was made."""


class Job(Generic[T]):
    """Work under way; its reader takes what it makes by ``async for``, in order.

    Attributes:
        talker: who works, and `memory`, what it remembers.
        work: what the engine runs.
        reads: it waits for the model to read.
        cancelled: it is to be ended.
        waiting: how many things made the reader has not taken.
        full_since: since when these are too many.
    """

    def __init__(self, talker: Talker, work: Generator[T | None, None, None], engine: Engine) -> None:
        memory = talker.history.memory
        assert isinstance(memory, SharedMemory), "a conversation whose model reads for nobody else"
        self.talker, self.memory = talker, memory
        self.work = work
        self.reads = self.cancelled = False
        self.waiting = 0
        self.full_since: float | None = None
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._made: asyncio.Queue[T | None] = asyncio.Queue()
        self._over = asyncio.Event()
        self._error: BaseException | None = None

    async def __aiter__(self) -> AsyncIterator[T]:
        """What is made, until it is over.

        Raises:
            UserError: what the work failed with.
            TooSlow: the reader took nothing in for too long.
        """
        while True:
            item = await self._made.get()
            if item is None:
                break
            self._engine.taken(self)
            yield item
        if self._error is not None:
            raise self._error

    async def stop(self) -> None:
        """End the work after what it has made; returns when nothing of it runs any more."""
        self._engine.cancel(self)
        await self._over.wait()

    def put(self, item: T) -> None:
        """From the engine's thread: one more thing made."""
        self._tell(self._made.put_nowait, item)

    def end(self, error: BaseException | None = None) -> None:
        """From the engine's thread: nothing more comes."""
        self._error = error
        self._tell(self._made.put_nowait, None)
        self._tell(self._over.set)

    def _tell(self, call: Callable[..., object], *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(call, *args)
        except RuntimeError:  # the loop is closed, so nobody waits
            self.cancelled = True


class Engine:
    """Runs jobs until it is stopped."""

    def __init__(self, reader: SharedReader, config: EngineConfig | None = None) -> None:
        self.config = config or EngineConfig()
        self._reader = reader
        self._jobs: deque[Job[object]] = deque()
        self._new: list[Job[object]] = []
        self._changed = threading.Condition()
        self._running = False
        self._thread: threading.Thread | None = None
        self.rounds = self.tokens = 0

    @property
    def active(self) -> int:
        """How many jobs are under way."""
        return len(self._jobs) + len(self._new)

    def memory(self) -> SharedMemory:
        """The memory of a new conversation."""
        return self._reader.memory()

    def start(self) -> None:
        """Begin to work."""
        self._running = True
        self._thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End all jobs, and wait until nothing runs."""
        with self._changed:
            self._running = False
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def submit(self, talker: Talker, work: Generator[T | None, None, None]) -> Job[T]:
        """Begin work; from a running event loop."""
        job = Job(talker, work, self)
        with self._changed:
            self._new.append(job)  # type: ignore[arg-type]
            self._changed.notify()
        return job

    def cancel(self, job: Job[T]) -> None:
        """Ask for the end of a job."""
        with self._changed:
            job.cancelled = True
            self._changed.notify()

    def taken(self, job: Job[T]) -> None:
        """The reader of a job has taken one thing."""
        with self._changed:
            job.waiting -= 1
            if job.full_since is not None:
                job.full_since = None
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while self._running and not self._new and not any(map(self._is_due, self._jobs)):
                    self._changed.wait(_IDLE_LOOK_S)
                self._jobs.extend(self._new)
                self._new.clear()
                if not self._running:
                    break
            self._round()
        for job in list(self._jobs):
            self._finish(job)

    def _is_due(self, job: Job[object]) -> bool:
        return job.cancelled or job.full_since is None or self._is_forsaken(job)

    def _is_forsaken(self, job: Job[object]) -> bool:
        return job.full_since is not None and time.monotonic() - job.full_since > self.config.patience_s

    def _round(self) -> None:
        """Every job goes on until the model has to read for it; then it reads for all."""
        asking: list[Job[object]] = []
        for job in list(self._jobs):
            if job.cancelled or self._is_forsaken(job):
                self._finish(job, None if job.cancelled else TooSlow())
            elif job.full_since is None and len(asking) < self.config.batch and self._advance(job):
                asking.append(job)
        if len(asking) == self.config.batch < len(self._jobs):
            self._jobs.rotate(-self.config.batch)
        if asking:
            self._read(asking)

    def _advance(self, job: Job[object]) -> bool:
        """Let a job work; whether the model has to read for it now."""
        while True:
            if job.reads and job.talker.history.unread:
                return True
            try:
                item = next(job.work)
            except StopIteration:
                self._finish(job)
                return False
            except Exception as error:  # one conversation must not end the others
                self._finish(job, error)
                return False
            job.reads = item is None
            if item is not None and self._is_full_with(job, item):
                return False

    def _is_full_with(self, job: Job[object], item: object) -> bool:
        """Hand something over; whether the job has to wait for its reader then."""
        with self._changed:
            job.waiting += 1
            if job.waiting >= self.config.waiting:
                job.full_since = time.monotonic()
        job.put(item)
        return job.full_since is not None

    def _read(self, asking: Sequence[Job[object]]) -> None:
        """The next piece of everybody's ids, in one go; long messages share the piece."""
        histories = [job.talker.history for job in asking]
        long = sum(len(history.unread) > _SHORT for history in histories)
        most = max(self.config.piece // max(long, 1), _SHORT)
        pieces = [history.unread[:most] for history in histories]
        try:
            scores = self._reader.read([(job.memory, piece) for job, piece in zip(asking, pieces, strict=True)])
        except Exception as error:  # such as no memory left: nobody knows whose fault it is
            LOG.exception("the model could not read")
            for job in asking:
                self._finish(job, error)
            return
        for history, piece, row in zip(histories, pieces, scores, strict=True):
            history.take(len(piece), row[None])
        self.rounds, self.tokens = self.rounds + 1, self.tokens + sum(map(len, pieces))

    def _finish(self, job: Job[object], error: BaseException | None = None) -> None:
        self._jobs.remove(job)
        try:
            job.work.close()
        except Exception as late:  # whatever cleaning up fails with ends this job only
            error = error or late
        job.end(error)
