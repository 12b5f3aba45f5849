"""Faces in a picture: MediaPipe's BlazeFace full-range model, on the whole and on two tiles of wide ones.

Source: Bazarevsky et al. 2019, "BlazeFace"; the full-range sparse model inside the package (192 x 192).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.mediapipe_graph import Graph

Face = tuple[float, float, float, float, float]
"""x0, y0, x1, y1 in pixels of the picture, and the detector's score in [0, 1]."""

_WIDE = 1.25  # longer side over shorter from which a picture is also searched in two tiles
_SAME_FACE_IOU = 0.3
_FULL_RANGE = 1  # MediaPipe's model_selection


@lru_cache(maxsize=4)
def _graph(min_score: float) -> Graph:
    return Graph("face_detection", "FaceDetection", min_detection_confidence=min_score, model_selection=_FULL_RANGE)


def detect_faces(rgb: NDArray[np.uint8], min_score: float = 0.5, tiles: bool = True) -> list[Face]:
    """All faces seen, best score first.

    Args:
        rgb: uint8 [H, W, 3], upright.
        min_score: detections below are dropped.
        tiles: search a picture wider than 5:4 also in two overlapping squares: finds faces about half as large.

    Returns:
        Boxes clipped to the picture; a face found in the picture and in a tile is given once.
    """
    height, width = rgb.shape[:2]
    found = _detect(rgb, 0, 0, min_score)
    long, short = max(height, width), min(height, width)
    if tiles and long >= _WIDE * short:
        size = max(short, (long * 9 + 15) // 16)  # two tiles always overlap by an eighth of the longer side
        for offset in (0, long - size):
            x, y = (offset, 0) if width >= height else (0, offset)
            found += _detect(rgb[y : y + size, x : x + size], x, y, min_score)
    return _distinct(found, width, height)


def _detect(rgb: NDArray[np.uint8], x_off: int, y_off: int, min_score: float) -> list[Face]:
    height, width = rgb.shape[:2]
    faces: list[Face] = []
    for detection in _graph(min_score).process(rgb).detections or ():
        box = detection.location_data.relative_bounding_box
        x0, y0 = x_off + box.xmin * width, y_off + box.ymin * height
        faces.append((x0, y0, x0 + box.width * width, y0 + box.height * height, float(detection.score[0])))
    return faces


def _distinct(faces: list[Face], width: int, height: int) -> list[Face]:
    """Boxes clipped to the picture, without those that overlap a better one or lie mostly inside it."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda f: (-f[4], f)):
        x0, y0, x1, y1 = max(face[0], 0.0), max(face[1], 0.0), min(face[2], float(width)), min(face[3], float(height))
        if x1 - x0 < 2 or y1 - y0 < 2:
            continue
        clipped = (x0, y0, x1, y1, min(face[4], 1.0))
        if all(max(iou(clipped, other), _inside(clipped, other)) < _SAME_FACE_IOU for other in kept):
            kept.append(clipped)
    return kept


def _intersection(a: Face, b: Face) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _area(face: Face) -> float:
    return (face[2] - face[0]) * (face[3] - face[1])


def iou(a: Face, b: Face) -> float:
    """Intersection over union of two boxes, in [0, 1]."""
    shared = _intersection(a, b)
    return shared / max(_area(a) + _area(b) - shared, 1e-9)


def _inside(a: Face, b: Face) -> float:
    """The share of the smaller box that lies in the other, halved: a face cut by a tile lies in the whole one."""
    return 0.5 * _intersection(a, b) / max(min(_area(a), _area(b)), 1e-9)
