"""Rows of the table of diarizers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nonverbal.accuracy.diarizing import HEADINGS, as_markdown, diarized_row, known_recordings
from nonverbal.types import SpeakerSegment
from nonverbal.venus.diarize import Diarization, Diarize
from nonverbal.verdicts import UserError


class Told(Diarize):
    """Says what it is told to say."""

    segments: tuple[SpeakerSegment, ...] = ()

    def diarize(self, samples: np.ndarray, tick: Callable[[float], None]) -> Diarization:
        assert samples.dtype == np.float32
        return Diarization(self.segments, tuple(sorted({s.speaker for s in self.segments})))


def test_a_row_tells_every_kind_of_mistake(shared_media: Path) -> None:
    three = known_recordings(shared_media)[-1]
    assert three.speakers == 3
    late = (
        replace(three.truth[0], start_s=2.7),
        replace(three.truth[1], end_s=11.6),
        replace(three.truth[2], speaker="A"),
    )
    Told.segments = late
    row = diarized_row(Told(), three)
    assert (row.found, row.speakers) == (2, 3)
    assert row.error.rate == pytest.approx((1.0 + 0.5 + 2.2 - 1.0) / 12.3)
    assert row.seconds == pytest.approx(18.6, abs=0.2)
    assert as_markdown([row]).splitlines()[0] == f"| {' | '.join(HEADINGS)} |"
    assert as_markdown([row]).splitlines()[2].startswith("| senko | three_speakers.wav | 2 / 3 | 22.0% |")


def test_missing_recordings_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"lacks a recording .*give the folder of real recordings"):
        known_recordings(tmp_path)


@pytest.mark.slow
def test_the_default_on_real_recordings(shared_media: Path) -> None:
    rows = [diarized_row(Diarize(), recording) for recording in known_recordings(shared_media)]
    assert [row.found for row in rows] == [row.speakers for row in rows] == [2, 2, 3]
    assert [row.error.rate for row in rows] == pytest.approx([0.042, 0.160, 0.021], abs=0.01)
