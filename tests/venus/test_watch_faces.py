"""People watched with the Face Landmarker: as the mesh sees them, whoever else is there, wherever they move."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from people import FACES_ONLY, GRID, job_for, write_video

from nonverbal.accuracy.real import estimate
from nonverbal.backends.face_models import LANDMARKER_WEIGHTS
from nonverbal.media.video import read_frames
from nonverbal.motion.rotations import angle_between_rad, matrix_from_axis_angle
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import Motion, Track
from nonverbal.venus.person import square
from nonverbal.venus.watch import Sighting

LANDMARKER = dataclasses.replace(FACES_ONLY, face_model="landmarker")
ARRAYS = [f.name for f in dataclasses.fields(Track) if f.name not in {"track_id", "shot", "start_frame"}]


@pytest.fixture(autouse=True)
def _weights(shared_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (shared_models / LANDMARKER_WEIGHTS.path).is_file():
        pytest.skip(f"{shared_models / LANDMARKER_WEIGHTS.path} is absent")
    pytest.importorskip("mediapipe", reason="the models are not installed: pip install 'nonverbal[offline]'")
    monkeypatch.setenv("NONVERBAL_WEIGHTS", str(shared_models))


def heads(motion: Motion) -> np.ndarray:
    return matrix_from_axis_angle(motion.head_pose[:, :3].astype(float))


def test_two_people_are_seen_as_the_mesh_sees_them(shared_media: Path) -> None:
    """Heads agree within some degrees in every frame, signs included, and jaws and lids that move go together."""
    job = job_for(shared_media / GRID, 0.0, 1.8)
    by_mesh, learned = FACES_ONLY.run(job, {}), LANDMARKER.run(job, {})
    assert (by_mesh.face_model, learned.face_model) == ("mesh", "landmarker")
    assert [len(track.blendshapes) for track in by_mesh.tracks] == [0, 0]
    assert len(learned.tracks) == 2
    for old, new in zip(by_mesh.tracks, learned.tracks, strict=True):
        assert new.face_valid.all()
        size = np.ptp(old.landmarks_px[..., :2], axis=1).mean()
        assert np.abs(new.landmarks_px - old.landmarks_px)[..., :2].mean() < 0.02 * size
        ours, theirs = estimate(old, by_mesh), estimate(new, learned)
        assert np.degrees(angle_between_rad(heads(ours), heads(theirs))).max() < 6
        np.testing.assert_allclose(theirs.head_pose[:, 3:], ours.head_pose[:, 3:], atol=0.05)
        assert np.isfinite(theirs.face).all()
        for name in ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight"):
            pair = [motion.face[:, ARKIT52_NAMES.index(name)] for motion in (ours, theirs)]
            assert min(np.std(pair, axis=1)) < 0.03 or np.corrcoef(pair)[0, 1] > 0.7, name


@pytest.mark.slow
def test_two_threads_see_what_one_sees(shared_media: Path) -> None:
    once, again = (LANDMARKER.run(job_for(shared_media / GRID, 0.0, 1.2, threads), {}) for threads in (1, 2))
    for a, b in zip(once.tracks, again.tracks, strict=True):
        for name in ARRAYS:
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name), name)


def test_a_head_that_moves_through_the_picture_does_not_seem_to_turn(shared_media: Path, tmp_path: Path) -> None:
    """A still face goes further than its width, at last out of the picture; off the middle of what the model looks at
    it would seem to turn by 3 degrees."""
    still = next(iter(read_frames(shared_media / GRID, 0.0, 0.2)))[100:500, :640]

    def pictures():
        for i in range(50):
            canvas = np.full((400, 800, 3), 90, np.uint8)
            shift = 7 * i
            canvas[:, shift : shift + 640] = still[:, : min(640, 800 - shift)]
            yield canvas

    path = write_video(tmp_path / "moving.mp4", pictures())
    seen: Sighting = LANDMARKER.run(job_for(path, 0.0, 2.0), {})
    (track,) = seen.tracks
    rows = np.flatnonzero(track.face_valid)[:36]
    assert len(rows) == 36
    moved = np.ptp(track.face_box_px[rows, 0])
    assert moved > 200
    turns = track.head_turns[rows].astype(float)
    assert np.degrees(angle_between_rad(turns, np.broadcast_to(turns[0], turns.shape))).max() < 1.5
    assert np.ptp(track.blendshapes[rows], axis=0).mean() < 0.05


def test_a_square_is_black_beyond_the_territory_and_outside_of_the_picture() -> None:
    rgb = np.full((40, 60, 3), 9, np.uint8)
    crop, left, top = square(rgb, (10.0, 20.0), 15.0, (0, 0, 20, 40))
    assert (crop.shape, left, top) == ((30, 30, 3), -5, 5)
    assert not crop[:, :5].any()
    assert (crop[:, 5:25] == 9).all()
    assert not crop[:, 25:].any()
    for far in ((500.0, 20.0), (10.0, -300.0)):
        crop, _, _ = square(rgb, far, 15.0, (0, 0, 20, 40))
        assert crop.shape == (30, 30, 3)
        assert not crop.any()
