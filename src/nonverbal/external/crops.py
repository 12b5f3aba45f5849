"""Where a person's face or upper body is cut out of the picture, in the conventions of the estimators' own detectors.

A crop is a box around what was seen, made larger by a margin and brought to the aspect that the estimator takes. Both
are smoothed over time, so that the crop does not jitter with the landmarks; never across a gap or a cut.

    face   the mean side of the landmarks' box, times the margin, about its middle (EMOCA's rule for dense landmarks)
    body   the box of the visible landmarks with room for skin and hair, cut off at the picture's edge, extended to the
           aspect, times the margin (OSX's rule for a detector's box)
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from nonverbal.motion.smooth import cuts_of, stretches
from nonverbal.types import F32, U8, Bool

_WINDOW = 9  # frames, 0.36 s
_MIN_SIDE_PX = 16.0
_VISIBLE = 0.5
_HAIR, _SKIN = 0.5, 0.25  # of the face's height above its landmarks, of its width beside the outermost points


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """Crops of one person over a clip.

    Attributes:
        centre_px: [T, 2].
        size_px: [T, 2] width and height.
        valid: [T] there is one.
    """

    centre_px: F32
    size_px: F32
    valid: Bool

    @property
    def corners_px(self) -> F32:
        """[T, 4] x0, y0, x1, y1; zero where there is none."""
        corners = np.concatenate([self.centre_px - self.size_px / 2, self.centre_px + self.size_px / 2], axis=1)
        return np.asarray(corners * self.valid[:, None], np.float32)

    def cut(self, rgb: U8, row: int, height_px: int, width_px: int) -> U8:
        """[height_px, width_px, 3] of a picture at one frame; what lies outside of the picture is black."""
        scale = (width_px - 1) / float(self.size_px[row, 0]), (height_px - 1) / float(self.size_px[row, 1])
        x0, y0 = (float(c) - float(s) / 2 for c, s in zip(self.centre_px[row], self.size_px[row], strict=True))
        warp = np.asarray([[scale[0], 0.0, -scale[0] * x0], [0.0, scale[1], -scale[1] * y0]])
        return np.asarray(cv2.warpAffine(rgb, warp, (width_px, height_px), flags=cv2.INTER_LINEAR), np.uint8)


def face_boxes(landmarks_px: F32, seen: Bool, aspect: float, margin: float) -> Boxes:
    """The crops of a face from its landmarks [T, L, 2 or 3].

    Args:
        seen: [T] frames whose landmarks count.
        aspect: width over height of the crop.
        margin: side of the crop over the mean side of the landmarks' box.

    Source: Danecek et al. 2022, "EMOCA", as its release crops for dense landmarks.
    """
    low, high = landmarks_px[..., :2].min(axis=1), landmarks_px[..., :2].max(axis=1)
    side = (high - low).mean(axis=1, keepdims=True) * margin
    size = np.concatenate([side * max(aspect, 1.0), side * max(1.0 / aspect, 1.0)], axis=1)
    return _smoothed((low + high) / 2, size, seen & (side[:, 0] >= _MIN_SIDE_PX))


def body_boxes(
    pose_px: F32, visibility: F32, seen: Bool, face_px: F32, picture_px: tuple[int, int], aspect: float, margin: float
) -> Boxes:
    """The crops of a body from its pose [T, K, 2 or 3] and its face's box.

    Args:
        visibility: [T, K] of the pose's landmarks, in [0, 1].
        seen: [T] frames whose pose counts.
        face_px: [T, 4] the box of the face, zero where it is not known.
        picture_px: width and height of the picture.
        aspect: width over height of the crop.
        margin: how much larger the crop is than the person.

    Source: Lin et al. 2023, "One-Stage 3D Whole-Body Mesh Recovery with Component Aware Transformer", as its release
    crops.
    """
    visible = (visibility >= _VISIBLE)[..., None]
    points = pose_px[..., :2]
    low = np.where(visible, points, np.inf).min(axis=1)
    high = np.where(visible, points, -np.inf).max(axis=1)
    face = face_px[:, 2:] - face_px[:, :2]
    known = (face > 0).all(axis=1, keepdims=True)
    low = np.minimum(low, np.where(known, face_px[:, :2] - face * [0.0, _HAIR], np.inf)) - face * [_SKIN, 0.0]
    high = np.maximum(high, np.where(known, face_px[:, 2:], -np.inf)) + face * [_SKIN, 0.0]
    low, high = np.clip(low, 0.0, picture_px), np.clip(high, 0.0, picture_px)
    size = np.maximum(high - low, 0.0)
    width = np.maximum(size[:, 0], size[:, 1] * aspect)
    size = np.stack([width, width / aspect], axis=1) * margin
    valid = seen & visible.any(axis=(1, 2)) & ((high - low).min(axis=1) >= _MIN_SIDE_PX)
    return _smoothed((low + high) / 2, size, valid)


def _smoothed(centre: NDArray[np.floating], size: NDArray[np.floating], valid: Bool) -> Boxes:
    """Running means within stretches of one view, over fewer frames at their ends."""
    rows = np.concatenate([centre, size], axis=1).astype(np.float64)
    rows[~valid] = 0.0
    smooth = np.zeros_like(rows)
    corners = np.concatenate([rows[:, :2] - rows[:, 2:] / 2, rows[:, :2] + rows[:, 2:] / 2], axis=1)
    for first, end in stretches(valid, cuts_of(corners)):
        total = np.concatenate([np.zeros((1, 4)), np.cumsum(rows[first:end], axis=0)])
        at = np.arange(end - first)
        reach = np.minimum(np.minimum(at, end - first - 1 - at), _WINDOW // 2)
        smooth[first:end] = (total[at + reach + 1] - total[at - reach]) / (2 * reach + 1)[:, None]
    return Boxes(smooth[:, :2].astype(np.float32), smooth[:, 2:].astype(np.float32), valid)
