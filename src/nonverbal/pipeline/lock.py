"""One writer per output: a lock that dies with its holder, and the checks that come before any work."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nonverbal.pipeline.store import HOME
from nonverbal.verdicts import Reason

EXIT_READ_ONLY = 73
"""EX_CANTCREAT of sysexits.h."""
EXIT_FULL = 74
"""EX_IOERR of sysexits.h."""
EXIT_LOCKED = 75
"""EX_TEMPFAIL of sysexits.h: the same command may succeed later."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.ENXIO, errno.ENODEV}


class OutputError(Exception):
    """The output cannot be written: `reason` is E_LOCKED, E_IO_RO or E_IO_FULL, `exit_code` what to exit with."""

    def __init__(self, reason: Reason, exit_code: int, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.exit_code = exit_code


class LockedError(OutputError):
    """Another run writes this output."""

    def __init__(self, message: str) -> None:
        super().__init__(Reason.E_LOCKED, EXIT_LOCKED, message)


@dataclass(frozen=True)
class Output:
    """An output folder that this process alone may write to, as given by `claim`."""

    path: Path

    @property
    def home(self) -> Path:
        return self.path / HOME

    @property
    def artefacts(self) -> Path:
        return self.home / "artefacts"

    @property
    def attempts(self) -> Path:
        return self.home / "attempts"

    @property
    def runs(self) -> Path:
        return self.home / "runs"


@contextmanager
def claim(path: Path) -> Iterator[Output]:
    """Makes the output folder where needed and holds it for this process alone.

    The lock is the kernel's (flock), so that it ends with its holder however that dies; the text in the file only
    tells others who it is. The file itself stays: removing it would let two holders lock two files.

    Raises:
        LockedError: another process holds it (named in the message).
        OutputError: it cannot be created or written (E_IO_RO), or no byte fits (E_IO_FULL).
    """
    output = Output(Path(path).absolute())
    try:
        output.home.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(output.home / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise output_error(error, output.path) from error
    try:
        _hold(descriptor, output)
        yield output
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def output_error(error: OSError, path: Path) -> OutputError:
    """What an operating system error on writing means for the user; an unknown one is raised again as it is."""
    if error.errno in _FULL:
        sentence = (
            f"no space to write in {path} ({error.strerror}): free some or raise the limit, then run the same again"
        )
        return OutputError(Reason.E_IO_FULL, EXIT_FULL, sentence)
    if error.errno in _READ_ONLY:
        sentence = f"cannot write in {path} ({error.strerror}): choose an output folder that exists or can be made"
        return OutputError(Reason.E_IO_RO, EXIT_READ_ONLY, sentence)
    raise error


def is_full(error: OSError) -> bool:
    """Whether writing failed for want of space: disk, quota or file size limit."""
    return error.errno in _FULL


def _hold(descriptor: int, output: Output) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = _holder(descriptor)
        raise LockedError(f"{output.path} is in use by {holder}: wait until it ends, or stop it") from error
    entry = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(sys.argv),
    }
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(entry).encode(), 0)
        os.fsync(descriptor)
    except OSError as error:
        raise output_error(error, output.path) from error


def _holder(descriptor: int) -> str:
    for _ in range(10):
        text = os.pread(descriptor, 65536, 0).decode("utf-8", "replace")
        if text.endswith("}"):
            entry = json.loads(text)
            return f"process {entry['pid']} on {entry['host']} since {entry['started']} ({entry['command']})"
        time.sleep(0.05)  # it has locked the file but not yet written its name
    return "another process"
