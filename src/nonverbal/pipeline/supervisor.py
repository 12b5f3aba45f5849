"""One worker process seen from outside: started, given a task, watched over, ended without leaving anything."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, Pipe
from typing import Any

from nonverbal.pipeline.confine import limit_memory
from nonverbal.pipeline.faults import RUN_GROUP
from nonverbal.pipeline.wire import Said, Setup, Task, receive, send
from nonverbal.verdicts import Reason

_LOG_BYTES = 16384
_LAST_WORDS = 2000
_START_S = 300.0
_GRACE_S = 2.0


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
    busy: bool = False
    limits: Limits = Limits(_START_S, _START_S, 1.0)
    stage: str = ""
    begun_s: float = 0.0
    progress_s: float = 0.0
    memory_mb: float = 0.0
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

    def give(self, task: Task, limits: Limits, stage: str) -> None:
        """Hands over a unit that goes on from `stage`; the clocks of its limits start."""
        self.busy, self.limits, self.stage, self.memory_mb = True, limits, stage, 0.0
        self.begun_s = self.progress_s = time.monotonic()
        limit_memory(self.process.pid, limits.memory_gb)
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
            self.ready = True
            self.begun_s = self.progress_s  # the unit does not pay for a slow start
            return replace(said, value=time.monotonic() - self.spawned_s)
        if said.kind == "begun":
            self.stage = said.stage
        elif said.is_verdict:
            self.busy = False
            return replace(said, stage=said.stage or self.stage, value=max(self.memory_mb, said.value))
        return said

    def drain(self) -> bool:
        """Takes in what the process printed, so that a flood neither blocks it nor fills a disk; False if nothing."""
        try:
            chunk = os.read(self.chatter.fileno(), 1 << 16)
        except BlockingIOError:
            return False
        self.talking = bool(chunk)
        self._log = (self._log + chunk)[-_LOG_BYTES:]
        return self.talking

    def overstepped(self) -> Said | None:
        """The failure of the unit at hand by a limit it has passed; a process that starts has a limit of its own."""
        limits = self.limits if self.ready else Limits(_START_S, _START_S, self.limits.memory_gb)
        now_s = time.monotonic()
        if now_s - self.begun_s > limits.unit_s:
            told = (
                f"not finished after {limits.unit_s:g} s, in stage {self.stage}: cut shorter clips or raise the limit"
            )
            return self.failed(Reason.E_TIMEOUT, told)
        if now_s - self.progress_s > limits.no_progress_s:
            stuck = f"no progress for {limits.no_progress_s:g} s in stage {self.stage}"
            return self.failed(Reason.E_TIMEOUT, f"{stuck}: the media may hang its decoder")
        now_mb = rss_mb(self.process.pid)
        self.memory_mb = max(self.memory_mb, now_mb)
        if now_mb > limits.memory_gb * 1024:
            held = f"held {now_mb / 1024:.2f} GB of {limits.memory_gb:g} GB in stage {self.stage}"
            return self.failed(Reason.E_OOM, f"{held}: cut shorter clips or raise max_memory_gb")
        return None

    def failed(self, reason: Reason, message: str) -> Said:
        """The unit at hand has failed, as seen from outside."""
        return Said("fail", self.stage, self.memory_mb, reason, message)

    def autopsy(self) -> Said:
        """What it means that the process is gone without a word: the crash of the unit at hand, or a failed start."""
        cause = _cause(self.end(_GRACE_S))
        if self.ready:
            return self.failed(Reason.E_CRASH, f"the worker process {cause} in stage {self.stage}")
        words = self.log.strip()[-_LAST_WORDS:]
        return Said("unborn", message=f"{cause} on starting: install nonverbal anew; its last words were\n{words}")

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


def _cause(status: int) -> str:
    if status == -signal.SIGKILL:
        return "was killed (by the system for want of memory, or by hand)"
    if status < 0:
        return f"died of {signal.Signals(-status).name}"
    return f"ended with status {status}"


def rss_mb(pid: int) -> float:
    """Memory that a process holds now, in MB; 0 when it is gone."""
    import psutil

    try:
        return float(psutil.Process(pid).memory_info().rss) / 2**20
    except psutil.Error:
        return 0.0
