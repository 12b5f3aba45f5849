"""Where things are on the average person: scalp, lips, brows, beard, what a shirt covers.

Every function takes points [N, 3] of the base mesh (metres, x to the person's left, y up, z forward) and gives a field
[N] in metres or a strength in [0, 1], alike on both sides. Numbers were read off the base mesh.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nonverbal.avatar.look import Look
from nonverbal.types import F32

HEAD_AXIS_Z_M = 0.055
"""The upright axis through the head, on which hairlines turn."""

_HAIRLINE_DEG = (0, 25, 45, 60, 70, 79, 88, 100, 115, 180)
_HAIRLINE_M = (0.806, 0.803, 0.790, 0.772, 0.750, 0.716, 0.737, 0.739, 0.690, 0.655)
"""Height of the hairline by angle from straight ahead."""

_LIP_X_M = (0.0, 0.004, 0.0080, 0.0116, 0.0151, 0.0187, 0.0219, 0.0240, 0.0254)
_UPPER_LIP_M = (0.6693, 0.6704, 0.6717, 0.6713, 0.6697, 0.6680, 0.6661, 0.6640, 0.6615)
_LOWER_LIP_M = (0.6490, 0.6492, 0.6498, 0.6508, 0.6521, 0.6543, 0.6565, 0.6587, 0.6612)
"""Borders of the lips by distance from the middle."""

_BROW_START_M, _BROW_END_M, _BROW_HEIGHT_M = 0.0105, 0.0565, 0.7465
_BEARD_X_M = (0.0, 0.024, 0.032, 0.045, 0.058, 0.066, 0.09)
_BEARD_TOP_M = (0.6800, 0.6790, 0.6680, 0.6700, 0.6850, 0.7150, 0.7150)
_ARM_START_M, _ARM_DIRECTION, ARM_LENGTH_M = (0.16, 0.53), (0.61, -0.79), 0.37
"""Where arms begin (x, y), where they point and how long they are down to the wrist."""

PALM = (-0.86, -0.30, -0.41)
"""Where the left palm faces."""
_NAILS_M = (
    (0.3913, 0.2050, 0.2845), (0.4558, 0.1656, 0.3159), (0.4810, 0.1386, 0.2984), (0.4941, 0.1281, 0.2706),
    (0.4885, 0.1338, 0.2348),
)  # fmt: skip
_NAIL_NORMALS = ((-0.47, 0.69, 0.45), (0.65, 0.36, 0.60), (0.84, 0.36, 0.35), (0.84, 0.22, 0.34), (0.90, 0.17, 0.23))
"""The left hand's, thumb first."""
_HIP_M = 0.085
"""Shirts end here, below what cameras see of people behind a table."""


def smooth_step(values: ArrayLike, start: float, end: float) -> F32:
    """0 at `start` and before, 1 at `end` and beyond, smooth between them."""
    t = np.clip((np.asarray(values, np.float32) - start) / (end - start), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def blob(points: F32, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> F32:
    """1 at a centre (x its distance from the middle) and less around it, as a bell of these radii."""
    away = (np.column_stack([np.abs(points[:, 0]), points[:, 1:]]) - np.array(centre)) / np.array(radii)
    return np.exp(-0.5 * np.einsum("nx,nx->n", away, away)).astype(np.float32)


def scalp(points: F32, hairline_m: float) -> F32:
    """How far a point lies above the hairline, which stands back by `hairline_m` in front."""
    around = np.degrees(np.arctan2(np.abs(points[:, 0]), points[:, 2] - HEAD_AXIS_Z_M))
    line = np.interp(around, _HAIRLINE_DEG, _HAIRLINE_M) + hairline_m * np.clip(1 - around / 75, 0, None)
    return np.asarray(points[:, 1] - line, np.float32)


def lips(points: F32) -> F32:
    """How far inside the border of the lips a point lies."""
    x = np.abs(points[:, 0])
    upper, lower = np.interp(x, _LIP_X_M, _UPPER_LIP_M), np.interp(x, _LIP_X_M, _LOWER_LIP_M)
    inside = np.minimum(np.minimum(upper - points[:, 1], points[:, 1] - lower), _LIP_X_M[-1] - x)
    return np.where(points[:, 2] > 0.12, inside, -1.0).astype(np.float32)


def brows(points: F32, width_m: float, arch_m: float) -> tuple[F32, F32]:
    """Strength of the brows and the position along them, 0 at the nose and 1 at the temple."""
    along = (np.abs(points[:, 0]) - _BROW_START_M) / (_BROW_END_M - _BROW_START_M)
    t = np.clip(along, 0.0, 1.0)
    middle = _BROW_HEIGHT_M + (0.001 + arch_m) * np.sin(np.pi * t**1.1) - 0.001 * t
    half = 0.5 * width_m * np.interp(t, (0, 0.12, 0.45, 0.75, 1), (0.75, 1.0, 0.95, 0.6, 0.2))
    strength = 1 - smooth_step(np.abs(points[:, 1] - middle) / half, 0.65, 1.15)
    ends = smooth_step(along, -0.04, 0.08) * (1 - smooth_step(along, 0.96, 1.04))
    return strength * ends * (points[:, 2] > 0.09), t.astype(np.float32)


def beard(points: F32) -> F32:
    """Where a beard grows."""
    x = np.abs(points[:, 0])
    below = np.interp(x, _BEARD_X_M, _BEARD_TOP_M) - points[:, 1]
    front = smooth_step(points[:, 2] - 0.045 - 0.5 * np.clip(0.62 - points[:, 1], 0, None), 0.0, 0.02)
    inside = smooth_step(below, 0.0, 0.006) * smooth_step(points[:, 1], 0.598, 0.618) * front
    bare = np.exp(-(((x - 0.012) / 0.007) ** 2)) * np.exp(-(((points[:, 1] - 0.643) / 0.005) ** 2))
    return np.asarray(inside * (1 - 0.7 * bare) * (1 - smooth_step(lips(points), -0.0015, 0.0005)), np.float32)


def shirt(points: F32, arm: F32, look: Look) -> F32:
    """How far inside a shirt's edges a point lies; `arm` [N] is 1 on the arms."""
    x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    front = smooth_step(z, 0.03, 0.07)
    top = 0.588 - 0.30 * (z - 0.035)
    if look.neckline == "high":
        top = top + 0.022
    elif look.neckline == "scoop":
        top = top - 0.040 * front * (1 - smooth_step(x, 0.03, 0.10)) - 0.006
    elif look.neckline == "vee":
        top = top - front * np.clip(0.075 - 1.3 * x, 0.0, None)
    along = (x - _ARM_START_M[0]) * _ARM_DIRECTION[0] + (y - _ARM_START_M[1]) * _ARM_DIRECTION[1]
    end = np.where(arm > 0.5, look.sleeve * ARM_LENGTH_M - along, 1.0)
    return np.minimum(np.minimum(top - y, end), y - _HIP_M).astype(np.float32)


def nails(points: F32, normals: F32) -> F32:
    """Strength of the finger nails; `normals` [N, 3] as they would be on the left side."""
    mirrored = np.column_stack([np.abs(points[:, 0]), points[:, 1:]])
    strength = np.zeros(len(points), np.float32)
    for centre, normal in zip(_NAILS_M, _NAIL_NORMALS, strict=True):
        near = 1 - smooth_step(np.linalg.norm(mirrored - np.array(centre, np.float32), axis=1), 0.0042, 0.0055)
        strength = np.maximum(strength, near * smooth_step(normals @ np.array(normal, np.float32), 0.3, 0.5))
    return strength
