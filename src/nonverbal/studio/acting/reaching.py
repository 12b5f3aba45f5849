"""From where a wrist should be and which way its palm looks to the joint rotations of the arm.

An arm is posed as a left arm: x is out to its own side, y up, z forward, metres from the chest's origin, in the chest's
axes. A right arm is its mirror image. Between poses not rotations but controls are blended, so that the elbow stays a
hinge and the forearm's twist a twist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nonverbal.motion.arm import ArmPoints, arm_rotations
from nonverbal.motion.rotations import F, matrix_about, matrix_from_axis_angle, reject, twist_angle, unit
from nonverbal.motion.skeleton import offset_m
from nonverbal.studio.acting.handshapes import HAND_SHAPES

ARM_CONTROLS = 10
"""Collar axis-angle (3), shoulder axis-angle (3), elbow bend, forearm twist, wrist y, wrist z: radians."""

WRIST_LIMIT_RAD = np.radians(58.0)
_UPPER_M = float(np.linalg.norm(offset_m("elbow")))
_FORE_M = float(np.linalg.norm(offset_m("wrist")))
_SHORTEST_M, _LONGEST_M = 0.14, 0.995 * (_UPPER_M + _FORE_M)


@dataclass(frozen=True, slots=True)
class Pose:
    """Where one arm is held.

    Attributes:
        wrist: x, y, z metres.
        palm: the direction the palm looks; what of it lies along the forearm is left out.
        shape: one of `HAND_SHAPES`.
        flex_deg: how far the hand bends towards its palm at the wrist; negative bends back.
        aside_deg: how far it bends to the thumb's side.
        raise_deg: how far the collar is raised.
        elbow_out: 0 lets the elbow hang, 1 lifts it half out to the side.
    """

    wrist: tuple[float, float, float]
    palm: tuple[float, float, float]
    shape: str = "relaxed"
    flex_deg: float = 0.0
    aside_deg: float = 0.0
    raise_deg: float = 0.0
    elbow_out: float = 0.25


def controls(poses: Sequence[Pose]) -> F:
    """[K, 55] arm controls and hand rotations of each pose.

    A wrist out of reach is brought to the end of the reach; a wrist bends at most `WRIST_LIMIT_RAD`.
    """
    raised = matrix_about(2, np.radians([pose.raise_deg for pose in poses]))
    points = _points(poses, raised)
    fore = unit(points.wrist - points.elbow)
    palm = unit(reject(np.array([pose.palm for pose in poses]), fore))
    hand = np.stack([fore, -palm, np.cross(fore, -palm)], axis=-1)
    bend = np.radians([(pose.flex_deg, pose.aside_deg) for pose in poses])
    bend *= np.minimum(1.0, WRIST_LIMIT_RAD / np.maximum(np.linalg.norm(bend, axis=1, keepdims=True), 1e-9))
    axis = np.stack([np.zeros(len(bend)), -bend[:, 1], -bend[:, 0]], axis=1)
    solved = arm_rotations(points, hand @ matrix_from_axis_angle(axis), np.ones(len(poses), dtype=bool))
    elbow = np.swapaxes(matrix_from_axis_angle(solved[:, 2]), -1, -2)
    twist = -twist_angle(elbow, 0)
    forward = elbow[:, 0]  # where the forearm points, in the upper arm's axes
    hinge = np.arctan2(forward[:, 2], forward[:, 0])
    shapes = np.array([HAND_SHAPES[pose.shape] for pose in poses])
    return np.concatenate(
        [solved[:, 0], solved[:, 1], hinge[:, None], twist[:, None], solved[:, 3, 1:], shapes], axis=1
    )


def arm_axis_angles(values: F) -> F:
    """[T, 10] arm controls -> [T, 12] axis-angle of collar, shoulder, elbow and wrist of a left arm."""
    bend, twist = values[:, 6] / 2.0, values[:, 7] / 2.0
    cosine = np.cos(bend) * np.cos(twist)
    vector = np.stack(
        [np.cos(bend) * np.sin(twist), -np.sin(bend) * np.cos(twist), np.sin(bend) * np.sin(twist)], axis=1
    )
    sine = np.linalg.norm(vector, axis=1)
    scale = np.where(sine > 1e-9, 2.0 * np.arctan2(sine, cosine) / np.maximum(sine, 1e-9), 2.0)
    still = np.zeros((len(values), 1))
    return np.concatenate([values[:, :6], scale[:, None] * vector, still, values[:, 8:10]], axis=1)


def _points(poses: Sequence[Pose], raised: F) -> ArmPoints:
    collar = np.broadcast_to(offset_m("collar"), (len(poses), 3))
    shoulder = collar + raised @ offset_m("shoulder")
    away = np.array([pose.wrist for pose in poses]) - shoulder
    distance = np.clip(np.linalg.norm(away, axis=1, keepdims=True), _SHORTEST_M, _LONGEST_M)
    along = unit(away)
    share = (_UPPER_M**2 - _FORE_M**2 + distance**2) / (2.0 * distance)
    height = np.sqrt(np.maximum(_UPPER_M**2 - share**2, 0.0))
    out = np.array([pose.elbow_out for pose in poses])
    hang = np.stack([out, -np.ones(len(poses)), np.full(len(poses), -0.35)], axis=1)
    elbow = shoulder + along * share + unit(reject(hang, along)) * height
    return ArmPoints(collar=collar, shoulder=shoulder, elbow=elbow, wrist=shoulder + along * distance)
