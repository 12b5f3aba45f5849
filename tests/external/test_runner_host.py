"""A runner may do what it likes: each misbehaviour is a reason and a sentence, and nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from nonverbal.external.host import Runner, RunnerLimits
from nonverbal.external.process import own_environment
from nonverbal.external.protocol import NotReadyError, RunnerError
from nonverbal.verdicts import Reason

TINY = str(Path(__file__).parent / "tiny_runner.py")
LIMITS = RunnerLimits(start_s=20.0, answer_s=20.0, no_progress_s=0.5, answer_bytes=1 << 20)
CROPS = np.full((3, 16, 16, 3), 100, np.uint8)
FACE = {"crops": CROPS, "frame": np.arange(3, dtype=np.int32)}


@pytest.fixture(scope="module", autouse=True)
def mark() -> Iterator[None]:
    """Tells processes of these tests from those of a run beside this one."""
    os.environ["TINY_RUNNER_TESTS"] = str(os.getpid())
    yield
    del os.environ["TINY_RUNNER_TESTS"]


def tiny(*flags: str, limits: RunnerLimits = LIMITS) -> Runner:
    return Runner([sys.executable, TINY, *flags], limits)


def left_behind() -> tuple[list[str], list[int]]:
    """Folders and processes of runners that this process, or nobody, looks after."""
    folders = [str(p) for place in ("/dev/shm", "/tmp") for p in Path(place).glob("nonverbal-runner-*")]
    children = psutil.Process().children(recursive=True)
    return sorted(folders), [child.pid for child in children if _is_of_runners(child)]


def _is_of_runners(process: psutil.Process) -> bool:
    """Whether it is a runner or its keeper; other tests have children of their own."""
    try:
        return any("/external/" in word for word in process.cmdline())
    except psutil.NoSuchProcess:
        return False


def gone(condition: Callable[[], bool], wait_s: float = 10.0) -> bool:
    deadline_s = time.monotonic() + wait_s
    while time.monotonic() < deadline_s and not condition():
        time.sleep(0.05)
    return condition()


def sleepers() -> list[int]:
    """Processes that a misbehaving runner of these tests started and that only sleep."""
    known = psutil.process_iter(["cmdline", "environ"])
    ours = [p for p in known if (p.info["environ"] or {}).get("TINY_RUNNER_TESTS") == str(os.getpid())]
    return [p.pid for p in ours if "import time; time.sleep(3600)" in (p.info["cmdline"] or [])]


def test_answers_are_those_of_the_runner_and_it_lives_on() -> None:
    with tiny() as runner:
        folder = runner._process.folder
        first = runner.ask("face", FACE)
        second = runner.ask("face", FACE)
        assert runner.hello.identity == "tiny 1.0 (runner 3)"
        assert list(folder.iterdir()) == []
        with pytest.raises(ValueError, match="gives face, body, film"):
            runner.ask("hair", FACE)
        with pytest.raises(ValueError, match="expected uint8"):
            runner.ask("face", {**FACE, "crops": CROPS.astype(np.float32)})
        film = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)
        assert runner.ask("film", {"crops": film})["n"] == film.sum()  # lossless
    assert not folder.exists()
    np.testing.assert_allclose(first["emoca156"][:, 0], 100 / 255 / 1000, rtol=1e-5)
    assert first["valid"].all()
    assert all(np.array_equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("fault", "reason", "words"),
    [
        ("crash", Reason.E_CRASH, "died of SIGSEGV"),
        pytest.param("exit", Reason.E_CRASH, "ended with status 3", marks=pytest.mark.slow),
        ("hang", Reason.E_TIMEOUT, "said nothing for 0.5 s"),
        ("nan", Reason.E_NONFINITE, "emoca156 holds NaN or infinity in 3 of 3 rows"),
        pytest.param(
            "wrong-shape",
            Reason.E_SCHEMA,
            "emoca156 has the shape [2, 156], expected float32 [N, 156] with N=3",
            marks=pytest.mark.slow,
        ),
        pytest.param("wrong-dtype", Reason.E_SCHEMA, "emoca156 is float64, expected float32", marks=pytest.mark.slow),
        pytest.param(
            "wrong-name",
            Reason.E_SCHEMA,
            "got the arrays confidence, surprise, valid, expected confidence, emoca156",
            marks=pytest.mark.slow,
        ),
        pytest.param("no-file", Reason.E_SCHEMA, "No such file", marks=pytest.mark.slow),
        ("half-file", Reason.E_SCHEMA, "no whole npz file"),
        pytest.param("huge", Reason.E_SCHEMA, "expected at most 1048576", marks=pytest.mark.slow),
        pytest.param("link", Reason.E_SCHEMA, "symbolic links", marks=pytest.mark.slow),
        pytest.param("endless-line", Reason.E_SCHEMA, "a line of more than 65536 bytes", marks=pytest.mark.slow),
        pytest.param("wrong-id", Reason.E_SCHEMA, "answered question 999999", marks=pytest.mark.slow),
        pytest.param("out-of-memory", Reason.E_OOM, "make batches smaller", marks=pytest.mark.slow),
    ],
)
def test_a_fault_has_a_reason_and_the_next_question_is_answered(
    fault: str, reason: Reason, words: str, tmp_path: Path
) -> None:
    with tiny("--fault", fault, "--at", "2", "--once", str(tmp_path / "done")) as runner:
        before = runner.ask("face", FACE)
        assert runner._process is not None
        folder = runner._process.folder
        with pytest.raises(RunnerError) as caught:
            runner.ask("face", FACE)
        assert caught.value.reason == reason
        assert words in caught.value.sentence
        assert not folder.exists()
        if fault in ("crash", "hang", "nan"):
            assert np.array_equal(runner.ask("face", FACE)["emoca156"], before["emoca156"])
    assert sleepers() == []


@pytest.mark.slow
def test_a_runner_that_holds_too_much_is_ended() -> None:
    limits = RunnerLimits(memory_gb=0.25)
    with tiny("--fault", "memory", limits=limits) as runner, pytest.raises(RunnerError, match=r"of 0\.25 GB") as caught:
        runner.ask("face", FACE)
    assert caught.value.reason == Reason.E_OOM


@pytest.mark.parametrize("fault", ["flood", pytest.param("noise", marks=pytest.mark.slow)])
def test_what_is_printed_disturbs_nothing(fault: str) -> None:
    with tiny("--fault", fault) as runner:
        assert runner.ask("face", FACE)["valid"].all()
        log = runner._process.log
        assert runner.ask("face", FACE)["valid"].all()
    assert len(log) <= 4096
    assert ("the last words" if fault == "flood" else "loading...") in log


def test_children_in_other_sessions_go_with_the_runner() -> None:
    with tiny("--fault", "children") as runner:
        runner.ask("face", FACE)
        assert len(sleepers()) == 1
    assert gone(lambda: not sleepers())


def test_a_host_that_is_killed_leaves_nothing() -> None:
    program = (
        "import sys, numpy as np; from nonverbal.external.host import Runner\n"
        f"runner = Runner([sys.executable, {TINY!r}, '--fault', 'hang']); runner.start()\n"
        "print(runner._process.folder, flush=True)\n"
        "runner.ask('face', {'crops': np.zeros((1, 16, 16, 3), np.uint8), 'frame': np.zeros(1, np.int32)})"
    )
    host = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    folder = Path(host.stdout.readline().strip())
    assert gone(lambda: bool(sleepers()))
    runners = [p.pid for p in psutil.Process(host.pid).children(recursive=True)]
    assert len(runners) >= 3
    host.kill()
    host.communicate()
    assert gone(lambda: not any(psutil.pid_exists(pid) for pid in runners) and not sleepers())
    assert not folder.exists()


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        pytest.param(
            "old-protocol", NotReadyError, "nonverbal speaks protocol 1, this runner 0", marks=pytest.mark.slow
        ),
        ("not-ready", NotReadyError, "model.ckpt is missing: get it from the authors"),
        pytest.param("bad-hello", RunnerError, "lacks", marks=pytest.mark.slow),
        pytest.param("slow-hello", RunnerError, "more than 0.8 s to hello", marks=pytest.mark.slow),
    ],
)
def test_a_hello_that_is_none(fault: str, kind: type[RunnerError], words: str) -> None:
    with pytest.raises(kind) as caught:
        tiny("--fault", fault, limits=RunnerLimits(start_s=0.8 if fault == "slow-hello" else 20.0)).greet()
    assert words in caught.value.sentence
    assert "\n" not in caught.value.sentence


@pytest.mark.slow
def test_a_program_that_is_none_or_speaks_otherwise() -> None:
    with pytest.raises(RunnerError, match="cannot be started"):
        Runner(["/nowhere/python"]).greet()
    with pytest.raises(RunnerError, match="ended with status 0"):
        Runner(["/bin/true"]).greet()
    with pytest.raises(RunnerError, match=r"more than 0\.5 s to hello"):
        Runner(["/bin/cat"], RunnerLimits(start_s=0.5)).greet()


def test_the_runner_has_its_own_python() -> None:
    given = {"PATH": "/bin", "PYTHONPATH": "/ours", "VIRTUAL_ENV": "/ours", "CUDA_VISIBLE_DEVICES": "0"}
    assert own_environment(given) == {"PATH": "/bin", "CUDA_VISIBLE_DEVICES": "0"}


def test_nothing_is_left_of_all_this() -> None:
    folders, children = left_behind()
    assert children == []
    assert [f for f in folders if os.stat(f).st_uid == os.getuid() and os.path.getmtime(f) < time.time() - 600] == []
