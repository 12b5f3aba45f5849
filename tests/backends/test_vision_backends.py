from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from nonverbal.backends import mediapipe_graph
from nonverbal.backends.appearance import describe, likeness, unit
from nonverbal.backends.mediapipe_faces import detect_faces, iou
from nonverbal.backends.mediapipe_hands import HandTracker
from nonverbal.backends.mediapipe_mesh import MeshTracker
from nonverbal.backends.mediapipe_pose import PoseTracker, see_person
from nonverbal.media.video import read_frames
from nonverbal.verdicts import UserError

BLANK = np.zeros((360, 640, 3), np.uint8)


def frame(path: Path, at_s: float = 0.0) -> np.ndarray:
    return next(iter(read_frames(path, at_s, at_s + 0.2)))


@pytest.fixture(scope="module")
def pair(shared_media: Path) -> np.ndarray:
    return frame(shared_media / "dialogue/latentsync_pair_8s.mp4")


@pytest.fixture(scope="module")
def panels(shared_media: Path) -> np.ndarray:
    return frame(shared_media / "dialogue/grid_dialogue_9s.mp4")


def test_each_face_of_two_is_found_once_and_inside_the_picture(pair: np.ndarray, panels: np.ndarray) -> None:
    for picture in (pair, panels):
        height, width = picture.shape[:2]
        faces = sorted(detect_faces(picture))
        assert len(faces) == 2
        assert faces[0][2] < width / 2 < faces[1][0]
        assert all(0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height and 0.5 <= s <= 1 for x0, y0, x1, y1, s in faces)
    assert detect_faces(BLANK) == []


def test_tiles_find_smaller_faces_in_a_wide_picture(pair: np.ndarray) -> None:
    wide = np.full((720, 1280, 3), 120, np.uint8)
    small = cv2.resize(pair, (432, 384), interpolation=cv2.INTER_AREA)  # faces of about 42 pixels
    wide[300:684, 60:492] = small
    assert len(detect_faces(wide)) == 2
    assert len(detect_faces(wide, tiles=False)) < 2


def test_a_face_cut_by_the_edge_stays_inside_the_picture(panels: np.ndarray) -> None:
    for face in detect_faces(panels[:, 300:640]):
        assert face[0] >= 0


def test_overlap_of_boxes() -> None:
    assert iou((0, 0, 2, 2, 1), (1, 0, 3, 2, 1)) == pytest.approx(1 / 3)
    assert iou((0, 0, 1, 1, 1), (5, 5, 6, 6, 1)) == 0.0


def test_a_person_is_seen_and_an_empty_picture_is_not(shared_media: Path, panels: np.ndarray) -> None:
    assert see_person(frame(shared_media / "faces/demo1_video.mp4")) > 0.9
    assert see_person(panels) > 0.9
    assert see_person(BLANK) == 0.0
    assert see_person(np.random.default_rng(0).integers(0, 255, BLANK.shape, np.uint8)) < 0.5


def test_landmarks_lie_on_the_face_and_a_reset_tracker_is_as_good_as_new(panels: np.ndarray) -> None:
    left, right = panels[150:480, 150:520], panels[150:480, 770:1110]
    fresh, used = MeshTracker(), MeshTracker()
    try:
        expected = fresh.see(right)
        assert expected is not None
        assert expected.shape == (478, 3)
        assert expected[13, 1] > expected[1, 1] > expected[168, 1]  # lips below the nose tip below its bridge
        assert expected[263, 0] > expected[33, 0]  # the person's left eye on the right of the picture
        for _ in range(3):
            used.see(left)
        used.reset()
        assert np.array_equal(used.see(right), expected)
        assert used.see(np.zeros_like(right)) is None
    finally:
        fresh.close()
        used.close()
        used.close()  # a second time does nothing


def test_body_and_hands_of_one_person_and_nobody_after_a_reset(pair: np.ndarray) -> None:
    pose, hands = PoseTracker(), HandTracker()
    try:
        right = pair[:, 540:]
        body = pose.see(right)
        assert body is not None
        left_shoulder, right_shoulder = body.landmarks_px[11], body.landmarks_px[12]
        assert left_shoulder[0] > right_shoulder[0] + 100
        assert body.world_m[11, 0] > body.world_m[12, 0]  # metres, x right in the picture too
        assert 0.2 < np.linalg.norm(body.world_m[11] - body.world_m[12]) < 0.6
        assert body.visibility.max() <= 1.0
        found = hands.see(right)
        assert len(found) == 2
        for hand in found:
            assert np.linalg.norm(body.landmarks_px[[15, 16], :2] - hand.landmarks_px[0, :2], axis=1).min() < 100
        pose.reset()
        hands.reset()
        assert pose.see(BLANK) is None
        assert hands.see(BLANK) == []
    finally:
        pose.close()
        hands.close()


def test_looks_tell_two_people_apart_and_know_one_again(shared_media: Path) -> None:
    """Six people of one corpus before one wall; each compared with everybody a second later, by three pictures."""
    names = ("pwij3p", "lwbsza", "lbax4n", "brbk7n", "swiz3n", "lrwp9a")
    mesh = MeshTracker()
    looks = []
    try:
        for at_s in (0.2, 1.4):
            for name in names:
                pictures = list(read_frames(shared_media / f"dialogue/grid/{name}.mpg", at_s, at_s + 0.8))[::8]
                mesh.reset()
                looks.append(unit(np.sum([describe(p, mesh.see(p)) for p in pictures], axis=0)))
    finally:
        mesh.close()
    alike = np.asarray(looks[:6]) @ np.asarray(looks[6:]).T
    assert alike.diagonal().min() > 0.9
    assert alike[~np.eye(6, dtype=bool)].max() < 0.85


def test_looks_are_compared_by_what_both_pictures_show(panels: np.ndarray) -> None:
    """A close-up without shoulders against the usual framing, and another person for comparison."""
    mesh = MeshTracker()
    looks = []
    try:
        for picture in (panels[:, :640], panels[:430, :640], panels[:, 640:]):
            mesh.reset()
            looks.append(describe(picture, mesh.see(picture)))
    finally:
        mesh.close()
    own, other = likeness(looks[0], looks[1]), likeness(looks[0], looks[2])
    assert own > 0.9 > 0.8 > other
    assert float(looks[0] @ looks[1]) < own
    assert likeness(looks[0], np.zeros_like(looks[0])) == 0.0
    assert likeness(looks[0], looks[0][:5]) == 0.0


def test_looks_are_of_unit_length_even_at_the_edge_of_the_picture(panels: np.ndarray) -> None:
    mesh = MeshTracker()
    try:
        face = panels[190:460, 200:460]  # no torso, no hair
        marks = mesh.see(face)
        assert np.linalg.norm(describe(face, marks)) == pytest.approx(1.0, abs=1e-5)
    finally:
        mesh.close()
    assert not unit(np.zeros(4, np.float32)).any()


QUIET = """
import os, numpy as np
from nonverbal.backends.mediapipe_graph import diverted_stderr
from nonverbal.backends.mediapipe_pose import see_person
see_person(np.zeros((64, 64, 3), np.uint8))
with diverted_stderr():
    os.write(2, b"W0000 chatter\\nthe decoder says something true\\n")
"""


def test_models_start_without_chatter_and_other_messages_pass() -> None:
    source = Path(mediapipe_graph.__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(source)}
    done = subprocess.run(
        [sys.executable, "-c", QUIET], env=env, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stderr == "the decoder says something true\n"


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe.python.solutions.pose", None)
    with pytest.raises(UserError, match=r"pip install 'nonverbal\[offline\]'"):
        PoseTracker()
