"""Every page as a screen reader reads it: what is said in which order, what is told by itself, all by the keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect
from screen_reader import assert_no_violations, heard, listen, tab_stops
from study_of_clips import StudyRun

from nonverbal.dataset.read import Dataset

TIME = "() => window.nonverbal.stats().time_s"
TOP = ["Skip to the content", "nonverbal", "Dialogues", "Filters and rejects", "Statistics", "Map", "theme"]


@pytest.fixture
def page(page: Page) -> Page:
    listen(page)
    return page


def _focused(page: Page) -> str:
    return page.evaluate("() => document.activeElement.id || document.activeElement.tagName")


def test_the_first_page(page: Page, address: str) -> None:
    page.goto(f"{address}/")
    expect(page.locator("body")).to_match_aria_snapshot(r"""
        - banner:
          - link "nonverbal"
          - button "Use dark colours"
        - main:
          - heading "Conversations with face and body." [level=1]
          - paragraph
          - list:
            - listitem:
              - link /^Chat Type a sentence/
            - listitem:
              - link /^Viewer Look through/
        - contentinfo: /Version \d/
        """)
    assert [stop.split(" ")[0] for stop in tab_stops(page)] == ["nonverbal", "theme", "Chat", "Viewer"]
    assert_no_violations(page)
    page.locator("#theme").press("Enter")
    expect(page.get_by_role("button", name="Use light colours")).to_be_focused()
    page.get_by_role("link", name="Viewer").press("Enter")
    expect(page).to_have_url(re.compile("/viewer$"))


def test_the_list_is_searched_and_a_dialogue_opened_by_keys(page: Page, address: str, talks: Dataset) -> None:
    page.goto(f"{address}/viewer")
    expect(page.locator("body")).to_match_aria_snapshot(r"""
        - link "Skip to the content"
        - banner:
          - link "nonverbal"
          - navigation "Views of the dataset":
            - link "Dialogues"
            - link "Filters and rejects"
            - link "Statistics"
            - link "Map"
        - main:
          - heading "talks" [level=1]
          - paragraph: /6 dialogues/
          - search:
            - searchbox "Search the dialogues"
            - combobox "Order"
          - navigation "Pages of the list"
          - list:
            - listitem:
              - link /\d turns, \d+ words A talks \d+ %, B talks \d+ %/
        """)
    expect(page.locator("#views [aria-current=page]")).to_have_text("Dialogues")
    assert tab_stops(page)[: len(TOP) + 3] == [*TOP, "search", "filter-order", "Filters"]
    assert_no_violations(page)
    page.get_by_text("Filters", exact=True).press("Enter")
    assert_no_violations(page)
    page.get_by_role("link", name="nonverbal").focus()
    page.keyboard.type("/studio-79")
    rows = page.get_by_test_id("dialogues").get_by_role("link")
    expect(rows).to_have_count(1)
    assert "1 dialogue" in heard(page)
    rows.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_have_text("studio-79-imagined")


def test_a_dialogue_is_read_played_and_searched_through_by_keys(page: Page, address: str, talks: Dataset) -> None:
    dialogue = talks.ids()[0]
    turns = talks.row(dialogue)["turns"]
    page.goto(f"{address}/viewer?dialogue={dialogue}")
    page.evaluate("() => window.nonverbal.ready")
    expect(page.locator("main")).to_match_aria_snapshot(r"""
        - heading [level=1]
        - paragraph: /en · .* turns · \d+ words/
        - navigation "This dialogue and its neighbours"
        - region "Avatars":
          - img "Avatars of A and B, side by side"
          - group "Playback":
            - button "One frame back"
            - button "Play"
            - button "One frame on"
            - combobox "Speed"
            - button "Smoothed"
            - group "How much of the avatars is shown":
              - button "Face"
              - button "Bust" [pressed]
              - button "Body"
        - region "Timeline":
          - slider "Position in the dialogue"
          - paragraph: /\d turns?, speaks \d+ % of the time; face seen \d+ %, confidence/
          - paragraph
        - region "Curves":
          - heading "Curves" [level=2]
          - combobox "Coefficient"
        - region "Transcript":
          - heading "Transcript" [level=2]
          - list /arrow keys/
        """)
    expect(page.locator("#timeline")).to_have_attribute("aria-valuetext", re.compile("^0 seconds of 30 seconds$"))
    rows = page.get_by_test_id("transcript").get_by_role("listitem")
    assert [row.get_by_role("paragraph").inner_text() for row in rows.all()] == [turn["text"] for turn in turns]
    expect(rows.nth(1).get_by_role("button")).to_have_accessible_name(re.compile(r"^[AB] 0:0\d, go there$"))
    stops = tab_stops(page)
    playback = ["step-back", "play", "step-on", "speed", "smooth", "Face", "Bust", "Body"]
    assert stops[: len(TOP)] == TOP
    assert stops[-13:] == [*playback, "timeline", "column", "Add", stops[-3], "About this dialogue", "Keys"][-13:]
    for text in ("About this dialogue", "Keys"):
        page.get_by_text(text, exact=True).press("Enter")
    assert_no_violations(page)
    heard(page)
    page.locator("#play").press("Space")
    page.wait_for_function("() => window.nonverbal.stats().time_s > 1.5")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    page.keyboard.press("Space")
    assert heard(page) == [], "words are marked as they are said, not told"
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()
    page.locator("#timeline").focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(TIME) == pytest.approx(6, abs=0.05)
    expect(page.locator("#timeline")).to_have_attribute("aria-valuetext", re.compile("^6 seconds of"))
    page.get_by_test_id("transcript").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.evaluate(TIME) == pytest.approx(turns[2]["start_s"], abs=0.05)
    expect(rows.nth(2)).to_have_attribute("aria-current", "true")


VIEWS = {
    "clips": r"""
        - heading "Filters and rejects" [level=1]
        - region "Funnel":
          - heading "Funnel" [level=2]
        - region "Verdicts":
          - heading "Verdicts" [level=2]
          - navigation "Show clips of one verdict"
          - region "Clips and their verdicts":
            - table:
              - rowgroup:
                - row "Source Part Verdict Stage Why"
        """,
    "statistics": r"""
        - heading "Statistics" [level=1]
        - region "Splits":
          - list "Dialogues of each split":
            - listitem: /train \d \(\d+ %\)/
        - region "Seen, share of frames"
        - region "Models that made it":
          - heading "Models that made it" [level=2]
          - region "Models":
            - table
        """,
    "map": r"""
        - heading "Map" [level=1]
        - paragraph: /t-SNE/
        - application /12 participants. Arrow keys/
        - status
        - list "Colours"
        """,
}


@pytest.mark.parametrize("view", VIEWS)
def test_the_other_views_of_a_dataset(page: Page, address: str, view: str) -> None:
    page.goto(f"{address}/viewer?page={view}")
    expect(page.locator("main")).to_match_aria_snapshot(VIEWS[view])
    assert tab_stops(page)[: len(TOP)] == TOP
    assert_no_violations(page)


def test_a_point_of_the_map_is_told_and_opened_by_keys(page: Page, address: str) -> None:
    page.goto(f"{address}/viewer?page=map")
    page.locator("#map").focus()
    heard(page)
    page.keyboard.press("ArrowRight")
    told = heard(page)
    assert len(told) == 1
    assert re.match("[AB] in studio-", told[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert page.get_by_role("heading", level=1).inner_text() in told[0]


def test_an_answer_of_the_chat_is_told_once_and_whole(page: Page, address: str) -> None:
    page.goto(f"{address}/chat")
    page.evaluate("() => window.nonverbal.ready")
    expect(page.locator("#link-state")).to_have_attribute("data-state", "open")
    expect(page.locator("body")).to_match_aria_snapshot(r"""
        - link "Skip to the text field"
        - banner:
          - heading "Chat" [level=1]
          - navigation "Pages"
          - status: Connected
        - main:
          - region "Avatar":
            - img "The avatar, at rest"
            - group "How much of the avatar is shown"
          - region "Conversation":
            - heading "nonverbal-demo" [level=2]
            - button "New conversation"
            - log "What was said":
              - paragraph: /Nothing has been said yet/
            - group "Sentences to try"
            - textbox "What you say"
            - button "Say it"
            - group "Voice, camera and sampling"
        """)
    stops = tab_stops(page)
    assert stops[0] == "Skip to the text field"
    assert [stop for stop in stops if stop in ("log", "say", "send", "show-sampling")] == [
        "log", "say", "send", "show-sampling",
    ]  # fmt: skip
    assert_no_violations(page)
    heard(page)
    page.get_by_role("link", name="Skip to the text field").press("Enter")
    assert _focused(page) == "say"
    page.keyboard.type("Hello, how are you?")
    page.keyboard.press("Enter")
    answer = page.get_by_test_id("answer")
    expect(answer).to_have_attribute("data-ended", "stop")
    page.wait_for_function("() => document.querySelector('#doing').dataset.doing === 'rest'")
    assert heard(page) == [f"nonverbal-demo: {_spoken(page)}"]
    expect(page.get_by_role("log")).to_match_aria_snapshot("""
        - article:
          - heading "You" [level=3]
          - paragraph: Hello, how are you?
        - article:
          - heading "nonverbal-demo" [level=3]
          - paragraph
          - button "Play again"
          - button "Tokens"
        """)
    expect(page.locator("#stage")).to_have_attribute("aria-label", "The avatar is at rest")


@pytest.mark.slow
def test_what_folds_out_on_the_chat_page(page: Page, address: str) -> None:
    page.goto(f"{address}/chat")
    page.locator("#say").fill("Hello, how are you?")
    page.locator("#say").press("Enter")
    expect(page.get_by_test_id("answer")).to_have_attribute("data-ended", "stop")
    for name in ("show-voice", "show-sampling", "show-steps"):
        page.locator(f"#{name}").press("Enter")
        expect(page.locator(f"#{name}")).to_have_attribute("aria-expanded", "true")
        assert_no_violations(page)
        tab_stops(page)


def _spoken(page: Page) -> str:
    """The words and directions of the last answer, these in brackets."""
    pieces = page.get_by_test_id("answer").last.locator(".word, .direction").all()
    return " ".join(
        f"({p.inner_text()})" if "direction" in p.get_attribute("class") else p.inner_text() for p in pieces
    )


def test_an_answer_is_stopped_by_tab_and_enter(page: Page, address: str) -> None:
    page.goto(f"{address}/chat")
    expect(page.locator("#link-state")).to_have_attribute("data-state", "open")
    page.locator("#say").focus()
    page.keyboard.type("Tell me everything about your family.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#stop")).to_be_visible()
    page.keyboard.press("Tab")
    assert _focused(page) == "stop"
    page.keyboard.press("Enter")
    expect(page.locator("#stop")).to_be_hidden()
    assert _focused(page) == "say"


def test_a_lost_connection_is_told_once_and_not_each_second(page: Page, address: str) -> None:
    links: list[WebSocketRoute] = []

    def link(route: WebSocketRoute) -> None:
        links.append(route)
        if len(links) == 1:
            route.connect_to_server()
        else:
            route.close(code=1011, reason="The server is being repaired.")

    page.route_web_socket("**/api/chat", link)
    page.goto(f"{address}/chat")
    expect(page.locator("#link-state")).to_have_attribute("data-state", "open")
    page.locator("#say").fill("half a sen")
    heard(page)
    links[0].close(code=1011, reason="The server is being repaired.")
    expect(page.locator("#notice")).to_contain_text("Trying again in 1 s")
    expect(page.locator("#notice")).to_contain_text("Trying again in 2 s")
    assert heard(page).count("The server is being repaired.") == 1
    expect(page.locator("#say")).to_have_value("half a sen")


def test_a_study_is_read_and_answered_by_keys(page: Page, study: StudyRun) -> None:
    page.goto(f"{study.address}/study")
    expect(page.locator("body")).to_match_aria_snapshot(r"""
        - link "Skip to the content"
        - banner:
          - heading "Study" [level=1]
        - main:
          - heading "Two clips, side by side" [level=2]
          - paragraph: /You will see \d+ pairs/
          - list:
            - listitem: Which looks more natural?
            - listitem: Which fits what is said better?
          - checkbox /I take part of my own free will/
          - button "Begin" [disabled]
          - textbox /Go on with your code/
          - button "Go on"
        """)
    assert tab_stops(page) == ["Skip to the content", "theme", "agree", "code", "continue"]
    assert_no_violations(page)
    page.locator("#agree").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#play-both")).to_be_enabled()
    expect(page.locator("body")).to_match_aria_snapshot(r"""
        - banner:
          - progressbar "Pairs answered"
          - paragraph: /Your code/
        - main:
          - paragraph: /For practice/
          - region "Clips":
            - img "Two clips of an avatar, side by side"
            - paragraph: well then
            - group "Play":
              - button "Play both"
              - button "One after the other"
              - button "Left only"
              - button "Right only"
          - region "Answer":
            - group "Which looks more natural?":
              - radio "Left" [disabled]
              - radio "No difference" [disabled]
              - radio "Right" [disabled]
            - group "Which fits what is said better?"
            - status: Play both clips to their end, then answer.
            - button "Next pair" [disabled]
        """)
    assert any(text.startswith("Pair 1 of") for text in heard(page))
    expect(page.get_by_role("region", name="Clips")).to_be_focused()
    page.keyboard.press("Tab")
    assert _focused(page) == "play-both"
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio").first).to_be_enabled()
    assert heard(page) == ["Answer, or play them again."]
    assert tab_stops(page)[-6:] == [
        "play-both",
        "play-turns",
        "play-left",
        "play-right",
        "answer-0-left",
        "answer-1-left",
    ]
    assert_no_violations(page)
    page.locator("#answer-0-left").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Right").first).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("2")
    expect(page.get_by_role("radio", name="No difference").last).to_be_checked()
    page.keyboard.press("Tab")
    assert _focused(page) == "next"
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("progress")).to_contain_text("1 of")
    expect(page.get_by_role("region", name="Clips")).to_be_focused()
