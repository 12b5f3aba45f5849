"""The head and the eyes in it: the head follows looks late and in part, nods and tilts; the eyes make up for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nonverbal.motion.rotations import F, axis_angle_from_matrix
from nonverbal.studio.acting.attention import Looks, angles_of
from nonverbal.studio.acting.curves import dips, drift, humps, moves, ripples
from nonverbal.studio.acting.habits import Doing
from nonverbal.studio.acting.style import Style

EYE_YAW_RAD = np.radians(25.0)
EYE_PITCH_RAD = np.radians(20.0)
"""How far eyes turn in the head; the head takes what is left."""

VERGENCE_RAD = np.radians(0.8)
"""Inward turn of each eye: looking at someone some two metres away."""

HEAD_LAG_S = 0.06
"""The head sets out after the eyes."""

NOD_HZ = 2.4
SHAKE_HZ = 2.1
LAUGH_HZ = 4.6

_RESIDUAL_RAD = np.radians([14.0, 9.0])  # yaw and pitch that eyes leave to themselves before the head must help
_GAIN = np.array([0.5, 0.35])  # share of a look's yaw and pitch that the head takes over anyway
_MIX = np.array([0.8, 0.2])  # where the head is at home between the partner and the lens


def turn(angles: F) -> F:
    """[..., 3] yaw to the left, pitch up, roll to the person's right -> [..., 3, 3] in seat axes, roll done first."""
    (cy, cp, cr), (sy, sp, sr) = np.moveaxis(np.cos(angles), -1, 0), np.moveaxis(np.sin(angles), -1, 0)
    rows = (
        (cy * cr - sy * sp * sr, -cy * sr - sy * sp * cr, sy * cp),
        (cp * sr, cp * cr, sp),
        (-sy * cr - cy * sp * sr, sy * sr - cy * sp * cr, cy * cp),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def head_angles(
    fixations: Looks, acts: Sequence[Doing], style: Style, towards: F, speaking: F, rng: np.random.Generator
) -> F:
    """[T, 3] yaw, pitch, roll of the head in seat axes.

    Args:
        acts: nods and the like; others are passed over.
        towards: [2, 2] yaw and pitch of the partner and of the lens.
        speaking: [T] 0 to 1, how much the voice moves the head along.
    """
    count = len(speaking)
    angles = np.zeros((count, 3))
    angles[:, :2] = _followed(fixations, towards, count, rng)
    size = np.radians(style.head_motion)
    angles += size * np.array([1.3, 0.9, 1.4]) * drift(count, rng, 1.8, 3)
    angles += size * np.array([1.1, 1.2, 0.8]) * drift(count, rng, 0.45, 3) * speaking[:, None]
    return angles + size * np.stack(_gestures(acts, count, rng), axis=1)


def gaze_in_head(start_s: F, direction: F, head: F) -> F:
    """[T, 4] gaze as in `Motion`, from saccades (start [N], direction [N, 2]) and head [T, 3, 3], both in seat axes."""
    before = np.concatenate([direction[:1], direction[:-1]])
    jump_rad = np.linalg.norm(direction - before, axis=1)
    lasts_s = 0.03 + 0.12 * jump_rad  # the main sequence: some 2 ms per degree on top of 25 to 30 ms
    yaw, pitch = moves(len(head), direction[0], start_s, lasts_s, direction).T
    ahead = np.stack([np.cos(pitch) * np.sin(yaw), np.sin(pitch), np.cos(pitch) * np.cos(yaw)], axis=-1)
    eye = angles_of(np.einsum("nji,nj->ni", head, ahead))
    eye = np.clip(eye, [-EYE_YAW_RAD, -EYE_PITCH_RAD], [EYE_YAW_RAD, EYE_PITCH_RAD])
    inward = np.array([-VERGENCE_RAD, 0.0, VERGENCE_RAD, 0.0])
    limit = np.array([EYE_YAW_RAD, EYE_PITCH_RAD] * 2)
    return np.clip(np.concatenate([eye, eye], axis=1) + inward, -limit, limit)


def head_on_chest(head: F, chest: F) -> F:
    """[T, 3] axis-angle of the joint ``head``, from head and chest matrices [T, 3, 3] in seat axes."""
    return axis_angle_from_matrix(np.swapaxes(chest, -1, -2) @ head)


def _followed(fixations: Looks, towards: F, count: int, rng: np.random.Generator) -> F:
    """[count, 2] yaw and pitch with which the head follows looks."""
    home = _MIX @ towards
    away = fixations.direction - home
    follow = away * _GAIN * rng.uniform(0.6, 1.3, (len(away), 1))
    left = away - follow
    follow += left - np.clip(left, -_RESIDUAL_RAD, _RESIDUAL_RAD)
    shift = np.linalg.norm(np.diff(np.concatenate([np.zeros((1, 2)), follow]), axis=0), axis=1)
    lasts_s = np.clip(0.32 + 1.2 * shift, 0.32, 0.9) * rng.uniform(0.85, 1.2, len(shift))
    return home + moves(count, follow[0], fixations.start_s + HEAD_LAG_S, lasts_s, follow)


def _gestures(acts: Sequence[Doing], count: int, rng: np.random.Generator) -> tuple[F, F, F]:
    """[count] degrees of yaw, pitch and roll that shakes, nods, lifted chins, tilts and laughs add."""
    start_s, length_s, size = _table(acts, "nod")
    pitch = dips(count, start_s, _cycles(length_s * NOD_HZ, rng), NOD_HZ) @ -size
    start_s, length_s, size = _table(acts, "nod_once")
    pitch -= dips(count, start_s, 1.0, 1.0 / np.maximum(length_s, 0.3)) @ size
    for does, sign in (("chin_up", 1.0), ("chin_down", -1.0)):
        start_s, length_s, size = _table(acts, does)
        pitch += humps(count, start_s - 0.2, 0.35, length_s - 0.15, 0.5) @ (sign * size)
    start_s, length_s, size = _table(acts, "laugh_face")
    pitch += ripples(count, start_s, np.maximum(2.0, np.rint(length_s * LAUGH_HZ)), LAUGH_HZ) @ (1.6 * size)
    start_s, length_s, size = _table(acts, "shake")
    yaw = ripples(count, start_s, _cycles(length_s * SHAKE_HZ, rng), SHAKE_HZ) @ (_either_side(rng, size) * size)
    start_s, length_s, size = _table(acts, "tilt")
    roll = humps(count, start_s - 0.1, 0.45, length_s - 0.35, 0.6) @ (_either_side(rng, size) * size)
    return yaw, pitch, roll


def _cycles(wanted: F, rng: np.random.Generator) -> F:
    return np.maximum(2.0, np.rint(wanted * rng.uniform(0.8, 1.2, len(wanted))))


def _either_side(rng: np.random.Generator, like: F) -> F:
    return np.asarray(rng.choice([-1.0, 1.0], len(like)))


def _table(acts: Sequence[Doing], does: str) -> tuple[F, F, F]:
    """Start, length and size of each act that does this."""
    mine = [act for act in acts if act.does == does]
    start_s = np.array([act.start_s for act in mine])
    return start_s, np.array([act.end_s for act in mine]) - start_s, np.array([act.size for act in mine])
