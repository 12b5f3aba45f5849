"""One worker process seen from outside: started, given a task, watched over, ended without leaving anything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from typing import Any

from nonverbal.pipeline.faults import RUN_GROUP
from nonverbal.pipeline.observe import UnitTiming
from nonverbal.pipeline.survey import Outcome
from nonverbal.pipeline.wire import Said, Setup, Task, receive, send
from nonverbal.verdicts import Reason

_LOG_BYTES = 16384
_START_S = 300.0


@dataclass(frozen=True)
class Limits:
    """What one unit may take before its worker is killed."""

    unit_s: float
    no_progress_s: float
    memory_gb: float


ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Workers compute on one thread per piece of work: sums do not depend on the machine's cores, and the threads of
several workers do not spin for a core that another one holds (seen: minutes instead of milliseconds)."""


@dataclass
class Worker:
    """A process with a connection and the tail of what it printed, kept in memory and nowhere else."""

    process: subprocess.Popen[bytes]
    connection: Connection
    spawned_s: float
    ready: bool = False
    start_s: float = 0.0
    task: Outcome | None = None
    stage: str = ""
    begun_s: float = 0.0
    progress_s: float = 0.0
    memory_mb: float = 0.0
    timings: dict[str, float] = field(default_factory=dict)
    talking: bool = True
    _log: bytes = b""

    @classmethod
    def spawn(cls, setup: Setup) -> Worker:
        """Starts a process by itself, not by fork: no lock, thread or model of ours comes with it."""
        ours, theirs = Pipe()
        program = [sys.executable, "-P", "-m", "nonverbal.pipeline.worker"]  # -P: no code from the current folder
        paths = os.pathsep.join(path or os.getcwd() for path in sys.path)
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [*program, str(theirs.fileno()), str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": paths, RUN_GROUP: str(os.getpgrp())},
        )
        theirs.close()
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        worker = cls(process, ours, time.monotonic())
        send(ours, setup)
        return worker

    @property
    def chatter(self) -> Any:
        """The pipe with what the process prints."""
        return self.process.stdout

    @property
    def log(self) -> str:
        """The last lines that the process printed."""
        return self._log.decode("utf-8", "replace")

    def give(self, pending: Outcome, task: Task) -> None:
        """Hands over a unit; the clocks of its limits start."""
        self.task, self.stage, self.memory_mb, self.timings = pending, pending.stage, 0.0, {}
        self.begun_s = self.progress_s = time.monotonic()
        with suppress(OSError):  # a process that is already dead is found so when it is listened to
            send(self.connection, task)

    def hear(self) -> Said | None:
        """The next message, or None when the process is gone."""
        try:
            said = receive(self.connection, Said)
        except (EOFError, OSError):
            return None
        self.progress_s = time.monotonic()
        if said.kind == "ready":
            self.ready, self.start_s = True, time.monotonic() - self.spawned_s
            self.begun_s = self.progress_s  # the unit does not pay for a slow start
        elif said.kind == "begun":
            self.stage = said.stage
        elif said.kind == "ended":
            self.timings[said.stage] = self.timings.get(said.stage, 0.0) + said.value
        elif said.kind in ("done", "reject", "fail"):
            self.memory_mb = max(self.memory_mb, said.value)
        return said

    def timing(self, outcome: Outcome) -> UnitTiming:
        """What the try that ends now has cost; the start of the process is told once, with its first unit."""
        start_s, self.start_s = self.start_s, 0.0
        wall_s = time.monotonic() - self.begun_s
        unit, reason = outcome.unit, str(outcome.reason or "")
        names = (unit.unit_id, unit.level, str(outcome.status), reason)
        return UnitTiming(*names, unit.duration_s, start_s, wall_s, self.timings, self.memory_mb)

    def drain(self) -> bool:
        """Takes in what the process printed, so that a flood neither blocks it nor fills a disk; False if nothing."""
        try:
            chunk = os.read(self.chatter.fileno(), 1 << 16)
        except BlockingIOError:
            return False
        self.talking = bool(chunk)
        self._log = (self._log + chunk)[-_LOG_BYTES:]
        return self.talking

    def overstepped(self, limits: Limits) -> tuple[Reason, str] | None:
        """Which limit the process has passed, if any; one that is still starting has a limit of its own."""
        if not self.ready:
            limits = Limits(_START_S, _START_S, limits.memory_gb)
        now_s = time.monotonic()
        if now_s - self.begun_s > limits.unit_s:
            hint = "cut shorter clips or raise the limit"
            return Reason.E_TIMEOUT, f"not finished after {limits.unit_s:g} s, in stage {self.stage}: {hint}"
        if now_s - self.progress_s > limits.no_progress_s:
            hint = "the media may hang its decoder"
            return Reason.E_TIMEOUT, f"no progress for {limits.no_progress_s:g} s in stage {self.stage}: {hint}"
        now_mb = rss_mb(self.process.pid)
        self.memory_mb = max(self.memory_mb, now_mb)
        if now_mb > limits.memory_gb * 1024:
            hint = "cut shorter clips or raise max_memory_gb"
            return Reason.E_OOM, f"held {now_mb / 1024:.2f} GB of {limits.memory_gb:g} GB in stage {self.stage}: {hint}"
        return None

    def is_dead(self) -> bool:
        """Whether the process has ended; it is not reaped, so its id still belongs to it."""
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def end(self, grace_s: float = 0.0) -> int:
        """Kills the process and all it started, reaps it and returns its exit status as `subprocess` counts.

        A process that is going by itself gets `grace_s` to do so, so that the status tells what it died of.
        """
        deadline_s = time.monotonic() + grace_s
        while time.monotonic() < deadline_s and not self.is_dead():
            time.sleep(0.01)
        with suppress(ProcessLookupError):  # not reaped yet, so nobody else can have this id
            os.killpg(self.process.pid, signal.SIGKILL)
        status = self.process.wait()
        while self.drain():
            pass
        self.connection.close()
        self.chatter.close()
        return status


def rss_mb(pid: int) -> float:
    """Memory that a process holds now, in MB; 0 when it is gone."""
    import psutil

    try:
        return float(psutil.Process(pid).memory_info().rss) / 2**20
    except psutil.Error:
        return 0.0
