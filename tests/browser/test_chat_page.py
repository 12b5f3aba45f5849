"""The chat page with the model that ships: say something, hear and see the answer, stop it, save it."""

from __future__ import annotations

import json
import re
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from nonverbal.serve.background import serving

BONES = "() => window.nonverbal.avatars[0].boneAngles()"
STATS = "() => window.nonverbal.stats()"


@pytest.fixture
def chat(page: Page, address: str) -> Page:
    page.goto(f"{address}/chat")
    page.evaluate("() => window.nonverbal.ready")
    expect(page.locator("#link-state")).to_have_attribute("data-state", "open")
    return page


def _say(page: Page, text: str) -> None:
    page.locator("#say").fill(text)
    page.locator("#say").press("Enter")


def test_a_sentence_is_answered_in_words_and_motion(chat: Page) -> None:
    before, canvas = chat.evaluate(BONES), chat.locator("#stage")
    seen = canvas.screenshot()
    _say(chat, "Hello! How are you today?")
    answer = chat.get_by_test_id("answer").first
    expect(answer).to_be_visible()
    chat.wait_for_function("() => document.querySelector('#doing').dataset.doing === 'speaking'")
    chat.wait_for_function(
        "(rest) => JSON.stringify(window.nonverbal.avatars[0].boneAngles()) !== rest", arg=json.dumps(before)
    )
    assert canvas.screenshot() != seen
    chat.wait_for_function("() => document.querySelector('#doing').dataset.doing === 'rest'")
    assert len((answer.text_content() or "").split()) >= 3
    after = chat.evaluate(BONES)
    assert len(after) == len(before) > 30


def test_escape_stops_an_answer_and_the_next_one_comes(chat: Page) -> None:
    _say(chat, "Tell me everything about your family.")
    chat.wait_for_function("() => document.querySelector('#doing').dataset.doing === 'speaking'")
    chat.keyboard.press("Escape")
    expect(chat.locator("#stop")).to_be_hidden()
    _say(chat, "Do you like music?")
    expect(chat.get_by_test_id("answer")).to_have_count(2)
    chat.get_by_role("button", name="New conversation").click()
    expect(chat.get_by_test_id("answer")).to_have_count(0)


def test_an_answers_tokens_are_shown_on_demand(chat: Page) -> None:
    chat.locator("#show-steps").click()
    _say(chat, "What did you do last weekend?")
    table = chat.get_by_role("table")
    for heading in ("Words", "FACE", "BODY"):
        expect(table.get_by_role("columnheader", name=heading, exact=True)).to_be_visible()
    first = table.locator("tbody tr").first
    for column in (2, 3):  # two codes of each part
        codes = first.get_by_role("cell").nth(column).locator(".code")
        expect(codes).to_have_text([re.compile(r"^\d+$")] * 2)


def test_a_picture_of_another_size_is_never_empty(chat: Page) -> None:
    """A new size empties the canvas: it is drawn on before the frame is over, or a black one is seen."""
    chat.evaluate(
        """() => {
            const { stage } = window.nonverbal, told = (window.told = []);
            for (const [of, name] of [[stage.renderer, "setSize"], [stage, "render"]]) {
                const before = of[name].bind(of);
                of[name] = (...given) => (told.push(name), before(...given));
            }
            const frame = () => (told.push("frame"), requestAnimationFrame(frame));
            frame();
        }"""
    )
    for _ in range(2):
        chat.locator("#show-steps").click()
        chat.wait_for_timeout(300)
    told = [what for what, _ in groupby(chat.evaluate("() => window.told"))]
    after = [what for before, what in pairwise(told) if before == "setSize"]
    assert len(after) >= 2
    assert set(after) == {"render"}


@pytest.mark.parametrize(
    ("kind", "beginning"), [("CSV", b"Timecode"), pytest.param("GLB", b"glTF", marks=pytest.mark.slow)]
)
def test_an_answer_can_be_saved(chat: Page, tmp_path: Path, kind: str, beginning: bytes) -> None:
    _say(chat, "Do you like dogs?")
    answer = chat.get_by_test_id("answer").first
    expect(answer).to_have_attribute("data-ended", "stop")
    answer.get_by_text("Save", exact=True).click()
    with chat.expect_download() as coming:
        answer.get_by_role("button", name=f"Save as {kind}").click()
    path = tmp_path / kind
    coming.value.save_as(path)
    assert path.read_bytes().startswith(beginning)


@pytest.mark.slow
def test_a_server_that_goes_away_is_told_and_text_stays(page: Page) -> None:
    with serving("serve", "--model", "demo") as address:
        page.goto(f"{address}/chat")
        expect(page.locator("#link-state")).to_have_attribute("data-state", "open")
    expect(page.locator("#link-state")).not_to_have_attribute("data-state", "open")
    expect(page.locator("#say")).to_be_visible()
    page.complaints.clear()  # type: ignore[attr-defined]  # the browser's own notes of a lost connection
