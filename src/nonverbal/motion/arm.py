"""Collar, shoulder, elbow and wrist rotations from where the joints of one arm are.

Solved for a left arm in the chest's axes; a right arm comes in as its mirror image. The elbow is a hinge about y that
bends the forearm from x towards z; which way that points is the upper arm's twist, read off the bend plane. What turns
the palm is the forearm's own twist, kept at the elbow, so that the wrist only bends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nonverbal.motion.rotations import (
    F,
    apply,
    axis_angle_from_matrix,
    limit_angle,
    matrix_about,
    swing_between,
    twist_angle,
    unit,
)
from nonverbal.motion.skeleton import offset_m
from nonverbal.types import Bool

COLLAR_LIMIT_RAD = np.radians(35.0)
SHOULDER_TWIST_LIMIT_RAD = np.radians(110.0)
ELBOW_LIMIT_RAD = np.radians(155.0)
FOREARM_TWIST_LIMIT_RAD = np.radians(100.0)
WRIST_LIMIT_RAD = np.radians(85.0)

HOLD_FRAMES = (10, 35)
"""Frames from a seen hand up to which its wrist is kept, and from which on it rests: 0.4 and 1.4 s at 25 fps."""

PLANE_SINE = (np.sin(np.radians(6.0)), np.sin(np.radians(22.0)))
"""Sines of elbow bend between which the bend plane comes to count: a straight arm has none, and a nearly straight one's
is noise."""


@dataclass(frozen=True, slots=True, eq=False)
class ArmPoints:
    """[N, 3] metres in the chest's axes, from the chest's origin: the joints of an arm."""

    collar: F
    shoulder: F
    elbow: F
    wrist: F


def arm_rotations(points: ArmPoints, hand: F, hand_known: Bool) -> F:
    """[N, 4, 3] axis-angle of a left arm's collar, shoulder, elbow and wrist.

    Forward kinematics of the result points each bone exactly as given, unless a limit above was hit.

    Args:
        points: where the joints are.
        hand: [N, 3, 3] orientation of the hand in the chest's axes.
        hand_known: [N] bool, rows in order of time. Where false, forearm twist and wrist go on evenly between the
            hands before and after, and to rest (both zero) where the next hand is far: see `HOLD_FRAMES`.
    """
    forward = np.array([1.0, 0.0, 0.0])
    collar = limit_angle(swing_between(offset_m("shoulder"), points.shoulder - points.collar), COLLAR_LIMIT_RAD)
    upper = apply(np.swapaxes(collar, -1, -2), unit(points.elbow - points.shoulder))
    swing = swing_between(forward, upper)
    fore = unit(points.wrist - points.elbow)
    shoulder = swing @ matrix_about(0, _upper_arm_twist(apply(np.swapaxes(collar @ swing, -1, -2), fore)))
    above = collar @ shoulder
    elbow = limit_angle(swing_between(forward, apply(np.swapaxes(above, -1, -2), fore)), ELBOW_LIMIT_RAD)
    above = above @ elbow
    relative = np.swapaxes(above, -1, -2) @ hand
    twist = np.clip(twist_angle(relative, 0), -FOREARM_TWIST_LIMIT_RAD, FOREARM_TWIST_LIMIT_RAD)
    wrist = limit_angle(matrix_about(0, -twist) @ relative, WRIST_LIMIT_RAD)
    twist, *wrist_axes = held(np.column_stack([twist, axis_angle_from_matrix(wrist)]), hand_known).T
    bones = axis_angle_from_matrix(np.stack([collar, shoulder, elbow @ matrix_about(0, twist)], axis=1))
    return np.concatenate([bones, np.stack(wrist_axes, axis=-1)[:, None]], axis=1)


def wrist_bend_rad(points: ArmPoints, hand: F) -> F:
    """[N] the angle between the forearm and the hand [N, 3, 3]; no twist of the forearm changes it."""
    return np.asarray(np.arccos(np.clip(np.sum(hand[..., 0] * unit(points.wrist - points.elbow), axis=-1), -1.0, 1.0)))


def held(values: F, known: Bool) -> F:
    """[N, D] `values` where `known`, straight lines between, fading to zero far from any known row."""
    if not known.any():
        return np.zeros_like(values)
    rows, at = np.arange(len(values)), np.flatnonzero(known)
    filled = np.stack([np.interp(rows, at, column[at]) for column in values.T], axis=1)
    after = np.searchsorted(at, rows).clip(0, len(at) - 1)
    away = np.minimum(np.abs(at[after] - rows), np.abs(at[np.maximum(after - 1, 0)] - rows))
    hold, gone = HOLD_FRAMES
    return filled * np.clip((gone - away) / (gone - hold), 0.0, 1.0)[:, None]


def _upper_arm_twist(fore: F) -> F:
    """[N] radians about x that bring the hinge's plane (x, z) onto the forearm's direction [N, 3]."""
    _, y, z = np.moveaxis(fore, -1, 0)
    low, high = PLANE_SINE
    known = np.clip((np.hypot(y, z) - low) / (high - low), 0.0, 1.0)
    return known * np.clip(np.arctan2(-y, z), -SHOULDER_TWIST_LIMIT_RAD, SHOULDER_TWIST_LIMIT_RAD)
