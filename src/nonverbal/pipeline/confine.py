"""Limits that a worker lays on itself before it opens any media: no network, no core dumps, no endless files.

Decoders are large programs in C that read bytes from strangers. Should one of them be led astray, it is in a process
that reaches no network, gains no rights, fills neither disk nor memory, and that its supervisor ends at will.
"""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from nonverbal import weights

MAX_FILE_BYTES = 4 << 30
"""More than any result of a clip; a file that grows beyond it is a mistake or an attack."""
DATA_FACTOR = 4.0
"""Private memory a worker may map for each byte it may hold; libraries map two to three times what they touch."""

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
_PROBE_S = 30.0


def confine() -> None:
    """Lays the limits on this process for good; to be called while it has one thread only.

    Weights that may be downloaded are, beforehand. What the system does not allow is left out: `network_closed` tells.
    The kernel's signal on the parent's death has to be asked for afterwards, since new rights cancel it.
    """
    weights.fetch_missing()
    close_network()
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, MAX_FILE_BYTES)


def close_network() -> bool:
    """Moves this process into a network of its own that has no connection at all; whether that was allowed."""
    libc = ctypes.CDLL(None)
    if libc.unshare(_CLONE_NEWNET) == 0:
        return True
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)  # else the files below belong to root
    with suppress(OSError):  # without them files are as accessible as before, only names of owners are lost
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


def limit_memory(pid: int, memory_gb: float) -> None:
    """Bounds what a worker can map, so that one request for a hundred gigabytes fails before it is granted.

    Its supervisor looks once a second only. A process that is gone already is left alone.
    """
    wanted = int(memory_gb * DATA_FACTOR * 2**30)
    with suppress(OSError):
        _, most = resource.prlimit(pid, resource.RLIMIT_DATA)
        resource.prlimit(pid, resource.RLIMIT_DATA, (wanted if most < 0 else min(wanted, most), most))


def network_closed() -> bool:
    """Whether workers on this machine are without network, tried in a process of its own."""
    command = [sys.executable, "-P", "-m", "nonverbal.pipeline.confine"]
    done = subprocess.run(command, capture_output=True, timeout=_PROBE_S, check=False)  # noqa: S603 - our own module
    return done.returncode == 0


def _lower(kind: int, wanted: int) -> None:
    """Sets a limit, unless a lower one stands already."""
    _, most = resource.getrlimit(kind)
    limit = wanted if most < 0 else min(wanted, most)
    resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    sys.exit(0 if close_network() else 1)
