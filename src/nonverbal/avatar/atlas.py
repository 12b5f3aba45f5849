"""Where each part of a dressed avatar lies in its texture, and which point of the average person each texel shows.

Anny's own layout gives two texels to an iris and a quarter of the picture to the legs; this one gives room to the face:

    +-------------+-------+------------------------+
    | body        | eye.. |                        |
    +--------+----+---+---+   head, flattened,     |
    | shirt  | shirt  |   |   face in the middle   |
    | front  | back   |   |   (forehead left,      |
    +--------+--------+   |    chin right)         |
    | hand.R | hand.L |   |                        |
    +--------+--------+   |                        |
    | hair   | ...        |                        |
    +--------+------------+------------------------+
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from nonverbal.avatar.base_mesh import load_base
from nonverbal.avatar.mesh import AvatarModel, load_model
from nonverbal.avatar.raster import I32
from nonverbal.types import F32

SKIN_PARTS = ("right_socket", "left_socket", "mouth", "tongue", "right_hand", "left_hand", "head", "body")
"""Parts of Anny's mesh that keep their own texture coordinates, moved and scaled; eyeballs do not. Those that lie in
a corner of another's box come first."""

_SOURCE = {
    "head": (0.640, 0.148, 0.995, 0.819),
    "body": (0.008, 0.137, 0.753, 0.975),
    "right_hand": (0.360, 0.010, 0.555, 0.198),
    "left_hand": (0.569, 0.010, 0.764, 0.198),
    "right_socket": (0.011, 0.546, 0.078, 0.634),
    "left_socket": (0.085, 0.546, 0.152, 0.634),
    "mouth": (0.757, 0.011, 0.925, 0.137),
    "tongue": (0.622, 0.928, 0.649, 0.985),
}
"""Left, bottom, right, top of each part in Anny's coordinates, v upwards."""

_PLACE = {
    "head": (0.480, 0.015, 1.46),
    "body": (0.005, 0.005, 0.40),
    "right_hand": (0.005, 0.585, 1.0),
    "left_hand": (0.205, 0.585, 1.0),
    "right_socket": (0.315, 0.005, 1.0),
    "left_socket": (0.390, 0.005, 1.0),
    "mouth": (0.315, 0.100, 0.6),
    "tongue": (0.430, 0.100, 0.6),
}
"""Left and top of each part in ours, v downwards, and how much larger it is."""

RECTANGLES = {
    "eye": (0.315, 0.185, 0.445, 0.315),
    "shirt_front": (0.005, 0.350, 0.235, 0.580),
    "shirt_back": (0.240, 0.350, 0.470, 0.580),
    "hair": (0.005, 0.780, 0.220, 0.995),
    "teeth": (0.230, 0.780, 0.330, 0.840),
    "lash": (0.380, 0.780, 0.410, 0.840),
}
"""Left, top, right, bottom of what is not Anny's own."""

BLEED_TEXELS = 2.5
"""How far each part is painted beyond its border, so that no seam shows."""


