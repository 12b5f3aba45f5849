"""Seated upper bodies in natural poses, as short smooth sequences of ``smplx117``, to fit the body's estimator on.

Each arm is told by where its wrist is, how far the elbow is swung out, how the forearm is turned, how the wrist bends
and how the fingers are curled; a sequence glides between a few such settings, and rotations follow by `motion.arm`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nonverbal.motion.arm import ArmPoints, arm_rotations
from nonverbal.motion.rotations import (
    F,
    apply,
    axis_angle_from_matrix,
    matrix_about,
    matrix_from_axis_angle,
    reject,
    swing_between,
    unit,
)
from nonverbal.motion.skeleton import offset_m
from nonverbal.spaces import SMPLX117_JOINTS, SMPLX_FINGERS, SMPLX_HAND_JOINTS
from nonverbal.types import F32

_MIRROR = np.array([1.0, -1.0, -1.0])
"""Signs that take a left arm's axis-angle to the right arm's."""

_PLACES: dict[str, tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float]]] = {
    # where the left wrist lies (least, most; metres from the chest's origin), forearm twist mean and spread (degrees)
    "gesture": ((-0.10, -0.38, 0.15), (0.36, -0.05, 0.42), (20.0, 45.0)),
    "raised": ((0.05, -0.15, 0.15), (0.48, 0.20, 0.40), (15.0, 45.0)),
    "table": ((-0.10, -0.42, 0.22), (0.30, -0.26, 0.42), (55.0, 30.0)),
    "lap": ((0.00, -0.52, 0.12), (0.25, -0.40, 0.32), (45.0, 35.0)),
    "together": ((-0.04, -0.42, 0.20), (0.07, -0.18, 0.36), (20.0, 30.0)),
    "face": ((-0.02, -0.02, 0.16), (0.16, 0.20, 0.28), (-10.0, 40.0)),
    "crossed": ((-0.22, -0.30, 0.15), (-0.08, -0.16, 0.24), (35.0, 25.0)),
    "hanging": ((0.22, -0.56, -0.05), (0.36, -0.48, 0.15), (10.0, 25.0)),
}
_BOTH = ("together", "crossed")
_ONE = ("gesture", "raised", "table", "lap", "face", "hanging")
_ONE_SHARES = (0.48, 0.14, 0.16, 0.09, 0.08, 0.05)

_SHAPES: dict[str, tuple[tuple[float, float, float], ...]] = {
    # bend of knuckle, middle and end joint in degrees for index, middle, pinky, ring; then the thumb's
    "relaxed": ((20, 28, 15), (26, 34, 18), (34, 38, 20), (30, 36, 20), (8, 10, 15)),
    "flat": ((2, 4, 2), (2, 4, 2), (3, 5, 3), (2, 4, 2), (0, 0, 0)),
    "cupped": ((38, 25, 15), (40, 28, 16), (42, 30, 18), (42, 30, 16), (15, 10, 10)),
    "fist": ((75, 95, 60), (80, 98, 60), (80, 90, 55), (80, 95, 58), (34, 32, 42)),
    "point": ((5, 6, 4), (70, 90, 55), (75, 85, 50), (75, 90, 55), (32, 30, 38)),
    "pinch": ((45, 45, 25), (30, 30, 15), (25, 25, 12), (28, 28, 14), (24, 20, 22)),
    "two": ((5, 6, 4), (6, 6, 4), (75, 85, 50), (75, 90, 55), (34, 32, 38)),
    "claw": ((5, 50, 30), (5, 52, 30), (8, 50, 30), (6, 52, 30), (5, 20, 25)),
}
_SHAPE_SHARES = (0.34, 0.16, 0.14, 0.12, 0.08, 0.06, 0.04, 0.06)

_GAP_FRAMES = (14, 40)
"""Frames from one setting to the next."""


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """[T, 117] ``smplx117``, [T, 3] chest axis-angle and [T, 3] its origin in metres, seat axes, 25 fps."""

    body: F32
    chest: F32
    origin_m: F32


def random_poses(count: int, rng: np.random.Generator) -> Poses:
    """A sequence of `count` frames."""
    at = np.concatenate([[0], np.cumsum(rng.integers(*_GAP_FRAMES, size=2 + count // _GAP_FRAMES[0]))])
    settings = [_setting(rng) for _ in at]
    joints = np.zeros((count, len(SMPLX117_JOINTS), 3))
    for index, side in enumerate(("left", "right")):
        sign = 1.0 if side == "left" else _MIRROR
        arm = glide(at, np.stack([s[index] for s in settings]), count)
        hand = glide(at, np.stack([s[2 + index] for s in settings]), count)
        rows = _arm(arm)
        for column, name in enumerate(("collar", "shoulder", "elbow", "wrist")):
            joints[:, SMPLX117_JOINTS.index(f"{side}_{name}")] = rows[:, column] * sign
        first = SMPLX117_JOINTS.index(f"{side}_{SMPLX_HAND_JOINTS[0]}")
        joints[:, first : first + 15] = finger_rows(hand) * sign
    trunk = glide(at, _trunk(len(at), rng), count)
    joints[:, SMPLX117_JOINTS.index("head")] = trunk[:, 6:]
    return Poses(
        joints.reshape(count, -1).astype(np.float32), trunk[:, :3].astype(np.float32), trunk[:, 3:6].astype(np.float32)
    )


def glide(at: F, values: F, count: int) -> F:
    """[count, D] from settings [K, D] at frames [K]: holds each a while, moves on with a soft start and end."""
    frames = np.arange(count)
    after = np.clip(np.searchsorted(at, frames, side="right"), 1, len(at) - 1)
    share = np.clip((frames - at[after - 1]) / (at[after] - at[after - 1]), 0.0, 1.0)
    share = np.clip((share - 0.1) / 0.8, 0.0, 1.0)
    soft = (share**3 * (share * (6.0 * share - 15.0) + 10.0))[:, None]
    return (1.0 - soft) * values[after - 1] + soft * values[after]


def _setting(rng: np.random.Generator) -> tuple[F, F, F, F]:
    """Arm left and right, hand left and right."""
    kind = rng.random()
    if kind < 0.12:
        places = ("together", "together")
    elif kind < 0.20:
        places = ("crossed", "crossed")
    else:
        places = (str(rng.choice(_ONE, p=_ONE_SHARES)), str(rng.choice(_ONE, p=_ONE_SHARES)))
    arms = [_arm_setting(place, rng) for place in places]
    if places[0] in _BOTH:
        arms[1][:3] = arms[0][:3] * (1, 1, 1) + rng.normal(0.0, 0.02, 3)
    return arms[0], arms[1], _hand_setting(rng), _hand_setting(rng)


def _arm_setting(place: str, rng: np.random.Generator) -> F:
    low, high, (twist, spread) = _PLACES[place]
    pole = np.array([0.45, -1.0, -0.25]) + rng.normal(0.0, (0.35, 0.1, 0.25))
    collar = rng.normal((2.0 if place != "raised" else 6.0, 3.0), (4.0, 5.0))  # degrees up and forward
    turn = np.clip(rng.normal(twist, spread), -80.0, 85.0)
    bend = np.clip(rng.normal(0.0, (26.0, 11.0)), (-60.0, -22.0), (60.0, 25.0))
    degrees = np.radians(np.concatenate([collar, [turn], bend]))
    return np.concatenate([rng.uniform(low, high), pole, degrees])


def _hand_setting(rng: np.random.Generator) -> F:
    shape = np.array(_SHAPES[str(rng.choice(list(_SHAPES), p=_SHAPE_SHARES))], float)
    if rng.random() < 0.5:
        other = np.array(_SHAPES[str(rng.choice(list(_SHAPES), p=_SHAPE_SHARES))], float)
        share = rng.random()
        shape = (1.0 - share) * shape + share * other
    bends = shape * rng.uniform(0.75, 1.2) + rng.normal(0.0, 6.0, shape.shape) + rng.normal(0.0, 5.0, (5, 1))
    bends = np.clip(bends, (-15.0, 0.0, -3.0), (92.0, 108.0, 75.0))
    fan = rng.normal(0.25, 0.5)  # 1: fingers spread wide
    spread = np.array([10.0, 2.0, -14.0, -6.0]) * fan + rng.normal(0.0, 3.0, 4)
    stand = rng.normal(0.0, (14.0, 12.0))
    return np.radians(np.concatenate([bends.ravel(), np.clip(spread, -22.0, 22.0), np.clip(stand, -30.0, 30.0)]))


def _trunk(count: int, rng: np.random.Generator) -> F:
    """[count, 9] chest axis-angle, origin in metres, head axis-angle; each swings around a resting pose of its own."""
    lean = np.radians(rng.normal((3.0, 0.0, 0.0), (7.0, 9.0, 3.0)) + rng.normal(0.0, (3.0, 6.0, 2.5), (count, 3)))
    sway = rng.normal(0.0, (0.015, 0.006, 0.015), (count, 3))
    head = np.radians(rng.normal((-3.0, 0.0, 0.0), (5.0, 8.0, 3.0)) + rng.normal(0.0, (7.0, 13.0, 5.0), (count, 3)))
    head[:, 1] -= 0.5 * lean[:, 1]
    return np.concatenate([np.clip(lean, -0.6, 0.6), sway, np.clip(head, -0.8, 0.8)], axis=1)


def _arm(p: F) -> F:
    """[T, 4, 3] axis-angle of a left arm's collar, shoulder, elbow and wrist, from its parameters [T, 11]."""
    collar = matrix_about(1, -p[:, 7]) @ matrix_about(2, p[:, 6])
    root = np.broadcast_to(offset_m("collar"), (len(p), 3))
    shoulder = root + apply(collar, offset_m("shoulder"))
    wrist = _out_of_the_trunk(p[:, :3])
    upper_m, fore_m = np.linalg.norm(offset_m("elbow")), np.linalg.norm(offset_m("wrist"))
    reach = wrist - shoulder
    length = np.clip(np.linalg.norm(reach, axis=1), 0.16, 0.985 * (upper_m + fore_m))
    along = unit(reach)
    before = (length**2 + upper_m**2 - fore_m**2) / (2.0 * length)
    out = np.sqrt(np.maximum(upper_m**2 - before**2, 0.0))
    elbow = shoulder + along * before[:, None] + unit(reject(p[:, 3:6], along)) * out[:, None]
    end = shoulder + along * length[:, None]
    points = ArmPoints(root, shoulder, elbow, end)
    rows = arm_rotations(points, np.broadcast_to(np.eye(3), (len(p), 3, 3)), np.zeros(len(p), bool))
    rows[:, 2] = axis_angle_from_matrix(matrix_from_axis_angle(rows[:, 2]) @ matrix_about(0, p[:, 8]))
    rows[:, 3] = np.stack([np.zeros(len(p)), p[:, 10], -p[:, 9]], axis=1)
    return rows


