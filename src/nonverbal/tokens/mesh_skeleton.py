"""Joints, fingertips and three points of the head: what always can be measured of a body, without any mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nonverbal.motion.rotations import F, apply
from nonverbal.motion.skeleton import forward_kinematics
from nonverbal.spaces import SMPLX117_JOINTS, SMPLX_FINGERS
from nonverbal.types import F32

_HEAD_POINTS_M = np.array([(0.0, 0.05, 0.11), (0.075, 0.06, 0.0), (-0.075, 0.06, 0.0)])
"""Nose tip, left and right ear, from the head's joint: a joint alone would not show how the head turns."""

_FIXED = ("left_collar", "right_collar", "head")
"""Joints that stand on the chest and so never move."""

_SIDES = ("left", "right")


@dataclass(frozen=True, slots=True)
class SkeletonMesh:
    """49 points: 36 joints that can move, 10 fingertips, nose and ears; an average adult, chest upright."""

    name: str = "skeleton"
    space: str = "smplx117"

    @property
    def n_vertices(self) -> int:
        return len(self.groups)

    @property
    def groups(self) -> NDArray[np.intp]:
        """[49]; a knuckle hangs on the wrist alone, what follows it on the fingers' own columns."""
        joints = [_group(name) for name in _moving()]
        tips = [1 + side for side in range(len(_SIDES)) for _ in SMPLX_FINGERS]
        return np.array([*joints, *tips, 0, 0, 0], np.intp)

    def vertices(self, values: F32) -> F32:
        """[T, 117] -> [T, 49, 3] metres from the chest's origin."""
        joints, tips, turns = forward_kinematics(np.asarray(values, np.float64))
        moving = [SMPLX117_JOINTS.index(name) for name in _moving()]
        head = SMPLX117_JOINTS.index("head")
        points: F = joints[:, head, None] + apply(turns[:, head, None], _HEAD_POINTS_M)
        return np.concatenate([joints[:, moving], tips.reshape(len(tips), -1, 3), points], axis=1).astype(np.float32)


def _moving() -> list[str]:
    return [name for name in SMPLX117_JOINTS if name not in _FIXED]


def _group(joint: str) -> int:
    """0 where the upper body alone places a joint, else 1 or 2 for the fingers of the left or right hand."""
    side, _, name = joint.partition("_")
    return 1 + _SIDES.index(side) if name[-1] in "23" else 0
