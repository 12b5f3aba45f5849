from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import babble, drawn_track, syllables

from nonverbal.venus import synchrony
from nonverbal.venus.synchrony import Lips, agreement, common_lag, correlation, filled, lips_of, loudness_db, voice_of

T = 250


def test_correlation_is_pearsons_under_the_window() -> None:
    """Against the definition, written out for one frame."""
    random = np.random.default_rng(0)
    a, b = random.standard_normal((2, T)).astype(np.float32)
    b += a
    weight = np.exp(-0.5 * ((np.arange(T) - 125) / synchrony.WINDOW_FRAMES) ** 2)
    weight[np.abs(np.arange(T) - 125) > 4 * synchrony.WINDOW_FRAMES] = 0.0
    da, db = a - np.average(a, weights=weight), b - np.average(b, weights=weight)
    expected = np.average(da * db, weights=weight) / np.sqrt(
        np.average(da**2, weights=weight) * np.average(db**2, weights=weight)
    )
    assert correlation(a, b)[125] == pytest.approx(expected, abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 120), st.floats(0, 100), st.integers(0, 9))
def test_correlation_stays_in_range_and_is_zero_for_a_constant(count: int, level: float, seed: int) -> None:
    a = np.random.default_rng(seed).standard_normal(count).astype(np.float32)
    assert np.abs(correlation(a, a[::-1])).max() <= 1.0
    assert not correlation(a, np.full(count, level, np.float32)).any()


def test_a_mouth_agrees_with_its_own_voice_and_not_with_another() -> None:
    own, other = syllables(T, 1), syllables(T, 2)
    lips = lips_of(drawn_track(0.05 * own))
    assert agreement(lips, voice_of(babble(own), T)).mean() > 0.5
    assert abs(agreement(lips, voice_of(babble(other), T)).mean()) < 0.2


def test_chewing_does_not_agree_with_a_voice() -> None:
    chewing = 0.5 + 0.5 * np.sin(2 * np.pi * 1.5 * np.arange(T) / 25)
    lips = lips_of(drawn_track(0.05 * chewing))
    assert agreement(lips, voice_of(babble(syllables(T, 1)), T)).mean() < 0.15


@pytest.mark.parametrize("lag", [-13, -3, -1, 0, 2, 12])
def test_a_shift_between_lips_and_voice_is_found(lag: int) -> None:
    curve = syllables(T, 3)
    lips = lips_of(drawn_track(0.05 * np.roll(curve, lag)))
    counts = np.ones(T, bool)
    assert common_lag([(lips, voice_of(babble(curve), T), counts)]) == lag


@pytest.mark.parametrize("seed", range(4))
def test_lips_that_follow_another_voice_have_no_far_lag(seed: int) -> None:
    lips = lips_of(drawn_track(0.05 * syllables(T, 20 + seed)))
    voice = voice_of(babble(syllables(T, 40 + seed)), T)
    assert abs(common_lag([(lips, voice, np.ones(T, bool))])) <= 3


def test_lips_made_earlier_stand_still_at_the_end() -> None:
    lips = Lips(*(np.arange(5, dtype=np.float32) + i for i in range(3)))
    assert lips.earlier(2).opening.tolist() == [2, 3, 4, 4, 4]
    assert lips.earlier(-1).motion.tolist() == [2, 2, 3, 4, 5]
    assert lips.earlier(99).change.tolist() == [5] * 5


def test_no_voiced_frame_means_no_lag() -> None:
    lips = lips_of(drawn_track(0.05 * syllables(T, 3)))
    assert common_lag([(lips, voice_of(babble(syllables(T, 3)), T), np.zeros(T, bool))]) == 0


def test_frames_without_a_face_are_filled_and_leave_no_nan() -> None:
    opening = 0.05 * syllables(T, 1)
    opening[40:60] = np.nan
    for part in (track := lips_of(drawn_track(opening))).opening, track.change, track.motion:
        assert np.isfinite(part).all()
    assert filled(np.asarray([0, 9, 4], np.float32), np.asarray([True, False, True])).tolist() == [0, 2, 4]
    assert not filled(np.ones(3, np.float32), np.zeros(3, bool)).any()


def test_still_lips_move_less_than_talking_ones() -> None:
    noise = 0.001 * np.random.default_rng(0).standard_normal(T)
    assert lips_of(drawn_track(0.01 + noise)).motion.max() < 0.004
    assert lips_of(drawn_track(0.05 * syllables(T, 1))).motion.mean() > 0.01


def test_loudness_is_in_decibels_of_full_scale() -> None:
    sine = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    assert loudness_db(sine, 25) == pytest.approx(-3.01, abs=0.02)
    assert loudness_db(np.zeros(100, np.float32), 3).tolist() == [-100.0] * 3


def test_spectra_in_pieces_equal_spectra_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = babble(syllables(T, 1))
    whole = voice_of(samples, T)
    monkeypatch.setattr(synchrony, "_CHUNK", 17)
    assert np.array_equal(voice_of(samples, T), whole)


def test_sound_shorter_or_longer_than_the_pictures_is_no_error() -> None:
    samples = babble(syllables(T, 1))
    assert len(voice_of(samples[:1000], T)) == len(voice_of(samples, 10)) + T - 10
    assert np.isfinite(voice_of(np.zeros(0, np.float32), T)).all()