def _out_of_the_trunk(wrist: F) -> F:
    """Wrists in front of the chest stay at least 14 cm before it."""
    front = 0.14 * np.clip((0.26 - np.abs(wrist[:, 0])) / 0.08, 0.0, 1.0)
    return np.stack([wrist[:, 0], wrist[:, 1], np.maximum(wrist[:, 2], front)], axis=1)


def finger_rows(p: F) -> F:
    """[T, 15, 3] axis-angle of a left hand's joints from bends, spreads and the thumb's stand [T, 21] in radians."""
    bends = p[:, :15].reshape(len(p), 5, 3)
    rows = []
    for finger, name in enumerate(SMPLX_FINGERS):
        for joint in range(3):
            if name == "thumb":
                turn = matrix_from_axis_angle(_thumb_axis(joint) * bends[:, finger, joint, None])
                if joint == 0:
                    turn = matrix_about(1, p[:, 19]) @ matrix_about(2, p[:, 20]) @ turn
                    turn = _swing_only(turn)
            else:
                turn = matrix_about(2, -bends[:, finger, joint])
                if joint == 0:
                    turn = matrix_about(1, -p[:, 15 + finger]) @ turn
            rows.append(axis_angle_from_matrix(turn))
    return np.stack(rows, axis=1)


def _thumb_axis(joint: int) -> F:
    """[3] the axis about which the thumb bends over the palm, square to its bone."""
    along = unit(offset_m(("thumb2", "thumb3", "thumb")[joint]))
    return unit(np.cross(along, reject(np.array([0.3, -0.5, -0.8]), along)))


def _swing_only(turn: F) -> F:
    """The thumb's root without twist about its own bone."""
    along = unit(offset_m("thumb2"))
    return swing_between(along, apply(turn, along))
