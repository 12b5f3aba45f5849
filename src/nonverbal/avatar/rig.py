"""How ``smplx117`` and gaze turn an avatar's bones, as a table that any program can follow.

A bone's turn relative to its parent is a product, from left to right, of terms that each take one joint's rotation R:

    share k    the rotation about R's axis by k times its angle (at most pi)
    twist k    the rotation about x, the bone's own axis, by k times R's twist about x
    untwist k  R with only the share k of its twist: R Rx((k - 1) twist)

The twist of R, with quaternion w, x, y, z, is 2 atan2(x, w) within half a turn. Eyes turn by Ry(yaw) Rx(-pitch). Bones
that are not named keep still. With the chest upright this is `avatar.pose` bone by bone, told from parent to child.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from nonverbal.avatar.rest import FINGER_BONES, FOREARM_SHARES
from nonverbal.motion.rotations import (
    F,
    matrix_about,
    matrix_from_axis_angle,
    shortest_axis_angle,
    twist_angle,
)
from nonverbal.spaces import SMPLX117_JOINTS
from nonverbal.types import F32

_X = 0
_UPPER_ARM_TWIST = 0.5
_NECK_BONES = ("neck01", "neck02", "neck03", "head")


class Term(NamedTuple):
    """One factor of a bone's turn: what is taken of which joint's rotation."""

    kind: Literal["share", "twist", "untwist"]
    joint: str
    amount: float


def _rules() -> dict[str, tuple[Term, ...]]:
    rules: dict[str, tuple[Term, ...]] = {bone: (Term("share", "head", 1 / len(_NECK_BONES)),) for bone in _NECK_BONES}
    first, second = FOREARM_SHARES["lowerarm01"], FOREARM_SHARES["lowerarm02"]
    for side, letter in (("left", "L"), ("right", "R")):
        shoulder, elbow = f"{side}_shoulder", f"{side}_elbow"
        rules |= {
            f"clavicle.{letter}": (Term("share", f"{side}_collar", 1.0),),
            f"upperarm01.{letter}": (Term("untwist", shoulder, _UPPER_ARM_TWIST),),
            f"upperarm02.{letter}": (Term("twist", shoulder, 1 - _UPPER_ARM_TWIST),),
            f"lowerarm01.{letter}": (Term("untwist", elbow, first),),
            f"lowerarm02.{letter}": (Term("twist", elbow, round(second - first, 6)),),
            f"wrist.{letter}": (Term("twist", elbow, 1 - second), Term("share", f"{side}_wrist", 1.0)),
        }
        for finger, bone in FINGER_BONES.items():
            for number in (1, 2, 3):
                rules[f"{bone}-{number}.{letter}"] = (Term("share", f"{side}_{finger}{number}", 1.0),)
    return rules


RULES: Mapping[str, tuple[Term, ...]] = MappingProxyType(_rules())
"""Bone -> the terms of its turn."""

EYES: Mapping[str, int] = MappingProxyType({"eye.L": 0, "eye.R": 2})
"""Bone -> the column of its yaw in gaze [N, 4]; its pitch is the next one."""

TURNING = (*RULES, *EYES)
"""All bones that turn, in the order of `local_turns`."""


def local_turns(body: F32, gaze: F32 | None) -> F:
    """[N, B, 3, 3] the turn of each bone of `TURNING` relative to its parent, in the axes of the T-pose.

    Args:
        body: [N, 117] ``smplx117``.
        gaze: [N, 4] left yaw, left pitch, right yaw, right pitch in radians; None looks straight ahead.
    """
    looks = np.zeros((len(body), 4)) if gaze is None else np.asarray(gaze, np.float64)
    axis_angles = shortest_axis_angle(np.asarray(body, np.float64)).reshape(len(body), len(SMPLX117_JOINTS), 3)
    bones = [_product(terms, axis_angles) for terms in RULES.values()]
    eyes = [matrix_about(1, looks[:, i]) @ matrix_about(0, -looks[:, i + 1]) for i in EYES.values()]
    return np.stack([*bones, *eyes], axis=1)


def _product(terms: tuple[Term, ...], axis_angles: F) -> F:
    turn = np.broadcast_to(np.eye(3), (len(axis_angles), 3, 3))
    for term in terms:
        turn = turn @ _turn(term, axis_angles[:, SMPLX117_JOINTS.index(term.joint)])
    return turn


def _turn(term: Term, axis_angle: F) -> F:
    if term.kind == "share":
        return matrix_from_axis_angle(term.amount * axis_angle)
    rotation = matrix_from_axis_angle(axis_angle)
    twist = twist_angle(rotation, _X)
    if term.kind == "twist":
        return matrix_about(_X, term.amount * twist)
    return rotation @ matrix_about(_X, (term.amount - 1) * twist)


def table() -> dict[str, object]:
    """The rig as JSON holds it: names of the joints, the terms of each bone, the gaze columns of the eyes."""
    return {
        "joints": list(SMPLX117_JOINTS),
        "bones": {bone: [list(term) for term in terms] for bone, terms in RULES.items()},
        "eyes": dict(EYES),
    }
