"""How a person looks, as numbers to compare by cosine: colours of hair, skin and clothes, and the aligned face's edges.

No face recognition model comes inside a package, so this is hand-made: it tells people apart who share one video
(other hair, skin light, clothes or face shape) and finds each again across cuts. It does not know a person in other
clothes or under other light, and twins in uniform look the same to it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.looks import Likenesses, unit
from nonverbal.backends.mediapipe_mesh import EYE_LEFT, EYE_RIGHT, MOUTH_LEFT, MOUTH_RIGHT

F32 = NDArray[np.float32]

_AB_BINS, _L_BINS = 8, 8
_WEIGHTS = (0.9, 0.6, 1.0, 0.9)  # hair, skin, clothes, face edges
_FACE = 64  # side of the aligned face, pixels
_EYES_MOUTH = ((18.0, 22.0), (46.0, 22.0), (32.0, 50.0))  # where eyes and mouth come to lie in it
_CELL = 8
_ANGLES = 8
_BLOCKS = (*[_AB_BINS * _AB_BINS + _L_BINS] * 3, (_FACE // _CELL) ** 2 * _ANGLES)  # how long each part of a look is


class Appearance:
    """The default model of looks, which needs no weights.

    Measured on four people of two dialogues, each against itself with other light, colour balance, size and framing:
    a person is 0.96 or more like itself as filmed, 0.76 to 0.98 in other colours; two people of one video 0.56 to
    0.76. So a likeness of 0.85 joins for sure, and below that it takes a comparison with the other person to decide.
    """

    name = "appearance"
    likenesses = Likenesses(same=0.85, maybe=0.7, other=0.77, margin=0.1)

    def describe(self, rgb: NDArray[np.uint8], landmarks_px: F32) -> F32:
        """See `describe`."""
        return describe(rgb, landmarks_px)

    def likeness(self, a: F32, b: F32) -> float:
        """See `likeness`."""
        return likeness(a, b)


def describe(rgb: NDArray[np.uint8], landmarks_px: F32) -> F32:
    """float32 [E] of unit length from one picture, uint8 [H, W, 3], and the face mesh [478, 3] in it."""
    (x0, y0), (x1, y1) = landmarks_px[:468, :2].min(axis=0), landmarks_px[:468, :2].max(axis=0)
    w, h = x1 - x0, y1 - y0
    areas = (
        (x0 - 0.25 * w, y0 - 0.45 * h, x1 + 0.25 * w, y0 + 0.1 * h),
        (x0 + 0.2 * w, y0 + 0.3 * h, x1 - 0.2 * w, y0 + 0.75 * h),
        (x0 - 0.9 * w, y1 + 0.25 * h, x1 + 0.9 * w, y1 + 1.2 * h),
    )
    blocks = [_colours(_cut(rgb, area)) for area in areas]
    blocks.append(_edges(rgb, landmarks_px))
    return unit(np.concatenate([weight * block for weight, block in zip(_WEIGHTS, blocks, strict=True)]))


def likeness(a: F32, b: F32) -> float:
    """Cosine similarity of two looks over the areas that both show, weighted: a close-up has no clothes to compare.

    Vectors of another length than `describe` gives are compared as a whole. 0 where there is nothing to compare.
    """
    bounds = np.cumsum(_BLOCKS)[:-1] if len(a) == sum(_BLOCKS) else np.zeros(0, int)
    if a.shape != b.shape:
        return 0.0
    total = weights = 0.0
    for part_a, part_b, weight in zip(np.split(a, bounds), np.split(b, bounds), _WEIGHTS, strict=False):
        lengths = float(np.linalg.norm(part_a)) * float(np.linalg.norm(part_b))
        if lengths > 0:
            total += weight**2 * float(part_a @ part_b) / lengths
            weights += weight**2
    return total / weights if weights else 0.0


def _cut(rgb: NDArray[np.uint8], area: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    """At most about 48 x 48 pixels of the area, those outside the picture left out."""
    height, width = rgb.shape[:2]
    x0, x1 = (int(np.clip(v, 0, width)) for v in (area[0], area[2]))
    y0, y1 = (int(np.clip(v, 0, height)) for v in (area[1], area[3]))
    step = max(1, (x1 - x0) // 48, (y1 - y0) // 48)
    return rgb[y0:y1:step, x0:x1:step]


def _colours(patch: NDArray[np.uint8]) -> F32:
    """[72] unit length, square roots of a colour and a brightness histogram (so that cosine is Bhattacharyya)."""
    if patch.size == 0:
        return np.zeros(_AB_BINS * _AB_BINS + _L_BINS, np.float32)
    lab = cv2.cvtColor(np.ascontiguousarray(patch), cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float32)
    span = [[96.0, 176.0], [96.0, 192.0]]
    a, b = np.clip(lab[:, 1], 96.0, 175.9), np.clip(lab[:, 2], 96.0, 191.9)
    colour = np.histogram2d(a, b, bins=_AB_BINS, range=span)[0].ravel()
    light = np.histogram(lab[:, 0], bins=_L_BINS, range=(0.0, 256.0))[0]
    return unit(np.sqrt(np.concatenate([colour, light]) / len(lab)).astype(np.float32))


def _edges(rgb: NDArray[np.uint8], landmarks_px: F32) -> F32:
    """[512] unit length: histograms of edge directions over the face turned upright and scaled to 64 x 64."""
    mouth = landmarks_px[[MOUTH_RIGHT, MOUTH_LEFT], :2].mean(axis=0)
    corners = np.stack([landmarks_px[EYE_RIGHT, :2], landmarks_px[EYE_LEFT, :2], mouth]).astype(np.float32)
    warp = cv2.getAffineTransform(corners, np.asarray(_EYES_MOUTH, np.float32))
    grey = cv2.cvtColor(cv2.warpAffine(rgb, warp, (_FACE, _FACE)), cv2.COLOR_RGB2GRAY).astype(np.float32)
    dx, dy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    strength = np.hypot(dx, dy)
    angle = np.minimum((np.arctan2(dy, dx) % np.pi) / np.pi * _ANGLES, _ANGLES - 1).astype(int)
    cells = np.zeros((_FACE // _CELL, _FACE // _CELL, _ANGLES), np.float32)
    rows, columns = np.indices(grey.shape) // _CELL
    np.add.at(cells, (rows, columns, angle), strength)
    cells = np.sqrt(cells / max(float(cells.sum()), 1e-6))
    return unit((cells - cells.mean(axis=(0, 1))).ravel())
