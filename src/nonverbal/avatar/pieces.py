"""Geometry that hangs on an avatar: each vertex is a weighted sum of the avatar's own, some pushed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, vstack

from nonverbal.avatar.raster import I32
from nonverbal.types import F32

Shares = Any
"""A sparse matrix [N, V]: how much of each vertex of the avatar goes into each vertex of a piece."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Triangles that move with an avatar of V vertices.

    Attributes:
        shares: [N, V] rows sum to one.
        lift_m: [N] how far each vertex is pushed out along the avatar's normals there.
        faces: [F, 3] rows of this piece, counter-clockwise seen from outside.
        corners: [F, 3, 2] texture coordinates in [0, 1], v downwards.
    """

    shares: Shares
    lift_m: F32
    faces: I32
    corners: F32


def shares_of(anchors: NDArray[np.intp] | I32, weights: F32 | NDArray[np.float64], count: int) -> Shares:
    """[N, `count`] from the rows [N, m] of `weights` for the vertices `anchors`, [m] for all rows or [N, m]."""
    columns = np.broadcast_to(anchors, weights.shape)
    rows = np.broadcast_to(np.arange(len(weights))[:, None], weights.shape)
    entries = (np.asarray(weights, np.float32).ravel(), (rows.ravel(), columns.ravel()))
    return csr_matrix(coo_matrix(entries, (len(weights), count)))


def affine_weights(points: F32, anchors: F32) -> NDArray[np.float64]:
    """[N, m] the smallest weights with which m anchors [m, 3] give N points [N, 3] under any affine motion of theirs.

    The anchors must not lie in one plane.
    """
    middle = anchors.mean(axis=0)
    system = np.vstack([(anchors - middle).T, np.ones(len(anchors))]).astype(np.float64)
    wanted = np.vstack([(points - middle).T, np.ones(len(points))])
    return np.asarray((np.linalg.pinv(system) @ wanted).T)


def clip(piece: Piece, field: F32) -> Piece:
    """The part of a piece where a field [N], given at its vertices and linear between them, is above zero."""
    inside = field > 0
    count = inside[piece.faces].sum(axis=1)
    whole = count == 3
    cut, odd = np.flatnonzero((count == 1) | (count == 2)), count[(count == 1) | (count == 2)]
    lone = np.argmax(inside[piece.faces[cut]] == (odd == 1)[:, None], axis=1)
    turn = (lone[:, None] + np.arange(3)) % 3
    faces = np.take_along_axis(piece.faces[cut], turn, axis=1)
    corners = np.take_along_axis(piece.corners[cut], turn[:, :, None], axis=1)
    edges = np.sort(np.stack([faces[:, [0, 1]], faces[:, [0, 2]]], axis=1).reshape(-1, 2), axis=1)
    edges, which = np.unique(edges, axis=0, return_inverse=True)
    share = field[edges[:, 0]] / (field[edges[:, 0]] - field[edges[:, 1]])
    shares, lifts = _between(piece, edges[:, 0], edges[:, 1], share)
    new = len(piece.lift_m) + which.reshape(-1, 2)
    along = field[faces[:, :1]] / (field[faces[:, :1]] - field[faces[:, 1:]])
    new_corners = corners[:, :1] + along[..., None] * (corners[:, 1:] - corners[:, :1])
    one, two = odd == 1, odd == 2
    tips = np.column_stack([faces[one, 0], new[one]])
    first = np.column_stack([new[two, 0], faces[two, 1], faces[two, 2]])
    second = np.column_stack([new[two, 0], faces[two, 2], new[two, 1]])
    tip_corners = np.stack([corners[one, 0], new_corners[one, 0], new_corners[one, 1]], axis=1)
    first_corners = np.stack([new_corners[two, 0], corners[two, 1], corners[two, 2]], axis=1)
    second_corners = np.stack([new_corners[two, 0], corners[two, 2], new_corners[two, 1]], axis=1)
    return Piece(
        csr_matrix(vstack([piece.shares, shares])),
        np.concatenate([piece.lift_m, lifts]),
        np.concatenate([piece.faces[whole], tips, first, second]).astype(np.int32),
        np.concatenate([piece.corners[whole], tip_corners, first_corners, second_corners]).astype(np.float32),
    )


def _between(piece: Piece, start: I32, end: I32, along: F32) -> tuple[Shares, F32]:
    """Vertices on the edges from `start` to `end`."""
    mixed = piece.shares[start].multiply((1 - along)[:, None]) + piece.shares[end].multiply(along[:, None])
    lift = piece.lift_m[start] * (1 - along) + piece.lift_m[end] * along
    return csr_matrix(mixed.astype(np.float32)), lift.astype(np.float32)


def join(pieces: Sequence[Piece]) -> Piece:
    """All pieces as one."""
    starts = np.cumsum([0, *(len(piece.lift_m) for piece in pieces)])
    return Piece(
        csr_matrix(vstack([piece.shares for piece in pieces])),
        np.concatenate([piece.lift_m for piece in pieces]),
        np.concatenate([piece.faces + start for piece, start in zip(pieces, starts, strict=False)]).astype(np.int32),
        np.concatenate([piece.corners for piece in pieces]),
    )


def tidy(piece: Piece) -> Piece:
    """The same without vertices that no triangle uses."""
    used, faces = np.unique(piece.faces, return_inverse=True)
    return Piece(
        csr_matrix(piece.shares[used]), piece.lift_m[used], faces.reshape(-1, 3).astype(np.int32), piece.corners
    )
