"""From a decoded picture to an upright one in RGB: square pixels, mirrored and turned as the file asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from nonverbal.types import U8

_SQUARE = 0.02  # pixel shapes this close to square are taken as square


@dataclass(frozen=True, slots=True)
class Layout:
    """How decoded pictures become upright ones: scaled to a size, mirrored, then turned anticlockwise.

    `scaler` is kept from picture to picture: setting libav's up costs more than a conversion.
    """

    width_px: int
    height_px: int
    mirrored: bool
    turns: int
    scaler: VideoReformatter = field(default_factory=VideoReformatter, compare=False, repr=False)

    @classmethod
    def of(cls, frame: VideoFrame, video: VideoStream, max_width_px: int | None = None) -> Layout:
        """The layout for a stream, by its first picture."""
        mirrored, turns = _orientation(frame)
        width, height = float(frame.width), float(frame.height)
        shape = float(video.sample_aspect_ratio or 1)
        if abs(shape - 1) > _SQUARE and 0.25 <= shape <= 4:  # others are damage, not anamorphic pictures
            width, height = (width * shape, height) if shape > 1 else (width, height / shape)
        shrink = min(1.0, max_width_px / (height if turns % 2 else width)) if max_width_px else 1.0
        return cls(max(1, round(width * shrink)), max(1, round(height * shrink)), mirrored, turns)

    @property
    def upright_size_px(self) -> tuple[int, int]:
        """Width and height of what `apply` returns."""
        size = self.width_px, self.height_px
        return size[::-1] if self.turns % 2 else size

    def apply(self, frame: VideoFrame) -> U8:
        """[H, W, 3] the upright picture in RGB."""
        # One thread: the scaler's own would fight those of the other workers.
        plain = self.scaler.reformat(frame, self.width_px, self.height_px, "rgb24", threads=1)
        rgb: U8 = plain.to_ndarray()  # type: ignore[assignment]  # rgb24 is always uint8
        if self.mirrored:
            rgb = rgb[:, ::-1]
        return np.ascontiguousarray(np.rot90(rgb, self.turns))


def _orientation(frame: VideoFrame) -> tuple[bool, int]:
    """Whether to mirror left-right first, and then how many quarter turns anticlockwise, from the display matrix."""
    side = cast(bytes | None, frame.side_data.get("DISPLAYMATRIX"))  # a buffer, which numpy reads like bytes
    if side is None:
        return False, 0
    matrix = np.frombuffer(side, "<i4").reshape(3, 3)[:2, :2].astype(float)
    mirrored = bool(np.linalg.det(matrix) < 0)
    if mirrored:
        matrix = np.diag([-1.0, 1.0]) @ matrix
    degrees = -np.degrees(np.arctan2(matrix[0, 1], matrix[0, 0]))
    return mirrored, round(degrees / 90) % 4
