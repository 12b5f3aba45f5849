"""Hand orientation and finger rotations from the 21 landmarks of a hand.

Everything is solved for a left hand; a right hand comes in as its mirror image. The fingers bend about z (from x to
the palm, -y) and spread about y; the thumb, whose joints are not hinges, takes the smallest rotation at each joint.

Landmarks: 0 wrist, 1..4 thumb from its root to its tip, then 4 each for index, middle, ring and pinky.
"""

from __future__ import annotations

import numpy as np

from nonverbal.motion.rotations import (
    F,
    apply,
    axis_angle_from_matrix,
    limit_angle,
    matrix_about,
    procrustes,
    swing_between,
    unit,
)
from nonverbal.motion.skeleton import offset_m
from nonverbal.spaces import SMPLX_FINGERS

FIRST_LANDMARK = {"thumb": 1, "index": 5, "middle": 9, "ring": 13, "pinky": 17}

_PALM_IDS = np.array([0, 5, 9, 13, 17])
_PALM_M = np.array([(0.0, 0.0, 0.0)] + [tuple(offset_m(f"{f}1")) for f in ("index", "middle", "ring", "pinky")])

KNUCKLE_BEND_RAD = (np.radians(-30.0), np.radians(100.0))
KNUCKLE_SPREAD_RAD = np.radians(30.0)
FINGER_BEND_RAD = (np.radians(-10.0), np.radians(115.0))
THUMB_LIMITS_RAD = (np.radians(70.0), np.radians(80.0), np.radians(90.0))
"""How far joints go; landmarks that say more are noise."""


def hand_rotation(points: F) -> tuple[F, F]:
    """Orientation of a left hand from its palm.

    Args:
        points: [N, 21, 3] of any scale, in the axes of the body (x left, y up, z forward).

    Returns:
        [N, 3, 3] and the misfit [N]: root mean square distance from the rigid average palm, as a share of the palm's
        length. A palm seen as the wrong hand misfits.
    """
    rotation, scale, residual = procrustes(_PALM_M, points[:, _PALM_IDS])
    return rotation, residual / np.maximum(scale, 1e-12) / _PALM_M[2, 0]


def finger_rotations(points: F, rotation: F) -> F:
    """[N, 15, 3] axis-angle of a left hand's joints in the order of `SMPLX_HAND_JOINTS`.

    Args:
        points: [N, 21, 3] as in `hand_rotation`.
        rotation: [N, 3, 3] orientation of the hand.
    """
    local = np.einsum("nij,nki->nkj", rotation, points - points[:, :1])
    joints = []
    for finger in SMPLX_FINGERS:
        first = FIRST_LANDMARK[finger]
        bones = unit(np.diff(local[:, first : first + 4], axis=1))
        joints += _thumb(bones) if finger == "thumb" else _finger(bones)
    return axis_angle_from_matrix(np.stack(joints, axis=1))


def _finger(bones: F) -> list[F]:
    """Three [N, 3, 3] from three bone directions [N, 3, 3 (xyz)]: spread and bend at the knuckle, then hinges."""
    x, _, z = np.moveaxis(bones[:, 0], -1, 0)
    spread = np.where(x >= 0, np.arctan2(-z, x), np.arctan2(z, -x))
    flat = np.clip((np.hypot(x, z) - 0.05) / 0.15, 0.0, 1.0)  # a finger bent by 90 degrees tells nothing of its spread
    turn = matrix_about(1, flat * np.clip(spread, -KNUCKLE_SPREAD_RAD, KNUCKLE_SPREAD_RAD))
    along, down, _ = np.moveaxis(np.einsum("nij,ni->nj", turn, bones[:, 0]), -1, 0)
    joints = [turn @ matrix_about(2, -np.clip(np.arctan2(-down, along), *KNUCKLE_BEND_RAD))]
    above = joints[0]
    for bone in (bones[:, 1], bones[:, 2]):
        along, down, _ = np.moveaxis(np.einsum("nij,ni->nj", above, bone), -1, 0)
        joints.append(matrix_about(2, -np.clip(np.arctan2(-down, along), *FINGER_BEND_RAD)))
        above = above @ joints[-1]
    return joints


def _thumb(bones: F) -> list[F]:
    joints: list[F] = []
    above = np.broadcast_to(np.eye(3), (len(bones), 3, 3))
    for bone, name, limit_rad in zip(range(3), ("thumb2", "thumb3", "thumb"), THUMB_LIMITS_RAD, strict=True):
        direction = apply(np.swapaxes(above, -1, -2), bones[:, bone])
        joints.append(limit_angle(swing_between(offset_m(name), direction), limit_rad))
        above = above @ joints[-1]
    return joints
