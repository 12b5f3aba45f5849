"""The progress display: it tells how far a run is, and nothing at all where nobody looks."""

from __future__ import annotations

import io

from rich.console import Console

from nonverbal.pipeline.observe import Silent
from nonverbal.pipeline.survey import Outcome, Status
from nonverbal.pipeline.unit import Unit
from nonverbal.progress import Bars, watching
from nonverbal.types import Clip, Source
from nonverbal.verdicts import Reason

SOURCE = Source("s" * 64, "/x.mp4", 1)
CLIPS = [Unit(SOURCE, Clip(f"{i}" * 32, SOURCE.source_id, 0.0, 600.0)) for i in range(2)]


def test_nothing_is_drawn_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with watching(Console(file=stream)) as (observer, tick):
        assert isinstance(observer, Silent)
        tick("/videos/a.mp4")
        observer.on_units("clip", 2, 0)
    assert stream.getvalue() == ""


def test_the_bar_counts_finished_clips_and_parts_of_those_at_hand() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=140)
    with watching(console) as (observer, tick):
        assert isinstance(observer, Bars)
        tick("/videos/[red]a\x1b[2J.mp4")
        assert observer.progress.tasks[0].fields["note"] == r"\[red]a\x1b[2J.mp4"
        observer.on_units("clip", 2, 0)
        observer.on_unit_started(CLIPS[0])
        observer.on_progress(CLIPS[0], "watch", 0.5)
        total = observer.progress.tasks[0]
        assert 0.4 < total.completed < 0.8
        observer.on_progress(CLIPS[0], "diarize", 0.1)
        assert total.completed > 0.4, "a bar went backwards"
        observer.on_unit_finished(Outcome(CLIPS[0], Status.REJECTED, "watch", Reason.E_STILL, "still"), {})
        observer.on_units("clip", 2, 1)
        assert total.completed == 1
        assert total.fields["note"] == "1/2 1 E_STILL"
        assert len(observer.progress.tasks) == 1, "the finished clip's bar stayed"


def test_failures_and_stops_are_told() -> None:
    stream = io.StringIO()
    with watching(Console(file=stream, force_terminal=True, width=140)) as (observer, _):
        observer.on_units("clip", 1, 0)
        observer.on_unit_started(CLIPS[0])
        observer.on_unit_failed(CLIPS[0], "watch", Reason.E_CRASH, 2)
        observer.on_stop("finishing the clips at hand")
    assert "watch failed with E_CRASH (try 2)" in stream.getvalue()
    assert "finishing the clips at hand" in stream.getvalue()
