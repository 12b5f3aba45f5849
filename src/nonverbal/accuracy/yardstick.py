"""How the estimates on real faces agree with a learned estimator's: coefficients, head and gaze, person by person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nonverbal.accuracy.face import pearson
from nonverbal.motion.rotations import F, angle_between_rad, axis_angle_from_matrix, matrix_from_axis_angle
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import PARTS, Bool, Motion

MOVES = 0.03
"""A coefficient that the yardstick gives a smaller standard deviation does not move: no correlation is given."""

_FACE, _GAZE = PARTS.index("face"), PARTS.index("gaze")

_GAZE_AXES = (
    ("left yaw", "eyeLookOutLeft", "eyeLookInLeft"), ("left pitch", "eyeLookUpLeft", "eyeLookDownLeft"),
    ("right yaw", "eyeLookInRight", "eyeLookOutRight"), ("right pitch", "eyeLookUpRight", "eyeLookDownRight"),
)  # fmt: skip
"""Each gaze angle, and the two coefficients whose difference follows it."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One person against the yardstick.

    Attributes:
        frames: seen by both.
        r: Pearson correlation of each coefficient that moves, by name.
        mae: mean absolute difference of all 52, by name.
        head_deg, head_p95_deg: angle of the rotation between both heads, mean and 95th percentile.
        head_steady_deg: the mean of that rotation's pitch, yaw and roll.
        gaze_r: correlation of each gaze angle with the difference of its look coefficients, while the eyes are open.
    """

    frames: int
    r: Mapping[str, float]
    mae: Mapping[str, float]
    head_deg: float
    head_p95_deg: float
    head_steady_deg: tuple[float, float, float]
    gaze_r: Mapping[str, float]


def agree(motion: Motion, shapes: F, heads: F, seen: Bool) -> Agreement | None:
    """Compares the motion of one person with blendshapes [T, 52] and head rotations [T, 3, 3] where `seen` [T].

    None where both saw the face together for less than a second.
    """
    rows = np.flatnonzero((motion.validity[:, _FACE] == 1) & seen)
    if len(rows) < motion.fps:
        return None
    mine, theirs = motion.face[rows].astype(np.float64), shapes[rows]
    r, moves = pearson(mine, theirs), theirs.std(axis=0) > MOVES
    ours = matrix_from_axis_angle(motion.head_pose[rows, :3])
    apart = np.degrees(angle_between_rad(ours, heads[rows]))
    steady = np.degrees(axis_angle_from_matrix(np.swapaxes(ours, 1, 2) @ heads[rows])).mean(axis=0)
    return Agreement(
        frames=len(rows),
        r={name: float(r[i]) for i, name in enumerate(ARKIT52_NAMES) if moves[i]},
        mae=dict(zip(ARKIT52_NAMES, np.abs(mine - theirs).mean(axis=0).tolist(), strict=True)),
        head_deg=float(apart.mean()),
        head_p95_deg=float(np.quantile(apart, 0.95)),
        head_steady_deg=(float(steady[0]), float(steady[1]), float(steady[2])),
        gaze_r=_gaze_r(motion, shapes, rows),
    )


def _gaze_r(motion: Motion, shapes: F, rows: F) -> dict[str, float]:
    rows = rows[motion.validity[rows, _GAZE] == 1]
    if len(rows) < motion.fps:
        return {}
    look = {name: shapes[rows, i] for i, name in enumerate(ARKIT52_NAMES)}
    wanted = np.stack([look[more] - look[less] for _, more, less in _GAZE_AXES], axis=1)
    r = pearson(motion.gaze[rows].astype(np.float64), wanted)
    return {name: float(r[i]) for i, (name, *_) in enumerate(_GAZE_AXES)}
