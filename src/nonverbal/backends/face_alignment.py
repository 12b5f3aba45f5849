"""Turns and scales a face so that its eyes, nose and mouth lie where a face recognition network learned them to be."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FacePlaces:
    """Where a network wants the face.

    Attributes:
        groups: indices into the face mesh; each group's mean is one point.
        points: the share of the picture's side, x and y, at which each of them comes to lie.
        side_px: of the square picture.
    """

    groups: tuple[tuple[int, ...], ...]
    points: tuple[tuple[float, float], ...]
    side_px: int


def aligned_face(rgb: NDArray[np.uint8], landmarks_px: F32, places: FacePlaces) -> NDArray[np.uint8] | None:
    """uint8 [side, side, 3] of the face with mesh `landmarks_px` [478, 3] in `rgb` [H, W, 3]; black outside of it.

    None where the mesh is a point or lies outside of the picture. A large face is scaled down by area first, so that
    its skin does not flicker.
    """
    found = np.stack([landmarks_px[list(group), :2].mean(axis=0) for group in places.groups]).astype(np.float64)
    low, high = found.min(axis=0), found.max(axis=0)
    if not np.isfinite(found).all() or (high < 0).any() or (low >= rgb.shape[1::-1]).any():
        return None
    wanted = np.asarray(places.points, np.float64) * places.side_px
    fit = similarity(found, wanted)
    if fit is None:
        return None
    shrink = min(1.0, 2.0 * float(np.hypot(fit[0, 0], fit[0, 1])))
    if shrink < 1.0:
        cut, corner = _around(rgb, fit, places.side_px)
        size = tuple(max(1, round(n * shrink)) for n in cut.shape[1::-1])
        scale = np.asarray(size, np.float64) / cut.shape[1::-1]
        rgb = cv2.resize(cut, size, interpolation=cv2.INTER_AREA)
        fit = np.column_stack([fit[:, :2] / scale, fit[:, :2] @ corner + fit[:, 2]])
    return cv2.warpAffine(rgb, fit, (places.side_px, places.side_px), flags=cv2.INTER_LINEAR)


def similarity(found: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """[2, 3] the turn, scale and shift that bring `found` [K, 2] closest to `wanted` [K, 2]; None for a single point.

    Source: least squares over complex numbers, where a turn with a scale is one factor.
    """
    a, b = found @ (1, 1j), wanted @ (1, 1j)
    from_mean = a - a.mean()
    spread = float(np.sum(np.abs(from_mean) ** 2))
    if spread < 1e-6:
        return None
    turn = complex(np.sum((b - b.mean()) * from_mean.conj()) / spread)
    shift = complex(b.mean() - turn * a.mean())
    if abs(turn) < 1e-6:
        return None
    return np.asarray([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def _around(
    rgb: NDArray[np.uint8], fit: NDArray[np.float64], side_px: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of the picture that the aligned face shows, and its corner (x, y)."""
    back = cv2.invertAffineTransform(fit)
    corners = np.asarray([[0, 0, 1], [side_px, 0, 1], [0, side_px, 1], [side_px, side_px, 1]]) @ back.T
    height, width = rgb.shape[:2]
    x0, y0 = (int(v) for v in np.clip(np.floor(corners.min(axis=0)) - 2, 0, (width - 1, height - 1)))
    x1, y1 = (int(v) for v in np.clip(np.ceil(corners.max(axis=0)) + 2, (x0 + 1, y0 + 1), (width, height)))
    return rgb[y0:y1, x0:x1], np.asarray([x0, y0], np.float64)
