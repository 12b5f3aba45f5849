"""What stands between a set and a file: backdrop, light, sensor noise, softness, compression, all by seed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from nonverbal.motion.rotations import F
from nonverbal.types import U8

_NOISE_PICTURES = 5  # noise is drawn from a few prepared pictures, shifted anew each frame: drawing it costs 20 ms


@dataclass(frozen=True, slots=True)
class Grade:
    """How a camera records.

    Attributes:
        noise: standard deviation of the sensor's noise, in steps of 1/255.
        softness_px: standard deviation of the blur of lens and scaling.
        gain: red, green, blue factors: exposure and white balance.
        crf: H.264 quality, see `media.encode`.
    """

    noise: float
    softness_px: float
    gain: tuple[float, float, float]
    crf: int


def random_grade(rng: np.random.Generator) -> Grade:
    """From a good camera in a studio to a web camera in a dim room."""
    exposure = rng.uniform(0.82, 1.08)
    warmth = rng.normal(0.0, 0.035)
    return Grade(
        noise=float(rng.uniform(0.5, 2.5)),
        softness_px=float(rng.choice((0.0, rng.uniform(0.4, 0.9)))),
        gain=(float(exposure * (1 + warmth)), float(exposure), float(exposure * (1 - warmth))),
        crf=int(rng.integers(21, 29)),
    )


def backdrop(rng: np.random.Generator, width_px: int, height_px: int) -> U8:
    """[H, W, 3] a wall, out of focus: a gradient, a few large soft shapes, a shelf or a window."""
    base = rng.uniform(40, 190) + rng.normal(0.0, 18.0, 3)
    rows = np.linspace(rng.uniform(-30, 30), rng.uniform(-30, 30), height_px)[:, None, None]
    columns = np.linspace(rng.uniform(-30, 30), rng.uniform(-30, 30), width_px)[None, :, None]
    wall = np.clip(base + rows + columns, 0, 255).astype(np.float32)
    wall = np.array(np.broadcast_to(wall, (height_px, width_px, 3)))
    for _ in range(int(rng.integers(2, 9))):
        centre = rng.uniform(0, 1, 2) * (width_px, height_px)
        size = rng.uniform(0.05, 0.35, 2) * (width_px, height_px)
        corners = np.concatenate([centre - size / 2, centre + size / 2]).astype(int).tolist()
        colour = np.clip(base + rng.normal(0.0, 45.0, 3), 0, 255).tolist()
        cv2.rectangle(wall, corners[:2], corners[2:], colour, -1)
    soft = cv2.GaussianBlur(wall, (0, 0), rng.uniform(6.0, 18.0) * height_px / 720)
    return np.clip(soft, 0, 255).astype(np.uint8)


def lay_table(wall: U8, top_px: F, floor_px: F, rng: np.random.Generator) -> U8:
    """[H, W, 3] the backdrop with a table in front of it.

    Args:
        top_px: [4, 2] corners of its top: back left, back right, front right, front left.
        floor_px: [2, 2] below the front right and the front left corner.
    """
    wood = rng.uniform(50, 190) * np.array([1.0, 0.78, 0.58]) * rng.uniform(0.9, 1.1, 3)
    out = np.array(wall)
    for corners, light in ((np.concatenate([top_px[2:], floor_px[::-1]]), 0.6), (top_px, 1.0)):
        colour = np.clip(wood * light, 0, 255).tolist()
        cv2.fillPoly(out, [np.round(corners * 8).astype(np.int32)], colour, lineType=cv2.LINE_AA, shift=3)
    return out


class Recorder:
    """Applies a grade to picture after picture; each picture depends on its number alone, not on those before it."""

    def __init__(self, grade: Grade, seed: int, width_px: int, height_px: int) -> None:
        rng = np.random.default_rng([seed, 0x6E6F6973])
        self._grade, self._seed = grade, seed
        shape = (_NOISE_PICTURES, 2 * height_px, 2 * width_px)
        noise = rng.standard_normal((_NOISE_PICTURES, height_px, width_px), np.float32) * grade.noise
        self._noise = np.clip(np.round(np.tile(noise, (1, 2, 2))), -127, 127).astype(np.int8).reshape(shape)
        steps = np.arange(256)[:, None] * np.array(grade.gain)
        self._curve = np.clip(np.round(steps), 0, 255).astype(np.uint8).reshape(1, 256, 3)

    def record(self, picture: U8, number: int) -> U8:
        """[H, W, 3] what the file gets of picture `number`; the given picture is left as it is."""
        seen = cv2.LUT(picture, self._curve)
        if self._grade.softness_px > 0:
            seen = cv2.GaussianBlur(seen, (5, 5), self._grade.softness_px)
        height, width = picture.shape[:2]
        which, top, left = np.random.default_rng([self._seed, number]).integers((_NOISE_PICTURES, height, width))
        noise = self._noise[which, top : top + height, left : left + width]
        return np.asarray(cv2.add(seen, cv2.merge([noise] * 3), dtype=cv2.CV_8U))
