from __future__ import annotations

import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from nonverbal.media.video import read_frames
from nonverbal.venus.shots import ShotFinder

VIDEOS = (
    "dialogue/grid_dialogue_9s.mp4",
    "dialogue/latentsync_pair_8s.mp4",
    "faces/demo3_video.mp4",
    "odd/friday.mp4",
    "faces/WolfgangLanger_Pexels.mp4",
)


def cuts(pictures) -> list[int]:
    finder = ShotFinder()
    return [i for i, picture in enumerate(pictures) if finder.is_cut(picture)]


def test_no_cut_is_seen_inside_recordings_and_each_join_is_found_exactly(shared_media: Path) -> None:
    parts = [
        [cv2.resize(p, (640, 360), interpolation=cv2.INTER_AREA) for p in read_frames(shared_media / name, 0.0, 1.0)]
        for name in VIDEOS
    ]
    joined = [*itertools.chain(*parts), *itertools.chain(*parts[::2])]
    assert cuts(joined) == [25 * i for i in range(8)]


def test_a_cut_between_two_people_of_one_room_is_found(shared_media: Path) -> None:
    frames = list(read_frames(shared_media / VIDEOS[0], 0.0, 1.0))
    left, right = [f[:, :640] for f in frames], [f[:, 640:] for f in frames]
    assert cuts([*left[:10], *right[10:20], *left[20:]]) == [0, 10, 20]


def test_motion_across_the_whole_picture_is_no_cut() -> None:
    scene = cv2.resize(np.random.default_rng(0).integers(0, 255, (6, 40, 3), np.uint8), (1280, 180))
    assert cuts([scene[:, 8 * i : 8 * i + 320].copy() for i in range(100)]) == [0]


def test_a_camera_thrown_round_is_not_one_cut_a_picture() -> None:
    scene = cv2.resize(np.random.default_rng(0).integers(0, 255, (20, 120, 3), np.uint8), (1280, 180))
    assert len(cuts([scene[:, 12 * i : 12 * i + 320].copy() for i in range(80)])) <= 2


def test_a_repeated_array_is_no_new_picture_and_equal_pictures_are_still() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (90, 160, 3), np.uint8)
    finder = ShotFinder()
    assert [finder.is_cut(p) for p in (picture, picture, picture)] == [True, False, False]
    assert (finder.pictures, finder.still) == (1, 1.0)
    assert not finder.is_cut(picture.copy())
    assert finder.still == 1.0


def test_a_talking_face_is_not_still(shared_media: Path) -> None:
    finder = ShotFinder()
    for picture in read_frames(shared_media / VIDEOS[1], 0.0, 1.0):
        finder.is_cut(picture)
    assert finder.still < 0.2


def test_a_change_of_size_begins_a_shot() -> None:
    small, large = np.full((90, 160, 3), 99, np.uint8), np.full((180, 320, 3), 99, np.uint8)
    assert cuts([small, small.copy(), large, large.copy()]) == [0, 2]


@pytest.mark.parametrize("size", [(36, 64), (8, 8), (1080, 64)])
def test_any_size_of_picture_works(size: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    dark, bright = (np.full((*size, 3), level, np.uint8) for level in (20, 220))
    assert cuts([dark, dark.copy(), bright, bright + random.integers(0, 3, (*size, 3), np.uint8)]) == [0, 2]
