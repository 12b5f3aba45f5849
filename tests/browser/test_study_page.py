"""A study, rated: from agreeing to the last pair, blind, by keys, and gone on with after the page was loaded anew."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Response, expect
from study_of_clips import CONDITIONS, ITEMS, StudyRun, study_of

from nonverbal.dataset.read import Dataset
from nonverbal.media.encode import Mp4Writer
from nonverbal.study.command import FITTING, NATURAL
from nonverbal.study.design import Design, Trial, label, trials_of

KEYS = {"left": "1", "tie": "2", "right": "3"}
GIVEN = (("left", "tie"), ("tie", "tie"), ("right", "left"), ("left", "left"), ("tie", "right"))
"""Answers to both questions about each of the five pairs."""

_PLAYED = """() => {
    const player = document.querySelector(".player");
    window.played = [];
    const note = () => window.played.push(player.dataset.playing ?? "");
    new MutationObserver(note).observe(player, { attributeFilter: ["data-playing"] });
}"""


def _begin(page: Page, study: StudyRun) -> str:
    """Agrees and begins; the code."""
    page.set_viewport_size({"width": 800, "height": 600})  # few pixels to draw
    page.goto(f"{study.address}/study")
    expect(page.get_by_role("button", name="Begin")).to_be_disabled()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("#play-both")).to_be_enabled()
    return page.get_by_test_id("code").inner_text()


def _rate(page: Page, answers: Sequence[str], position: int, count: int) -> None:
    """Plays the pair, which comes as number `position`, answers both questions and goes on: by keys."""
    expect(page.get_by_test_id("progress")).to_have_text(f"{position} of {count}")
    expect(page.locator("#play-both")).to_be_enabled()
    expect(page.locator("#practice")).to_be_visible(visible=position == 0)
    page.keyboard.press("1")
    expect(page.get_by_role("radio", checked=True)).to_have_count(0)  # nothing has been seen
    page.keyboard.press("Space")
    expect(page.get_by_role("radio").first).to_be_enabled()
    for answer in answers:
        page.keyboard.press(KEYS[answer])
    expect(page.get_by_role("radio", checked=True)).to_have_count(len(answers))
    page.keyboard.press("Enter")


def _rows(study: StudyRun, rater: str) -> list[dict[str, str]]:
    with study.table.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["rater"] == rater]


def _number(study: StudyRun, rater: str) -> int:
    """How many raters came before."""
    with study.table.with_suffix(".raters.csv").open(newline="", encoding="utf-8") as file:
        return [row["rater"] for row in csv.DictReader(file)].index(rater)


def _film(path: Path, grey: int) -> None:
    """A second that grows brighter from this grey, with a hum."""
    path.parent.mkdir()
    with Mp4Writer(path, 96, 96, 25, 0.1 * np.sin(np.arange(16_000, dtype=np.float32) / 20), 16_000) as writer:
        for frame in range(25):
            writer.add(np.full((96, 96, 3), grey + 2 * frame, np.uint8))


def _preferred(trial: Trial, answer: str, design: Design) -> str:
    return "" if answer == "tie" else label(design, trial.left if answer == "left" else trial.right)


def test_a_study_from_the_first_page_to_the_last(page: Page, study: StudyRun) -> None:
    said: list[str] = []

    def hear(response: Response) -> None:
        said.append(response.url)
        if "json" in response.headers.get("content-type", ""):
            said.append(response.text())

    page.on("response", hear)
    rater = _begin(page, study)
    _rate(page, GIVEN[0], 0, 5)
    _rate(page, GIVEN[1], 1, 5)
    expect(page.get_by_test_id("progress")).to_have_text("2 of 5")
    page.reload()
    expect(page.locator("#code")).to_have_value(rater)
    page.locator("#code").press("Enter")
    for position in (2, 3, 4):
        expect(page.get_by_test_id("progress")).to_have_text(f"{position} of 5")
        said.append(page.content())
        _rate(page, GIVEN[position], position, 5)
    expect(page.get_by_role("heading", name="Thank you")).to_be_focused()
    for name in (*CONDITIONS, *ITEMS, "frozen", "shuffled", "check"):
        leaks = [text for text in said if name in text and "checkbox" not in text]
        assert not leaks, (name, leaks)
    design = study.design
    trials = trials_of(design, rater, _number(study, rater))
    assert sorted(trial.kind for trial in trials) == ["check", "pair", "pair", "pair", "practice"]
    expected = [
        {
            "position": str(trial.position), "kind": trial.kind, "item": design.items[trial.item].name,
            "left": label(design, trial.left), "right": label(design, trial.right), "question": question,
            "answer": answer, "preferred": _preferred(trial, answer, design), "plays_left": "1", "plays_right": "1",
        }
        for trial, answers in zip(trials, GIVEN, strict=True)
        for question, answer in zip((NATURAL, FITTING), answers, strict=True)
    ]  # fmt: skip
    assert [{name: row[name] for name in expected[0]} for row in _rows(study, rater)] == expected


@pytest.mark.slow
def test_one_clip_alone_is_not_enough_and_a_wrong_code_is_told(page: Page, study: StudyRun) -> None:
    rater = _begin(page, study)
    page.evaluate(_PLAYED)
    page.keyboard.press("q")
    page.wait_for_function("() => window.played.at(-1) === ''")
    assert page.evaluate("() => window.played") == ["left", ""]
    expect(page.get_by_role("radio").first).to_be_disabled()
    page.keyboard.press("e")
    expect(page.get_by_role("radio").first).to_be_enabled()
    assert not _rows(study, rater)
    page.reload()
    page.locator("#code").fill("zzzz-2222")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_have_text("No rater has this code; check it, or begin below.")
    page.complaints.clear()  # type: ignore[attr-defined]  # the browser's own note of a 404


@pytest.mark.slow
def test_a_study_of_datasets_without_ties(page: Page, talks: Dataset, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(talks.root, other)
    options = ("--pairs-per-rater", "1", "--checks", "0", "--seconds", "1.5", "--no-ties")
    with study_of(tmp_path / "r.csv", str(talks.root), str(other), *options) as study:
        rater = _begin(page, study)
        expect(page.get_by_role("radio", name="No difference")).to_have_count(0)
        _rate(page, ("left", "right"), 0, 2)
        _rate(page, ("right", "right"), 1, 2)
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
        rows = _rows(study, rater)
    assert [row["answer"] for row in rows] == ["left", "right", "right", "right"]
    assert {row["item"].rpartition("-")[0] for row in rows} <= {dialogue[:12] for dialogue in talks.ids()}


@pytest.mark.slow
def test_a_study_of_films(page: Page, tmp_path: Path) -> None:
    folders = [f"{name}={tmp_path / name}" for name in CONDITIONS]
    for number, name in enumerate(CONDITIONS):
        _film(tmp_path / name / "ada.mp4", 60 + 90 * number)
    with study_of(tmp_path / "r.csv", *folders, "--pairs-per-rater", "1", "--checks", "1") as study:
        rater = _begin(page, study)
        expect(page.locator("video")).to_have_count(2)
        for position in range(3):
            _rate(page, ("left", "tie"), position, 3)
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
        assert len(_rows(study, rater)) == 6
