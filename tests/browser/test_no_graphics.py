"""Where a browser has no WebGL the pages say so, and all but the picture works."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsers import chromium
from playwright.sync_api import Browser, Page, expect
from study_of_clips import StudyRun

from nonverbal.dataset.read import Dataset

SENTENCE = "This browser shows no 3D graphics"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium("--disable-gpu", "--disable-software-rasterizer", "--disable-3d-apis") as browser:
        yield browser


def test_a_dialogue_is_read_and_its_time_runs(page: Page, address: str, talks: Dataset) -> None:
    dialogue = talks.ids()[0]
    page.goto(f"{address}/viewer?dialogue={dialogue}")
    expect(page.get_by_test_id("no-graphics")).to_contain_text(SENTENCE)
    for turn in talks.row(dialogue)["turns"]:
        expect(page.get_by_test_id("transcript")).to_contain_text(turn["text"])
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator(".word.now").first).to_be_visible()
    page.wait_for_function("() => window.nonverbal.stats().time_s > 1")


def test_an_answer_of_the_chat_is_read(page: Page, address: str) -> None:
    page.goto(f"{address}/chat")
    expect(page.get_by_test_id("picture-note")).to_contain_text(SENTENCE)
    expect(page.locator("#link-state")).to_have_attribute("data-state", "open")
    page.locator("#say").fill("Hello, how are you?")
    page.locator("#say").press("Enter")
    answer = page.get_by_test_id("answer")
    expect(answer).to_have_attribute("data-ended", "stop")
    assert len(answer.locator(".word").all()) >= 2
    expect(page.locator("#doing")).to_have_attribute("data-doing", "rest")


def test_a_study_says_that_it_cannot_be_rated_here(page: Page, study: StudyRun) -> None:
    page.goto(f"{study.address}/study")
    page.locator("#agree").check()
    page.locator("#begin").click()
    expect(page.get_by_role("alert")).to_contain_text(SENTENCE)
    expect(page.get_by_role("alert")).to_contain_text("take another browser")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
