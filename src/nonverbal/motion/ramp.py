"""From "not at all" to "wholly" between two limits."""

from __future__ import annotations

import numpy as np

from nonverbal.motion.rotations import F


def ramp(value: F, start: float, full: float) -> F:
    """`value` mapped so that `start` and less is 0, `full` and more is 1."""
    return np.clip((np.asarray(value, dtype=np.float64) - start) / (full - start), 0.0, 1.0)
