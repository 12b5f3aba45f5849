"""Which bones move a vertex of the file how much, found by looking at how the avatar itself moves.

Anny lets up to nine bones move a vertex, viewers allow four; and a shirt stands off along normals, which no bone knows.
So the avatar takes on some poses, and each vertex gets the four bones and the weights that come closest in all of them.

    weights w that minimise  sum over poses |sum over bones w_b T_b x - y|^2 + pull |w - w_given|^2,  sum w = 1, w >= 0

with x the vertex at rest, T_b what bone b does to it and y where it should be. Bones are dropped one by one, each time
the one that is missed least.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nonverbal.avatar.dress import Dressed
from nonverbal.avatar.pose import pose
from nonverbal.motion.rotations import F
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.types import F32, Bool

INFLUENCES = 4
"""Bones that move a vertex; many viewers know no more."""
_CANDIDATES = 8
_LEAST_WEIGHT = 1e-4
_POSES, _SEED = 48, 0
_PULL_M = 0.002
"""Weights that differ by 1 count like an error of this size."""
_REACH_RAD = {"collar": 0.12, "head": 0.25, "shoulder": 0.45, "elbow": 0.45, "wrist": 0.35}
"""Standard deviation of each joint in the poses; fingers take what is left."""
_FINGER_REACH_RAD = 0.3
_ARM_DOWN_RAD, _FOREARM_IN_RAD = 1.1, 1.2


def four_bones(dressed: Dressed, rows: NDArray[np.intp], given: F32) -> tuple[NDArray[np.uint8], F32]:
    """Bones [V + N, 4] and their weights [V + N, 4], which sum to one.

    Args:
        rows: [B] the bones that may be used, as rows of the model's own.
        given: [V + N, B] the weights to start from; rows sum to about one.
    """
    order = np.argsort(-given, axis=1, kind="stable")[:, :_CANDIDATES]
    start = np.take_along_axis(given, order, axis=1)
    start = np.where(start > _LEAST_WEIGHT, start, 0)
    start = start / start.sum(axis=1, keepdims=True)
    used = (start > 0).sum(axis=1)
    own = np.arange(len(given)) < len(dressed.avatar.rest_m)
    wanted = np.flatnonzero((used > INFLUENCES) | (~own & (used > 1)))
    start[wanted] = _fit(_errors(dressed, rows[order[wanted]], wanted), start[wanted])
    best = np.argsort(-start, axis=1, kind="stable")[:, :INFLUENCES]
    weights = np.take_along_axis(start, best, axis=1)
    bones = np.where(weights > 0, np.take_along_axis(order, best, axis=1), 0)
    return bones.astype(np.uint8), (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _errors(dressed: Dressed, bones: NDArray[np.intp], vertices: NDArray[np.intp]) -> F:
    """[n, K, K] products, summed over poses, of how far off each of K bones alone would put each of n vertices."""
    avatar, body = dressed.avatar, _poses()
    still = np.zeros((len(body), 3))
    face, gaze = np.zeros((len(body), len(ARKIT52_NAMES)), np.float32), np.zeros((len(body), 4), np.float32)
    posed = pose(avatar, face, gaze, body, still, still)
    rest = dressed.complete(avatar.rest_m)[vertices].astype(np.float64)
    products = np.zeros((*bones.shape, bones.shape[1]))
    for shown, heads, turns in zip(posed.vertices, posed.bone_heads, posed.bone_turns, strict=True):
        skin = (turns @ avatar.align)[bones]
        away = rest[:, None] - avatar.bone_heads_m[bones]
        off = np.einsum("nkij,nkj->nki", skin, away) + heads[bones] - dressed.complete(shown)[vertices][:, None]
        products += off @ off.transpose(0, 2, 1)
    return products


def _poses() -> F32:
    """[P, 117] ways to hold arms, hands and head; the first is the T-pose."""
    rng = np.random.default_rng(_SEED)
    body = np.zeros((_POSES, len(SMPLX117_JOINTS), 3))
    for column, joint in enumerate(SMPLX117_JOINTS):
        side, _, name = joint.rpartition("_")
        body[:, column] = rng.normal(0.0, _REACH_RAD.get(name, _FINGER_REACH_RAD), (_POSES, 3))
        sign = -1.0 if side == "left" else 1.0
        if name == "shoulder":
            body[:, column, 2] += sign * _ARM_DOWN_RAD
        if name == "elbow":
            body[:, column, 1] += sign * _FOREARM_IN_RAD
    body[0] = 0.0
    return body.reshape(_POSES, -1).astype(np.float32)


def _fit(products: F, start: F) -> F:
    """[n, K] weights of which at most four are above zero."""
    alive = start > 0
    while True:
        weights = _solve(products, start, alive)
        if not (crowded := np.flatnonzero(alive.sum(axis=1) > INFLUENCES)).size:
            break
        cost = np.full((len(crowded), start.shape[1]), np.inf)
        for k in range(start.shape[1]):
            without = alive[crowded].copy()
            without[:, k] = False
            tried = _solve(products[crowded], start[crowded], without)
            worth = np.einsum("nk,nkl,nl->n", tried, products[crowded], tried)
            cost[:, k] = np.where(alive[crowded, k], worth, np.inf)
        alive[crowded, cost.argmin(axis=1)] = False
    while (weights < 0).any():
        below = np.flatnonzero((weights < 0).any(axis=1))
        alive[below, weights[below].argmin(axis=1)] = False
        weights[below] = _solve(products[below], start[below], alive[below])
    return weights


def _solve(products: F, start: F, alive: Bool) -> F:
    """[n, K] the best weights of the bones that are alive, of any sign, zero for the others; they sum to one."""
    count, width = start.shape
    pull = _POSES * _PULL_M**2
    system = np.zeros((count, width + 1, width + 1))
    system[:, :width, :width] = products * (alive[:, :, None] & alive[:, None, :])
    diagonal = np.arange(width)
    system[:, diagonal, diagonal] += np.where(alive, pull, 1.0)
    system[:, :width, width] = system[:, width, :width] = alive
    wanted = np.zeros((count, width + 1, 1))
    wanted[:, :width, 0] = np.where(alive, pull * start, 0.0)
    wanted[:, width] = 1.0
    return np.asarray(np.linalg.solve(system, wanted)[:, :width, 0])
