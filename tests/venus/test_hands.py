from __future__ import annotations

import numpy as np
import pytest

from nonverbal.backends.mediapipe_hands import Hand
from nonverbal.backends.mediapipe_pose import Body
from nonverbal.venus.hands import HandFollower, wrists_seen

FACE_PX = 60.0


class CountingHands:
    """Stands in for the model: one hand at a place that is a pixel further each time it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def see(self, rgb: np.ndarray) -> list[Hand]:
        self.asked += 1
        return [Hand(np.full((21, 3), 100.0 + self.asked, np.float32), 0.9)]


def body(left: tuple[float, float] = (100, 100), visibility: float = 0.9) -> Body:
    points = np.zeros((33, 3), np.float32)
    points[15, :2] = left
    points[16, :2] = -1000  # the right wrist is out of the picture
    return Body(points, points, np.full(33, visibility, np.float32))


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8)


def test_a_resting_hand_is_measured_now_and_then_only(picture: np.ndarray) -> None:
    model = CountingHands()
    follower = HandFollower(lambda: model)
    seen = [follower.see(picture, body(), FACE_PX)[0].landmarks_px[0, 0] for _ in range(15)]
    assert model.asked == 3
    assert seen == [101.0] * 7 + [102.0] * 7 + [103.0]


def test_a_moving_hand_is_measured_every_time(picture: np.ndarray) -> None:
    model = CountingHands()
    follower = HandFollower(lambda: model)
    for step in range(5):
        follower.see(np.roll(picture, 20 * step, axis=1), body(), FACE_PX)
    assert model.asked == 5


def test_a_wrist_that_moves_over_a_plain_background_is_measured(picture: np.ndarray) -> None:
    model = CountingHands()
    follower = HandFollower(lambda: model)
    for step in range(5):
        follower.see(np.zeros_like(picture), body((100 + 15 * step, 100)), FACE_PX)
    assert model.asked == 5


def test_without_wrists_no_model_is_started(picture: np.ndarray) -> None:
    def never() -> CountingHands:
        raise AssertionError("the hand model was asked for")

    assert HandFollower(never).see(picture, body(visibility=0.1), FACE_PX) == {}
    assert HandFollower(never).see(picture, body((5000, 100)), FACE_PX) == {}
    assert list(wrists_seen(body(), picture)) == [0]


def test_hands_come_back_after_the_wrists_were_gone(picture: np.ndarray) -> None:
    model = CountingHands()
    follower = HandFollower(lambda: model)
    follower.see(picture, body(), FACE_PX)
    assert follower.see(picture, body(visibility=0.0), FACE_PX) == {}
    assert follower.see(picture, body(), FACE_PX)[0].landmarks_px[0, 0] == 102.0
