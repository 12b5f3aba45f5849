"""Cuts are virtual, on whole milliseconds, inside the source, and named by content."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonverbal.media.probe import MediaInfo
from nonverbal.pipeline.stage import Job
from nonverbal.types import Clip, Source
from nonverbal.venus.segment import Segment, clip_id
from nonverbal.verdicts import Reason, Reject, UserError

JOB = Job(Source("ab" * 32, "/videos/talk\n.mp4", 1))


def info(duration_s: float) -> MediaInfo:
    kinds = {"str": "", "int": 0, "float": 0.0, "bool": True, "tuple[str, ...]": ()}
    blank = {f.name: kinds[str(f.type)] for f in dataclasses.fields(MediaInfo)}
    return MediaInfo(**{**blank, "duration_s": duration_s})


def cut(stage: Segment, duration_s: float) -> tuple[Clip, ...] | Reject:
    return stage.run(JOB, {"probe": info(duration_s)})


def test_the_papers_cut() -> None:
    """31 minutes: the first dropped, three of ten minutes kept, nothing left."""
    clips = cut(Segment(), 1860.0)
    assert [(c.start_s, c.end_s) for c in clips] == [(60, 660), (660, 1260), (1260, 1860)]
    assert len(cut(Segment(), 1859.9)) == 2


def test_the_rest_is_kept_from_the_length_asked_for() -> None:
    clips = cut(Segment(skip_intro_s=0, min_clip_s=5), 9.0)
    assert [(c.start_s, c.end_s) for c in clips] == [(0.0, 9.0)]
    assert len(cut(Segment(skip_intro_s=0, min_clip_s=5), 604.9)) == 1
    assert len(cut(Segment(skip_intro_s=0, min_clip_s=5), 605.0)) == 2


def test_too_short_names_the_settings() -> None:
    verdict = cut(Segment(), 9.0)
    assert isinstance(verdict, Reject)
    assert verdict.reason is Reason.E_TOO_SHORT
    for part in ("9.00 s", "skip_intro_s=60", "min_clip_s=600", "--skip-intro-s", "--min-clip-s"):
        assert part in verdict.message
    assert verdict.message.isprintable()


def test_ids_depend_on_content_and_cut_alone() -> None:
    first = cut(Segment(skip_intro_s=0, min_clip_s=5), 9.0)[0]
    assert first.clip_id == clip_id("ab" * 32, 0.0, 9.0)
    assert len(first.clip_id) == 32
    assert first.clip_id != clip_id("ab" * 32, 0.0, 9.001)
    assert first.clip_id != clip_id("cd" * 32, 0.0, 9.0)


@given(
    duration_s=st.floats(0, 5000), skip_s=st.floats(0, 100), clip_s=st.floats(1, 700), share=st.floats(0.01, 1)
)  # fmt: skip
def test_clips_never_leave_the_source_or_overlap(duration_s: float, skip_s: float, clip_s: float, share: float) -> None:
    stage = Segment(skip_intro_s=skip_s, clip_s=clip_s, min_clip_s=clip_s * share)
    clips = cut(stage, duration_s)
    if isinstance(clips, Reject):
        assert duration_s - skip_s < stage.min_clip_s + 0.002
        return
    assert all(c.end_s <= duration_s + 1e-6 and c.start_s >= skip_s - 0.001 for c in clips)
    assert all(c.duration_s >= stage.min_clip_s - 0.002 for c in clips)
    assert all(a.end_s == b.start_s for a, b in pairwise(clips))


@pytest.mark.parametrize("wrong", [{"clip_s": 30.0}, {"skip_intro_s": -1.0}, {"min_clip_s": 0.0}])
def test_settings_that_cannot_work(wrong: dict[str, float]) -> None:
    with pytest.raises(UserError, match="min_clip_s"):
        Segment(**wrong)


def test_a_clip_too_long_for_memory_cannot_be_asked_for() -> None:
    with pytest.raises(UserError, match="clip_s=3600: expected at most 900"):
        Segment(clip_s=3600.0, min_clip_s=600.0)
