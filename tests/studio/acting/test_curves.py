"""Curves against their slow definitions."""

from __future__ import annotations

import numpy as np
import pytest

from nonverbal.studio.acting.curves import dips, drift, ease, frame_centres_s, humps, moves, ripples


def test_a_hump_rises_stays_and_falls() -> None:
    column = humps(50, np.array([0.2]), 0.2, 0.4, 0.2).toarray()[:, 0]
    t = frame_centres_s(50)
    slow = [0.0 if not 0.2 <= s <= 1.0 else float(ease((s - 0.2) / 0.2) * (1 - ease((s - 0.8) / 0.2))) for s in t]
    assert column == pytest.approx(slow, abs=1e-12)
    assert column.max() == 1.0


def test_moves_that_overlap_add_up_and_end_on_target() -> None:
    start_s, lasts_s = np.array([0.3, 0.6, 2.0]), np.array([0.5, 0.4, 0.5])
    targets = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 3.0]])
    got = moves(100, np.zeros(2), start_s, lasts_s, targets)
    steps = np.diff(np.vstack([np.zeros(2), targets]), axis=0)
    u = (frame_centres_s(100)[:, None] - start_s) / lasts_s
    assert got == pytest.approx(ease(u) @ steps, abs=1e-9)
    assert got[-1] == pytest.approx(targets[-1], abs=1e-9)


def test_moves_before_the_first_frame_are_done_and_after_the_last_never_begin() -> None:
    got = moves(10, np.array([5.0]), np.array([-2.0, 9.0]), np.array([0.5, 0.5]), np.array([[1.0], [7.0]]))
    assert got == pytest.approx(np.ones((10, 1)))


def test_a_ripple_has_its_cycles_and_ends_at_zero() -> None:
    column = ripples(100, np.array([0.4]), 3.0, 2.0).toarray()[:, 0]
    inside = column[10:47]
    assert np.sum(np.diff(np.sign(inside[np.abs(inside) > 1e-3])) != 0) == 5  # three periods change sign five times
    assert not column[:10].any()
    assert not column[48:].any()
    assert inside.max() > 0.8


def test_a_dip_goes_one_way_only() -> None:
    column = dips(100, np.array([0.4]), 3.0, 2.0).toarray()[:, 0]
    assert column.min() >= 0.0
    peaks = [i for i in range(1, 99) if column[i] > column[i - 1] and column[i] >= column[i + 1]]
    assert len(peaks) == 3
    assert column[peaks[0]] > 0.9 > column[peaks[1]] > column[peaks[2]] > 0.0


def test_drift_wanders_smoothly_with_unit_variance() -> None:
    path = drift(50_000, np.random.default_rng(0), 1.0, 2)
    assert path.std(axis=0) == pytest.approx([1.0, 1.0], abs=0.1)
    assert np.abs(np.diff(path, 2, axis=0)).max() < 0.03


def test_no_events_and_no_frames_are_fine() -> None:
    none = np.zeros(0)
    assert (humps(7, none, 0.1, 0.1, 0.1) @ np.zeros((0, 3))).shape == (7, 3)
    assert moves(7, np.ones(3), none, none, np.zeros((0, 3))) == pytest.approx(np.ones((7, 3)))
    assert drift(0, np.random.default_rng(0), 1.0, 2).shape == (0, 2)
