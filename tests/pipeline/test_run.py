"""What a run does, does again and leaves alone, and how it accounts for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from aftermath import artefact_hash
from fake_stages import FakeCut, FakeFirst, FakeProbe, FakeRecord, FakeSecond, FakeThird, FakeWatch, fake_source

from nonverbal.pipeline.lock import claim
from nonverbal.pipeline.observe import Silent
from nonverbal.pipeline.plan import Plan
from nonverbal.pipeline.run import RunResult, run
from nonverbal.pipeline.settings import EngineSettings
from nonverbal.pipeline.store import Store, retry
from nonverbal.pipeline.survey import Outcome, Status
from nonverbal.pipeline.unit import Unit, file_mark
from nonverbal.types import Clip
from nonverbal.verdicts import Reason, UserError

Go = Callable[..., RunResult]
Calls = Callable[[], list[str]]


def test_every_stage_runs_once_and_a_second_run_does_nothing(go: Go, calls: Calls, tmp_path: Path) -> None:
    source = fake_source(tmp_path, "a", 2)
    first = go(source)
    assert (first.exit_code, first.ledger.clips.done, len(first.clips)) == (0, 2, 2)
    clip_stages = ["fake_first", "fake_second", "fake_third", "fake_watch"]
    assert calls() == sorted(["fake_cut", "fake_probe", *clip_stages, *clip_stages])
    unit_id = first.clips[0].clip_id
    assert first.read("fake_first", unit_id) == FakeRecord(f"0 {unit_id}", 0.1)
    before = sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "out").rglob("*.*"))
    second = go(source)
    assert calls() == []
    assert second.record is None
    assert (second.exit_code, second.fingerprint, second.ledger) == (0, first.fingerprint, first.ledger)
    assert before == sorted((path, path.stat().st_mtime_ns) for path in (tmp_path / "out").rglob("*.*"))


def test_a_changed_setting_redoes_its_stage_and_what_follows_only(go: Go, calls: Calls, tmp_path: Path) -> None:
    source = fake_source(tmp_path, "a", 1)
    before = go(source)
    calls()
    after = go(source, first=FakeFirst(first_salt=1))
    assert calls() == ["fake_first", "fake_third", "fake_watch"]  # the third reads the watch, which was in memory only
    assert after.fingerprint != before.fingerprint
    go(source, second=FakeSecond(second_salt=1))
    assert calls() == ["fake_second", "fake_watch"]
    assert go(source).fingerprint == before.fingerprint
    assert calls() == []  # going back costs nothing


def test_a_changed_source_setting_cuts_again_and_keeps_what_does_not_read_it(
    go: Go, calls: Calls, tmp_path: Path
) -> None:
    source = fake_source(tmp_path, "a", 1)
    go(source)
    calls()
    go(source, probe=FakeProbe(probe_salt=1))
    assert calls() == ["fake_cut", "fake_first", "fake_probe", "fake_third", "fake_watch"]


def test_rejections_are_kept_counted_and_not_tried_again(go: Go, calls: Calls, tmp_path: Path) -> None:
    sources = [
        fake_source(tmp_path, "a", 3, "fake_first 0 reject", "fake_watch 1 raise_reject"),
        fake_source(tmp_path, "b", 3, "fake_probe -1 reject"),
    ]
    result = go(*sources)
    assert result.exit_code == 0
    assert result.ledger.sources.rejected == {"E_SILENT": 1}
    assert result.ledger.clips.rejected == {"E_DECODE": 1, "E_SILENT": 1}
    rows = {row.stage: (row.entered, row.kept, row.rejected) for row in result.funnel}
    assert rows == {
        "fake_probe": (2, 1, {"E_SILENT": 1}),
        "fake_cut": (1, 1, {}),
        "fake_first": (3, 2, {"E_SILENT": 1}),
        "fake_watch": (2, 1, {"E_DECODE": 1}),
        "fake_second": (1, 1, {}),
        "fake_third": (1, 1, {}),
    }
    silent = [o for o in result.outcomes if o.reason is Reason.E_SILENT and o.unit.clip]
    assert silent[0].message == "fake: silent; expected sound; record it again"
    calls()
    assert go(*sources).ledger == result.ledger
    assert calls() == []


def test_the_same_content_under_two_names_is_one_source(go: Go, tmp_path: Path) -> None:
    source = fake_source(tmp_path, "a", 1)
    twin = type(source)(source.source_id, str(tmp_path / "b"), source.size_bytes)
    (tmp_path / "b").write_bytes((tmp_path / "a").read_bytes())
    assert go(source, twin).ledger.sources.seen == 1


def test_names_that_are_not_utf8_are_worked_on(go: Go, tmp_path: Path) -> None:
    name = os.fsdecode(b"-a\nb'\"\xff.mp4")
    (tmp_path / "sub").mkdir()
    try:
        source = fake_source(tmp_path / "sub", "a", 1)
        os.rename(source.path, tmp_path / "sub" / name)
    except OSError:
        pytest.skip("this file system takes no names that are not UTF-8")
    hostile = type(source)(source.source_id, str(tmp_path / "sub" / name), source.size_bytes)
    assert go(hostile).ledger.clips.done == 1


def test_workers_share_the_work_and_change_nothing(go: Go, tmp_path: Path) -> None:
    sources = [fake_source(tmp_path, name, 2) for name in "abc"]
    result = go(*sources, workers=2, first=FakeFirst(first_s=0.05))
    assert result.record is not None
    assert result.record.workers == 2
    one = artefact_hash(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "before")
    go(*reversed(sources), workers=1, first=FakeFirst(first_s=0.05))
    assert artefact_hash(tmp_path / "out") == one


def test_timings_explain_the_run(go: Go, tmp_path: Path) -> None:
    result = go(fake_source(tmp_path, "a", 2), workers=1, first=FakeFirst(first_s=0.3))
    assert result.record is not None
    assert 0.6 <= result.record.by_stage()["fake_first"] < 1.0
    assert result.record.explained > 0.9
    assert all(timing.peak_mb > 10 for timing in result.record.units)
    assert len(list((tmp_path / "out" / ".nonverbal" / "runs").iterdir())) == 1


def test_a_thousand_finished_clips_start_no_worker(go: Go, tmp_path: Path) -> None:
    source = fake_source(tmp_path, "a", 1)
    plan = Plan((FakeProbe(), FakeCut()), (FakeFirst(), FakeWatch(), FakeSecond(), FakeThird()))
    store = Store(tmp_path / "out" / ".nonverbal" / "artefacts", plan)
    store.make_folders()
    clips = tuple(Clip(f"{i:032x}", source.source_id, float(i), i + 1.0) for i in range(1000))
    store.put("fake_probe", source.source_id, FakeRecord("probed", 0.1))
    store.put("fake_cut", source.source_id, clips)
    for clip in clips:
        for stage in ("fake_first", "fake_second", "fake_third"):
            store.path(stage, clip.clip_id, ".json").touch()
    result = go(source)
    assert result.record is None
    assert result.ledger.clips.done == 1000


@pytest.mark.parametrize("stage", ["fake_cut", "fake_first"])
def test_a_damaged_result_is_made_again(stage: str, go: Go, tmp_path: Path) -> None:
    source = fake_source(tmp_path, "a", 1)
    go(source)
    artefacts = tmp_path / "out" / ".nonverbal" / "artefacts"
    whole = artefact_hash(tmp_path / "out")
    next((artefacts / stage).iterdir()).write_text("{")
    next((artefacts / "fake_third").iterdir()).unlink()  # reads the first, so somebody has to look at it
    assert go(source).exit_code == 0
    assert artefact_hash(tmp_path / "out") == whole


def test_a_source_that_changes_is_set_aside_and_nothing_of_it_is_committed(go: Go, tmp_path: Path) -> None:
    source = fake_source(tmp_path, "a", 1, "fake_first 0 touch")
    result = go(source)
    assert result.exit_code == 3
    assert result.ledger.clips.quarantined == {"E_CHANGED": 1}
    (record,) = (tmp_path / "out" / ".nonverbal" / "artefacts" / "fake_first").iterdir()
    assert record.name.endswith(".quarantine.json")
    gone = fake_source(tmp_path, "b", 1)
    away = Path(gone.path).rename(tmp_path / "away")
    assert go(gone).ledger.sources.quarantined == {"E_CHANGED": 1}
    assert retry(tmp_path / "out" / ".nonverbal" / "artefacts", Reason.E_CHANGED) == 1
    assert go(gone).exit_code == 3
    away.rename(gone.path)
    assert go(gone).exit_code == 0, "a file that is back is tried again without being asked for"


def test_other_bytes_of_the_same_length_are_not_worked_on_under_the_old_id(
    go: Go, calls: Calls, tmp_path: Path
) -> None:
    source = fake_source(tmp_path, "a", 1)
    mark = file_mark(source.path)
    other = tmp_path / "other"
    other.write_bytes(b"x" * source.size_bytes)
    other.rename(source.path)
    assert go(source, marks={source.source_id: mark}).ledger.sources.quarantined == {"E_CHANGED": 1}
    assert calls() == []


def test_a_missing_package_stops_the_run_with_its_sentence(go: Go, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="pip install"):
        go(fake_source(tmp_path, "a", 2, "fake_first 0 no_package"))


def test_books_that_do_not_balance_end_with_1(go: Go, tmp_path: Path) -> None:
    lost = tmp_path / "out" / ".nonverbal" / "artefacts" / "fake_second"
    source = fake_source(tmp_path, "a", 2, f"fake_third 1 forget {lost}")
    result = go(source, workers=1)
    assert result.exit_code == 1
    assert "seen 2 != done 0" in result.message
    assert go(source, workers=1).exit_code == 0  # what was lost is found missing and made again


def test_the_observer_hears_everything(go: Go, tmp_path: Path) -> None:
    class Listener(Silent):
        def __init__(self) -> None:
            self.heard: list[tuple[object, ...]] = []

        def on_units(self, level: str, seen: int, finished: int) -> None:
            self.heard.append(("units", level, seen, finished))

        def on_unit_started(self, unit: Unit) -> None:
            self.heard.append(("started", unit.level))

        def on_progress(self, unit: Unit, stage: str, fraction: float) -> None:
            self.heard.append(("progress", stage, fraction))

        def on_unit_finished(self, outcome: Outcome, timings: Mapping[str, float]) -> None:
            self.heard.append(("finished", outcome.unit.level, outcome.status, sorted(timings)))

    listener = Listener()
    go(fake_source(tmp_path, "a", 1), observer=listener)
    expected = [
        ("units", "source", 1, 0),
        ("started", "source"),
        ("progress", "fake_cut", 0.0),
        ("finished", "source", Status.DONE, ["commit", "fake_cut", "fake_probe"]),
        ("units", "clip", 1, 0),
        ("progress", "fake_second", 0.5),
        ("finished", "clip", Status.DONE, ["commit", "fake_first", "fake_second", "fake_third", "fake_watch"]),
        ("units", "clip", 1, 1),
    ]
    assert [event for event in listener.heard if event in expected] == expected


def test_a_pipeline_that_cannot_work_writes_nothing(tmp_path: Path) -> None:
    with claim(tmp_path / "out") as output, pytest.raises(ValueError, match="no earlier stage writes"):
        run(output, [fake_source(tmp_path, "a", 1)], [FakeProbe(), FakeCut()], [FakeThird()])
    assert os.listdir(tmp_path / "out" / ".nonverbal") == ["lock"]


def test_settings_out_of_range_are_named() -> None:
    with pytest.raises(UserError, match="tries is 0: expected more than 0"):
        EngineSettings(tries=0)
    with pytest.raises(UserError, match="workers is -1: expected at least 0"):
        EngineSettings(workers=-1)
