"""The stage that turns tracks into motion: who gets what, where, and what never gets out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nonverbal.motion.camera import Camera
from nonverbal.motion.face_told import BLEND_HEAD_SHARE
from nonverbal.motion.head import RIGID_IDS, TEMPLATE_M
from nonverbal.motion.rotations import angle_between_rad, matrix_about, matrix_from_axis_angle
from nonverbal.pipeline.stage import Job
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import PARTS, Clip, Motion, Source, SpeakerSegment, Track
from nonverbal.venus.cues import Cues, agreement, gather
from nonverbal.venus.watch import Watch

COUNT = 100
CAMERA = Camera.from_field_of_view(1280, 720, 60.0)


def track(track_id: int, start: int, length: int, seed: int = 0, at_m: float = 0.0) -> Track:
    """A face of the average shape that jitters a little, with a rough body and hands."""
    rng = np.random.default_rng(seed)
    points = np.zeros((length, 478, 3))
    points[:] = [0.0, 0.06, 0.0]
    points[:, RIGID_IDS] = TEMPLATE_M
    points += rng.normal(0, 0.001, points.shape)
    points += np.array([at_m, 0.0, 1.2])
    depth_px = (points[..., 2] - 1.2) * CAMERA.focal_px / 1.2
    landmarks = np.concatenate([CAMERA.project(points), depth_px[..., None]], axis=-1).astype(np.float32)
    world = rng.normal(0, 0.02, (length, 33, 3))
    for joint, place in {11: (0.17, -0.5, 0), 12: (-0.17, -0.5, 0), 13: (0.2, -0.22, 0), 14: (-0.2, -0.22, 0),
                         15: (0.1, -0.2, -0.2), 16: (-0.1, -0.2, -0.2), 7: (0.07, -0.7, 0), 8: (-0.07, -0.7, 0),
                         0: (0, -0.68, -0.1), 23: (0.1, 0, 0), 24: (-0.1, 0, 0)}.items():  # fmt: skip
        world[:, joint] += place
    pose = np.concatenate([CAMERA.project(world + np.array([at_m, 0.7, 1.2])), world[..., 2:] * 900], axis=-1)
    return Track(
        track_id=track_id,
        shot=0,
        start_frame=start,
        face_box_px=np.full((length, 4), 10.0 + track_id, np.float32),
        face_score=np.full(length, 0.9, np.float32),
        face_valid=np.ones(length, bool),
        landmarks_px=landmarks,
        lips=np.zeros((length, 32, 64), np.uint8),
        pose_px=pose.astype(np.float32),
        pose_world_m=world.astype(np.float32),
        pose_visibility=np.full((length, 33), 0.95, np.float32),
        pose_valid=np.ones(length, bool),
        hands_px=rng.normal(300, 20, (length, 2, 21, 3)).astype(np.float32),
        hand_score=np.full((length, 2), 0.8, np.float32),
        hand_valid=np.ones((length, 2), bool),
        appearance=np.ones(1, np.float32),
    )


def inputs(
    tracks: list[Track],
    assigned: dict[str, tuple[int, ...]],
    scores: list[float] | None = None,
    face_model: str = "mesh",
) -> dict[str, Any]:
    levels = scores or [0.0] * len(tracks)
    return {
        "watch": SimpleNamespace(
            n_frames=COUNT, tracks=tuple(tracks), width_px=1280, height_px=720, face_model=face_model
        ),
        "speak": SimpleNamespace(
            scores=tuple(
                np.linspace(level, 0, t.n_frames).astype(np.float32) for t, level in zip(tracks, levels, strict=True)
            )
        ),
        "identity": SimpleNamespace(
            assignments=tuple(SimpleNamespace(speaker=name, track_ids=ids) for name, ids in assigned.items())
        ),
        "diarize": SimpleNamespace(
            speakers=("S0", "S1"),
            segments=(SpeakerSegment("S0", 0.0, 1.0), SpeakerSegment("S1", 0.8, 2.0), SpeakerSegment("S0", 2.4, 3.0)),
        ),
    }


@pytest.fixture
def job() -> Job:
    return Job(Source("s", "missing.mp4", 0), Clip("c", "s", 0.0, COUNT / 25))


def check(motion: Motion) -> None:
    """What holds for every motion whatever came in."""
    widths = {"face": 52, "body": 117, "validity": 6, "confidence": 6, "head_pose": 6, "gaze": 4, "bbox": 4}
    for name, width in widths.items():
        values = getattr(motion, name)
        assert values.shape == (COUNT, width)
        assert values.dtype == (np.uint8 if name == "validity" else np.float32)
        assert np.isfinite(values).all()
    assert motion.speaking.shape == (COUNT,)
    assert motion.speaking.dtype == np.uint8
    assert motion.face.min() >= 0
    assert motion.face.max() <= 1
    assert 0 <= motion.confidence.min() <= motion.confidence.max() <= 1
    columns = {
        "face": motion.face, "head": motion.head_pose, "gaze": motion.gaze, "upper_body": motion.body[:, :27],
        "left_hand": motion.body[:, 27:72], "right_hand": motion.body[:, 72:],
    }  # fmt: skip
    for part, values in columns.items():
        unseen = motion.validity[:, PARTS.index(part)] == 0
        assert not values[unseen].any(), part
        assert not motion.confidence[unseen, PARTS.index(part)].any(), part


def test_each_speaker_gets_the_own_tracks_on_the_own_frames(job: Job) -> None:
    tracks = [track(7, 0, 40), track(8, 10, 90, at_m=0.3), track(9, 60, 40)]
    result = Cues().run(job, inputs(tracks, {"S0": (8,), "S1": (7, 9)}))
    a, b = result.participants
    assert result.clip_id == "c"
    assert (a.participant, b.participant) == ("A", "B")
    np.testing.assert_array_equal(a.validity[:, 0], np.arange(COUNT) >= 10)
    np.testing.assert_array_equal(b.validity[:, 0], (np.arange(COUNT) < 40) | (np.arange(COUNT) >= 60))
    assert set(b.bbox[:, 0]) == {17.0, 0.0, 19.0}
    for motion in result.participants:
        check(motion)
    assert a.head_pose[50, 3] > b.head_pose[70, 3] + 0.2


def told(seen: Track, **values: float) -> Track:
    """The track with what a learned model might tell: some coefficients, and a head turned by 0.2 rad to its left."""
    shapes = np.zeros((seen.n_frames, 52), np.float32)
    for name, value in values.items():
        shapes[:, ARKIT52_NAMES.index(name)] = value
    turns = np.broadcast_to(matrix_about(1, 0.2), (seen.n_frames, 3, 3)).astype(np.float32)
    return replace(seen, blendshapes=shapes, head_turns=turns)


def test_a_learned_model_tells_face_and_head_and_the_irises_where_eyes_look(job: Job) -> None:
    """The place of the head, the gaze and what counts as seen stay as they are; the body follows the head."""
    seen = track(0, 20, 60)
    (plain, _) = Cues().run(job, inputs([seen], {"S0": (0,)})).participants
    learned = told(seen, jawOpen=0.7, eyeLookUpLeft=0.9, tongueOut=0.3)
    (found, nobody) = Cues().run(job, inputs([learned], {"S0": (0,)}, face_model="landmarker")).participants
    check(found)
    assert not nobody.face.any()
    rows, jaw = slice(20, 80), ARKIT52_NAMES.index("jawOpen")
    np.testing.assert_allclose(found.face[rows, jaw], 0.7, atol=1e-6)
    np.testing.assert_allclose(found.face[rows, ARKIT52_NAMES.index("tongueOut")], 0.3, atol=1e-6)
    np.testing.assert_allclose(found.head_pose[rows, :3], [[0, 0.2, 0]] * 60, atol=1e-6)
    looks = [i for i, name in enumerate(ARKIT52_NAMES) if name.startswith("eyeLook")]
    np.testing.assert_array_equal(found.face[:, looks], plain.face[:, looks])
    for name in ("validity", "confidence", "gaze", "bbox"):
        np.testing.assert_array_equal(getattr(found, name), getattr(plain, name), name)
    np.testing.assert_array_equal(found.head_pose[:, 3:], plain.head_pose[:, 3:])


def test_a_blend_lies_between_both_where_the_learned_model_has_a_share(job: Job) -> None:
    seen = track(0, 0, COUNT)
    (plain, _) = Cues().run(job, inputs([seen], {"S0": (0,)})).participants
    learned = told(seen, eyeBlinkLeft=0.8, jawOpen=0.9)
    (found, _) = Cues().run(job, inputs([learned], {"S0": (0,)}, face_model="blend")).participants
    check(found)
    blink, jaw = (ARKIT52_NAMES.index(name) for name in ("eyeBlinkLeft", "jawOpen"))
    np.testing.assert_allclose(found.face[:, blink], 0.5 * plain.face[:, blink] + 0.4, atol=1e-6)
    np.testing.assert_allclose(found.face[:, jaw], plain.face[:, jaw], atol=1e-6)
    ours, theirs = matrix_from_axis_angle(plain.head_pose[:, :3]), matrix_about(1, 0.2)
    whole = angle_between_rad(ours, np.broadcast_to(theirs, ours.shape))
    part = angle_between_rad(ours, matrix_from_axis_angle(found.head_pose[:, :3]))
    np.testing.assert_allclose(part, BLEND_HEAD_SHARE * whole, atol=1e-5)


def test_tracks_without_a_learned_model_are_gathered_without(job: Job) -> None:
    seen = track(0, 0, 40)
    assert gather([seen], COUNT).blendshapes.shape == (0, 52)
    view = gather([told(seen, jawOpen=0.5), told(track(1, 60, 60), jawOpen=0.6)], COUNT, "landmarker")
    assert view.blendshapes.shape == (COUNT, 52)
    jaw = view.blendshapes[:, ARKIT52_NAMES.index("jawOpen")]
    np.testing.assert_allclose(jaw, np.repeat([0.5, 0.0, 0.6], [40, 20, 40]), atol=1e-6)
    assert not view.head_turns[40:60].any()


def test_speaking_is_the_diarization_overlap_included(job: Job) -> None:
    a, b = Cues().run(job, inputs([track(0, 0, COUNT)], {"S0": (0,)}, [1.0])).participants
    np.testing.assert_array_equal(np.flatnonzero(a.speaking), [*range(25), *range(60, 75)])
    np.testing.assert_array_equal(np.flatnonzero(b.speaking), range(20, 50))


def test_a_speaker_without_a_face_is_kept_and_empty(job: Job) -> None:
    _, b = Cues().run(job, inputs([track(0, 0, COUNT)], {"S0": (0,)})).participants
    check(b)
    assert not b.validity.any()
    assert b.speaking.any()


def test_of_two_tracks_of_one_person_the_one_that_follows_the_voice_wins(job: Job) -> None:
    tracks = [track(3, 0, COUNT), track(4, 0, COUNT, at_m=0.3)]
    for levels, winner in (([1.0, 0.0], 13.0), ([0.0, 1.0], 14.0)):
        a, _ = Cues().run(job, inputs(tracks, {"S0": (3, 4)}, levels)).participants
        assert set(a.bbox[:, 0]) == {winner}


def test_agreement_is_talk_minus_silence() -> None:
    voice = np.array([True, True, False, False])
    assert agreement(np.array([1.0, 0.5, 0.25, 0.0], np.float32), voice) == pytest.approx(0.625)
    assert agreement(np.ones(4, np.float32), np.ones(4, bool)) == 0


def test_a_face_without_body_and_a_body_without_face(job: Job) -> None:
    blind = track(0, 0, COUNT)
    blind = replace(blind, face_valid=np.arange(COUNT) < 50, pose_valid=np.arange(COUNT) >= 50)
    a, _ = Cues().run(job, inputs([blind], {"S0": (0,)})).participants
    check(a)
    assert a.validity[:50, PARTS.index("upper_body")].max() == 0
    assert a.validity[50:, PARTS.index("upper_body")].min() == 1
    assert a.validity[50:, PARTS.index("face")].max() == 0
    assert not a.body[50:, 6:9].any(), "an unseen head must stay straight"


def test_unseen_shoulders_make_no_body(job: Job) -> None:
    hidden = track(0, 0, COUNT)
    hidden.pose_visibility[:30, 11] = 0.1
    a, _ = Cues().run(job, inputs([hidden], {"S0": (0,)})).participants
    check(a)
    np.testing.assert_array_equal(a.validity[:, PARTS.index("upper_body")], np.arange(COUNT) >= 30)


def test_rows_of_zeros_and_lone_points_make_no_nan(job: Job) -> None:
    broken = track(0, 0, COUNT)
    broken.landmarks_px[:10] = 0
    broken.pose_px[5:20] = 0
    broken.pose_world_m[5:20] = 0
    broken.hands_px[:] = 0
    a, _ = Cues().run(job, inputs([broken], {"S0": (0,)})).participants
    check(a)
    assert not a.validity[:10, PARTS.index("face")].any()
    assert not a.validity[5:20, PARTS.index("upper_body")].any()
    assert not a.validity[:, PARTS.index("left_hand")].any()
    assert a.validity[20:, PARTS.index("upper_body")].all()


def test_a_track_longer_than_the_clip_is_cut() -> None:
    view = gather([track(0, 90, 30)], COUNT)
    np.testing.assert_array_equal(np.flatnonzero(view.face_valid), range(90, 100))


def test_same_input_gives_same_bytes_and_the_codec_keeps_them(job: Job, tmp_path: Path) -> None:
    given = inputs([track(0, 0, COUNT), track(1, 0, COUNT, at_m=0.3)], {"S0": (0,), "S1": (1,)})
    codec = Cues.codec
    assert codec is not None
    for name in ("one", "two"):
        codec.write(tmp_path / name, Cues().run(job, given))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    for ours, read in zip(Cues().run(job, given).participants, codec.read(tmp_path / "one").participants, strict=True):
        np.testing.assert_array_equal(ours.body, read.body)


@pytest.mark.parametrize("config", [{"field_of_view_deg": 0.0}, {"shoulder_min_visibility": 1.5}])
def test_settings_out_of_range_are_refused(config: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(config))):
        Cues(**config)


def test_a_real_talker_opens_the_mouth_and_faces_the_camera(shared_media: Path) -> None:
    """Three seconds of a person who says "bin blue at F two now", frontal, hands out of the picture."""
    path = shared_media / "dialogue" / "grid" / "bbaf2n.mpg"
    source = Source("s", str(path), path.stat().st_size)
    real = Job(source, Clip("c", "s", 0.0, 3.0))
    sighting = Watch().run(real, {})
    ids = tuple(track.track_id for track in sighting.tracks)
    given = inputs(list(sighting.tracks), {"S0": ids}) | {"watch": sighting}
    motion = Cues().run(real, given).participants[0]
    face = dict(zip(ARKIT52_NAMES, motion.face.T, strict=True))
    seen = motion.validity.mean(axis=0)
    assert seen[PARTS.index("face")] > 0.95
    assert seen[PARTS.index("gaze")] > 0.7
    assert seen[PARTS.index("left_hand")] == seen[PARTS.index("right_hand")] == 0
    assert np.degrees(np.linalg.norm(motion.head_pose[:, :3], axis=1)).max() < 20
    assert np.degrees(np.abs(np.median(motion.gaze, axis=0))).max() < 15
    assert 0.15 < np.ptp(face["jawOpen"]) < 0.9
    assert np.median(face["jawOpen"]) < 0.25
    assert np.corrcoef(face["eyeBlinkLeft"], face["eyeBlinkRight"])[0, 1] > 0.5
    assert np.median(motion.confidence[:, 0]) > 0.5
