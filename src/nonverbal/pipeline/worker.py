"""A worker process: ``python -m nonverbal.pipeline.worker FD PARENT_PID``, started by the supervisor only.

It lives in a session of its own, so that Ctrl-C in the terminal reaches the supervisor alone; the kernel ends it
when the supervisor dies, however that happens. What libraries print goes to a pipe that the supervisor drains.
"""

from __future__ import annotations

import ctypes
import faulthandler
import math
import os
import resource
import signal
import sys
import time
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from nonverbal.pipeline.confine import confine
from nonverbal.pipeline.lock import is_full
from nonverbal.pipeline.plan import Plan
from nonverbal.pipeline.stage import Job
from nonverbal.pipeline.store import Store
from nonverbal.pipeline.unit import ChangedError, Watcher, work
from nonverbal.pipeline.wire import Said, Setup, Task, receive, send
from nonverbal.verdicts import Reason, UserError

_PR_SET_PDEATHSIG = 1
_TICK_EVERY_S = 0.5
_MESSAGE_CHARS = 2000
_TRACEBACK_CHARS = 16384
_GPU_FULL = "OutOfMemoryError"  # PyTorch's, known by name so that it need not be loaded


def main(descriptor: int, parent: int) -> None:
    """Works on one task after the other until the supervisor closes the connection."""
    _die_with(parent)
    confine()
    _die_with(parent)
    faulthandler.enable()
    started_s = time.perf_counter()
    connection = Connection(descriptor)
    setup = receive(connection, Setup)
    plan = setup.plan()
    store = Store(Path(setup.artefacts), plan)
    send(connection, Said("ready", value=time.perf_counter() - started_s))
    while True:
        try:
            task = receive(connection, Task)
        except EOFError:
            return
        send(connection, _work(plan, store, task, connection))


def _die_with(parent: int) -> None:
    """Has the kernel kill this process when the supervisor dies, even while a decoder hangs holding the GIL."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it died before we asked
    with suppress(OSError):  # where memory runs out, the kernel should take a worker and not the supervisor
        Path("/proc/self/oom_score_adj").write_text("500")


def _work(plan: Plan, store: Store, task: Task, connection: Connection) -> Said:
    """One unit; whatever happens becomes one message."""
    ticker = _Ticker(connection)
    job = Job(task.source, task.clip, task.threads, ticker.tick)
    watcher = Watcher(ticker.begin, lambda stage, wall_s: send(connection, Said("ended", stage, wall_s)))
    try:
        verdict = work(plan, store, job, task.mark, watcher, task.stages)
    except UserError as error:
        return Said("stop", ticker.stage, message=str(error))
    except ChangedError as error:
        return Said("fail", ticker.stage, reason=Reason.E_CHANGED, message=str(error))
    except MemoryError as error:
        return _failure(ticker.stage, Reason.E_OOM, error)
    except Exception as error:
        if isinstance(error, OSError) and is_full(error):
            return Said("full", ticker.stage, message=error.strerror or str(error))
        return _failure(ticker.stage, _reason(error), error)
    if verdict is None:
        return Said("done", value=peak_mb())
    stage, reject = verdict
    return Said("reject", stage, peak_mb(), reject.reason, reject.message)


def _reason(error: Exception) -> Reason:
    """The reason that an error brings along, such as a runner's; a crash where it has none."""
    if type(error).__name__ == _GPU_FULL:
        return Reason.E_OOM
    brought = getattr(error, "reason", None)
    return brought if isinstance(brought, Reason) else Reason.E_CRASH


def _failure(stage: str, reason: Reason, error: BaseException) -> Said:
    message = f"{type(error).__name__}: {error}"
    told = "".join(traceback.format_exception(error))
    return Said("fail", stage, peak_mb(), reason, message[:_MESSAGE_CHARS], told[-_TRACEBACK_CHARS:])


class _Ticker:
    """Passes progress on, at most twice a second however often a stage ticks."""

    def __init__(self, connection: Connection) -> None:
        self.stage = ""
        self._connection = connection
        self._last_s = 0.0

    def begin(self, stage: str) -> None:
        self.stage = stage
        send(self._connection, Said("begun", stage))

    def tick(self, fraction: float) -> None:
        now_s = time.monotonic()
        if now_s - self._last_s >= _TICK_EVERY_S:
            self._last_s = now_s
            known = fraction if math.isfinite(fraction) else 0.0
            send(self._connection, Said("tick", self.stage, min(max(float(known), 0.0), 1.0)))


def peak_mb() -> float:
    """The most memory this process has held, in MB (`ru_maxrss` would also count what came before exec)."""
    status = Path("/proc/self/status").read_text().splitlines()
    peaks = [int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:")]
    return peaks[0] if peaks else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
