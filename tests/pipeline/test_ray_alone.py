"""A run that starts its own small cluster: it stops as promised, and nothing of it outlives it, however it ends."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from aftermath import artefact_hash, marked_processes, wait_until
from fake_stages import fake_source

pytest.importorskip("ray", reason="Ray is not installed: pip install 'nonverbal[ray]'")

SCRIPT = Path(__file__).parent / "fake_run.py"


def start(tmp_path: Path, engine: str = "ray", first_s: float = 0.2) -> subprocess.Popen[str]:
    """The fake pipeline over ``tmp_path/*.mp4`` in a session of its own, its output in ``tmp_path/out``."""
    media = sorted(str(path) for path in tmp_path.glob("*.mp4"))
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(tmp_path / "out"), str(first_s), *media],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "FAKE_ENGINE": engine, "FAKE_MARK": str(tmp_path)},
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    out, _ = process.communicate(timeout=120)
    return process.returncode, out


def finished(tmp_path: Path) -> int:
    return len(list((tmp_path / "out/.nonverbal/artefacts/fake_first").glob("*.json")))


@pytest.fixture
def unbroken(tmp_path: Path) -> str:
    """The hash of the artefacts of a run on this machine that nobody disturbs."""
    for name in "ab":
        fake_source(tmp_path, f"{name}.mp4", 12, "fake_second 2 reject")
    code, out = finish(start(tmp_path, "local"))
    assert code == 0, out
    digest = artefact_hash(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "unbroken")
    return digest


def noted(tmp_path: Path) -> Path:
    """The folder of the cluster that the run has started."""
    return Path(tempfile.gettempdir()) / (tmp_path / "out/.nonverbal/ray").read_text()


def test_everything_dies_with_the_driver_and_the_next_run_goes_on(tmp_path: Path, unbroken: str) -> None:
    process = start(tmp_path)
    wait_until(lambda: finished(tmp_path) >= 2, 60.0)
    listening = [c for p in _marked(tmp_path) for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN]
    assert listening
    assert {c.laddr.ip.removeprefix("::ffff:") for c in listening} == {"127.0.0.1"}, "open to others"
    left = noted(tmp_path)
    assert left.stat().st_mode & 0o777 == 0o700, "the sockets lie open"
    process.kill()  # the driver alone
    finish(process)
    wait_until(lambda: marked_processes(tmp_path) == [], 10.0)
    assert left.is_dir()
    code, out = finish(start(tmp_path, "local"))  # the engines go on where the other one was
    assert code == 0, out
    assert artefact_hash(tmp_path / "out") == unbroken
    assert not left.exists(), "what the killed run left behind is removed by the next one"
    assert not (tmp_path / "out/.nonverbal/ray").exists()


def _marked(mark: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("FAKE_MARK") == str(mark) and process.pid != os.getpid():
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_once_it_finishes_what_is_at_hand(number: signal.Signals, tmp_path: Path) -> None:
    fake_source(tmp_path, "a.mp4", 60)
    process = start(tmp_path)
    wait_until(lambda: finished(tmp_path) >= 2, 60.0)
    folder = noted(tmp_path)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # Ctrl-C in a terminal reaches all
    else:
        process.send_signal(number)
    code, out = finish(process)
    books = json.loads(out)
    assert code == 128 + number
    assert "stopped on request" in books["message"]
    assert books["done"] + books["pending"] == books["seen"] == 60
    assert books["pending"] > 10, "it went on with new clips"
    first, third = (
        len(list((tmp_path / "out/.nonverbal/artefacts" / s).iterdir())) for s in ("fake_first", "fake_third")
    )
    assert first == third == books["done"], "a clip was left half done"
    assert not folder.exists()


@pytest.mark.slow
def test_asked_twice_it_stops_at_once(tmp_path: Path) -> None:
    fake_source(tmp_path, "a.mp4", 2, "fake_second 0 hang_with_child", "fake_second 1 hang")
    process = start(tmp_path)
    wait_until(lambda: finished(tmp_path) == 2, 60.0)
    process.terminate()
    time.sleep(0.5)
    assert process.poll() is None, "one signal lets the clip at hand finish"
    process.terminate()
    code, out = finish(process)
    assert code == 128 + signal.SIGTERM
    assert json.loads(out)["pending"] == 2
    attempts = (tmp_path / "out/.nonverbal/attempts").iterdir()
    assert [path.name.split(".")[1:] for path in attempts] == [["0", "shut"]] * 2


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_random_times_over_both_engines(tmp_path: Path, unbroken: str) -> None:
    draw = random.Random(7)
    codes, folders = [], set()
    for _ in range(10):
        engine = draw.choice(["local", "ray"])
        process = start(tmp_path, engine)
        time.sleep(draw.uniform(0.0, 9.0 if engine == "ray" else 2.0))
        os.killpg(process.pid, signal.SIGKILL)
        codes.append(finish(process)[0])
        with suppress(FileNotFoundError):
            folders.add(noted(tmp_path))
        wait_until(lambda: marked_processes(tmp_path) == [], 60.0)  # Ray's processes, caught while starting, take 30 s
    assert -signal.SIGKILL in codes, "every run ended before it was killed"
    code, out = finish(start(tmp_path))
    assert code == 0, out
    assert artefact_hash(tmp_path / "out") == unbroken
    assert list((tmp_path / "out/.nonverbal/attempts").iterdir()) == []
    assert [folder for folder in folders if folder.exists()] == []
