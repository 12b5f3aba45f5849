"""Mel-frequency cepstra as the audio half of active speaker networks expects them: 13 numbers, 100 times a second.

Source: Davis and Mermelstein 1980, "Comparison of parametric representations", in the form of the Python package
python_speech_features with its default values, on which these networks were trained.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import scipy  # loads its parts when they are used
from numpy.typing import NDArray

from nonverbal.types import F32

F64 = NDArray[np.float64]

RATE_HZ = 16_000
STEP = 160
"""Samples from one row to the next: 10 ms."""
N_CEPSTRA = 13

_WINDOW = 400  # samples, 25 ms, without a window function
_SPECTRUM = 512
_FILTERS = 26
_PRE_EMPHASIS = 0.97
_LIFTER = 22
_FULL_SCALE = 32768.0  # samples count as 16 bit integers
_NOTHING = float(np.finfo(np.float64).eps)  # the energy of digital silence, whose logarithm must exist
_ROWS_AT_ONCE = 4000


def mfcc(samples: F32) -> F32:
    """[F, 13] log energy and cepstra 1 to 12 of [S] 16 kHz samples in [-1, 1], every 10 ms.

    F is 1 + ceil((S - 400) / 160), at least 1; the last window is filled with zeros. Samples are rounded to 16 bits
    first, so that silence is digital silence as in the files the networks were trained on.
    """
    signal = np.clip(np.rint(samples.astype(np.float64) * _FULL_SCALE), -_FULL_SCALE, _FULL_SCALE - 1.0)
    signal[1:] -= _PRE_EMPHASIS * signal[:-1].copy()
    rows = 1 + max(0, -(-(len(signal) - _WINDOW) // STEP))
    padded = np.zeros((rows - 1) * STEP + _WINDOW)
    padded[: len(signal)] = signal
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::STEP]
    parts = [_cepstra(windows[i : i + _ROWS_AT_ONCE]) for i in range(0, rows, _ROWS_AT_ONCE)]
    return np.concatenate(parts).astype(np.float32)


def _cepstra(windows: F64) -> F64:
    """[F, 13] of [F, 400] windows."""
    power = np.abs(np.fft.rfft(windows, _SPECTRUM)) ** 2 / _SPECTRUM
    energy, bands = power.sum(axis=1), power @ _mel_filters().T
    logs = np.log(np.where(bands == 0.0, _NOTHING, bands))
    cepstra = scipy.fft.dct(logs, type=2, axis=1, norm="ortho")[:, :N_CEPSTRA]
    cepstra *= 1.0 + _LIFTER / 2.0 * np.sin(np.pi * np.arange(N_CEPSTRA) / _LIFTER)
    cepstra[:, 0] = np.log(np.where(energy == 0.0, _NOTHING, energy))
    return cepstra


@cache
def _mel_filters() -> F64:
    """[26, 257] triangles between whole bins that lie evenly on the mel scale from 0 to 8000 Hz."""
    top_mel = 2595.0 * np.log10(1.0 + RATE_HZ / 2.0 / 700.0)
    corners_hz = 700.0 * (10.0 ** (np.linspace(0.0, top_mel, _FILTERS + 2) / 2595.0) - 1.0)
    corners = np.floor((_SPECTRUM + 1) * corners_hz / RATE_HZ)[:, None]
    left, middle, right = corners[:-2], corners[1:-1], corners[2:]
    bins = np.arange(_SPECTRUM // 2 + 1)
    rising = (bins - left) / np.maximum(middle - left, 1.0)
    falling = (right - bins) / np.maximum(right - middle, 1.0)
    rise, fall = (bins >= left) & (bins < middle), (bins >= middle) & (bins < right)
    return np.where(rise, rising, np.where(fall, falling, 0.0))
