"""Smooth random fields, from which skin, hair and cloth get their unevenness."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates

from nonverbal.types import F32

_LATTICE = 32


def noise(points: F32, scale_m: float | tuple[float, ...], rng: np.random.Generator) -> F32:
    """Smooth noise [N] in about [-1, 1] at points [N, D], whose bumps are about `scale_m` wide."""
    dimensions = points.shape[1]
    lattice = rng.uniform(-1.0, 1.0, (_LATTICE,) * dimensions).astype(np.float32)
    places = (points / np.asarray(scale_m)).T % (_LATTICE - 1)
    return np.asarray(map_coordinates(lattice, places, order=1, mode="nearest"), np.float32)
