"""Named points at which tests break a run: ``NONVERBAL_FAULT=point:action[:nth]``, unarmed everywhere else.

Actions: ``kill`` ends the whole process group of the run at once, as a power cut or `kill -9` would; ``full``
raises "no space left on device"; ``sleep`` waits for a minute.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections import Counter

RUN_GROUP = "NONVERBAL_RUN_GROUP"
"""Names the run's process group to its workers, which live in groups of their own."""

_hits: Counter[str] = Counter()


def fault(point: str) -> None:
    """Does what the environment asks for at this point; nothing at all when it asks for nothing."""
    armed = os.environ.get("NONVERBAL_FAULT")
    if not armed:
        return
    where, action, nth = (*armed.split(":"), "1")[:3]
    _hits[point] += 1
    if where != point or _hits[point] != int(nth):
        return
    if action == "full":
        raise OSError(errno.ENOSPC, f"no space left on device (armed at {point})")
    if action == "sleep":
        time.sleep(60)
        return
    os.killpg(int(os.environ.get(RUN_GROUP, os.getpgrp())), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
