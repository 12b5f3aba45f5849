"""Identity as the VENUS paper has it: MobileNet features of the person's crop, compared by cosine."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from nonverbal import weights
from nonverbal.backends.looks import MOBILENET_V2, MOBILENET_V3, Likenesses, cosine, unit
from nonverbal.backends.mobilenet import MobileNet, load, mobilenet_v2, mobilenet_v3

F32 = NDArray[np.float32]

_SIDE = 224
_REACH = 1.5  # of the crop beside the face's centre, in face sizes: head and shoulders
_DOWN = 0.6  # how far below the face's centre the crop's centre lies, in face sizes
_MEAN, _SPREAD = np.asarray([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]], np.float32)  # of ImageNet


class MobileNetV3:
    """The large network's 960 features.

    What its likenesses mean is taken over from `MobileNetV2`, not measured.
    """

    name = "mobilenetv3"
    likenesses = Likenesses(same=0.955, maybe=0.85, other=0.88, margin=0.05)

    def describe(self, rgb: NDArray[np.uint8], landmarks_px: F32) -> F32:
        """See `LookModel`; [960]."""
        return features(self.network, rgb, landmarks_px)

    def likeness(self, a: F32, b: F32) -> float:
        """See `LookModel`."""
        return cosine(a, b)

    @cached_property
    def network(self) -> MobileNet:
        return load(mobilenet_v3(), weights.verified(MOBILENET_V3))


class MobileNetV2:
    """The network before, 1280 features; its weights come inside a package.

    Measured as `DlibFace`: shots of one person are 0.901 alike or more in other light and colours and 0.678 where the
    framing changes; of two people in front of one backdrop 0.956 at most, 0.922 in 99 %.
    """

    name = "mobilenetv2"
    likenesses = Likenesses(same=0.955, maybe=0.85, other=0.88, margin=0.05)

    def describe(self, rgb: NDArray[np.uint8], landmarks_px: F32) -> F32:
        """See `LookModel`; [1280]."""
        return features(self.network, rgb, landmarks_px)

    def likeness(self, a: F32, b: F32) -> float:
        """See `LookModel`."""
        return cosine(a, b)

    @cached_property
    def network(self) -> MobileNet:
        return load(mobilenet_v2(), weights.verified(MOBILENET_V2))


def features(network: MobileNet, rgb: NDArray[np.uint8], landmarks_px: F32) -> F32:
    """[E] of unit length of the person with face mesh `landmarks_px` [478, 3]; zeros where there is none to cut."""
    crop = person_crop(rgb, landmarks_px)
    pixels = np.zeros((_SIDE, _SIDE, 3), np.float32) if crop is None else (crop / np.float32(255) - _MEAN) / _SPREAD
    with torch.inference_mode():
        embedded: F32 = network.embed(torch.from_numpy(pixels).permute(2, 0, 1)[None])[0].numpy()
    return np.zeros_like(embedded) if crop is None else unit(embedded)


def person_crop(rgb: NDArray[np.uint8], landmarks_px: F32) -> NDArray[np.uint8] | None:
    """uint8 [224, 224, 3], head and shoulders; ImageNet's mean grey where the picture ends.

    None where the face is a point or lies outside of the picture.
    """
    low, high = landmarks_px[:468, :2].min(axis=0), landmarks_px[:468, :2].max(axis=0)
    face = float((high - low).mean())
    if not np.isfinite(face) or face < 1.0 or (high < 0).any() or (low >= rgb.shape[1::-1]).any():
        return None
    (x, y), half = (low + high) / 2, _REACH * face
    x0, y0 = round(float(x) - half), round(float(y) + _DOWN * face - half)
    side = max(2, round(2 * half))
    canvas = np.empty((side, side, 3), np.uint8)
    canvas[:] = np.round(255 * _MEAN)
    height, width = rgb.shape[:2]
    left, top, right, bottom = max(x0, 0), max(y0, 0), min(x0 + side, width), min(y0 + side, height)
    canvas[top - y0 : bottom - y0, left - x0 : right - x0] = rgb[top:bottom, left:right]
    how = cv2.INTER_AREA if side > _SIDE else cv2.INTER_LINEAR
    return cv2.resize(canvas, (_SIDE, _SIDE), interpolation=how)
