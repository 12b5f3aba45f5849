"""Chunks with their own names become one clip."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nonverbal.types import Span, SpeakerSegment
from nonverbal.venus.segmentation import FrameGrid, chunk_starts, reconstruct, tidy, to_segments, without_strays

GRID = FrameGrid(step=100, length=100, rate_hz=1000)  # frame i is exactly [i/10, (i+1)/10) s


@given(st.integers(1, 5000), st.integers(1, 1000), st.integers(1, 1000), st.integers(1, 50))
def test_chunks_cover_the_clip_on_the_grid(n_samples: int, chunk: int, hop: int, step: int) -> None:
    chunk, hop = max(chunk, step), min(hop, chunk)
    starts = chunk_starts(n_samples, chunk, hop, step)
    assert starts[0] == 0
    assert starts[-1] + chunk >= n_samples, "the end is covered"
    assert all(a % step == 0 for a in starts)
    assert all(0 < b - a <= max(hop, step) for a, b in pairwise(starts)), "no hole"
    assert all(a < n_samples for a in starts)


def test_chunks_agree_on_frames_not_on_names() -> None:
    """Speaker 0 talks in frames 0-4, speaker 1 in 3-7; the second chunk numbers them the other way round."""
    truth = np.zeros((8, 2), dtype=bool)
    truth[0:5, 0] = True
    truth[3:8, 1] = True
    active = np.stack([truth[0:6], truth[2:8, ::-1]])
    found = reconstruct(active, np.array([[0, 1], [1, 0]]), np.array([0, 2]), n_frames=8)
    assert (found == truth).all()


def test_the_majority_of_chunks_wins() -> None:
    active = np.zeros((3, 4, 1), dtype=bool)
    active[0] = active[1] = True
    found = reconstruct(active, np.zeros((3, 1), dtype=np.int64), np.zeros(3, dtype=np.int64), n_frames=4)
    assert found.all()
    active[1] = False
    assert not reconstruct(active, np.zeros((3, 1), dtype=np.int64), np.zeros(3, dtype=np.int64), n_frames=4).any()


def test_a_dropped_local_speaker_is_silent() -> None:
    active = np.ones((1, 5, 2), dtype=bool)
    found = reconstruct(active, np.array([[0, -1]]), np.array([0]), n_frames=5)
    assert found.shape == (5, 1)
    assert found.all()


def test_segments_fill_short_gaps_drop_short_bits_and_name_by_first_speech() -> None:
    active = np.zeros((40, 2), dtype=bool)
    active[10:14, 0] = active[16:20, 0] = True  # a gap of 0.2 s
    active[2:8, 1] = active[30, 1] = True
    found = to_segments(active, GRID, fill_gap_s=0.25, min_segment_s=0.2, end_s=4.0)
    assert found == (SpeakerSegment("S0", 0.2, 0.8), SpeakerSegment("S1", 1.0, 2.0))


def test_no_segment_passes_the_clip() -> None:
    found = to_segments(np.ones((50, 1), dtype=bool), GRID, 0.2, 0.1, end_s=4.321)
    assert found == (SpeakerSegment("S0", 0.0, 4.321),)


@given(arrays(bool, (30, 3)), st.sampled_from([0.0, 0.15, 0.25]), st.sampled_from([0.0, 0.15]))
def test_segments_are_the_activity(active: np.ndarray, gap: float, shortest: float) -> None:
    found = to_segments(active, GRID, gap, shortest, end_s=3.0)
    assert list(found) == sorted(found, key=lambda s: s.start_s)
    assert all(s.end_s - s.start_s >= shortest for s in found)
    assert all(round(s.start_s, 3) == s.start_s for s in found)
    if gap == shortest == 0.0:
        assert sum(s.end_s - s.start_s for s in found) == pytest.approx(active.sum() / 10)


def test_spans_of_any_diarizer_become_segments_alike() -> None:
    """Each voice keeps its own overlapping spans; names follow first speech, whatever number a voice came with."""
    voices = [[Span(3.0, 4.0), Span(4.2, 5.0)], [], [Span(-0.5, 3.5), Span(1.0, 2.0), Span(9.0, 12.0)]]
    found = tidy(voices, fill_gap_s=0.25, min_segment_s=0.1, end_s=10.0)
    assert found == (SpeakerSegment("S0", 0.0, 3.5), SpeakerSegment("S1", 3.0, 5.0), SpeakerSegment("S0", 9.0, 10.0))


def test_a_stray_voice_is_one_with_little_talk_counted_once() -> None:
    talk, jingle = [Span(0.0, 50.0)], [Span(60.0, 61.4), Span(60.0, 61.4), Span(60.2, 61.0)]
    assert without_strays([talk, jingle, [Span(70.0, 72.0)]], 0.03) == [talk, [Span(70.0, 72.0)]]
    assert without_strays([talk, jingle], 0.0) == [talk, [Span(60.0, 61.4)]]
    assert without_strays([], 0.03) == []
