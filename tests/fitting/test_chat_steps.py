"""Work in steps: done once, gone on with where it stopped, and never mixed with other work."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from nonverbal.fitting.chat_steps import Step, walk
from nonverbal.verdicts import UserError


class Work:
    """Two steps that count how often they are run; the second can be made to stop."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.stops = False

    def steps(self, setting: int = 1) -> tuple[Step, ...]:
        return Step("one", "Do one thing", setting, self.one), Step("two", "Do another", {"n": [2]}, self.two)

    def one(self, console: Console) -> str:
        self.runs.append("one")
        return "one [thing]"

    def two(self, console: Console) -> str:
        self.runs.append("two")
        if self.stops:
            raise KeyboardInterrupt
        return "another"


def quiet() -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=200), out


def test_every_step_is_told_and_done_once(tmp_path: Path) -> None:
    work, (console, out) = Work(), quiet()
    first = walk(work.steps(), tmp_path, console)
    assert "1/2 Do one thing" in out.getvalue()
    assert "one [thing]" in out.getvalue()
    assert "done before" not in out.getvalue()
    again = walk(work.steps(), tmp_path, console)
    assert out.getvalue().count("done before") == 2
    assert work.runs == ["one", "two"]
    assert again == first
    assert all(done.wall_s >= 0 and done.cpu_s >= 0 for done in first.values())


def test_a_walk_that_was_stopped_goes_on_with_the_step_it_was_at(tmp_path: Path) -> None:
    work, (console, _) = Work(), quiet()
    work.stops = True
    with pytest.raises(KeyboardInterrupt):
        walk(work.steps(), tmp_path, console)
    work.stops = False
    walk(work.steps(), tmp_path, console)
    assert work.runs == ["one", "two", "two"]


def test_a_note_that_was_cut_short_is_no_note(tmp_path: Path) -> None:
    work, (console, _) = Work(), quiet()
    walk(work.steps(), tmp_path, console)
    note = tmp_path / ".steps" / "two.json"
    note.write_text(note.read_text()[:20])
    walk(work.steps(), tmp_path, console)
    assert work.runs == ["one", "two", "two"]


def test_other_settings_are_refused_as_what_is_there_would_not_be_theirs(tmp_path: Path) -> None:
    work, (console, _) = Work(), quiet()
    walk(work.steps(), tmp_path, console)
    with pytest.raises(UserError, match="other settings"):
        walk(work.steps(setting=2), tmp_path, console)
    assert work.runs == ["one", "two"]


def test_what_follows_from_a_step_that_is_done_again_is_done_again(tmp_path: Path) -> None:
    work, (console, _) = Work(), quiet()
    walk(work.steps(), tmp_path, console)
    (tmp_path / ".steps" / "one.json").unlink()
    walk(work.steps(), tmp_path, console)
    assert work.runs == ["one", "two", "one", "two"]
