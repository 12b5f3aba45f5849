"""The stage that asks runners: whose crops go where, what is kept of the answers, and what becomes of them."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from seen_people import BRIGHT, COUNT, FACES, draw, inputs, job, tiny_command, track

from nonverbal.external.alive import end_runners, living_runner
from nonverbal.external.crops import body_boxes, face_boxes
from nonverbal.external.estimate import Estimate, pinned, with_estimates
from nonverbal.external.estimators import Environment, command_of
from nonverbal.external.external_cues import ExternalCues, with_body, with_face
from nonverbal.external.layouts import LAYOUTS, layout_fault
from nonverbal.external.protocol import ArraySpec, Hello, Kind, RunnerError
from nonverbal.external.raw import publish_raw, raw_faults, trim_raw
from nonverbal.external.record import Estimates, EstimatesCodec
from nonverbal.pipeline.plan import Plan, stage_key
from nonverbal.pipeline.stage import Needs
from nonverbal.settings import BuildSettings
from nonverbal.types import PARTS, Motion
from nonverbal.venus.cues import Cues
from nonverbal.verdicts import Reason, UserError

TAKES = {"crops": ArraySpec("uint8", ("N", "224", "224", "3"))}
GIVES = {"flame53": ArraySpec("float32", ("N", "53")), "valid": ArraySpec("bool", ("N",))}


@pytest.fixture(scope="module", autouse=True)
def ended() -> Iterator[None]:
    """No runner outlives these tests."""
    yield
    end_runners()


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(tmp_path_factory.mktemp("drawn") / "people.mp4")


@pytest.fixture(scope="module")
def both(video: Path) -> Estimates:
    """Both kinds by one runner; B comes into the picture at frame 10."""
    stage = Estimate(face_runner=tiny_command(), body_runner=tiny_command(), runner_batch=7, keep_raw=True)
    people = inputs(track(1, FACES["A"]), track(2, FACES["B"], start=10, length=COUNT - 10))
    return stage.run(job(video), people)


def test_everybody_gets_the_numbers_of_their_own_crops(both: Estimates) -> None:
    assert {who for who, _, _ in both.arrays} == {"A", "B"}
    for who, first in (("A", 0), ("B", 10)):
        for kind, layout, width in (("face", "emoca156", 156), ("body", "osx179", 179)):
            vectors, valid = both.arrays[who, kind, layout], both.arrays[who, kind, "valid"]
            assert vectors.shape == (COUNT, width)
            assert valid.tolist() == [row >= first for row in range(COUNT)]
            assert not vectors[~valid].any()
            if kind == "face":
                np.testing.assert_allclose(vectors[first:, 9], BRIGHT[who] / 255 / 100, rtol=0.03)
    assert both.arrays["A", "body", "camera"].shape == (COUNT, 3)
    assert both.told["face"].model == "tiny 1.0 (runner 3)"
    assert both.told["body"].units["camera"] == "m"


def test_the_record_comes_back_as_it_was_written_and_always_in_the_same_bytes(both: Estimates, tmp_path: Path) -> None:
    codec = EstimatesCodec()
    codec.write(tmp_path / "a.npz", both)
    codec.write(tmp_path / "b.part", both)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.part").read_bytes()
    back = codec.read(tmp_path / "a.npz")
    assert (back.clip_id, back.told) == (both.clip_id, both.told)
    assert all(np.array_equal(back.arrays[key], values) for key, values in both.arrays.items())
    with np.load(tmp_path / "a.npz", allow_pickle=False) as plain:
        assert json.loads(bytes(plain["about"]))["clip_id"] == "clip"
        assert plain["B.face.emoca156"].shape == (COUNT, 156)
    data = bytearray((tmp_path / "a.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.npz"):
        codec.read(tmp_path / "a.npz")


def test_raw_holds_what_it_should_and_nothing_else(both: Estimates, tmp_path: Path) -> None:
    root = tmp_path / "dataset"
    root.mkdir()
    stored = {name: tmp_path / f"{name}.0123.npz" for name in ("one", "other")}
    for name, path in stored.items():
        EstimatesCodec().write(path, dataclasses.replace(both, clip_id=name))
    for _ in range(2):
        publish_raw(root, stored)
        assert sorted(p.name for p in (root / "raw").iterdir()) == sorted(f"{clip_id}.npz" for clip_id in stored)
    assert list(raw_faults(root, set(stored))) == []
    one, other = sorted(stored)
    assert [told for _, told in raw_faults(root, {one})] == ["belongs to no dialogue; remove it"]
    damaged = bytearray((root / "raw" / f"{one}.npz").read_bytes())
    for at in range(0, len(damaged), len(damaged) // 50):
        damaged[at] ^= 4
        (root / "raw" / f"{one}.npz").unlink(missing_ok=True)
        (root / "raw" / f"{one}.npz").write_bytes(damaged)
        damaged[at] ^= 4
        assert [name for name, _ in raw_faults(root, set(stored))] == [f"raw/{one}.npz"], at
    trim_raw(root, {other})
    assert [p.name for p in (root / "raw").iterdir()] == [f"{other}.npz"]
    publish_raw(root, {})
    assert not (root / "raw").exists()


def test_without_raw_only_what_cues_needs_is_kept(video: Path) -> None:
    stage = Estimate(body_runner=tiny_command(), keep_raw=False)
    found = stage.run(job(video), inputs(track(1, FACES["A"])))
    assert {name for _, _, name in found.arrays} == {"osx179", "valid", "confidence"}
    assert {who for who, _, _ in found.arrays} == {"A"}


def test_a_failure_of_the_runner_is_one_of_the_clip_with_its_reason(video: Path) -> None:
    stage = Estimate(face_runner=tiny_command("--fault", "nan", "--at-frame", "8"))
    with pytest.raises(RunnerError) as caught:
        stage.run(job(video), inputs(track(1, FACES["A"])))
    assert caught.value.reason == Reason.E_NONFINITE
    command = command_of(stage.face_runner, "face_runner")
    assert living_runner(command, stage.limits)._process is None


def problem(command: str, kinds: tuple[str, ...] = ("face",), identity: str = "") -> str:
    told = Environment(command, "face_runner", kinds, identity).problem()
    assert told is None or "\n" not in told
    return told or ""


def test_what_only_the_user_can_mend_is_one_sentence_before_any_work() -> None:
    assert problem(tiny_command()) == ""
    assert "--face-runner is not set" in problem("")
    assert "No closing quotation" in problem("python 'x")
    assert "/opt/emoca/bin/python does not exist" in problem("/opt/emoca/bin/python emoca_v2.py")
    assert "model.ckpt is missing: get it from the authors" in problem(tiny_command("--fault", "not-ready"))
    bare = f"{sys.executable} -c 'import no_such_package'"
    assert problem(bare).startswith("--face-runner: the package no_such_package is not in that environment: install it")
    assert "gives face, body, film, expected hair" in problem(tiny_command(), ("hair",))
    assert "starts tiny 1.0 (runner 3), expected tiny 0.9" in problem(tiny_command(), identity="tiny 0.9")


@pytest.mark.slow
def test_further_sentences_of_runners_that_do_not_work() -> None:
    assert "this runner 0" in problem(tiny_command("--fault", "old-protocol"))
    assert "ended with status 2 (it last printed: tiny_runner.py: error: " in problem(tiny_command("--nonsense"))


def test_versions_are_pinned_and_are_part_of_the_key() -> None:
    stage = Estimate(face_runner=tiny_command())
    one, other = pinned(stage), pinned(Estimate(face_runner=tiny_command("--version", "1.1")))
    assert one.face_estimator == "tiny 1.0 (runner 3)"
    assert pinned(one) == one
    keys = dict.fromkeys(Estimate.reads, "")
    other_version = Estimate(face_runner=one.face_runner, face_estimator=other.face_estimator)
    assert stage_key(one, keys) != stage_key(other_version, keys)
    (told,) = [backend.problem() for backend in other_version.backends()]
    assert "expected tiny 1.1" in (told or "")


def test_another_version_in_the_worker_stops_the_build(video: Path) -> None:
    stage = Estimate(face_runner=tiny_command(), face_estimator="tiny 0.9")
    with pytest.raises(UserError, match=r"got tiny 1\.0"):
        stage.run(job(video), inputs(track(1, FACES["A"])))


def test_the_stages_of_a_build_follow_the_runners() -> None:
    settings = BuildSettings()
    stages = tuple(stage for stage in settings.clip_stages if not isinstance(stage, Estimate))
    at = [stage.name for stage in stages].index("cues")
    off = with_estimates((*stages[:at], Estimate(), *stages[at:]))
    assert [stage.name for stage in off] == [stage.name for stage in stages]
    on = with_estimates((*stages[:at], Estimate(face_runner="x", estimate_device="cuda"), *stages[at:]))
    assert [stage.name for stage in on][at : at + 2] == ["estimate", "cues"]
    assert isinstance(on[at + 1], ExternalCues)
    assert on[at].needs == Needs(gpus=1.0)
    plans = [Plan(settings.source_stages, clip_stages) for clip_stages in (off, on)]
    assert plans[0].keys["identity"] == plans[1].keys["identity"]
    assert plans[0].keys["cues"] != plans[1].keys["cues"]
    assert ExternalCues.of(Cues(field_of_view_deg=70.0)).field_of_view_deg == 70.0


def motion(count: int = 4) -> Motion:
    return Motion(
        participant="A",
        face_space="arkit52",
        body_space="smplx117",
        fps=25.0,
        face=np.full((count, 52), 0.5, np.float32),
        body=np.ones((count, 117), np.float32),
        validity=np.asarray([[1, 1, 1, 1, 1, 0]] * count, np.uint8),
        confidence=np.full((count, len(PARTS)), 0.5, np.float32),
        head_pose=np.ones((count, 6), np.float32),
        gaze=np.ones((count, 4), np.float32),
        bbox=np.ones((count, 4), np.float32),
        speaking=np.zeros(count, np.uint8),
    )


def test_the_papers_slices() -> None:
    emoca, osx = np.arange(156, dtype=np.float32)[None], np.arange(179, dtype=np.float32)[None]
    face = LAYOUTS["face"]["emoca156"].values(emoca)[0]
    assert face.tolist() == [*range(50), 53, 54, 55]
    assert LAYOUTS["body"]["osx179"].values(osx)[0].tolist() == list(range(39, 156))


def test_a_face_in_its_place() -> None:
    valid = np.asarray([True, True, False, True])
    found = {"valid": valid, "confidence": np.asarray([0.5, 2.0, 1.0, -1.0], np.float32)}
    values = np.full((4, 53), 3.0, np.float32)
    made = with_face(motion(), "flame53", values, found)
    assert (made.face_space, made.face.shape) == ("flame53", (4, 53))
    assert made.validity[:, 0].tolist() == [1, 1, 0, 1]
    assert made.confidence[:, 0].tolist() == [0.5, 1.0, 0.0, 0.0]
    assert not made.face[2].any()
    assert np.array_equal(made.gaze, motion().gaze)
    nobody = with_face(motion(), "flame53", np.zeros((4, 53), np.float32), {})
    assert not nobody.validity[:, 0].any()


def test_a_body_in_its_place() -> None:
    values = np.zeros((4, 117), np.float32)
    values[:, :3] = [0.0, 0.0, 4.0]  # more than half a turn
    values[:, 27:] = 0.1
    valid = np.asarray([True, True, False, True])
    made = with_body(motion(), "smplx117", values, {"valid": valid})
    np.testing.assert_allclose(made.body[0, :3], [0.0, 0.0, 4.0 - 2 * np.pi], rtol=1e-6)
    assert made.validity[:, 3:].tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0], [1, 1, 0]]  # no landmarks, no right hand
    assert not made.body[:, 72:].any()
    parts = np.asarray([[0.9, 0.0, 0.4]] * 4, np.float32)
    made = with_body(motion(), "smplx117", values, {"valid": valid, "part_confidence": parts})
    assert made.validity[:, 3:].tolist() == [[1, 0, 1], [1, 0, 1], [0, 0, 0], [1, 0, 1]]
    assert made.confidence[0, 3:].tolist() == pytest.approx([0.9, 0.0, 0.4])


def test_crops_follow_smoothly_and_never_over_a_gap() -> None:
    rng = np.random.default_rng(0)
    seen = np.ones(60, bool)
    seen[30:32] = False
    centre = np.where(np.arange(60) < 30, 100.0, 500.0)[:, None] + rng.normal(0, 2, (60, 1))
    landmarks = np.stack(
        [np.concatenate([centre - 20, centre - 20], 1), np.concatenate([centre + 20, centre + 20], 1)], 1
    )
    boxes = face_boxes(landmarks.astype(np.float32), seen, 1.0, 1.5)
    assert np.abs(np.diff(boxes.centre_px[5:25, 0])).max() < 0.5 * np.abs(np.diff(centre[5:25, 0])).max()
    np.testing.assert_allclose(boxes.size_px[seen], 60.0, rtol=1e-4)
    assert boxes.centre_px[29, 0] < 110 < 490 < boxes.centre_px[32, 0]
    assert not boxes.valid[30:32].any()
    assert not boxes.corners_px[30:32].any()


def test_a_cut_out_picture_is_where_the_box_says() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[40:60, 90:110] = 255
    landmarks = np.asarray([[[90.0, 40.0], [109.0, 59.0]]], np.float32)
    crop = face_boxes(landmarks, np.ones(1, bool), 1.0, 1.0).cut(picture, 0, 32, 32)
    assert crop.shape == (32, 32, 3)
    assert crop.min() == 255
    beyond = face_boxes(landmarks - 85.0, np.ones(1, bool), 1.0, 2.0).cut(picture, 0, 32, 32)
    assert beyond.max() == 0


def test_a_body_box_has_the_aspect_asked_for_and_holds_the_person() -> None:
    pose = np.asarray([[[100.0, 200.0, 0.0], [200.0, 400.0, 0.0], [900.0, 900.0, 0.0]]], np.float32)
    visible = np.asarray([[0.9, 0.9, 0.1]], np.float32)
    face = np.asarray([[130.0, 60.0, 170.0, 110.0]], np.float32)
    boxes = body_boxes(pose, visible, np.ones(1, bool), face, (640, 420), 384 / 512, 1.25)
    width, height = boxes.size_px[0]
    assert width / height == pytest.approx(0.75)
    x0, y0, x1, y1 = boxes.corners_px[0]
    assert x0 < 90
    assert y0 < 35
    assert x1 > 210
    assert y1 > 400
    hidden = body_boxes(pose, visible * 0, np.ones(1, bool), face * 0, (640, 420), 0.75, 1.25)
    assert not hidden.valid.any()
    assert np.isfinite(hidden.corners_px).all()


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        ("face", {}, ""),
        ("face", {"gives": {"flame53": ArraySpec("float64", ("N", "53"))}}, "expected flame53 float32 [N, 53]"),
        (
            "face",
            {"gives": {"osx179": ArraySpec("float32", ("N", "179"))}},
            "expected one of emoca156, flame53, arkit52",
        ),
        ("face", {"gives": {"flame53": ArraySpec("float32", ("N", "53"))}}, "gives no valid"),
        ("face", {"takes": {"crops": ArraySpec("uint8", ("N", "S", "S", "3"))}}, "expected sides of 16 to 2048"),
        ("face", {"takes": {"crops": ArraySpec("float32", ("N", "16", "16", "3"))}}, "expected uint8"),
        ("face", {"takes": {**TAKES, "sound": ArraySpec("float32", ("S",))}}, "takes sound"),
        ("face", {"gives": {**GIVES, "mesh": ArraySpec("float32", ("N", "V", "3"))}}, "expected N rows of known size"),
        ("face", {"gives": {**GIVES, "mesh": ArraySpec("float32", ("N", "5023", "3"))}}, "expected at most 8192"),
        ("face", {"gives": {**GIVES, "confidence": ArraySpec("float64", ("N",))}}, "expected confidence float32 [N]"),
    ],
)
def test_runners_that_cannot_be_asked_for_a_face(
    kind: str, change: dict[str, dict[str, ArraySpec]], words: str
) -> None:
    asked = Kind(**{"takes": TAKES, "gives": GIVES, **change})
    told = layout_fault(Hello(1, "m", "1", {kind: asked}), kind)
    assert words in told
    assert bool(words) == bool(told)
