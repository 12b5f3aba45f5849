"""Whole persons in a picture by YOLOX, run by OpenCV.

Source: Ge et al., "YOLOX: Exceeding YOLO Series in 2021": an anchor-free detector whose every cell of three grids tells
a box, whether there is anything, and what.
"""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from nonverbal import weights
from nonverbal.backends.person_detectors import YOLOX_NANO, YOLOX_S, People
from nonverbal.backends.sface import read_network
from nonverbal.verdicts import UserError
from nonverbal.weights import WeightFile

F32 = NDArray[np.float32]

_STRIDES = (8, 16, 32)
_COLUMNS = 85  # box, objectness, 80 classes of COCO
_OBJECT, _PERSON = 4, 5
_GREY = 114  # what a picture is filled up with to a square
_SAME_IOU = 0.45
_MAX_LOG = 10.0  # of a box's size in cells: what is larger is no size


class Yolox:
    """A YOLOX network of one input size."""

    def __init__(self, file: WeightFile, side_px: int, weights_path: str) -> None:
        self._file, self._side, self._path = file, side_px, weights_path
        self._one_at_a_time = threading.Lock()  # a network of OpenCV keeps its input inside

    def see(self, rgb: NDArray[np.uint8], min_score: float) -> People:
        """See `PersonDetector`."""
        boxes, best = self.detect(rgb, min_score)
        return People(0, len(boxes), best)

    def detect(self, rgb: NDArray[np.uint8], min_score: float) -> tuple[F32, float]:
        """Boxes of persons, float32 [N, 5] x0, y0, x1, y1 in pixels and score, best first; and the best score."""
        blob, scale = letterboxed(rgb, self._side)
        try:
            with self._one_at_a_time:
                self._network.setInput(blob)
                raw = np.asarray(self._network.forward(), np.float32)
        except cv2.error as error:
            raise UserError(
                f"the weights of the person detector take no pictures of {self._side} x {self._side} "
                f"({' '.join(error.err.split())}): "
                "correct person_weights or person_detector"
            ) from error
        if raw.shape[-1] != _COLUMNS or raw.size != _COLUMNS * sum((self._side // s) ** 2 for s in _STRIDES):
            raise UserError(
                f"the weights of the person detector give {raw.shape} numbers, expected a YOLOX network for pictures "
                f"of {self._side} x {self._side} and the 80 classes of COCO: correct person_weights or person_detector"
            )
        boxes = decoded(raw.reshape(-1, _COLUMNS), self._side)
        best = float(boxes[:, 4].max(initial=0.0))
        boxes[:, :4] = (boxes[:, :4] / scale).clip(0.0, np.tile(rgb.shape[1::-1], 2))
        return distinct(boxes, min_score), best

    @cached_property
    def _network(self) -> cv2.dnn.Net:
        return read_network(Path(self._path) if self._path else weights.verified(self._file))


class YoloxNano(Yolox):
    """0.9 million parameters, pictures of 416 pixels."""

    def __init__(self, weights_path: str = "") -> None:
        super().__init__(YOLOX_NANO, 416, weights_path)


class YoloxS(Yolox):
    """9 million parameters, pictures of 640 pixels."""

    def __init__(self, weights_path: str = "") -> None:
        super().__init__(YOLOX_S, 640, weights_path)


def letterboxed(rgb: NDArray[np.uint8], side_px: int) -> tuple[F32, float]:
    """float32 [1, 3, side, side] blue, green, red from 0 to 255, the picture in the upper left; and its scale."""
    height, width = rgb.shape[:2]
    scale = min(side_px / height, side_px / width)
    size = (min(side_px, max(1, int(width * scale))), min(side_px, max(1, int(height * scale))))
    canvas = np.full((side_px, side_px, 3), _GREY, np.uint8)
    canvas[: size[1], : size[0]] = cv2.resize(rgb, size, interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(canvas[None, :, :, ::-1].transpose(0, 3, 1, 2)).astype(np.float32), scale


def decoded(raw: F32, side_px: int) -> F32:
    """[N, 5] x0, y0, x1, y1 in the network's pixels and the score as a person, from its rows [N, 85].

    Rows go over the finest grid first, line by line; a centre is told from its cell's corner and a size by its
    logarithm, both in cells. Example: the second row, 0.5, 0.5, 0, 0, is the box from 8 to 16 and from 0 to 8.
    """
    cells = []
    for stride in _STRIDES:
        line, column = np.divmod(np.arange((side_px // stride) ** 2), side_px // stride)
        cells.append(np.stack([column, line, np.full_like(line, stride)], axis=1))
    grid = np.concatenate(cells).astype(np.float32)
    centre = (raw[:, :2] + grid[:, :2]) * grid[:, 2:]
    half = np.exp(np.minimum(raw[:, 2:4], _MAX_LOG)) * grid[:, 2:] / 2
    score = raw[:, _OBJECT] * raw[:, _PERSON]
    boxes = np.column_stack([centre - half, centre + half, score])
    boxes[~np.isfinite(boxes).all(axis=1)] = 0.0
    return boxes.astype(np.float32)


def distinct(boxes: F32, min_score: float) -> F32:
    """Those of `boxes` [N, 5] that reach `min_score` and overlap no better one by 0.45 or more, best first."""
    left = boxes[boxes[:, 4] >= min_score]
    left = left[np.argsort(-left[:, 4], kind="stable")]
    kept = []
    while len(left):
        kept.append(left[0])
        low, high = np.maximum(left[0, :2], left[:, :2]), np.minimum(left[0, 2:4], left[:, 2:4])
        shared = np.prod(np.maximum(high - low, 0.0), axis=1)
        area = np.prod(left[:, 2:4] - left[:, :2], axis=1)
        left = left[1:][(shared / np.maximum(area[0] + area - shared, 1e-9))[1:] < _SAME_IOU]
    return np.stack(kept) if kept else np.zeros((0, 5), np.float32)