@dataclass(frozen=True, slots=True, eq=False)
class Unwrapped:
    """The texels of a size-S texture that show skin, K in number.

    Attributes:
        rows: [K] and `columns` [K]: where they are.
        part: [K] index into `SKIN_PARTS`.
        points_m: [K, 3] the point of the base mesh that each shows.
        corners: [K, 3] and `shares` [K, 3]: the same as a mean of vertices of the model.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    part: NDArray[np.int8]
    points_m: F32
    corners: I32
    shares: F32


@lru_cache(maxsize=1)
def skin_layout() -> tuple[F32, NDArray[np.int8]]:
    """Texture coordinates [F, 3, 2] in [0, 1], v downwards, of the model and the part [F] of each face, -1 eyes."""
    model = load_model()
    corners = model.uv[model.uv_faces].astype(np.float64)
    part = np.full(len(corners), -1, np.int8)
    for island in _islands(model.uv_faces, len(model.uv)):
        low, high = corners[island].min(axis=(0, 1)), corners[island].max(axis=(0, 1))
        for index, name in enumerate(SKIN_PARTS):
            left, bottom, right, top = _SOURCE[name]
            if low[0] > left and low[1] > bottom and high[0] < right and high[1] < top:
                part[island] = index
                x, y, scale = _PLACE[name]
                corners[island] = (corners[island] - (left, top)) * (scale, -scale) + (x, y)
                break
    return corners.astype(np.float32), part


def _islands(uv_faces: I32, count: int) -> list[NDArray[np.intp]]:
    """Faces that hang together in the texture."""
    graph = coo_matrix((np.ones(2 * len(uv_faces)), (uv_faces[:, :2].ravel(), uv_faces[:, 1:].ravel())), (count, count))
    label = connected_components(graph)[1][uv_faces[:, 0]]
    return [np.flatnonzero(label == value) for value in np.unique(label)]


def place(name: str, within: F32 | NDArray[np.float64]) -> F32:
    """[..., 2] positions in [0, 1] within one of `RECTANGLES`, v downwards -> texture coordinates."""
    left, top, right, bottom = RECTANGLES[name]
    return (np.array([left, top]) + within * np.array([right - left, bottom - top])).astype(np.float32)


def block(texture: F32, name: str) -> F32:
    """The part of a texture [S, S, 3] that one of `RECTANGLES` covers, as a view."""
    left, top, right, bottom = (round(edge * len(texture)) for edge in RECTANGLES[name])
    return texture[top:bottom, left:right]


@lru_cache(maxsize=2)
def unwrap(size: int) -> Unwrapped:
    """What the skin's texels of a texture of `size` x `size` show."""
    model: AvatarModel = load_model()
    corners, part = skin_layout()
    own = np.flatnonzero(part >= 0)
    face, shares = _spread(corners[own].reshape(-1, 6) * np.float32(size) - np.float32(0.5), size)
    rows, columns = np.nonzero(face >= 0)
    chosen = own[face[rows, columns]]
    shares = shares[rows, columns]
    vertices = model.faces[chosen]
    points = np.einsum("kc,kcx->kx", shares, load_base().points_m[model.base_vertices][vertices])
    return Unwrapped(rows, columns, part[chosen], points.astype(np.float32), vertices, shares)


@numba.njit(cache=True, nogil=True)
def _spread(texels: F32, size: int) -> tuple[I32, F32]:
    """For each texel the face [S, S] it lies in or close to, -1 for none, and its barycentric shares [S, S, 3]."""
    owner = np.full((size, size), -1, np.int32)
    shares = np.zeros((size, size, 3), np.float32)
    outside = np.full((size, size), BLEED_TEXELS, np.float32)
    reach = int(BLEED_TEXELS) + 1
    for face in range(len(texels)):
        xi, yi, xj, yj, xk, yk = texels[face]
        area = (xj - xi) * (yk - yi) - (xk - xi) * (yj - yi)
        if abs(area) < 1e-9:
            continue
        hi = abs(area) / max(np.hypot(xk - xj, yk - yj), 1e-9)
        hj = abs(area) / max(np.hypot(xk - xi, yk - yi), 1e-9)
        hk = abs(area) / max(np.hypot(xj - xi, yj - yi), 1e-9)
        for y in range(max(int(min(yi, yj, yk)) - reach, 0), min(int(max(yi, yj, yk)) + reach, size - 1) + 1):
            for x in range(max(int(min(xi, xj, xk)) - reach, 0), min(int(max(xi, xj, xk)) + reach, size - 1) + 1):
                wj = ((x - xi) * (yk - yi) - (xk - xi) * (y - yi)) / area
                wk = ((xj - xi) * (y - yi) - (x - xi) * (yj - yi)) / area
                wi = 1 - wj - wk
                away = max(-wi * hi, -wj * hj, -wk * hk, 0.0)
                if away < outside[y, x]:
                    outside[y, x] = away
                    owner[y, x] = face
                    wi, wj, wk = max(wi, 0.0), max(wj, 0.0), max(wk, 0.0)
                    shares[y, x, 0] = wi / (wi + wj + wk)
                    shares[y, x, 1] = wj / (wi + wj + wk)
                    shares[y, x, 2] = wk / (wi + wj + wk)
    return owner, shares
