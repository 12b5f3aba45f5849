"""Trying again, clearing and joining, as commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from nonverbal import cli
from nonverbal.pipeline.store import QUARANTINE, JsonCodec, Quarantine
from nonverbal.upkeep import Retry
from nonverbal.verdicts import Reason


def _set_aside(out: Path, unit: str, reason: Reason) -> Path:
    folder = out / ".nonverbal" / "artefacts" / "watch"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{unit}.0123456789ab{QUARANTINE}"
    JsonCodec(Quarantine).write(path, Quarantine(unit, "watch", reason, "", "", "", 3))
    return path


def test_retry_takes_those_of_one_reason(tmp_path: Path) -> None:
    slow, crashed = _set_aside(tmp_path, "a", Reason.E_TIMEOUT), _set_aside(tmp_path, "b", Reason.E_CRASH)
    console = Console(record=True)
    assert Retry(tmp_path, Reason.E_TIMEOUT).run(console) == 0
    assert "1 source or clip set aside for E_TIMEOUT" in console.export_text()
    assert not slow.exists()
    assert crashed.exists()
    assert cli.main(["retry", str(tmp_path)]) == 0
    assert not crashed.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["retry", "{tmp}"],
        ["purge", "{tmp}", "--source", "0123456789"],
        ["prune", "{tmp}"],
        ["merge", "{tmp}", "--out", "{tmp}/x"],
    ],
)
def test_no_dataset_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert cli.main([text.format(tmp=tmp_path) for text in arguments]) == 2
    told = capsys.readouterr().err.replace("\n", " ")
    assert told.startswith("nonverbal: ")
    assert "expected" in told or "give a" in told
    assert not list(tmp_path.iterdir())
