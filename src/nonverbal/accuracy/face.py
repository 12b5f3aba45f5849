"""Face coefficients against the truth: correlation and mean error, one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from nonverbal.accuracy.matching import Match, valid_in_both
from nonverbal.motion.rotations import F
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import PARTS, Bool

_FACE = PARTS.index("face")

MOVES = 0.01
"""A coefficient whose truth has a smaller standard deviation does not move: it has no correlation."""

_FEW_FRAMES = 25  # a second; correlations over less say nothing

TALK10: tuple[tuple[str, ...], ...] = (
    ("jawOpen",), ("mouthClose",), ("mouthFunnel",), ("mouthPucker",), ("mouthSmileLeft",), ("mouthSmileRight",),
    ("eyeBlinkLeft",), ("eyeBlinkRight",), ("browInnerUp",), ("browDownLeft", "browDownRight"),
)  # fmt: skip
"""The ten coefficients that carry talk; of a pair, the mean counts."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceScores:
    """One row a participant of a clip, of P.

    Attributes:
        r: [P, 52] Pearson correlation of found and true coefficient over frames valid in both; 0 where what was found
            is constant, and where `moves` is false.
        moves: [P, 52] the truth's standard deviation over those frames exceeds `MOVES`.
        mae: [P, 52] mean absolute difference.
        n_frames: [P] frames valid in both.
    """

    r: F
    moves: Bool
    mae: F
    n_frames: NDArray[np.int64]


_FACE_FIELDS = tuple(f.name for f in fields(FaceScores))


def score_face(pair: Match) -> FaceScores:
    """Compares the faces of one clip; a participant who was not found, or for less than a second, has no row."""
    rows = []
    for truth, found in pair.people:
        valid = valid_in_both(truth, found, _FACE) if found else np.zeros(truth.n_frames, bool)
        if found and valid.sum() >= _FEW_FRAMES:
            want, got = truth.face[valid].astype(np.float64), found.face[valid].astype(np.float64)
            moves = want.std(axis=0) > MOVES
            rows.append((pearson(want, got) * moves, moves, np.abs(want - got).mean(axis=0), int(valid.sum())))
    width = len(ARKIT52_NAMES)
    r, moves_of, mae, count = zip(*rows, strict=True) if rows else ((), (), (), ())
    return FaceScores(
        np.reshape(np.asarray(r, np.float64), (-1, width)),
        np.reshape(np.asarray(moves_of, bool), (-1, width)),
        np.reshape(np.asarray(mae, np.float64), (-1, width)),
        np.asarray(count, dtype=np.int64),
    )


def pool(scores: Sequence[FaceScores]) -> FaceScores:
    """The rows of all scores together."""
    none = np.zeros((0, len(ARKIT52_NAMES)))
    start = FaceScores(none, none.astype(bool), none, np.zeros(0, np.int64))
    return FaceScores(*(np.concatenate([getattr(s, name) for s in (start, *scores)]) for name in _FACE_FIELDS))


def pearson(a: F, b: F) -> F:
    """[D] correlation of the columns of [T, D] and [T, D], in [-1, 1]; 0 where one of the two is constant."""
    x, y = a - a.mean(axis=0), b - b.mean(axis=0)
    spread = np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0))
    return np.clip(np.divide((x * y).sum(axis=0), spread, out=np.zeros_like(spread), where=spread > 1e-9), -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient over all participants: mean r over the `moving` ones of them, and mean error over all."""

    name: str
    r: float
    mae: float
    moving: int


def coefficients(scores: FaceScores) -> tuple[Coefficient, ...]:
    """The 52, in order; r is 0 where nobody moves the coefficient, which `moving` = 0 tells."""
    moving = scores.moves.sum(axis=0)
    r = np.divide(scores.r.sum(axis=0), moving, out=np.zeros(len(ARKIT52_NAMES)), where=moving > 0)
    mae = scores.mae.mean(axis=0) if len(scores.mae) else np.zeros(len(ARKIT52_NAMES))
    return tuple(
        Coefficient(*row) for row in zip(ARKIT52_NAMES, r.tolist(), mae.tolist(), moving.tolist(), strict=True)
    )


def mean_r(found: tuple[Coefficient, ...]) -> tuple[float, int]:
    """Mean r over those of the coefficients that move in the truth, and how many these are."""
    moving = [c.r for c in found if c.moving]
    return (float(np.mean(moving)) if moving else 0.0), len(moving)


def talk10(found: tuple[Coefficient, ...]) -> tuple[float, int]:
    """Mean r over `TALK10`, and how many of the ten move in the truth."""
    by_name = {c.name: c for c in found}
    groups = [mean_r(tuple(by_name[name] for name in names)) for names in TALK10]
    moving = [r for r, count in groups if count]
    return (float(np.mean(moving)) if moving else 0.0), len(moving)
