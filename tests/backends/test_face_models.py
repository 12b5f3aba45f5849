"""Models that see faces: the contract that all of them keep, and the Face Landmarker where its weights are at hand."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nonverbal.backends import face_blend
from nonverbal.backends.face_landmarker import FaceLandmarker
from nonverbal.backends.face_models import (
    CHOICES,
    DEFAULT,
    LANDMARKER_WEIGHTS,
    Face,
    FaceModel,
    backend_of,
    face_model,
    gives_blendshapes,
)
from nonverbal.media.video import read_frames
from nonverbal.motion.rotations import angle_between_rad
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import U8
from nonverbal.venus.watch import Watch
from nonverbal.verdicts import UserError

NAMES = tuple(choice.name for choice in CHOICES)
BLINK = [ARKIT52_NAMES.index("eyeBlink" + side) for side in ("Left", "Right")]


@pytest.fixture
def no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of weights, and nothing anywhere else."""
    monkeypatch.setenv("NONVERBAL_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("NONVERBAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NONVERBAL_DOWNLOAD", raising=False)
    return tmp_path


@pytest.fixture
def weights(shared_models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = shared_models / LANDMARKER_WEIGHTS.path
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    monkeypatch.setenv("NONVERBAL_WEIGHTS", str(shared_models))
    return path


@pytest.fixture(scope="module")
def faces(shared_media: Path) -> list[U8]:
    """Squares around one person's face, half a second; she blinks."""
    pytest.importorskip("mediapipe", reason="the models are not installed: pip install 'nonverbal[offline]'")
    pictures = read_frames(shared_media / "faces/single_face.mp4", 0.0, 0.8)
    return [np.ascontiguousarray(square_of(picture)) for picture in pictures]


def square_of(picture: U8) -> U8:
    side = min(picture.shape[:2])
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    return picture[top : top + side, left : left + side]


def test_the_default_needs_nothing_and_names_are_known(no_weights: Path) -> None:
    assert [choice.name for choice in CHOICES if choice.default] == [DEFAULT] == ["mesh"]
    assert backend_of(DEFAULT).problem() is None
    assert [name for name in NAMES if gives_blendshapes(name)] == ["landmarker", "blend"]
    with pytest.raises(UserError, match="face_model is 'emoca', expected one of: mesh, landmarker, blend"):
        face_model("emoca")
    with pytest.raises(UserError, match="face_model is 'emoca'"):
        Watch(face_model="emoca").backends()


def test_watch_names_the_models_that_it_uses() -> None:
    assert [backend.name for backend in Watch().backends()][:2] == ["mesh", "appearance"]
    assert Watch(face_model="blend").backends()[0] is backend_of("blend")


def damage_nothing(path: Path) -> None:
    path.unlink()


def damage_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def damage_other(path: Path) -> None:
    path.write_bytes(b"no task file")


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (damage_nothing, "are missing: .*NONVERBAL_DOWNLOAD=1"),
        (damage_cut, "has sha256|have sha256"),
        (damage_other, "has sha256|have sha256"),
    ],
)
def test_bad_weights_are_one_sentence_before_any_work(
    no_weights: Path, damage: Callable[[Path], None], why: str
) -> None:
    pytest.importorskip("mediapipe", reason="the models are not installed: pip install 'nonverbal[offline]'")
    path = no_weights / LANDMARKER_WEIGHTS.path
    path.write_bytes(b"x" * 5000)
    damage(path)
    problem = backend_of("landmarker").problem()
    assert problem is not None
    assert problem.startswith("landmarker: ")
    assert "\n" not in problem
    with pytest.raises(UserError, match=why):
        face_model("landmarker")


def test_a_file_that_is_no_task_is_a_sentence(tmp_path: Path) -> None:
    pytest.importorskip("mediapipe", reason="the models are not installed: pip install 'nonverbal[offline]'")
    (tmp_path / "face.task").write_bytes(b"PK\3\4 no archive at all")
    with pytest.raises(UserError, match="is no face landmarker that this MediaPipe reads"):
        FaceLandmarker(tmp_path / "face.task")


