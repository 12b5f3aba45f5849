"""Speech packed into windows, and back."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonverbal.types import Span
from nonverbal.venus.packing import JOINT_S, pack, sound_of, unpack_time

RATE = 100


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(round(seconds * RATE)).astype(np.float32)


def length_s(window: tuple[Span, ...]) -> float:
    return sum(s.duration_s for s in window) + JOINT_S * (len(window) - 1)


@st.composite
def speech(draw: st.DrawFn) -> tuple[list[Span], float]:
    spans, now = [], 0.0
    for gap, length in draw(st.lists(st.tuples(st.integers(1, 80), st.integers(1, 400)), max_size=12)):
        spans.append(Span(now + gap / 10, now + gap / 10 + length / 10))
        now = spans[-1].end_s
    return spans, now + 1.0


@given(speech(), st.sampled_from([2.0, 10.0, 28.0]), st.sampled_from([0.0, 0.2]))
def test_windows_hold_all_speech_and_are_short_enough(
    given_: tuple[list[Span], float], max_s: float, pad_s: float
) -> None:
    spans, end_s = given_
    windows = pack(spans, noise(end_s), RATE, max_s, pad_s)
    parts = [part for window in windows for part in window]
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in pairwise(parts)), "in order, nothing twice"
    assert all(length_s(window) <= max_s + 1e-6 for window in windows)
    for span in spans:
        inside = sum(max(0.0, min(span.end_s, p.end_s) - max(span.start_s, p.start_s)) for p in parts)
        assert inside == pytest.approx(span.duration_s)
    if not spans:
        assert windows == ()


@given(speech(), st.floats(0, 1))
def test_times_come_back(given_: tuple[list[Span], float], where: float) -> None:
    spans, end_s = given_
    for window in pack(spans, noise(end_s), RATE, 28.0, 0.2):
        offset = 0.0
        for span in window:
            inside = 0.01 + where * max(0.0, span.duration_s - 0.02)
            assert unpack_time(window, offset + inside, is_end=False) == pytest.approx(span.start_s + inside)
            offset += span.duration_s + JOINT_S


def test_a_time_in_a_joint_goes_to_the_speech_it_belongs_to() -> None:
    window = (Span(1.0, 2.0), Span(5.0, 6.0))
    assert unpack_time(window, 1.1, is_end=True) == 2.0
    assert unpack_time(window, 1.1, is_end=False) == 5.0
    assert unpack_time(window, 99.0, is_end=True) == 6.0
    assert math.isnan(unpack_time(window, math.nan, is_end=True))


def test_the_cut_lies_in_the_longest_pause_of_the_second_half() -> None:
    spans = [Span(0.0, 2.0), Span(4.5, 6.0), Span(6.5, 8.0), Span(9.5, 11.0), Span(11.2, 14.0)]
    first, second = pack(spans, noise(15.0), RATE, max_s=10.0, pad_s=0.0)
    assert first == (Span(0.0, 2.0), Span(4.5, 6.0), Span(6.5, 8.0)), "1.5 s at 8.0, not 2.5 s at 2.0 or 0.2 s at 11.0"
    assert second == (Span(9.5, 11.0), Span(11.2, 14.0))


def test_speech_without_a_pause_is_cut_where_it_is_quietest() -> None:
    samples = noise(20.0)
    samples[750:770] *= 0.01
    first, *_ = pack([Span(0.0, 20.0)], samples, RATE, max_s=10.0, pad_s=0.0)
    assert 7.5 <= first[0].end_s <= 7.7


def test_the_sound_has_a_silence_at_each_joint() -> None:
    samples = np.arange(1, 601, dtype=np.float32)
    sound = sound_of((Span(1.0, 2.0), Span(5.0, 6.0)), samples, RATE)
    assert sound.tolist() == [*range(101, 201), *([0] * 30), *range(501, 601)]
