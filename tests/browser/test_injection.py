"""Nothing that a dataset, a model, a study or a user says runs in the page that shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect
from study_of_clips import study_of

from hostile_dataset import TEXTS, hostile_dataset
from nonverbal.dataset.read import open_dataset
from nonverbal.formats.motion_file import SUFFIX, write_motion
from nonverbal.serve.background import serving
from study.studies import take_of

INJECTED = "() => window.injected ?? null"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "dataset"
    assert len(hostile_dataset(folder)) == 50
    return folder


@pytest.fixture(scope="module")
def hostile(folder: Path) -> Iterator[str]:
    with serving("view", folder) as address:
        yield address


def _frames(page: Page) -> int:
    return len(page.frames)


def test_fifty_texts_in_lists_and_tables_stay_text(page: Page, hostile: str) -> None:
    page.goto(f"{hostile}/viewer")
    expect(page.get_by_test_id("dialogues").get_by_role("listitem")).to_have_count(50)
    expect(page.get_by_text("<script>window.injected=1</script>").first).to_be_visible()
    page.get_by_text("Filters", exact=True).click()
    page.locator("#filter-harmful").check()
    expect(page.get_by_test_id("dialogues").get_by_role("listitem")).to_have_count(50)
    page.get_by_role("searchbox").fill("<img src=x onerror=window.injected=1>")
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
    for view in ("clips", "statistics", "map"):
        page.goto(f"{hostile}/viewer?page={view}")
        expect(page.locator("main")).to_have_attribute("aria-busy", "false")
        assert page.evaluate(INJECTED) is None
        assert _frames(page) == 1


def test_people_called_as_what_every_object_has_are_shown(page: Page, hostile: str, folder: Path) -> None:
    dataset = open_dataset(folder)
    for dialogue in dataset.ids():
        if dataset.row(dialogue)["participants"][0] not in ("__proto__", "constructor"):
            continue
        page.goto(f"{hostile}/viewer?dialogue={dialogue}")
        expect(page.locator("#timeline-words p")).to_have_count(2)
        expect(page.locator("#timeline-words p").first).to_contain_text("2 turns, speaks")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_fifty_transcripts_stay_text(page: Page, hostile: str, folder: Path) -> None:
    for dialogue in open_dataset(folder).ids():
        page.goto(f"{hostile}/viewer?dialogue={dialogue}")
        expect(page.get_by_test_id("transcript")).to_be_visible()
        page.get_by_test_id("reveal").click()
        expect(page.get_by_test_id("reveal")).to_have_count(0)
        page.evaluate("() => window.nonverbal.ready")
        assert page.evaluate(INJECTED) is None
        assert _frames(page) == 1
        expect(page.get_by_test_id("transcript").locator("script, img, svg, iframe, form, a")).to_have_count(0)


def test_texts_in_the_address_stay_text(page: Page, hostile: str) -> None:
    for query in ("dialogue=<script>window.injected=1</script>", "page=<img src=x onerror=window.injected=1>", "t=NaN"):
        page.goto(f"{hostile}/viewer?{query}&q=<svg onload=window.injected=1>")
        expect(page.locator("main")).to_have_attribute("aria-busy", "false")
        assert page.evaluate(INJECTED) is None
    page.complaints.clear()  # type: ignore[attr-defined]  # the browser's own note of a 404


def test_inline_script_would_not_run(page: Page, hostile: str) -> None:
    """The policy holds even where markup comes in."""
    page.goto(f"{hostile}/viewer")
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.injected = 1";
            document.body.append(script);
            document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=window.injected=1>");
        }"""
    )
    page.wait_for_timeout(300)
    assert page.evaluate(INJECTED) is None
    assert any("Content Security Policy" in text for text in page.complaints)  # type: ignore[attr-defined]
    page.complaints.clear()  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", [TEXTS[1], *(pytest.param(text, marks=pytest.mark.slow) for text in TEXTS[2:12])])
def test_a_line_that_is_typed_stays_text(page: Page, address: str, text: str) -> None:
    page.goto(f"{address}/chat")
    expect(page.locator("#link-state")).to_have_attribute("data-state", "open")
    page.locator("#say").fill(text)
    page.locator("#say").press("Enter")
    expect(page.locator(".turn.you .words")).to_have_text(text)
    expect(page.get_by_test_id("answer")).to_have_attribute("data-ended", re.compile("stop|length"))
    page.locator("#show-steps").click()
    expect(page.locator("caption")).to_contain_text(text)
    assert page.evaluate(INJECTED) is None


