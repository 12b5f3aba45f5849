"""Diversity: how far apart two random frames are, on a fair sample of frames that arrive sequence by sequence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nonverbal.types import F32, Bool

PAIRS, REPEATS = 1000, 10
"""Random pairs of frames, and how often they are drawn anew (the paper's numbers)."""

_KEPT = 2 * PAIRS * REPEATS
"""Frames kept: as many as all pairs could need. Sets of fewer frames are kept whole."""


@dataclass(eq=False)
class FrameSample:
    """A uniform sample of frames, the same whatever the order of the sequences.

    Each frame draws a random number from a generator that is seeded by its sequence's content; those with the smallest
    numbers stay. Truth and decoded rows are kept together, so that both diversities are of the same pairs.
    """

    seed: int
    _draws: list[NDArray[np.float64]] = field(default_factory=list)
    _rows: list[F32] = field(default_factory=list)
    _held: int = 0

    def add(self, truth: F32, decoded: F32, complete: Bool) -> None:
        """Rows [T, D] of one sequence, and [T] which of them have every column valid."""
        digest = hashlib.sha256(truth.tobytes() + complete.tobytes()).digest()
        draws = np.random.default_rng([self.seed, *np.frombuffer(digest, np.uint32)]).random(len(truth))
        self._draws.append(draws[complete])
        self._rows.append(np.concatenate([truth, decoded], axis=1)[complete])
        self._held += int(complete.sum())
        if self._held > 2 * _KEPT:
            self._settle()

    def diversities(self) -> tuple[float, float] | None:
        """Mean L2 distance of two different frames of the truth, and of the decoded; None if there are no two."""
        if self._held < 2:
            return None
        truth, decoded = np.split(self._settle(), 2, axis=1)
        return mean_distance(truth, self.seed), mean_distance(decoded, self.seed)

    def _settle(self) -> F32:
        """Drops all but the sample; its rows, in the order of what they drew."""
        draws, rows = np.concatenate(self._draws), np.concatenate(self._rows)
        order = np.argsort(draws, kind="stable")[:_KEPT]
        self._draws, self._rows, self._held = [draws[order]], [rows[order]], len(order)
        return self._rows[0]


def mean_distance(rows: F32, seed: int) -> float:
    """Mean over `REPEATS` draws of the mean L2 distance of `PAIRS` random pairs of different rows [n >= 2, D]."""
    rng = np.random.default_rng(seed)
    first = rng.integers(len(rows), size=(REPEATS, PAIRS))
    second = (first + rng.integers(1, len(rows), size=first.shape)) % len(rows)
    means = [
        np.linalg.norm(rows[a].astype(np.float64) - rows[b], axis=1).mean() for a, b in zip(first, second, strict=True)
    ]
    return float(np.mean(means))
