"""Rotations as three turns about z, x and y in this order, as BVH files hold them, steady over time.

``R = Rz(a) Rx(b) Ry(c)``. Each rotation has two such triples, a, b, c and, with h half a turn, a + h, h - b, c + h,
whole turns apart from that; where b is a quarter turn, only the sum or difference of a and c is told. The triple taken
is the one nearest to that of the frame before, so that a program which draws straight lines between frames makes no
detours.
"""

from __future__ import annotations

import numpy as np

from nonverbal.motion.rotations import F, matrix_about

_LOCKED = 1e-5
"""Cosine of b below which a and c are not told apart: a is kept, and c takes what is left."""

_TURN = 2.0 * np.pi


def zxy_from_matrix(matrix: F, before: F) -> F:
    """[T, J, 3, 3] -> [T, J, 3] radians a, b, c, each the nearest to those of the frame before, which is `before`
    [J, 3] for the first."""
    angles = np.empty(matrix.shape[:-1])
    for frame, rotation in enumerate(matrix):
        before = angles[frame] = _nearest(rotation, before)
    return angles


def matrix_from_zxy(angles: F) -> F:
    """[..., 3] radians a, b, c -> [..., 3, 3]."""
    z, x, y = (matrix_about(axis, angles[..., i]) for i, axis in enumerate((2, 0, 1)))
    return z @ x @ y


def _nearest(rotation: F, before: F) -> F:
    """[J, 3] the triples of `rotation` [J, 3, 3] nearest to `before` [J, 3]."""
    cosine_b = np.hypot(rotation[:, 0, 1], rotation[:, 1, 1])
    a = np.where(cosine_b < _LOCKED, before[:, 0], np.arctan2(-rotation[:, 0, 1], rotation[:, 1, 1]))
    cosine, sine = np.cos(a), np.sin(a)
    # With a taken out, what is left is Rx(b) Ry(c), which tells b and c however near to a quarter turn b is.
    b = np.arctan2(rotation[:, 2, 1], cosine * rotation[:, 1, 1] - sine * rotation[:, 0, 1])
    c = np.arctan2(
        cosine * rotation[:, 0, 2] + sine * rotation[:, 1, 2], cosine * rotation[:, 0, 0] + sine * rotation[:, 1, 0]
    )
    one = np.stack([a, b, c], axis=1)
    other = np.stack([a + np.pi, np.pi - b, c + np.pi], axis=1)
    one, other = (triple + _TURN * np.rint((before - triple) / _TURN) for triple in (one, other))
    nearer = np.abs(one - before).sum(axis=1) <= np.abs(other - before).sum(axis=1)
    return np.where(nearer[:, None], one, other)
