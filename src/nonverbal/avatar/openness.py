"""How much light from all around reaches each vertex: little in mouth, eye sockets and armpits, all of it on top."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nonverbal.avatar.raster import I32, Canvas, nearness_at, vertex_normals
from nonverbal.types import F32

_DIRECTIONS, _PIXELS = 64, 200
_SLACK_M = 0.004
"""A vertex this far behind what is seen there counts as seen: it may be the edge of the same surface."""


def openness(points: F32, faces: I32) -> F32:
    """[V] for points [V, 3] (y up) and triangles [F, 3]: the share of light from around
    that arrives; there is twice as much from above as from below.

    Each direction is a picture from far away; a vertex that is not behind anything in it gets its light.
    """
    normals = vertex_normals(points, faces)
    canvas = Canvas(_PIXELS, _PIXELS)
    middle = 0.5 * (points.min(axis=0) + points.max(axis=0))
    scale = 0.49 * _PIXELS / np.linalg.norm(points - middle, axis=1).max()
    got, possible = np.full(len(points), 1e-6), np.full(len(points), 1e-6)
    for direction in _sphere(_DIRECTIONS):
        turn = _looking(direction)
        seen = (points - middle) @ turn.T
        facing = np.clip(normals @ direction, 0.0, None) * (1.5 + 0.5 * direction[1])
        placed = np.column_stack([seen[:, :2] * scale + 0.5 * _PIXELS, seen[:, 2] + 10.0]).astype(np.float32)
        depth = nearness_at(canvas, faces, placed)
        got += facing * (placed[:, 2] < depth + _SLACK_M)
        possible += facing
    return (got / possible).astype(np.float32)


def _sphere(count: int) -> NDArray[np.float64]:
    """[`count`, 3] directions spread evenly."""
    index = np.arange(count) + 0.5
    y, turn = 1 - 2 * index / count, np.pi * (1 + 5**0.5) * index
    return np.stack([np.sqrt(1 - y * y) * np.cos(turn), y, np.sqrt(1 - y * y) * np.sin(turn)], axis=1)


def _looking(direction: NDArray[np.float64]) -> NDArray[np.float64]:
    """[3, 3] to the axes of a camera that looks against `direction`: x right, y down, z away."""
    away = -direction
    side = np.cross(away, [0.0, 1.0, 0.0] if abs(away[1]) < 0.9 else [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side)
    return np.stack([side, np.cross(away, side), away])
