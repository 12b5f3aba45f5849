"""How strong each condition is on one scale: Bradley and Terry's model with Davidson's ties.

    P(i beats j) = p_i / D    P(tie) = nu sqrt(p_i p_j) / D    D = p_i + p_j + nu sqrt(p_i p_j)

Strengths are log p with mean zero. A weak prior (normal, standard deviation 10) keeps them finite where one condition
never lost; it moves nothing that a rating could tell.

Source: Davidson (1970), On extending the Bradley-Terry model to accommodate ties in paired comparison experiments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

F64 = NDArray[np.float64]

_PRIOR = 1.0 / 10.0**2
_ROUNDS, _CLOSE = 60, 1e-9
_LONGEST_STEP = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Strengths:
    """Fits of [R] tables at once.

    Attributes:
        log_strength: [R, K] with mean zero over the conditions.
        log_ties: [R] log nu; very low where there were no ties.
    """

    log_strength: F64
    log_ties: F64


def fit(wins: F64, ties: F64) -> Strengths:
    """The likeliest strengths, by Newton's method.

    Args:
        wins: [R, K, K] how often the row was preferred to the column; weights need not be whole.
        ties: [R, K, K] ties, each pair of conditions in the cell above the diagonal.
    """
    count = wins.shape[1]
    first, second = np.triu_indices(count, 1)
    won, lost, tied = wins[:, first, second], wins[:, second, first], ties[:, first, second]
    signs = np.zeros((len(first), count))
    signs[np.arange(len(first)), first], signs[np.arange(len(first)), second] = 1.0, -1.0
    found = np.zeros((len(wins), count + 1))
    for _ in range(_ROUNDS):
        gradient, curvature = _slopes(found, signs, won, lost, tied)
        step = np.linalg.solve(curvature, gradient[..., None])[..., 0]
        longest = np.abs(step).max(axis=1, keepdims=True)
        found = found + step * np.minimum(1.0, _LONGEST_STEP / np.maximum(longest, 1e-12))
        if longest.max() < _CLOSE:
            break
    strengths = found[:, :count]
    return Strengths(strengths - strengths.mean(axis=1, keepdims=True), found[:, count])


def _slopes(found: F64, signs: F64, won: F64, lost: F64, tied: F64) -> tuple[F64, F64]:
    """Gradient [R, K + 1] and negative curvature [R, K + 1, K + 1] of the log-likelihood with the prior.

    With d = strength_i - strength_j and t = log nu, the three outcomes have the scores d/2, t and -d/2, so both are
    those of a softmax.
    """
    difference, log_ties = found[:, :-1] @ signs.T, found[:, -1:]
    scores = np.stack([difference / 2, np.broadcast_to(log_ties, difference.shape), -difference / 2], axis=-1)
    chances = np.exp(scores - scores.max(axis=-1, keepdims=True))
    chances /= chances.sum(axis=-1, keepdims=True)
    up, level, down = chances[..., 0], chances[..., 1], chances[..., 2]
    total = won + lost + tied
    by_difference = 0.5 * (won - lost) - 0.5 * total * (up - down)
    by_ties = tied - total * level
    both = 0.25 * total * (up + down - (up - down) ** 2)
    mixed = -0.5 * total * level * (up - down)
    own = total * level * (1 - level)
    size = found.shape[1]
    curvature = np.zeros((len(found), size, size))
    curvature[:, :-1, :-1] = np.einsum("rp,pk,pl->rkl", both, signs, signs)
    curvature[:, :-1, -1] = curvature[:, -1, :-1] = mixed @ signs
    curvature[:, -1, -1] = own.sum(axis=1)
    curvature += _PRIOR * np.eye(size)
    gradient = np.concatenate([by_difference @ signs, by_ties.sum(axis=1, keepdims=True)], axis=1)
    return gradient - _PRIOR * found, curvature


def is_settled(wins: F64, ties: F64) -> bool:
    """Whether ratings alone settle all strengths: everybody lost to, or tied with, everybody else in some chain.

    Source: Ford (1957), Solution of a ranking problem from binary comparisons.
    """
    links = wins + ties + ties.T
    return int(connected_components(links > 0, directed=True, connection="strong")[0]) == 1
