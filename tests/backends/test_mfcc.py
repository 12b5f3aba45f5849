"""Cepstra by the numbers of python_speech_features 0.6."""

from __future__ import annotations

import numpy as np
import pytest

from nonverbal.backends.mfcc import mfcc

TONES = [
    [19.218, 11.305, -1.760, 3.006, -45.154, -36.649, -6.713, -41.893, -3.264, 31.640, -5.129, 21.666, 27.463],
    [19.217, 19.310, 1.755, 18.112, -40.888, -36.502, 3.217, -39.580, -1.941, 37.321, -4.206, 22.533, 28.581],
]  # fmt: skip
"""Of 35 ms of a tone of 440 Hz and a weak one of 3100 Hz."""


def test_two_rows_of_two_tones() -> None:
    t = np.arange(560) / 16_000
    samples = np.round(8000 * np.sin(2 * np.pi * 440 * t) + 500 * np.sin(2 * np.pi * 3100 * t)) / 32768
    assert mfcc(samples.astype(np.float32)) == pytest.approx(np.asarray(TONES), abs=2e-3)


@pytest.mark.parametrize(("count", "rows"), [(0, 1), (1, 1), (400, 1), (401, 2), (560, 2), (561, 3), (16_000, 99)])
def test_rows_for_samples(count: int, rows: int) -> None:
    assert mfcc(np.zeros(count, np.float32)).shape == (rows, 13)


def test_silence_is_the_least_energy_there_is() -> None:
    (row,) = mfcc(np.zeros(400, np.float32))
    assert row[0] == pytest.approx(-36.0437, abs=1e-3)
    assert np.abs(row[1:]).max() < 1e-4
    faint = mfcc(np.full(400, 0.4 / 32768, np.float32))  # less than half a step of 16 bits
    assert np.array_equal(faint[0], row)


def test_pieces_equal_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(0).uniform(-2, 2, 16_000).astype(np.float32)  # beyond full scale is cut off
    whole = mfcc(samples)
    monkeypatch.setattr("nonverbal.backends.mfcc._ROWS_AT_ONCE", 7)
    assert mfcc(samples) == pytest.approx(whole, abs=1e-5)
    assert np.array_equal(mfcc(samples.clip(-1, 1)), mfcc(samples))
