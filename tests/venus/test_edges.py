"""Silence at the edges of talk, on sounds whose edges are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nonverbal.types import SpeakerSegment
from nonverbal.venus.edges import quiet_hops, trim_silence

RATE = 16_000


def sound(*talk: tuple[float, float], seconds: float = 10.0, room: float = 1e-4) -> np.ndarray:
    """Noise of a room in which a loud voice is heard for the given times."""
    samples = room * np.random.default_rng(0).standard_normal(round(seconds * RATE))
    for start_s, end_s in talk:
        samples[round(start_s * RATE) : round(end_s * RATE)] *= 0.1 / room
    return samples.astype(np.float32)


def trimmed(samples: np.ndarray, *segments: tuple[str, float, float]) -> list[tuple[str, float, float]]:
    found = trim_silence([SpeakerSegment(*s) for s in segments], samples, RATE, 0.1)
    return [(s.speaker, s.start_s, s.end_s) for s in found]


def test_silence_at_both_edges_goes() -> None:
    ((speaker, start_s, end_s),) = trimmed(sound((2.0, 7.0)), ("S0", 1.9, 7.15))
    assert speaker == "S0"
    assert (start_s, end_s) == pytest.approx((2.0, 7.0), abs=0.021)


def test_edges_inside_a_voice_and_long_silences_stay() -> None:
    samples = sound((2.0, 4.0), (5.0, 9.0))
    assert trimmed(samples, ("S0", 2.1, 8.5)) == [("S0", 2.1, 8.5)], "a pause inside is no edge"
    ((_, start_s, end_s),) = trimmed(samples, ("S0", 0.5, 1.5))
    assert (start_s, end_s) == pytest.approx((0.7, 1.3)), "never more than 0.2 s"


def test_a_loud_room_costs_no_soft_words() -> None:
    samples = sound((2.0, 7.0), room=0.03)  # 10 dB below the voice
    assert trimmed(samples, ("S0", 1.9, 7.15)) == [("S0", 1.9, 7.15)]


def test_order_follows_the_new_starts() -> None:
    found = trimmed(sound((2.0, 7.0)), ("S0", 1.85, 3.0), ("S1", 1.9, 7.0), ("S0", 1.95, 1.96))
    assert [s[1] for s in found] == sorted(s[1] for s in found)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.0, 9.0), st.floats(0.1, 5.0), st.integers(0, 3))
def test_a_segment_stays_inside_itself_and_long_enough(start_s: float, length_s: float, kind: int) -> None:
    start_s, end_s = round(start_s, 3), round(min(start_s + length_s, 10.0), 3)
    samples = (sound((2.0, 7.0)), np.zeros(160_000, np.float32), sound((0, 10)), sound(seconds=0.005))[kind]
    ((_, left_s, right_s),) = trimmed(samples, ("S0", start_s, end_s))
    assert start_s - 1e-9 <= left_s
    assert right_s <= end_s + 1e-9
    assert right_s - left_s >= min(0.1, end_s - start_s) - 2e-3


def test_no_sound_is_no_silence() -> None:
    assert len(quiet_hops(np.zeros(0, np.float32), RATE)) == 0
    assert not quiet_hops(np.zeros(1600, np.float32), RATE).any()