def test_whatever_a_model_says_stays_text(page: Page, address: str) -> None:
    """A server that is no friend: name, notes and starters of its model, words, tokens and directions are markup."""
    markup = TEXTS[1]
    told = {"name": markup, "notes": TEXTS[:4], "starters": TEXTS[4:10], "step_s": 0.32}
    page.route("**/api/model", lambda route: route.fulfill(json=told))
    page.route_web_socket("**/api/chat", _unfriendly)
    page.goto(f"{address}/chat")
    expect(page.get_by_role("heading", level=2)).to_have_text(markup)
    expect(page.get_by_role("group", name="Sentences to try").get_by_role("button")).to_have_text(list(TEXTS[4:10]))
    page.locator("#show-steps").click()
    page.locator("#say").fill("Hello")
    page.locator("#say").press("Enter")
    answer = page.get_by_test_id("answer")
    expect(answer).to_have_attribute("data-ended", "stop")
    expect(answer.get_by_role("heading")).to_have_text(markup)
    assert [word.text_content() for word in answer.locator(".word").all()] == list(TEXTS)
    expect(page.get_by_role("table").locator("tbody tr")).to_have_count(len(TEXTS))
    page.locator("#say").fill("Once more")
    page.locator("#say").press("Enter")
    expect(page.locator(".failed")).to_have_text(markup)
    assert page.evaluate(INJECTED) is None
    assert _frames(page) == 1
    expect(page.locator("main").locator("script, img, svg, iframe, form:not(#composer), a")).to_have_count(0)


def _unfriendly(link: WebSocketRoute) -> None:
    """Plays a server that answers the first sentence in markup and complains of the second in markup."""
    said: list[str | bytes] = []

    def hear(message: str | bytes) -> None:
        said.append(message)
        if len(said) > 1:
            return _send(link, type="error", message=TEXTS[1], code="broken")
        _send(link, type="heard", turn=1)
        for index, text in enumerate(TEXTS):
            start_s = 0.32 * index
            words, tokens = [[text, start_s, start_s + 0.2]], [[text, index]]
            _send(
                link, type="step", turn=1, index=index, start_s=start_s, words=words, tokens=tokens, directions=[text]
            )
        return _send(link, type="end", turn=1, reason="stop", pace={}, seconds=0.0)

    link.on_message(hear)
    _send(link, type="ready", chat=TEXTS[0], version=1)


def _send(link: WebSocketRoute, **message: object) -> None:
    link.send(json.dumps(message))


def test_whatever_a_study_is_made_of_stays_text(page: Page, tmp_path: Path) -> None:
    """Names of files and conditions, what is asked and agreed to, and the words of the clips are markup."""
    markup = "<img src=x onerror=window.injected=1>"
    clips = []
    for number, condition in enumerate((markup, f"{markup} 2")):
        for name in (markup, f"{markup} too"):
            take = take_of(number, seconds=1.0)
            words = tuple(replace(word, word=text) for word, text in zip(take.words, (markup, TEXTS[0]), strict=True))
            write_motion(replace(take, words=words), tmp_path / f"{number}" / f"{name}{SUFFIX}")
        clips.append(f"{condition.replace('=', '')}={tmp_path / str(number)}")
    asked = ("--questions", markup, TEXTS[2], "--consent", TEXTS[6], "--pairs-per-rater", "2", "--checks", "0")
    with study_of(tmp_path / "r.csv", *clips, *asked) as study:
        page.goto(f"{study.address}/study")
        expect(page.locator("#start li")).to_have_text([markup, TEXTS[2]])
        expect(page.locator(".agree")).to_have_text(TEXTS[6])
        page.locator("#agree").check()
        page.locator("#begin").click()
        expect(page.locator("#play-both")).to_be_enabled()
        expect(page.get_by_test_id("words")).to_have_text(f"{markup} {TEXTS[0]}")
        expect(page.get_by_test_id("question").locator("legend")).to_have_text([markup, TEXTS[2]])
        assert page.evaluate(INJECTED) is None
        assert _frames(page) == 1
        expect(page.locator("main").locator("script, img, svg, iframe")).to_have_count(0)
