"""Aligned faces: known turns are undone, large faces do not flicker, and what shows no face gives none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

import tiny_onnx
from nonverbal.backends import dlib_face, sface
from nonverbal.backends.face_alignment import FacePlaces, aligned_face, similarity


def mesh(points: np.ndarray, places: FacePlaces) -> np.ndarray:
    """A face mesh whose groups lie at `points` [K, 2]."""
    marks = np.zeros((478, 3), np.float32)
    for group, point in zip(places.groups, points, strict=True):
        marks[list(group), :2] = point
    return marks


def placed(places: FacePlaces, scale: float, angle: float, shift: tuple[float, float]) -> np.ndarray:
    turn = scale * np.asarray([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(places.points) * places.side_px @ turn.T + shift


@pytest.mark.parametrize("places", [dlib_face.PLACES, sface.PLACES], ids=["dlib", "sface"])
@pytest.mark.parametrize(("scale", "angle"), [(0.8, 0.3), (1.0, -0.5), (3.0, 0.2)])
def test_dots_on_a_turned_face_come_to_lie_where_the_network_wants_them(
    places: FacePlaces, scale: float, angle: float
) -> None:
    points = placed(places, scale, angle, (260.0, 180.0))
    assert (points > 20).all()
    assert (points[:, 0] < 780).all()
    picture = np.zeros((800, 800, 3), np.uint8)
    for x, y in points:
        cv2.circle(picture, (round(16 * x), round(16 * y)), round(16 * max(1.5, 2.5 * scale)), (255,) * 3, -1, shift=4)
    face = aligned_face(picture, mesh(points, places), places)
    assert face is not None
    assert face.shape == (places.side_px, places.side_px, 3)
    bright = face[..., 0].astype(np.float64)
    for x, y in np.asarray(places.points) * places.side_px:
        around = bright[round(y) - 5 : round(y) + 6, round(x) - 5 : round(x) + 6]
        rows, columns = np.indices(around.shape)
        centre = [(around * grid).sum() / around.sum() for grid in (columns, rows)]
        assert centre[0] + round(x) - 5 == pytest.approx(x, abs=0.6)
        assert centre[1] + round(y) - 5 == pytest.approx(y, abs=0.6)


def test_sface_is_aligned_as_opencv_aligns_it(tmp_path: Path) -> None:
    """OpenCV's own recogniser, for which any network will do."""
    recogniser = cv2.FaceRecognizerSF.create(str(tiny_onnx.mean_colour(tmp_path / "n.onnx", 112)), "")
    points = placed(sface.PLACES, 1.3, 0.25, (90.0, 40.0))
    picture = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (300, 320, 3)).astype(np.uint8), (0, 0), 3)
    theirs = recogniser.alignCrop(picture, np.asarray([[90, 40, 150, 150, *points.ravel(), 1.0]], np.float32))
    mine = aligned_face(picture, mesh(points, sface.PLACES), sface.PLACES)
    assert mine is not None
    assert np.abs(mine.astype(int) - theirs.astype(int)).mean() < 1.0


def test_a_large_face_is_averaged_not_sampled() -> None:
    """A checkerboard of single pixels, nine of which come to lie in one: grey, not one of its two colours."""
    rows, columns = np.indices((1200, 1200))
    board = np.repeat((255 * ((rows + columns) % 2)).astype(np.uint8)[..., None], 3, axis=2)
    face = aligned_face(board, mesh(placed(sface.PLACES, 9.0, 0.0, (50.0, 50.0)), sface.PLACES), sface.PLACES)
    assert face is not None
    assert np.ptp(face[10:100, 10:100].astype(int)) < 30


def test_no_face_to_cut_gives_none() -> None:
    places, picture = sface.PLACES, np.zeros((100, 100, 3), np.uint8)
    inside = placed(places, 0.5, 0.0, (20.0, 20.0))
    assert aligned_face(picture, mesh(inside, places), places) is not None
    for points in (inside + 100, inside - 200, np.full_like(inside, 50.0), inside * np.nan):
        assert aligned_face(picture, mesh(points, places), places) is None


def test_similarity_of_a_mirrored_face_is_no_mirror() -> None:
    """Three points and their mirror: what is found is a turn with a scale, never a flip."""
    points = np.asarray([[0.0, 0.0], [10.0, 0.0], [5.0, 8.0]])
    fit = similarity(points, points * (-1, 1))
    assert fit is not None
    assert np.linalg.det(fit[:, :2]) > 0
    assert similarity(points * 0, points) is None
