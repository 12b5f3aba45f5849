"""Where in a stretch of sound a voice is heard, by its energy."""

from __future__ import annotations

import numpy as np

from nonverbal.types import F32, Bool

HOP_S = 0.005
_QUIET_DB = 34.0
"""Sound this far below the loudest 5 ms is silence: breath and room tone, not the softest consonants."""


def loud_frames(samples: F32, rate_hz: int) -> Bool:
    """[ceil(S / 5 ms)] which stretches of 5 ms hold a voice; `samples` is [S]."""
    first = np.round(np.arange(len(samples) / (HOP_S * rate_hz) + 1) * HOP_S * rate_hz).astype(np.int64)
    first = first[first < len(samples)]
    power = np.add.reduceat(np.square(samples, dtype=np.float64), first) / np.diff(first, append=len(samples))
    loud: Bool = power > power.max(initial=0.0) * 10 ** (-_QUIET_DB / 10)
    return loud


def settle_start(loud: Bool, time_s: float, low_s: float, high_s: float) -> float:
    """Where the sound that is heard at or after `time_s` begins, kept in ``[low_s, high_s]``."""
    i = min(int(time_s / HOP_S), len(loud) - 1)
    if loud[i]:
        while i > 0 and loud[i - 1]:
            i -= 1
    else:
        while i < len(loud) - 1 and not loud[i]:
            i += 1
    return min(max(i * HOP_S, low_s), high_s)


def settle_end(loud: Bool, time_s: float, low_s: float, high_s: float) -> float:
    """Where the sound that is heard at or before `time_s` ends, kept in ``[low_s, high_s]``."""
    i = min(int(time_s / HOP_S), len(loud))
    if i < len(loud) and loud[i]:
        while i < len(loud) and loud[i]:
            i += 1
    else:
        while i > 0 and not loud[i - 1]:
            i -= 1
    return min(max(i * HOP_S, low_s), high_s)