@pytest.mark.parametrize("name", NAMES)
def test_every_model_keeps_the_contract(name: str, faces: list[U8], weights: Path) -> None:
    model: FaceModel = face_model(name)
    try:
        first = [model.see_face(picture) for picture in faces]
        assert all(face is not None for face in first)
        for face in first:
            assert face is not None
            assert face.landmarks_px.shape == (478, 3)
            assert face.landmarks_px[13, 1] > face.landmarks_px[1, 1] > face.landmarks_px[168, 1]
            assert face.landmarks_px[263, 0] > face.landmarks_px[33, 0]
            assert (face.blendshapes is not None) == (face.head_turn is not None) == model.learned
        assert model.see_face(np.zeros_like(faces[0])) is None
        model.reset()
        again = model.see_face(faces[0])
        assert again is not None
        np.testing.assert_array_equal(again.landmarks_px, first[0].landmarks_px)  # type: ignore[union-attr]
    finally:
        model.close()
        model.close()  # a second time does nothing


def test_the_landmarker_tells_coefficients_and_a_rotation(faces: list[U8], weights: Path) -> None:
    model = FaceLandmarker(weights)
    try:
        seen = [model.see_face(picture) for picture in faces]
        mirrored = model.see_face(np.ascontiguousarray(faces[-1][:, ::-1]))
    finally:
        model.close()
    shapes = np.stack([face.blendshapes for face in seen])
    turns = np.stack([face.head_turn for face in seen])
    assert shapes.shape[1] == 52
    assert 0 <= shapes.min() < shapes.max() <= 1
    assert not shapes[:, ARKIT52_NAMES.index("tongueOut")].any()
    np.testing.assert_allclose(turns @ np.swapaxes(turns, 1, 2), np.broadcast_to(np.eye(3), turns.shape), atol=1e-4)
    assert np.linalg.det(turns).min() > 0.99
    left, right = seen[-1].blendshapes[BLINK], mirrored.blendshapes[BLINK]
    assert abs(left[0] - right[1]) < 0.15, "a mirrored face has its sides exchanged"
    flip = np.diag([-1.0, 1.0, 1.0])
    assert np.degrees(angle_between_rad(turns[-1], flip @ mirrored.head_turn @ flip)) < 5


def test_the_landmarker_runs_without_chatter(faces: list[U8], weights: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model = FaceLandmarker(weights)
    model.see_face(faces[0])
    model.reset()
    model.see_face(faces[0])
    model.close()
    assert capfd.readouterr() == ("", "")


class Stub:
    """A model that sees whatever it is given."""

    def __init__(self, seen: Face | np.ndarray | None) -> None:
        self.seen, self.calls = seen, []

    def see(self, rgb: U8) -> Any:
        return self.seen

    see_face = see

    def reset(self) -> None:
        self.calls.append("reset")

    def close(self) -> None:
        self.calls.append("close")


def test_a_blend_has_the_landmarks_of_one_and_the_rest_of_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.ones((478, 3), np.float32)
    learned = Face(2 * points, np.full(52, 0.5, np.float32), np.eye(3, dtype=np.float32))
    for mesh, landmarker, seen in ((points, learned, True), (None, learned, False), (points, None, False)):
        models = Stub(mesh), Stub(landmarker)
        monkeypatch.setattr(face_blend, "MeshTracker", lambda models=models: models[0])
        monkeypatch.setattr(face_blend, "FaceLandmarker", lambda models=models: models[1])
        blend = face_blend.FaceBlend()
        face = blend.see_face(np.zeros((8, 8, 3), np.uint8))
        assert (face is not None) == seen
        if face is not None:
            assert face.landmarks_px is points
            assert face.blendshapes is learned.blendshapes
            assert face.head_turn is learned.head_turn
        blend.reset()
        blend.close()
        assert [model.calls for model in models] == [["reset", "close"]] * 2


def test_weights_in_the_given_folder_are_proved(weights: Path, no_weights: Path) -> None:
    shutil.copy(weights, no_weights / weights.name)
    assert backend_of("landmarker").problem() is None
