"""The upper body as a chain of bones in SMPL-X's conventions, with average adult bone lengths, and forward kinematics.

Rest is the T-pose: x to the person's left, y up, z forward, arms along x, palms down. Rotations of ``smplx117`` turn a
joint relative to its parent. The chest is the root: root, spine and neck of SMPL-X are not kept, so its origin is the
point between the collar joints and its orientation is given from outside.

Differs: bone offsets are SMPL-X's topology with straight fingers and anthropometric lengths, not SMPL-X's own mean
shape, which needs a licence. Directions, and so rotations, are what is shared.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nonverbal.motion.rotations import F, apply, matrix_from_axis_angle
from nonverbal.spaces import SMPLX117_JOINTS, SMPLX_FINGERS
from nonverbal.types import F32

CHEST = -1
"""Parent index of the joints that hang on the chest."""

_LEFT_OFFSETS_M: Mapping[str, tuple[str | None, tuple[float, float, float]]] = {
    "collar": (None, (0.05, 0.0, 0.0)),
    "shoulder": ("collar", (0.12, 0.02, -0.01)),
    "elbow": ("shoulder", (0.28, 0.0, 0.0)),
    "wrist": ("elbow", (0.25, 0.0, 0.0)),
    "index1": ("wrist", (0.095, 0.0, 0.025)),
    "index2": ("index1", (0.040, 0.0, 0.0)),
    "index3": ("index2", (0.024, 0.0, 0.0)),
    "middle1": ("wrist", (0.095, 0.003, 0.003)),
    "middle2": ("middle1", (0.045, 0.0, 0.0)),
    "middle3": ("middle2", (0.028, 0.0, 0.0)),
    "ring1": ("wrist", (0.088, 0.0, -0.016)),
    "ring2": ("ring1", (0.041, 0.0, 0.0)),
    "ring3": ("ring2", (0.026, 0.0, 0.0)),
    "pinky1": ("wrist", (0.078, -0.004, -0.034)),
    "pinky2": ("pinky1", (0.032, 0.0, 0.0)),
    "pinky3": ("pinky2", (0.019, 0.0, 0.0)),
    "thumb1": ("wrist", (0.025, -0.010, 0.025)),
    "thumb2": ("thumb1", (0.028, -0.012, 0.030)),
    "thumb3": ("thumb2", (0.024, -0.006, 0.018)),
}
"""Left joint -> its parent and where it sits from it in the T-pose; the right side is the mirror image."""

_LEFT_TIPS_M: Mapping[str, tuple[float, float, float]] = {
    "index": (0.020, 0.0, 0.0),
    "middle": (0.022, 0.0, 0.0),
    "ring": (0.022, 0.0, 0.0),
    "pinky": (0.019, 0.0, 0.0),
    "thumb": (0.020, -0.003, 0.014),
}
"""Finger -> where its tip sits from its last joint."""

HEAD_OFFSET_M = (0.0, 0.19, 0.02)
_ARM_DOWN_RAD, _FOREARM_IN_RAD = 1.2, 1.5


def offset_m(left_name: str) -> F:
    """[3] where a left joint (``"elbow"``) or fingertip (``"index"``) sits from its parent in the T-pose."""
    return np.array(_LEFT_TIPS_M.get(left_name) or _LEFT_OFFSETS_M[left_name][1])


def _layout() -> tuple[tuple[int, ...], F]:
    parents, offsets = [], []
    for joint in SMPLX117_JOINTS:
        side, _, name = joint.partition("_")
        if joint == "head":
            parents.append(CHEST)
            offsets.append(HEAD_OFFSET_M)
            continue
        parent, (x, y, z) = _LEFT_OFFSETS_M[name]
        parents.append(CHEST if parent is None else SMPLX117_JOINTS.index(f"{side}_{parent}"))
        offsets.append((x if side == "left" else -x, y, z))
    return tuple(parents), np.array(offsets)


PARENTS, OFFSETS_M = _layout()
"""Index of each joint's parent in `SMPLX117_JOINTS`, and [39, 3] the T-pose offsets from it."""


def forward_kinematics(body: F, chest: F | None = None) -> tuple[F, F, F]:
    """Where joints and fingertips are.

    Args:
        body: [N, 117] in the space ``smplx117``.
        chest: [N, 3, 3] orientation of the chest; upright and facing z when left out.

    Returns:
        joints [N, 39, 3] metres from the chest's origin, fingertips [N, 2, 5, 3] (left, right; fingers as in
        `SMPLX_FINGERS`), and global joint rotations [N, 39, 3, 3].
    """
    local = matrix_from_axis_angle(np.reshape(body, (len(body), len(SMPLX117_JOINTS), 3)))
    root = np.broadcast_to(np.eye(3), (len(body), 3, 3)) if chest is None else chest
    joints = np.zeros((len(body), len(PARENTS), 3))
    rotations = np.zeros((len(body), len(PARENTS), 3, 3))
    for joint in _ROOT_FIRST:
        parent = PARENTS[joint]
        above = root if parent == CHEST else rotations[:, parent]
        joints[:, joint] = apply(above, OFFSETS_M[joint]) + (0.0 if parent == CHEST else joints[:, parent])
        rotations[:, joint] = above @ local[:, joint]
    tips = np.zeros((len(body), 2, len(SMPLX_FINGERS), 3))
    for hand, (side, outside) in enumerate((("left", 1.0), ("right", -1.0))):
        for finger, name in enumerate(SMPLX_FINGERS):
            last = SMPLX117_JOINTS.index(f"{side}_{name}3")
            offset = offset_m(name) * np.array([outside, 1.0, 1.0])
            tips[:, hand, finger] = joints[:, last] + apply(rotations[:, last], offset)
    return joints, tips, rotations


def resting_body() -> F32:
    """[117] ``smplx117`` of somebody who sits with the arms down and the hands in front."""
    body = np.zeros((len(SMPLX117_JOINTS), 3), np.float32)
    for side, sign in (("left", -1.0), ("right", 1.0)):
        body[SMPLX117_JOINTS.index(f"{side}_shoulder"), 2] = sign * _ARM_DOWN_RAD
        body[SMPLX117_JOINTS.index(f"{side}_elbow"), 1] = sign * _FOREARM_IN_RAD
    return body.reshape(-1)


def _depth(joint: int) -> int:
    return 0 if PARENTS[joint] == CHEST else 1 + _depth(PARENTS[joint])


_ROOT_FIRST = tuple(sorted(range(len(PARENTS)), key=_depth))
