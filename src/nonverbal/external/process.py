"""A runner's processes seen from the host: started under a keeper, heard without blocking, ended for good."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from nonverbal.external import keeper
from nonverbal.external.protocol import MAX_LINE_BYTES, RunnerError
from nonverbal.verdicts import Reason

_LOG_BYTES = 4096
_RAM_DISK = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it, readable by nobody else
_RAM_DISK_FREE = 2 << 30
_END_S = 15.0
_GONE_S = 2.0
_OURS = ("PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


class RunnerProcess:
    """One run of a runner's program, with the private folder that it shares with the host.

    Args:
        command: the program and its arguments.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.folder = _private_folder()
        self._lifeline, theirs = socket.socketpair()
        self._log = b""
        self._line = b""
        self._cause: str | None = None
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own program, which starts the user's command
                    [sys.executable, "-I", "-S", keeper.__file__, str(theirs.fileno()), str(self.folder), *command],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,
                    env=own_environment(os.environ),
                )
        except OSError:
            self._lifeline.close()
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self._selector = selectors.DefaultSelector()
        for pipe, name in ((self._process.stdout, "out"), (self._process.stderr, "err")):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe, selectors.EVENT_READ, name)

    @property
    def log(self) -> str:
        """The last lines that the runner printed."""
        return self._log.decode("utf-8", "replace").strip()

    def note(self, line: bytes) -> None:
        """Keeps something the runner printed where a message was expected."""
        self._log = (self._log + line + b"\n")[-_LOG_BYTES:]

    def send(self, line: bytes) -> None:
        """Sends a line; a runner that is gone is found so when it is listened to."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def hear(self, wait_s: float) -> bytes | None:
        """The next line it printed, or None if there was none in `wait_s`.

        Raises:
            RunnerError: E_CRASH where the program has ended, E_SCHEMA where a line has no end.
        """
        if b"\n" not in self._line:
            for key, _ in self._selector.select(wait_s):
                self._take(key)
        line, found, rest = self._line.partition(b"\n")
        if found:
            self._line = rest
            return line
        if len(line) > MAX_LINE_BYTES:
            raise RunnerError(Reason.E_SCHEMA, f"the runner sent a line of more than {MAX_LINE_BYTES} bytes", self.log)
        if not self._selector.get_map():
            raise RunnerError(Reason.E_CRASH, f"the runner {self.end(_GONE_S)}", self.log)
        return None

    def _take(self, key: selectors.SelectorKey) -> None:
        pipe: IO[bytes] = key.fileobj  # type: ignore[assignment]
        try:
            chunk = os.read(pipe.fileno(), 1 << 16)
        except BlockingIOError:
            return
        if not chunk:
            self._selector.unregister(pipe)
        elif key.data == "out":
            self._line += chunk
        else:
            self._log = (self._log + chunk)[-_LOG_BYTES:]

    def memory_gb(self) -> float:
        """What the runner and all its children hold."""
        import psutil

        total = 0
        with suppress(psutil.Error):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                with suppress(psutil.Error):
                    total += process.memory_info().rss
        return total / 2**30

    def end(self, grace_s: float = 0.0) -> str:
        """Ends all its processes, removes its folder and says what it died of; may be called again.

        A program that is going by itself gets `grace_s` to do so, so that its status tells what it died of.
        """
        if self._cause is None:
            self._cause = _spell(self._farewell(grace_s))
            self._selector.close()
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                assert pipe is not None
                with suppress(OSError):  # what could not be sent to a dead process
                    pipe.close()
            shutil.rmtree(self.folder, ignore_errors=True)  # the keeper did so, unless it was killed
        return self._cause

    def _farewell(self, grace_s: float) -> str:
        """What the keeper says of the end."""
        with self._lifeline:
            said = self._last_words(grace_s) if grace_s else b""
            with suppress(OSError):
                self._lifeline.shutdown(socket.SHUT_WR)
            said = said or self._last_words(_END_S)
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        return said.decode("utf-8", "replace")

    def _last_words(self, wait_s: float) -> bytes:
        self._lifeline.settimeout(wait_s)
        try:
            return self._lifeline.recv(4096)
        except OSError:
            return b""


def own_environment(given: Mapping[str, str]) -> dict[str, str]:
    """The environment without what points Python at our packages: the runner has its own."""
    return {name: value for name, value in given.items() if name not in _OURS}


def _private_folder() -> Path:
    """A new folder that only this user can read, in memory where there is room."""
    place = None
    with suppress(OSError):
        if os.access(_RAM_DISK, os.W_OK) and shutil.disk_usage(_RAM_DISK).free >= _RAM_DISK_FREE:
            place = _RAM_DISK
    return Path(tempfile.mkdtemp(prefix="nonverbal-runner-", dir=place))


def _spell(cause: str) -> str:
    """What the keeper said, as the end of a sentence that begins with "the runner"."""
    word, _, rest = cause.partition(" ")
    if word == "signal" and rest.isdigit():
        if int(rest) == signal.SIGKILL:
            return "was killed (by the system for want of memory, or by hand)"
        return f"died of {signal.Signals(int(rest)).name}" if int(rest) in set(signal.Signals) else f"died of {rest}"
    if word == "exit":
        return f"ended with status {rest}"
    if word == "absent":
        return f"cannot be started ({rest})"
    return "was ended" if word == "ended" else "was killed together with its keeper"
