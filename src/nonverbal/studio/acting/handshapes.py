"""Shapes of the hand, as the 15 joint rotations of a left hand: relaxed, open, pointing, counting and so on.

Fingers bend about z, from x to the palm (-y), and spread about y (see `motion.hands`); a right hand takes the same
numbers with signs (1, -1, -1). The thumb bends about an axis of its own that brings its tip across the palm.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from nonverbal.motion.rotations import F, axis_angle_from_matrix, matrix_about, unit
from nonverbal.spaces import SMPLX_FINGERS

THUMB_AXIS = unit(np.array([0.38, 0.45, -0.18]))
"""About this the thumb turns from where it points in the T-pose, forward and out, towards the palm's middle."""

SPREAD_SHARE = {"index": -1.0, "middle": -0.2, "ring": 0.45, "pinky": 1.0}
"""Which way and how much each finger goes when the hand spreads."""

TIP_SHARE = 0.65  # the last joint bends about this much of the middle one


def hand_shape(bends: Mapping[str, tuple[float, float]], thumb: tuple[float, float, float], spread: float) -> F:
    """[45] a left hand's rotations in radians, from degrees.

    Args:
        bends: finger -> bend at the knuckle and at the middle joint.
        thumb: bends at its three joints.
        spread: of the index finger; others follow by `SPREAD_SHARE`.
    """
    joints = []
    for finger in SMPLX_FINGERS:
        if finger == "thumb":
            joints += [np.radians(bend) * THUMB_AXIS for bend in thumb]
            continue
        knuckle, middle = np.radians(bends[finger])
        aside = np.radians(spread) * SPREAD_SHARE[finger]
        joints.append(axis_angle_from_matrix(matrix_about(1, aside) @ matrix_about(2, -knuckle)))
        joints += [np.array([0.0, 0.0, -middle]), np.array([0.0, 0.0, -TIP_SHARE * middle])]
    return np.concatenate(joints)


def _even(knuckle: float, middle: float, /, **other: tuple[float, float]) -> dict[str, tuple[float, float]]:
    return {**dict.fromkeys(("index", "middle", "ring", "pinky"), (knuckle, middle)), **other}


_FIST = (72.0, 88.0)
_STRAIGHT = (4.0, 8.0)

HAND_SHAPES: Mapping[str, F] = MappingProxyType(
    {
        "relaxed": hand_shape(_even(24, 30, index=(18, 24), pinky=(30, 34)), (8, 12, 15), 4),
        "flat": hand_shape(_even(6, 12), (6, 5, 5), 3),
        "open": hand_shape(_even(8, 14, pinky=(6, 12)), (-8, 4, 4), 14),
        "curled": hand_shape(_even(42, 46), (22, 20, 22), 2),
        "folded": hand_shape(_even(36, 58), (16, 18, 20), 5),
        "fist": hand_shape(_even(*_FIST), (38, 34, 40), 0),
        "pointing": hand_shape(_even(*_FIST, index=_STRAIGHT), (36, 32, 38), 0),
        "one": hand_shape(_even(*_FIST, index=_STRAIGHT), (36, 32, 38), 0),
        "two": hand_shape(_even(*_FIST, index=_STRAIGHT, middle=_STRAIGHT), (38, 34, 40), 12),
        "three": hand_shape(_even(*_STRAIGHT, pinky=_FIST), (40, 34, 38), 12),
        "four": hand_shape(_even(*_STRAIGHT), (42, 36, 40), 12),
        "five": hand_shape(_even(*_STRAIGHT), (-10, 0, 0), 16),
        "pinch": hand_shape(_even(30, 34, index=(46, 42), pinky=(24, 28)), (26, 22, 24), 3),
        "beat": hand_shape(_even(16, 22, index=(10, 16)), (4, 8, 10), 7),
        "cupped": hand_shape(_even(20, 18), (4, 10, 12), 9),
    }
)
"""Name -> [45] radians of a left hand."""

FINGERS_BEND = np.array([0.0 if finger == "thumb" else 1.0 for finger in SMPLX_FINGERS for _ in range(9)])
FINGERS_BEND *= np.tile([0.0, 0.0, -1.0], 15)
"""[45] the direction in which a little more bend moves a hand's numbers; for idle fingers."""
