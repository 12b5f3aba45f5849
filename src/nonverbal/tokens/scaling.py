"""From a space's units to the numbers a network sees, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nonverbal.tokens.config import column_groups
from nonverbal.tokens.motion_set import MotionSet
from nonverbal.types import F32

_CHUNK = 1 << 16


@dataclass(frozen=True, eq=False)
class Scaling:
    """(values - mean) / scale, column by column; both [D] float32."""

    mean: F32
    scale: F32

    def apply(self, values: F32) -> F32:
        return (values - self.mean) / self.scale

    def invert(self, values: F32) -> F32:
        return values * self.scale + self.mean


def fit_scaling(motion: MotionSet, floor: float) -> Scaling:
    """Mean and standard deviation of each column over its valid frames.

    Args:
        motion: the training motion.
        floor: no column is scaled by less than this share of its group's root mean square deviation: columns that
            hardly move would otherwise count as much as those that carry the expression.
    """
    groups = column_groups(motion.spaces)
    mean, scale = np.zeros(motion.values.shape[1]), np.ones(motion.values.shape[1])
    for i, group in enumerate(groups):
        width = group.columns.stop - group.columns.start
        count, total, square = 0, np.zeros(width), np.zeros(width)
        for start in range(0, len(motion.values), _CHUNK):
            rows = motion.mask[start : start + _CHUNK, i]
            values = motion.values[start : start + _CHUNK, group.columns][rows].astype(np.float64)
            count += len(values)
            total += values.sum(axis=0)
            square += (values**2).sum(axis=0)
        if not count:
            continue
        mean[group.columns] = total / count
        variance = np.maximum(square / count - (total / count) ** 2, 0.0)
        scale[group.columns] = np.maximum(np.sqrt(variance), floor * np.sqrt(variance.mean()))
    return Scaling(mean.astype(np.float32), np.where(scale > 1e-6, scale, 1.0).astype(np.float32))
