"""Shot cuts and still pictures, from small versions of the pictures.

A cut changes colours and layout at once; motion changes the layout a little each frame and the colours hardly.
Gradual transitions (fades, wipes) are not found; a face that changes across one is caught by its appearance.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np

from nonverbal.types import F32, U8

_SIZE = (64, 36)
_BINS = 12
_STILL_LEVELS = 2.0  # grey levels that re-encoding moves a still picture's cells by (measured: at most 1.5)
_STILL_SHARE = 0.995  # of the cells must stay within
# A cut between two like pictures (two people before one wall) changes little, but far more than the shot did so far.
# Such cuts measured 0.041 and 15 % of the cells, ten times the usual change; talk and gestures at most 0.025 and 11 %.
_SUDDEN_LUMA, _SUDDEN_SHARE, _TIMES_SUDDEN = 0.033, 0.12, 6.0
_MOVED_LEVELS = 20.0
_KNOWN = 4  # pictures of a shot before its usual change is known


@dataclass
class ShotFinder:
    """Fed each picture in order, tells whether it begins a new shot.

    Attributes:
        min_luma: mean change of a cell's brightness, 0..1, below which nothing is a cut.
        min_colour: colour histogram distance, 0..1, that a cut reaches, unless its brightness changes by twice
            `min_luma` and more (two cameras in one room share their colours).
        times_motion: how many times larger than the recent frame-to-frame change a cut must be.
    """

    min_luma: float = 0.05
    min_colour: float = 0.12
    times_motion: float = 3.0
    pictures: int = 0
    still_pictures: int = 0
    _last: tuple[U8, F32, F32] | None = None
    _recent: deque[float] = field(default_factory=lambda: deque(maxlen=12))

    def is_cut(self, rgb: U8) -> bool:
        """Whether `rgb` begins a shot; a repeat of the same array never does."""
        before = self._last
        if before is not None and before[0] is rgb:
            return False
        step = max(
            1, min(rgb.shape[0] // (4 * _SIZE[1]), rgb.shape[1] // (4 * _SIZE[0]))
        )  # 16 pixels a cell are enough
        small = cv2.resize(rgb[::step, ::step], _SIZE, interpolation=cv2.INTER_AREA).astype(np.float32)
        colours = _histogram(small)
        self._last = (rgb, small, colours)
        self.pictures += 1
        if before is None or before[0].shape != rgb.shape:
            self._recent.clear()
            return True
        change = np.abs(small - before[1]).mean(axis=2)
        self.still_pictures += bool((change <= _STILL_LEVELS).mean() >= _STILL_SHARE)
        luma = float(change.mean()) / 255.0
        usual = float(np.median(self._recent)) if self._recent else 0.0
        colour = 0.5 * float(np.abs(colours - before[2]).sum())
        strong = luma >= self.min_luma and (colour >= self.min_colour or luma >= 2.0 * self.min_luma)
        moved = float((change >= _MOVED_LEVELS).mean())
        sudden = len(self._recent) >= _KNOWN and luma >= _SUDDEN_LUMA and moved >= _SUDDEN_SHARE
        cut = (strong and luma >= self.times_motion * usual) or (sudden and luma >= _TIMES_SUDDEN * usual)
        if cut:
            self._recent.clear()
        self._recent.append(luma)  # a cut too: the pictures of a whip pan are not all cuts
        return cut

    @property
    def still(self) -> float:
        """Share of pictures nearly identical to their predecessor, 0..1; 1 where there is but one picture."""
        return 1.0 if self.pictures <= 1 else self.still_pictures / (self.pictures - 1)


def _histogram(small: F32) -> F32:
    """[3 * bins] shares of brightness and of the two colour differences; sums to 1."""
    red, green, blue = small[..., 0], small[..., 1], small[..., 2]
    channels = ((red + green + blue) / 3.0, (red - green + 255.0) / 2.0, (blue - green + 255.0) / 2.0)
    ranges = ((0.0, 256.0), (64.0, 192.0), (64.0, 192.0))
    counts = [
        np.histogram(np.clip(c, lo, hi - 1e-3), bins=_BINS, range=(lo, hi))[0]
        for c, (lo, hi) in zip(channels, ranges, strict=True)
    ]
    return (np.concatenate(counts) / (3.0 * red.size)).astype(np.float32)
