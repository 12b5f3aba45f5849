"""Time, frames and steps: inverses, half-open edges, and resampling against a slow reference."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonverbal import timeline
from nonverbal.types import Span

frames = st.integers(0, 10_000_000)
spans_st = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 60)).map(lambda t: Span(t[0] / 25, (t[0] + t[1]) / 25)), max_size=8
)


@given(frames, st.sampled_from([12.5, 24.0, 25.0, 29.97, 30.0, 1000 / 33]))
def test_frame_of_its_own_start_is_itself(frame: int, fps: float) -> None:
    assert timeline.frame_at(timeline.frame_start_s(frame, fps), fps) == frame


def test_time_is_half_open() -> None:
    assert timeline.frame_at(0.0399) == 0
    assert timeline.frame_at(0.04) == 1
    assert timeline.step_at(0.3199) == 0
    assert timeline.step_at(0.32) == 1
    assert timeline.overlap_s(Span(0, 1), Span(1, 2)) == 0.0
    assert timeline.overlap_s(Span(0, 1.5), Span(1, 2)) == 0.5


@pytest.mark.parametrize(("duration_s", "expected"), [(0.0, 0), (0.04, 1), (0.041, 2), (9.0, 225), (600.0, 15_000)])
def test_n_frames_counts_frames_that_begin_inside(duration_s: float, expected: int) -> None:
    assert timeline.n_frames(duration_s) == expected


def test_span_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="ends before it starts"):
        Span(2.0, 1.0)
    with pytest.raises(ValueError, match="ends before it starts"):
        Span(0.0, float("nan"))


@given(spans_st)
def test_merging_keeps_the_covered_time(spans: list[Span]) -> None:
    merged = timeline.merge_spans(spans)
    assert (timeline.spans_to_mask(merged, 500) == timeline.spans_to_mask(spans, 500)).all()
    assert all(a.end_s < b.start_s for a, b in itertools.pairwise(merged))


def test_merging_bridges_gaps_up_to_the_given_one() -> None:
    assert timeline.merge_spans([Span(0, 1), Span(1.2, 2)], gap_s=0.3) == (Span(0, 2),)
    assert len(timeline.merge_spans([Span(0, 1), Span(1.4, 2)], gap_s=0.3)) == 2


@given(st.lists(st.booleans(), max_size=120))
def test_mask_and_spans_are_inverse(mask: list[bool]) -> None:
    spans = timeline.mask_to_spans(mask)
    assert timeline.spans_to_mask(spans, len(mask)).tolist() == mask


@given(st.lists(st.floats(0, 4, allow_nan=False), min_size=1, max_size=80).map(sorted), st.integers(0, 100))
def test_nearest_frames_equals_the_slow_way(times: list[float], count: int) -> None:
    expected = [max([i for i, t in enumerate(times) if t <= (frame + 0.5) / 25.0], default=0) for frame in range(count)]
    assert timeline.nearest_frames(np.array(times), count).tolist() == expected


def test_nearest_frames_needs_a_picture() -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        timeline.nearest_frames(np.array([]), 3)
