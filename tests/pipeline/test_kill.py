"""Killed anywhere, a run loses nothing, doubles nothing and leaves no process; asked to stop, it stops as promised."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from aftermath import artefact_hash, marked_processes, wait_until
from fake_stages import fake_source

SCRIPT = Path(__file__).parent / "fake_run.py"
POINTS = ["before_write", "before_verify", "before_fsync", "before_rename", "after_rename"]


def start(tmp_path: Path, first_s: float = 0.1, fault: str = "", **options: Any) -> subprocess.Popen[str]:
    """The fake pipeline over ``tmp_path/*.mp4`` in a session of its own, its output in ``tmp_path/out``."""
    command = [sys.executable, str(SCRIPT), str(tmp_path / "out"), str(first_s)]
    env = {**os.environ, "NONVERBAL_FAULT": fault, "FAKE_MARK": str(tmp_path)}
    media = sorted(str(path) for path in tmp_path.glob("*.mp4"))
    return subprocess.Popen(
        [*command, *media],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
        start_new_session=True,
        **options,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, _ = process.communicate(timeout=60)
    return process.returncode, out


@pytest.fixture
def unbroken(tmp_path: Path) -> str:
    """The hash of the artefacts of a run that nobody disturbs."""
    for name in "ab":
        fake_source(tmp_path, f"{name}.mp4", 8, "fake_second 2 reject")
    code, out = finish(start(tmp_path))
    assert code == 0, out
    digest = artefact_hash(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "unbroken")
    return digest


def resume(tmp_path: Path, unbroken: str) -> None:
    """Whatever happened before: the next run ends well, with the same artefacts and nothing lost or doubled."""
    wait_until(lambda: marked_processes(tmp_path) == [], 5.0)
    code, out = finish(start(tmp_path))
    assert code == 0, out
    assert artefact_hash(tmp_path / "out") == unbroken
    assert list((tmp_path / "out" / ".nonverbal" / "attempts").iterdir()) == []


def test_killed_at_every_fault_point(tmp_path: Path, unbroken: str) -> None:
    for point in POINTS:
        code, out = finish(start(tmp_path, fault=f"{point}:kill:3"))
        assert code == -signal.SIGKILL, f"{point} was never reached: {out}"
    resume(tmp_path, unbroken)


@pytest.mark.parametrize("times", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_killed_at_random_times(tmp_path: Path, unbroken: str, times: int) -> None:
    draw = random.Random(times)
    codes = []
    for _ in range(times):
        process = start(tmp_path)
        time.sleep(draw.uniform(0.0, 1.0))
        os.killpg(process.pid, signal.SIGKILL)
        codes.append(finish(process)[0])
        wait_until(lambda: marked_processes(tmp_path) == [], 5.0)
    assert -signal.SIGKILL in codes, "every run ended before it was killed"
    resume(tmp_path, unbroken)


def at_work(tmp_path: Path, stage: str = "fake_probe") -> bool:
    """Whether a worker has committed something of a stage."""
    return any((tmp_path / "out" / ".nonverbal" / "artefacts" / stage).glob("*.json"))


def test_no_worker_outlives_its_supervisor(tmp_path: Path) -> None:
    fake_source(tmp_path, "a.mp4", 1, "fake_first 0 hang")
    process = start(tmp_path)
    wait_until(lambda: at_work(tmp_path, "fake_cut"))
    assert len(marked_processes(tmp_path)) == 2
    os.kill(process.pid, signal.SIGKILL)  # the supervisor alone: the worker is in another group
    finish(process)
    wait_until(lambda: marked_processes(tmp_path) == [], 2.0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_once_it_finishes_what_is_at_hand(number: signal.Signals, tmp_path: Path) -> None:
    fake_source(tmp_path, "a.mp4", 40)
    process = start(tmp_path, first_s=0.2)
    wait_until(lambda: at_work(tmp_path, "fake_first"))
    os.killpg(process.pid, number)
    code, out = finish(process)
    books = json.loads(out)
    assert code == 128 + number
    assert books["done"] >= 1
    assert books["pending"] > 10, "it went on with new clips"
    assert books["done"] + books["pending"] == books["seen"] == 40
    assert "stopped on request" in books["message"]
    first, third = (
        len(list((tmp_path / "out/.nonverbal/artefacts" / s).iterdir())) for s in ("fake_first", "fake_third")
    )
    assert first == third == books["done"], "a clip was left half done"


def test_asked_twice_it_stops_at_once(tmp_path: Path) -> None:
    fake_source(tmp_path, "a.mp4", 2, "fake_second 0 hang", "fake_second 1 hang")
    process = start(tmp_path)
    wait_until(lambda: at_work(tmp_path, "fake_first"))
    process.terminate()
    time.sleep(0.3)
    assert process.poll() is None, "one signal lets the clip at hand finish"
    process.terminate()
    code, out = finish(process)  # the clips at hand would never finish
    assert code == 128 + signal.SIGTERM
    assert json.loads(out)["pending"] == 2
    assert [path.name.split(".")[1:] for path in (tmp_path / "out/.nonverbal/attempts").iterdir()] == [
        ["0", "shut"]
    ] * 2


def test_a_source_cut_but_not_reported_before_the_stop_brings_its_clips_to_the_books(tmp_path: Path) -> None:
    fake_source(tmp_path, "a.mp4", 3)
    process = start(tmp_path, fault="after_rename:sleep:2")  # the list of clips lies there, nobody has heard of it
    wait_until(lambda: at_work(tmp_path, "fake_cut"))
    process.terminate()
    time.sleep(0.3)
    process.terminate()
    code, out = finish(process)
    assert code == 128 + signal.SIGTERM
    assert json.loads(out) == {"seen": 3, "done": 0, "pending": 3, "message": json.loads(out)["message"]}


def test_the_second_run_on_an_output_ends_with_75(tmp_path: Path) -> None:
    fake_source(tmp_path, "a.mp4", 1, "fake_first 0 hang")
    holder = start(tmp_path)
    wait_until(lambda: at_work(tmp_path))
    code, out = finish(start(tmp_path))
    assert code == 75
    assert f"in use by process {holder.pid}" in out
    os.killpg(holder.pid, signal.SIGKILL)
    finish(holder)


def test_a_file_size_limit_stops_cleanly_and_lifting_it_resumes(tmp_path: Path) -> None:
    fake_source(tmp_path, "a.mp4", 2, "fake_second 1 big")
    limit = 16384
    process = start(tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    code, out = finish(process)
    assert code == 74, out
    assert "no space to write" in out
    code, out = finish(start(tmp_path))
    assert (code, json.loads(out)["done"]) == (0, 2)
