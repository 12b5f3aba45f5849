"""The hands of one person: looked for where the pose shows wrists, told left from right by them, left alone at rest."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from nonverbal.backends.mediapipe_hands import Hand, HandTracker
from nonverbal.backends.mediapipe_pose import LEFT_WRIST, RIGHT_WRIST, Body
from nonverbal.types import F32, U8

_WRIST_SEEN = 0.3  # pose visibility from which a hand is looked for
_HAND_REACH = 0.8  # face sizes a hand's wrist may lie from the pose's
_STAY = 2.0  # how much more a hand's own way since last time counts than its way to the pose's wrist
_CELLS = 12  # a hand's surroundings are compared as 12 x 12 cells
# Grey levels of mean and largest change up to which a hand rests. On two people who gesture all the time this saves a
# fifth of the measurements and moves landmarks by 2 pixels on average, faces being 100 wide; quiet listeners save most.
_REST_MEAN, _REST_CELL = 2.5, 12.0
_REST_MOST = 6  # measurements (0.48 s) after which even a resting hand is looked at again


class HandFollower:
    """Follows both hands of one person through measurements of the same crop.

    Args:
        tracker: gives the model; asked for only when a wrist is seen, so that people without hands cost no model.
    """

    def __init__(self, tracker: Callable[[], HandTracker]) -> None:
        self._tracker = tracker
        self.reset()

    def reset(self) -> None:
        """Forgets the hands, for another person or crop; the model itself is reset by its owner."""
        self._hands: dict[int, Hand] = {}
        self._wrists: dict[int, F32] = {}
        self._patches: dict[int, F32] = {}
        self._rested = 0

    def see(self, crop: U8, body: Body, face_px: float) -> dict[int, Hand]:
        """The hands in one picture by side: 0 the person's left, 1 the right.

        Args:
            crop: the picture in whose pixels `body` is given.
            face_px: size of the person's face, the measure of all distances.
        """
        wrists = wrists_seen(body, crop)
        if not wrists:
            self.reset()
            return {}
        reach = _HAND_REACH * face_px
        if self._rests(crop, wrists, reach):
            self._rested += 1
            return self._hands
        last = {side: hand.landmarks_px[0, :2] for side, hand in self._hands.items()}
        self._hands = sided(self._tracker().see(crop), wrists, last, reach)
        self._wrists, self._rested = wrists, 0
        self._patches = {side: _patch(crop, at, 2.0 * reach) for side, at in wrists.items()}
        return self._hands

    def _rests(self, crop: U8, wrists: dict[int, F32], reach_px: float) -> bool:
        """Whether the picture around all wrists is what it was when the hands were last measured."""
        if self._rested >= _REST_MOST or wrists.keys() != self._wrists.keys():
            return False
        for side, at in self._wrists.items():
            if float(np.hypot(*(wrists[side] - at))) > 0.25 * reach_px:
                return False
            change = np.abs(_patch(crop, at, 2.0 * reach_px) - self._patches[side])
            if change.mean() > _REST_MEAN or change.max() > _REST_CELL:
                return False
        return True


def wrists_seen(body: Body, crop: U8) -> dict[int, F32]:
    """Wrist points inside the picture by side: 0 the person's left, 1 the right."""
    height, width = crop.shape[:2]
    seen: dict[int, F32] = {}
    for side, joint in enumerate((LEFT_WRIST, RIGHT_WRIST)):
        x, y = body.landmarks_px[joint, :2]
        if body.visibility[joint] >= _WRIST_SEEN and 0 <= x < width and 0 <= y < height:
            seen[side] = body.landmarks_px[joint, :2]
    return seen


def sided(hands: list[Hand], wrists: dict[int, F32], last_wrists: dict[int, F32], reach_px: float) -> dict[int, Hand]:
    """Each hand to the nearest seen pose wrist within reach, nearest pair first; 0 the person's left, 1 the right.

    Args:
        hands: as found, sides unknown.
        wrists: the pose's wrists by side.
        last_wrists: the hands' own wrists a moment ago: keeps folded hands, near both wrists, from changing sides.
        reach_px: how far a hand's wrist may lie from the pose's.
    """
    pairs: list[tuple[float, int, int]] = []
    for i, hand in enumerate(hands):
        at = hand.landmarks_px[0, :2]
        for side, wrist in wrists.items():
            away = float(np.hypot(*(at - wrist)))
            if away <= reach_px:
                moved = float(np.hypot(*(at - last_wrists[side]))) if side in last_wrists else reach_px
                pairs.append((away + _STAY * min(moved, reach_px), side, i))
    given: dict[int, Hand] = {}
    used: set[int] = set()
    for _, side, i in sorted(pairs):
        if side not in given and i not in used:
            given[side] = hands[i]
            used.add(i)
    return given


def _patch(crop: U8, at: F32, half_px: float) -> F32:
    """[12, 12] brightness of the square around a point, as far as it lies in the picture."""
    height, width = crop.shape[:2]
    x0, x1 = (int(np.clip(at[0] + d, 0, width)) for d in (-half_px, half_px))
    y0, y1 = (int(np.clip(at[1] + d, 0, height)) for d in (-half_px, half_px))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return np.zeros((_CELLS, _CELLS), np.float32)
    small = cv2.resize(crop[y0:y1, x0:x1], (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32).mean(axis=2)
