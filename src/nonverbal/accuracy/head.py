"""Head rotation and gaze against the truth, in degrees."""

from __future__ import annotations

import numpy as np

from nonverbal.accuracy.matching import Match, valid_in_both
from nonverbal.motion.rotations import F, angle_between_rad, matrix_from_axis_angle
from nonverbal.types import PARTS

_HEAD, _GAZE = PARTS.index("head"), PARTS.index("gaze")

HEAD_NAMES = ("head", "head_steady_off", "gaze", "gaze_both")


def score_head(pair: Match) -> dict[str, F]:
    """Name -> degrees in each (person, frame) pair where the part is valid in truth and finding.

    head: the angle of the rotation between found and true head, both told against the line of sight (`types.Motion`).
    head_steady_off: what of it is left when the person's mean rotation error over the clip is taken away.
    gaze: the angle between found and true direction of an eye relative to the head, mean of the two eyes.
    gaze_both: the same between the mean directions of both eyes.
    """
    errors: dict[str, list[F]] = {name: [np.zeros(0)] for name in HEAD_NAMES}
    for truth, found in pair.people:
        if found is None:
            continue
        rows = valid_in_both(truth, found, _HEAD)
        want, got = (matrix_from_axis_angle(m.head_pose[rows, :3]) for m in (truth, found))
        errors["head"].append(np.degrees(angle_between_rad(want, got)))
        errors["head_steady_off"].append(np.degrees(without_steady(want, got)))
        rows = valid_in_both(truth, found, _GAZE)
        want, got = directions(truth.gaze[rows]), directions(found.gaze[rows])
        errors["gaze"].append(angle_deg(want, got).mean(axis=1))
        errors["gaze_both"].append(angle_deg(want.mean(axis=1), got.mean(axis=1)))
    return {name: np.concatenate(values) for name, values in errors.items()}


def without_steady(want: F, got: F) -> F:
    """[N] radians between found and true rotations [N, 3, 3] once their mean error is undone.

    The error is told in the head's own axes; its mean is the rotation nearest to the mean of the error matrices.
    """
    if not len(want):
        return np.zeros(0)
    error = np.swapaxes(want, -1, -2) @ got
    u, _, vt = np.linalg.svd(error.mean(axis=0))
    mean = u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt
    return angle_between_rad(np.broadcast_to(mean, error.shape), error)


def directions(gaze: F) -> F:
    """[N, 2, 3] unit directions of left and right eye from gaze [N, 4]: x to the person's left, y up, z ahead."""
    yaw, pitch = gaze.reshape(-1, 2, 2).astype(np.float64).transpose(2, 0, 1)
    return np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)], axis=-1)


def angle_deg(a: F, b: F) -> F:
    """[...] degrees between vectors [..., 3] of any length."""
    sine, cosine = np.linalg.norm(np.cross(a, b), axis=-1), np.sum(a * b, axis=-1)
    return np.degrees(np.arctan2(sine, cosine))
