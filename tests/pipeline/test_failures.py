"""Stages that crash, hang, hoard or raise cost their own unit and nothing else."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aftermath import artefact_hash
from fake_stages import FakeFirst, fake_source

from nonverbal.pipeline.engine import WorkerStartError
from nonverbal.pipeline.run import RunResult
from nonverbal.pipeline.store import JsonCodec, Quarantine, retry
from nonverbal.pipeline.supervisor import Worker
from nonverbal.verdicts import Reason

Go = Callable[..., RunResult]


def records(tmp_path: Path) -> list[Quarantine]:
    paths = sorted((tmp_path / "out" / ".nonverbal" / "artefacts").rglob("*.quarantine.json"))
    return [JsonCodec(Quarantine).read(path) for path in paths]


@dataclass(frozen=True)
class Case:
    """A trick, what it must be called, words of the message, and the settings that make it quick to see."""

    trick: str
    reason: Reason
    message: str
    settings: dict[str, float] = field(default_factory=dict)


CASES = [
    Case("segfault", Reason.E_CRASH, "died of SIGSEGV in stage fake_second"),
    Case("raise", Reason.E_CRASH, "KeyError: 'a fake bug'"),
    Case("memory", Reason.E_OOM, "MemoryError: a fake allocation"),
    Case("hoard", Reason.E_OOM, "of 0.4 GB in stage fake_second", {"max_memory_gb": 0.4, "tries": 1}),
    Case(
        "hang_with_child",
        Reason.E_TIMEOUT,
        "no progress for 2 s in stage fake_second",
        {"no_progress_s": 2, "tries": 1},
    ),
    Case(
        "slow",
        Reason.E_TIMEOUT,
        "not finished after 2.5 s, in stage fake_second",
        {"clip_limit_base_s": 2, "clip_limit_factor": 0.5, "tries": 1},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.trick)
def test_a_unit_that_fails_again_and_again_is_set_aside_and_the_rest_goes_on(
    case: Case, go: Go, tmp_path: Path
) -> None:
    source = fake_source(tmp_path, "a", 3, f"fake_second 1 {case.trick}")
    result = go(source, workers=2, **case.settings)
    assert result.exit_code == 3
    assert (result.ledger.clips.done, result.ledger.clips.quarantined) == (2, {str(case.reason): 1})
    (record,) = records(tmp_path)
    assert case.message in record.message
    assert (record.stage, record.reason, record.failures) == ("fake_second", case.reason, case.settings.get("tries", 3))
    assert go(source).ledger == result.ledger, "a unit in quarantine is left alone"


def test_the_record_holds_traceback_and_chatter(go: Go, tmp_path: Path) -> None:
    go(fake_source(tmp_path, "a", 2, "fake_second 0 segfault", "fake_second 1 raise"))
    crash, bug = sorted(records(tmp_path), key=lambda record: bool(record.traceback))
    assert "fake decoder chatter before the end" in crash.log
    assert "Segmentation fault" in crash.log
    assert "in _raise" in bug.traceback


def test_chatter_is_drained_bounded_and_shown_nowhere(
    go: Go, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = fake_source(tmp_path, "a", 1, "fake_first 0 flood", "fake_second 0 raise")
    go(source, tries=1)
    assert 1000 < len(records(tmp_path)[0].log) <= 16384
    assert capfd.readouterr() == ("", "")
    written = sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert written < 40_000


def test_one_death_costs_one_try(go: Go, tmp_path: Path) -> None:
    source = fake_source(tmp_path, "a", 2, f"fake_first 0 once {tmp_path / 'dead'}")
    result = go(source)
    assert (result.exit_code, result.ledger.clips.done) == (0, 2)
    assert (tmp_path / "dead").exists()
    assert list((tmp_path / "out" / ".nonverbal" / "attempts").iterdir()) == []


def test_tries_are_counted_over_runs_and_start_anew_after_retry(go: Go, tmp_path: Path) -> None:
    source = fake_source(tmp_path, "a", 1, "fake_first 0 raise")
    attempts = tmp_path / "out" / ".nonverbal" / "attempts"
    assert go(source, tries=3).exit_code == 3
    assert retry(tmp_path / "out" / ".nonverbal" / "artefacts", Reason.E_CRASH) == 1
    clip_id = next(iter(records(tmp_path)), None)
    assert clip_id is None
    unit_id = next(Path(tmp_path / "out" / ".nonverbal" / "artefacts" / "fake_cut").iterdir())
    clip = json.loads(unit_id.read_text())["value"][0]["clip_id"]
    (attempts / f"{clip}.2.shut").touch()  # what two failures in a run that was killed later leave behind
    go(source, tries=3)
    assert records(tmp_path)[0].failures == 3
    assert list(attempts.iterdir()) == []


def test_what_was_at_hand_when_all_was_killed_is_innocent_and_comes_last(go: Go, tmp_path: Path) -> None:
    sources = [fake_source(tmp_path, name, 1) for name in "abc"]
    ids = sorted(source.source_id for source in sources)
    attempts = tmp_path / "out" / ".nonverbal" / "attempts"
    attempts.mkdir(parents=True)
    (attempts / f"{ids[0]}.0.open").touch()
    result = go(*sources, workers=1)
    assert result.exit_code == 0
    assert result.record is not None
    assert [t.unit_id for t in result.record.units if t.level == "source"] == [ids[1], ids[2], ids[0]]


def test_a_worker_that_cannot_start_blames_no_clip(go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [path for path in sys.path if "site-packages" not in path and "tests" not in path])
    source = fake_source(tmp_path, "a", 1)
    with pytest.raises(WorkerStartError, match=r"ended with status 1 on starting: (.|\n)*fake_stages"):
        go(source)
    monkeypatch.undo()
    assert records(tmp_path) == []


def test_an_idle_worker_that_dies_is_replaced(go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spawned: list[Worker] = []
    spawn = Worker.spawn.__func__  # type: ignore[attr-defined]

    def noted(cls: type[Worker], setup: object) -> Worker:
        spawned.append(spawn(cls, setup))
        return spawned[-1]

    monkeypatch.setattr(Worker, "spawn", classmethod(noted))

    class Killer:
        """Kills the first worker as soon as it is idle."""

        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *args: self.finished() if name == "on_unit_finished" else None

        def finished(self) -> None:
            if len(spawned) == 1:
                spawned[0].process.kill()
                time.sleep(0.2)

    result = go(fake_source(tmp_path, "a", 2), observer=Killer(), workers=1, first=FakeFirst(first_s=0.05))
    assert (result.exit_code, result.ledger.clips.done) == (0, 2)


def test_a_full_disk_in_a_worker_stops_cleanly_and_resumes(
    go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [fake_source(tmp_path, "a", 3)]
    go(*sources)
    whole = artefact_hash(tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "before")
    monkeypatch.setenv("NONVERBAL_FAULT", "before_fsync:full:4")
    result = go(*sources, workers=1)
    assert result.exit_code == 74
    assert "no space to write" in result.message
    assert result.ledger.balanced
    assert result.ledger.clips.pending == 3
    monkeypatch.delenv("NONVERBAL_FAULT")
    assert go(*sources).exit_code == 0
    assert artefact_hash(tmp_path / "out") == whole
