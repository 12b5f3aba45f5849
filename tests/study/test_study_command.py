"""The command: what is refused before anything is read, and a study from clips to a report."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from pathlib import Path

import pytest
import tyro
from fastapi import FastAPI
from fastapi.testclient import TestClient
from rich.console import Console
from studies import design_of, motion_folders, simulated, write_table

import nonverbal.serve.app as server
from nonverbal.study import session as module
from nonverbal.study.command import Study
from nonverbal.verdicts import UserError


def run(*arguments: str) -> tuple[int, str]:
    study = tyro.cli(Study, args=arguments, config=(tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes))
    console = Console(file=io.StringIO(), width=200)
    return study.run(console), console.file.getvalue()


@pytest.fixture
def clips(tmp_path: Path) -> list[str]:
    return motion_folders(tmp_path, ("true", "model"), ("x", "y", "z"), seconds=1.2)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "give --out TABLE.csv to collect ratings"),
        (("--out", "a.csv", "--analyse", "a.csv"), "give --out"),
        (("a", "--analyse", "a.csv"), "takes no conditions"),
        (("--out", "a.txt"), r"ends in \.csv"),
        (("--out", "a.csv"), "0 conditions: expected 2 to 10"),
        (("--out", "a.csv", "--items", "0"), "--items 0: expected"),
        (("--out", "a.csv", "--seconds", "nan"), "--seconds nan: expected"),
        (("--out", "a.csv", "--checks", "-1"), "--checks -1"),
        (("--out", "a.csv", "--questions", "a?", "a?"), "2 questions: expected 1 to 8, all different"),
        (("--out", "a.csv", "--questions", "two\nlines"), "on one line"),
        (("--out", "a.csv", "--consent", ""), "expected 1 to 1000"),
        (("--analyse", "none.csv"), "cannot be read"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=told) as caught:
        run(*arguments)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_shown_leaves_no_table(tmp_path, clips):
    out = str(tmp_path / "out" / "r.csv")
    for more, told in (
        ((f"third={tmp_path / 'true'}", "--pairs-per-rater", "2"), "give --pairs-per-rater 3 or more"),
        (("--checks", "6"), "3 clips allow 5 at most"),
        (("--seconds", "1", "--sound", str(tmp_path)), "lacks a recording called x"),
    ):
        with pytest.raises(UserError, match=told):
            run(*clips, *more, "--out", out)
    motion_folders(tmp_path, ("true",), ("x",), seconds=1.2, words=False)
    motion_folders(tmp_path, ("model",), ("x",), seconds=1.2, words=False)
    with pytest.raises(UserError, match=r"cannot be answered.*give --sound FOLDER, or other --questions"):
        run(*clips, "--out", out)
    assert not (tmp_path / "out").exists()


def test_from_clips_to_a_report(tmp_path, clips, monkeypatch):
    out = tmp_path / "r.csv"
    clock = iter(range(0, 100_000, 10))
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))

    def rated(config, parts, console, path, *more) -> int:
        app = FastAPI()
        (part,) = parts
        app.include_router(part.router)
        client = TestClient(app)
        about = client.get("/api/study").json()
        for _ in range(3):
            rater = client.post("/api/study/raters", json={"consent": True}).json()["rater"]
            while shown := client.get(f"/api/study/raters/{rater}/next").json()["trial"]:
                still = client.get(shown["left"]).content[200:4000] == client.get(shown["left"]).content[8000:11800]
                answers = dict.fromkeys(about["questions"], "right" if still else "left")
                body = {"ticket": shown["ticket"], "answers": answers, "plays_left": 1, "plays_right": 1}
                assert client.post(f"/api/study/raters/{rater}/answers", json=body).status_code == 200
        asyncio.run(part.shutdown())
        assert path == "/study"
        return 0

    monkeypatch.setattr(server, "serve", rated)
    code, told = run(*clips, "--out", str(out), "--checks", "1", "--allowed-failures", "9")
    assert code == 0
    assert "3 clips of 2 conditions: 3 pairs. A rater sees 3 of them, 1 checks" in told
    assert "To see a preference of 70% in 80 % of studies" in told
    code, told = run("--analyse", str(out), "--allowed-failures", "9")
    assert code == 0
    assert "true / model" in told
    assert "Written:" in told
    assert sorted(p.name for p in tmp_path.glob("r.*")) == sorted(
        ["r.csv", "r.design.json", "r.raters.csv", *(f"r.analysis.{kind}" for kind in ("json", "md", "png", "tex"))]
    )
    monkeypatch.setattr(server, "serve", lambda *arguments: 0)
    assert "3 raters have begun so far" in run(*clips, "--out", str(out), "--checks", "1")[1]
    with pytest.raises(UserError, match="seed 0, this one 4"):
        run(*clips, "--out", str(out), "--checks", "1", "--seed", "4")


def test_names_with_markup_are_shown_as_they_are(tmp_path):
    ratings = simulated(design_of(2, 3, 3), 2, [1, -1])
    rename = {"condition 0": "[bold]a[/bold]", "condition 1": "b"}
    write_table(
        [replace(r, left=rename[r.left], right=rename[r.right]) for r in ratings if r.kind == "pair"],
        tmp_path / "r.csv",
    )
    assert "[bold]a[/bold] / b" in run("--analyse", str(tmp_path / "r.csv"))[1]
