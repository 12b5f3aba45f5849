"""Makes the fake stages importable, here and in worker processes, and runs them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from aftermath import marked_processes, wait_until
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
    wait_until(lambda: _zombies() == [], 2.0)


def _zombies() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if _is_zombie(child)]


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it went while we looked
        return False
