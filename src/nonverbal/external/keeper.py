"""Stands between host and runner: starts it, ends it and all it started, however the host or the runner end.

``python -I -S keeper.py LIFELINE FOLDER [runner's command]``, standard library only. LIFELINE is the descriptor of a
socket that the host holds the other end of. Its closing is the word to end, so a host that is killed takes its runners
along. Orphans of the runner become children of this process, so nothing that it started gets away, whatever group or
session it moved to. In the end the private FOLDER is removed and the cause told on the socket.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_LOOK_EVERY_S = 0.1
_REAP_S = 10.0


def main(lifeline_fd: int, folder: str, command: list[str]) -> None:
    """Runs `command` until it ends or the host lets go."""
    with socket.socket(fileno=lifeline_fd) as lifeline:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        try:
            cause = _keep(lifeline, folder, command)
        finally:
            _end_children()
            shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # the host may be gone
            lifeline.sendall(cause.encode("utf-8", "replace"))


def _keep(lifeline: socket.socket, folder: str, command: list[str]) -> str:
    own = {**os.environ, "TMPDIR": folder}  # what libraries leave about goes with the folder
    try:
        runner = subprocess.Popen(  # noqa: S603 - the user's own program
            command, start_new_session=True, preexec_fn=_prepare, env=own
        )
    except OSError as error:
        return f"absent {error.strerror}"
    for descriptor in (0, 1, 2):  # the pipes must close when the runner does
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, descriptor)
        os.close(null)
    while (status := runner.poll()) is None:
        if select.select([lifeline], [], [], _LOOK_EVERY_S)[0]:
            return "ended"
    return f"signal {-status}" if status < 0 else f"exit {status}"


def _prepare() -> None:
    """In the runner, before its program: the kernel ends it with its keeper, and it may map what it wants."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))  # CUDA maps far more than it holds; the host counts that


def _end_children() -> None:
    """Kills and reaps until no child is left; the children of the killed become ours and are next."""
    deadline_s = time.monotonic() + _REAP_S
    while time.monotonic() < deadline_s:
        for child in _children():
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def _children() -> list[int]:
    """Processes whose parent is this one."""
    found, own = [], os.getpid()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with suppress(OSError):
            with open(f"/proc/{name}/stat", "rb") as file:
                after_name = file.read().rpartition(b")")[2].split()  # the name may hold anything
            if int(after_name[1]) == own:
                found.append(int(name))
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
