"""A second belt around code that talks to the network: no program is started, no connection to a private address."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nonverbal.collect.addresses import Hosts
from nonverbal.verdicts import Reason, RejectedError

_STARTS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty"}


class _Belt:
    """What holds at the moment. An audit hook of the interpreter can be added, but never be taken away."""

    def __init__(self) -> None:
        self.hosts: Hosts | None = None
        self.programs: frozenset[str] = frozenset()
        self.installed = False

    def __call__(self, event: str, details: tuple[Any, ...]) -> None:
        if self.hosts is None:
            return
        if event == "socket.connect":
            address = details[1]
            if not isinstance(address, tuple):
                raise RejectedError(Reason.E_ADDRESS, "a connection to a socket of this machine was refused")
            self.hosts.check_address(str(address[0]))
        elif event in _STARTS and not self._is_named(event, details):
            raise RejectedError(
                Reason.E_UNSUPPORTED,
                "the site's videos can only be had with the help of another program, and none is started; name a "
                "JavaScript runtime with --js-runtime if it asks for one",
            )

    def _is_named(self, event: str, details: tuple[Any, ...]) -> bool:
        """Whether the program is one that the user named; forks are part of starting it."""
        if not self.programs:
            return False
        return event.startswith("os.fork") or str(Path(str(details[0])).resolve()) in self.programs


_belt = _Belt()


@contextmanager
def belted(hosts: Hosts, programs: frozenset[str] = frozenset()) -> Iterator[None]:
    """While the context is open nothing in this process may start a program or connect to a host that is not public.

    Args:
        programs: resolved paths of those that may be started all the same.
    """
    if not _belt.installed:
        sys.addaudithook(_belt)
        _belt.installed = True
    before = _belt.hosts, _belt.programs
    _belt.hosts, _belt.programs = hosts, programs
    try:
        yield
    finally:
        _belt.hosts, _belt.programs = before
