"""Runners under the engine: in confined workers, with tries and quarantine, and in whole builds."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from rich.console import Console

sys.path.insert(0, str(Path(__file__).resolve().parent))

from seen_people import (
    DrawnSource,
    draw,
    drawn_diarize,
    drawn_identity,
    drawn_speak,
    drawn_watch,
    tiny_command,
)

from nonverbal.build import Built, build
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.validate import validate
from nonverbal.external.estimate import Estimate
from nonverbal.formats.export_command import Export
from nonverbal.pipeline.lock import claim
from nonverbal.pipeline.observe import Silent
from nonverbal.pipeline.run import RunResult, run
from nonverbal.pipeline.settings import EngineSettings
from nonverbal.settings import BuildSettings
from nonverbal.types import Source
from nonverbal.verdicts import Reason, UserError

Go = Callable[..., RunResult]


@pytest.fixture
def go(tmp_path: Path) -> Go:
    """Runs `estimate` over two drawn videos of 20 and 40 frames, in one worker."""
    videos = [draw(tmp_path / f"{count}.mp4", count) for count in (20, 40)]
    sources = [Source(hashlib.sha256(v.read_bytes()).hexdigest(), str(v), v.stat().st_size) for v in videos]

    def _go(*flags: str, **settings: float) -> RunResult:
        estimate = Estimate(face_runner=tiny_command(*flags), runner_no_progress_s=1.0)
        stages = [drawn_diarize(), drawn_watch(), drawn_speak(), drawn_identity(), estimate]
        with claim(tmp_path / "out") as output:
            return run(output, sources, [DrawnSource()], stages, EngineSettings(workers=1, **settings))

    return _go


@pytest.fixture(scope="module", autouse=True)
def mark() -> Iterator[None]:
    """Tells processes of these tests from those of a run beside this one."""
    os.environ["TINY_RUNNER_BUILDS"] = str(os.getpid())
    yield
    del os.environ["TINY_RUNNER_BUILDS"]


def runners() -> list[int]:
    """Runners that workers of these tests started."""
    known = psutil.process_iter(["cmdline", "environ"])
    ours = [p for p in known if (p.info["environ"] or {}).get("TINY_RUNNER_BUILDS") == str(os.getpid())]
    return [p.pid for p in ours if any("tiny_runner.py" in word for word in p.info["cmdline"] or [])]


def test_a_runner_that_fails_on_one_clip_costs_that_clip_and_nothing_else(go: Go) -> None:
    result = go("--fault", "crash", "--at-frame", "30", tries=2)
    assert len(result.clips) == 1
    assert result.clips[0].duration_s == pytest.approx(0.8)
    (bad,) = [o for o in result.outcomes if o.reason]
    assert (bad.status, bad.stage, bad.reason) == ("quarantined", "estimate", Reason.E_CRASH)
    assert "the runner died of SIGSEGV" in bad.message
    assert result.record is not None
    assert runners() == []


@pytest.mark.slow
def test_the_next_try_may_do_better_and_the_reason_is_the_runners(go: Go, tmp_path: Path) -> None:
    result = go("--fault", "nan", "--at-frame", "30", "--once", str(tmp_path / "failed"))
    assert len(result.clips) == 2
    assert (tmp_path / "failed").exists()


@pytest.mark.slow
def test_what_only_the_user_can_mend_stops_the_run_with_its_sentence(go: Go) -> None:
    with pytest.raises(UserError, match=r"^--face-runner: model\.ckpt is missing: get it from the authors"):
        go("--fault", "not-ready")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("hang", Reason.E_TIMEOUT),
        ("nan", Reason.E_NONFINITE),
        ("half-file", Reason.E_SCHEMA),
        ("out-of-memory", Reason.E_OOM),
    ],
)
def test_each_failure_keeps_its_reason_in_quarantine(go: Go, fault: str, reason: Reason) -> None:
    result = go("--fault", fault, "--at-frame", "30", tries=1)
    assert [(o.status, o.reason) for o in result.outcomes if o.reason] == [("quarantined", reason)]
    assert len(result.clips) == 1
    assert runners() == []


def build_with(estimate: Estimate, out: Path, *inputs: Path, tries: int = 2) -> Built:
    plain = BuildSettings()
    settings = dataclasses.replace(
        plain,
        estimate=estimate,
        segment=dataclasses.replace(plain.segment, skip_intro_s=0.0, min_clip_s=2.0),
        engine=EngineSettings(workers=1, tries=tries),
    )
    return build([str(path) for path in inputs], out, settings, Silent(), lambda name: None)


def reference(*flags: str) -> str:
    pytest.importorskip("mediapipe", reason="the models are not installed: pip install 'nonverbal[offline]'")
    return " ".join([sys.executable, "reference.py", *flags])


def faults_of(out: Path, tmp_path: Path) -> list[object]:
    """What is wrong with the dataset itself, without what lies beside it."""
    shutil.copytree(out, tmp_path / "alone", ignore=shutil.ignore_patterns(".nonverbal"))
    return validate(tmp_path / "alone")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_dataset_in_the_papers_spaces(shared_media: Path, tmp_path: Path) -> None:
    out, command = tmp_path / "out", reference()
    built = build_with(
        Estimate(face_runner=command, body_runner=command, keep_raw=True),
        out,
        shared_media / "dialogue" / "grid_dialogue_9s.mp4",
    )
    assert built.exit_code == 0
    assert faults_of(out, tmp_path) == []
    (dialogue,) = list(open_dataset(out))
    for person in dialogue.participants:
        assert (person.face_space, person.body_space) == ("flame53", "smplx117")
        assert person.validity[:, 0].mean() > 0.9
        assert np.ptp(person.face[:, 50]) > 0.05  # the jaw moves
        assert not person.face[:, 51:].any()
        assert person.gaze.any()
    used = json.loads((out / "dataset.json").read_text())
    assert used["config"]["estimate"]["body_estimator"].startswith("reference ")
    assert any(model["model"].startswith("reference ") for model in used["models"])
    with np.load(out / "raw" / f"{dialogue.clip.clip_id}.npz", allow_pickle=False) as raw:
        assert raw["A.face.emoca156"].shape == (225, 156)
        assert raw["B.body.wrists_m"].shape == (225, 6)
    export = Export(out, "bvh", tmp_path / "a.bvh", participant="A")
    assert export.run(Console(quiet=True)) == 0
    assert (tmp_path / "a.bvh").read_text().startswith("HIERARCHY")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_of_two_videos_the_one_that_breaks_the_runner_is_quarantined(shared_media: Path, tmp_path: Path) -> None:
    whole, short = shared_media / "dialogue" / "grid_dialogue_9s.mp4", tmp_path / "short.mp4"
    cut_short(whole, short, 6.0)
    command = reference("--fault", "crash", "--at-frame", "180")
    built = build_with(Estimate(face_runner=command), tmp_path / "out", whole, short)
    clips = built.ledger.clips
    assert (clips.seen, clips.done, clips.quarantined) == (2, 1, {"E_CRASH": 1})
    (dialogue,) = list(open_dataset(tmp_path / "out"))
    assert dialogue.clip.duration_s == pytest.approx(6.0, abs=0.1)
    assert dialogue.participants[0].face_space == "flame53"
    assert dialogue.participants[0].body_space == "smplx117"


def cut_short(media: Path, path: Path, seconds: float) -> None:
    """The first seconds of a file, without coding anew."""
    import av

    with av.open(str(media)) as given, av.open(str(path), "w") as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in given.streams}
        for packet in given.demux():
            if packet.dts is not None and float(packet.pts * packet.time_base) < seconds:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
