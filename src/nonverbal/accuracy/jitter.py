"""How restless the finding is: mean acceleration of what was found against that of the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nonverbal.accuracy.matching import Match, valid_in_both
from nonverbal.motion.rotations import F, axis_angle_from_matrix, matrix_from_axis_angle
from nonverbal.spaces import get_space
from nonverbal.types import PARTS, Bool, Motion

_COLUMNS = get_space("smplx117").groups

JITTER_NAMES = ("face", "head", "upper_body", "hands")


@dataclass(frozen=True, slots=True)
class Jitter:
    """Sums of accelerations over `count` (joint or coefficient, frame) pairs."""

    true_sum: float = 0.0
    found_sum: float = 0.0
    count: int = 0

    def __add__(self, other: Jitter) -> Jitter:
        return Jitter(self.true_sum + other.true_sum, self.found_sum + other.found_sum, self.count + other.count)

    @property
    def true_mean(self) -> float:
        return self.true_sum / self.count if self.count else 0.0

    @property
    def found_mean(self) -> float:
        return self.found_sum / self.count if self.count else 0.0

    @property
    def ratio(self) -> float:
        """Found over true; 0 where the truth does not accelerate at all."""
        return self.found_sum / self.true_sum if self.true_sum > 0 else 0.0


def score_jitter(pair: Match) -> dict[str, Jitter]:
    """Part -> accelerations over all three consecutive frames that are valid in truth and finding.

    face: of a coefficient, in 1/s^2. head, upper_body, hands: of a joint's rotation, in degrees/s^2.
    """
    scores = dict.fromkeys(JITTER_NAMES, Jitter())
    for truth, found in pair.people:
        if found is None:
            continue
        for name, part, accelerate in _MEASURED:
            rows = valid_in_both(truth, found, PARTS.index(part))
            scores[name] += _measure(truth, found, rows, accelerate)
    return scores


def _measure(truth: Motion, found: Motion, rows: Bool, accelerate: Callable[[Motion], F]) -> Jitter:
    triples = rows[:-2] & rows[1:-1] & rows[2:]
    if not triples.any():
        return Jitter()
    want, got = accelerate(truth)[triples], accelerate(found)[triples]
    return Jitter(float(want.sum()), float(got.sum()), int(want.size))


def value_acceleration(values: F, fps: float) -> F:
    """[T - 2, D] absolute second difference of [T, D] per second squared."""
    return np.abs(np.diff(values.astype(np.float64), n=2, axis=0)) * fps**2


def rotation_acceleration(axis_angle: F, fps: float) -> F:
    """[T - 2, J] degrees/s^2: how fast the angular velocity of J rotations [T, 3 J] changes, in the parent's axes."""
    matrix = matrix_from_axis_angle(axis_angle.reshape(len(axis_angle), -1, 3))
    turn = axis_angle_from_matrix(matrix[1:] @ np.swapaxes(matrix[:-1], -1, -2))
    return np.degrees(np.linalg.norm(np.diff(turn, axis=0), axis=-1)) * fps**2


def _body(group: str) -> Callable[[Motion], F]:
    return lambda motion: rotation_acceleration(motion.body[:, _COLUMNS[group]], motion.fps)


_MEASURED: tuple[tuple[str, str, Callable[[Motion], F]], ...] = (
    ("face", "face", lambda motion: value_acceleration(motion.face, motion.fps)),
    ("head", "head", lambda motion: rotation_acceleration(motion.head_pose[:, :3], motion.fps)),
    ("upper_body", "upper_body", _body("upper_body")),
    ("hands", "left_hand", _body("left_hand")),
    ("hands", "right_hand", _body("right_hand")),
)
"""Name in the scores, part whose validity counts, acceleration of a motion [T - 2, joints or coefficients]."""
