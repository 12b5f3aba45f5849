"""A shirt: the base mesh's body suit, cut at neck and sleeves, carried by the skin below it."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from nonverbal.avatar.atlas import place
from nonverbal.avatar.attach import base_points
from nonverbal.avatar.base_mesh import load_base
from nonverbal.avatar.look import Look
from nonverbal.avatar.mesh import load_model
from nonverbal.avatar.pieces import Piece, clip, shares_of, tidy
from nonverbal.avatar.raster import I32
from nonverbal.avatar.regions import shirt, smooth_step
from nonverbal.types import F32, Bool

GAP_M = 0.007
"""Cloth keeps at least this distance from the skin, so that bent joints do not poke through."""
EDGE_GAP_M, HEM_M = 0.0045, 0.04
"""Its edges are this close, and it takes this long to stand off."""
_HIDDEN_M = 0.01
"""Skin farther than this inside the shirt is not drawn."""
_HIPS_M = 0.15
"""Nor is what lies below this, arms and hands apart."""
BOX_M = ((-0.46, 0.66), (0.46, -0.26))
"""Left top and right bottom of the pictures of a shirt's front and back, seen from the front."""
_CANDIDATES = 16


def shirt_piece(look: Look) -> Piece:
    """The shirt of a look."""
    suit, points, arm = _suit()
    inside = shirt(points, arm, look)
    close = smooth_step(inside, -0.01, HEM_M)  # neckline and sleeves lie close to the skin
    lift = EDGE_GAP_M + close * (suit.lift_m - EDGE_GAP_M)
    return tidy(clip(replace(suit, lift_m=lift.astype(np.float32)), inside))


def covered(look: Look) -> Bool:
    """[V] the avatar's vertices that lie well under the shirt."""
    model = load_model()
    points = base_points(model)
    inside = shirt(points, _arms(np.arange(len(model.kept))), look) > _HIDDEN_M
    hips = points[:, 1] < _HIPS_M
    return np.asarray((inside | hips) & ~model.dominated_by("wrist", "metacarpal", "finger", "head", "eye"))


@lru_cache(maxsize=1)
def _suit() -> tuple[Piece, F32, F32]:
    """The uncut suit, its points on the base mesh, and where it is arm."""
    base, model = load_base(), load_model()
    ids, faces = np.unique(base.groups["helper-tights"], return_inverse=True)
    points, skin = base.points_m[ids], base_points(model)
    corners, weights, away = _closest(points, skin, model.faces)
    triangles = faces.reshape(-1, 3).astype(np.int32)
    near = away < 0.03  # the legs' part of the suit is close to nothing that is drawn
    triangles = triangles[near[triangles].all(axis=1)]
    shape = Piece(
        shares_of(corners, weights, len(skin)),
        np.maximum(away, GAP_M).astype(np.float32),
        triangles,
        _flat(points, triangles),
    )
    return shape, points, _arms(corners[np.arange(len(corners)), weights.argmax(axis=1)])


def _arms(vertices: NDArray[np.intp] | I32) -> F32:
    """1 for vertices of the model that an arm's bones move most."""
    return (
        load_model().dominated_by("upperarm", "lowerarm", "wrist", "finger", "metacarpal")[vertices].astype(np.float32)
    )


def _flat(points: F32, faces: I32) -> F32:
    """[F, 3, 2] texture coordinates: as seen from the front or, for faces that look backwards, from behind."""
    (left, top), (right, bottom) = BOX_M
    flat = (points[:, :2] - (left, top)) / (right - left, bottom - top)
    corner = points[faces]
    backwards = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])[:, 2] < 0
    both = np.stack([place("shirt_front", flat), place("shirt_back", flat)])
    return np.asarray(both[backwards.astype(np.intp)[:, None], faces], np.float32)


def _closest(points: F32, vertices: F32, faces: I32) -> tuple[I32, F32, F32]:
    """The closest face to each point: its corners [N, 3], the shares [N, 3] of its closest point, the distance [N]."""
    corner = vertices[faces].astype(np.float64)
    near = cKDTree(corner.mean(axis=1)).query(points, k=_CANDIDATES)[1]
    shares = _shares(points[:, None].astype(np.float64), corner[near])
    away = np.linalg.norm(np.einsum("nkc,nkcx->nkx", shares, corner[near]) - points[:, None], axis=2)
    best = away.argmin(axis=1)
    rows = np.arange(len(points))
    return faces[near[rows, best]], shares[rows, best].astype(np.float32), away[rows, best].astype(np.float32)


def _shares(points: NDArray[np.float64], corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """[..., 3] shares of the corners [..., 3, 3] in about the closest point of the triangle."""
    a, b = corners[..., 1, :] - corners[..., 0, :], corners[..., 2, :] - corners[..., 0, :]
    p = points - corners[..., 0, :]
    aa, ab, bb = (a * a).sum(-1), (a * b).sum(-1), (b * b).sum(-1)
    pa, pb = (p * a).sum(-1), (p * b).sum(-1)
    area = np.maximum(aa * bb - ab * ab, 1e-18)
    u, v = (bb * pa - ab * pb) / area, (aa * pb - ab * pa) / area
    shares = np.clip(np.stack([1 - u - v, u, v], axis=-1), 0.0, 1.0)
    return np.asarray(shares / shares.sum(axis=-1, keepdims=True))
