"""Makes the fake stages importable, here and in worker processes, and runs them."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fake_stages import FakeCut, FakeFirst, FakeProbe, FakeSecond, FakeThird, FakeWatch

from nonverbal.pipeline.lock import claim
from nonverbal.pipeline.run import RunResult, run
from nonverbal.pipeline.settings import EngineSettings


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Gives the names of the fake stages called since the last look, and clears the list."""
    folder = tmp_path / "calls"
    folder.mkdir()
    monkeypatch.setenv("FAKE_CALLS", str(folder))

    def look() -> list[str]:
        names = sorted(os.listdir(folder))
        for name in names:
            (folder / name).unlink()
        return [name.split(".")[0] for name in names]

    return look


@pytest.fixture
def go(tmp_path: Path) -> Callable[..., RunResult]:
    """Runs the fake pipeline in ``tmp_path/out``; keywords replace fake stages or settings of the engine."""

    def _go(
        *sources: Any,
        probe: Any = None,
        first: Any = None,
        second: Any = None,
        observer: Any = None,
        marks: Any = None,
        **settings: Any,
    ) -> RunResult:
        source_stages = [probe or FakeProbe(), FakeCut()]
        clip_stages = [first or FakeFirst(), FakeWatch(), second or FakeSecond(), FakeThird()]
        with claim(tmp_path / "out") as output:
            return run(output, sources, source_stages, clip_stages, EngineSettings(**settings), observer, marks)

    return _go


@pytest.fixture(autouse=True)
def no_process_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Every test here ends without a living child and without a zombie."""
    monkeypatch.setenv("FAKE_MARK", str(tmp_path))
    yield
    wait_until(lambda: marked_processes(tmp_path) == [], 2.0)
    assert [
        child for child in psutil.Process().children(recursive=True) if child.status() == psutil.STATUS_ZOMBIE
    ] == []


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
