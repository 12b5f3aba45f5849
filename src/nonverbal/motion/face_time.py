"""Coefficients without the trembling of landmarks: a short bell over time, as wide as each coefficient is slow.

Nothing is mixed across a cut or a gap. Blinks and closed lips last a few frames and keep their depth; brows and cheeks
take half a second to move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import scipy  # loads its parts when they are used

from nonverbal.motion.rotations import F
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import F32

BELLS_FRAMES: Mapping[str, float] = MappingProxyType({
    "eyeBlink": 0.7, "mouthClose": 0.7, "mouthLowerDown": 0.7, "mouthUpperUp": 1.0, "jawOpen": 0.8, "mouthFunnel": 0.8,
    "mouthPucker": 1.0, "mouthPress": 1.0, "mouthRoll": 1.0, "tongueOut": 1.0, "mouthStretch": 1.5, "mouthShrug": 1.5,
    "cheekPuff": 1.5, "eyeWide": 1.5,
})  # fmt: skip
"""Standard deviation of the bell in frames of 1/25 s, by how names begin."""

SLOW_FRAMES = 2.0
"""That of all other coefficients."""

GAZE_FRAMES = 0.7
"""That of gaze: a glance takes one or two frames."""


def calm_face_values(face: F, stretches: Sequence[tuple[int, int]]) -> F32:
    """[N, 52] smoothed inside each half-open stretch of rows."""
    bells = np.array([_bell(name) for name in ARKIT52_NAMES])
    calmed = np.array(face, np.float64)
    for bell in np.unique(bells):
        columns = np.flatnonzero(bells == bell)
        calmed[:, columns] = calm_values(calmed[:, columns], stretches, float(bell))
    return calmed.astype(np.float32)


def calm_values(values: F, stretches: Sequence[tuple[int, int]], bell_frames: float) -> F:
    """[N, D] smoothed inside each half-open stretch of rows; the first and the last row go on beyond the ends."""
    calmed = np.array(values, np.float64)
    for first, end in stretches:
        calmed[first:end] = scipy.ndimage.gaussian_filter1d(calmed[first:end], bell_frames, axis=0, mode="nearest")
    return calmed


def _bell(name: str) -> float:
    return next((bell for start, bell in BELLS_FRAMES.items() if name.startswith(start)), SLOW_FRAMES)
