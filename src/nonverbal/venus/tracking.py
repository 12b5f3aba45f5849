"""Which face is whose from one detection to the next, and which part of the picture belongs to one person alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy  # loads its parts when they are used

from nonverbal.types import U8

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in pixels of the upright picture."""
Region = tuple[int, int, int, int]
"""Whole pixels x0, y0, x1, y1, inside the picture, at least 2 x 2."""

_REACH = 1.0  # face widths a centre may move between two detections
_SIZE_RATIO = 2.0  # a face does not grow or shrink by more between two detections
_SEAM_LEVELS = 8.0  # grey levels of step across a panel edge
_SEAM_ROWS = 0.7  # share of the rows that must show the step


def size(box: Box) -> float:
    """The mean of width and height."""
    return 0.5 * (box[2] - box[0] + box[3] - box[1])


def centre(box: Box) -> tuple[float, float]:
    return 0.5 * (box[0] + box[2]), 0.5 * (box[1] + box[3])


def distance(a: Box, b: Box) -> float:
    """Between the centres, in mean sizes of the two."""
    (ax, ay), (bx, by) = centre(a), centre(b)
    return float(np.hypot(ax - bx, ay - by)) / max(0.5 * (size(a) + size(b)), 1e-6)


def associate(tracks: Sequence[Box], faces: Sequence[Box]) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Pairs tracks with detected faces at the least total distance; nothing moves further than its own width.

    Returns:
        Pairs (track, face), unpaired tracks, unpaired faces; all in rising order.
    """
    far = 1e3
    cost = np.full((len(tracks), len(faces)), far)
    for i, track in enumerate(tracks):
        for j, face in enumerate(faces):
            ratio = size(face) / max(size(track), 1e-6)
            if distance(track, face) <= _REACH and 1.0 / _SIZE_RATIO <= ratio <= _SIZE_RATIO:
                cost[i, j] = distance(track, face)
    rows, columns = scipy.optimize.linear_sum_assignment(cost)
    pairs = [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if cost[i, j] < far]
    lone_tracks = sorted(set(range(len(tracks))) - {i for i, _ in pairs})
    lone_faces = sorted(set(range(len(faces))) - {j for _, j in pairs})
    return pairs, lone_tracks, lone_faces


def territory(own: Box, others: Sequence[Box], rgb: U8) -> Region:
    """The part of the picture that shows one person and no other's face.

    Bounded half way to each neighbour's face, or by the edge between two panels of a split screen where one stands
    between the faces. Neighbours beside limit left and right, those above or below limit top and bottom.
    """
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = 0.0, 0.0, float(width), float(height)
    (ox, oy), reach = centre(own), 0.5 * size(own)
    for other in others:
        cx, cy = centre(other)
        if abs(cx - ox) >= max(abs(cy - oy), reach):
            left, right = (own, other) if ox < cx else (other, own)
            edge = seam(rgb, int(left[2]), int(right[0]))
            middle = 0.5 * (ox + cx) if edge is None else float(edge)
            x0, x1 = (x0, min(x1, middle)) if ox < cx else (max(x0, middle), x1)
        elif abs(cy - oy) >= reach:
            middle = 0.5 * (oy + cy)
            y0, y1 = (y0, min(y1, middle)) if oy < cy else (max(y0, middle), y1)
    return clip((x0, y0, x1, y1), (0, 0, width, height))


def clip(box: Box, bounds: Region) -> Region:
    """`box` in whole pixels inside `bounds`, at least 2 x 2."""
    x0 = int(np.clip(round(box[0]), bounds[0], bounds[2] - 2))
    y0 = int(np.clip(round(box[1]), bounds[1], bounds[3] - 2))
    x1 = int(np.clip(round(box[2]), x0 + 2, bounds[2]))
    y1 = int(np.clip(round(box[3]), y0 + 2, bounds[3]))
    return x0, y0, x1, y1


def seam(rgb: U8, left: int, right: int) -> int | None:
    """The first column right of a vertical edge that runs through most of the picture's height, or None.

    Args:
        left, right: the columns to search between.
    """
    left, right = max(left, 1), min(right, rgb.shape[1] - 1)
    if right - left < 2:
        return None
    rows = rgb[::4, left - 1 : right + 1].astype(np.float32).mean(axis=2)
    steps = np.abs(np.diff(rows, axis=1))
    share = (steps >= _SEAM_LEVELS).mean(axis=0)
    best = int(share.argmax())
    return left + best if share[best] >= _SEAM_ROWS else None
