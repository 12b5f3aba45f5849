"""What a run leaves behind: processes that carry a test's mark, and everything that was committed."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil


def marked_processes(mark: Path) -> list[str]:
    """The command lines of the processes, other than this one, that carry this test's mark in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get("FAKE_MARK") == str(mark):
                found.append(" ".join(process.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def wait_until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Waits for something that another process is about to do."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "waited in vain"
        time.sleep(0.02)


def artefact_hash(output: Path) -> str:
    """sha256 over the names and bytes of everything committed; fails on anything half done."""
    root = output / ".nonverbal" / "artefacts"
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file():
            assert not path.name.endswith(".tmp"), f"{path} was left behind"
            digest.update(f"{path.relative_to(root)} {len(path.read_bytes())}\n".encode() + path.read_bytes())
    return digest.hexdigest()
