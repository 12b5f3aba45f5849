"""What listeners do, in the viewer: marks on the timeline, counts, a list; and what a harmful turn was taken for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from browsers import chromium
from playwright.sync_api import Browser, Page, expect
from screen_reader import assert_no_violations, tab_stops

from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.dataset.rows import SourceVerdict
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.synthetic import (
    SyntheticTranscript,
    synthetic_clip,
    synthetic_motion,
    synthetic_source,
    synthetic_transcript,
)
from nonverbal.serve.background import serving
from nonverbal.types import Clip, Event, LabelScore
from nonverbal.venus.assemble import FinishedClip, assemble

MARKS = "(all) => all.map((mark) => [mark.innerText, mark.ariaLabel, mark.offsetLeft, mark.offsetTop])"
TIME = "() => window.nonverbal.stats().time_s"
MARKUP = "<img src=x onerror=window.injected=1>"
EVENTS = (
    Event("B", "nod", 1.0, 1.6, "A", 4.5, 0.9),
    Event("A", "smile", 3.25, 4.0, "B", 0.4, 0.8),
    Event("A", "shake", 3.3, 4.0, "B", 6.0, 0.8),
    Event("B", "backchannel", 9.04, 9.4, "A", 2.0, 0.7),
    Event("B", "brow_raise", 11.0, 11.5, "A", 0.3, 0.6),
)


def _transcript(clip: Clip) -> SyntheticTranscript:
    """Two turns of which the second is harmful, and the first nearly."""
    told = synthetic_transcript(clip)
    first, second, *others = (replace(turn, harm=0.1, harmful=False) for turn in told.turns)
    first = replace(first, harm_scores=(LabelScore("threat", 0.12),))
    second = replace(
        second, harm=0.93, harmful=True, harm_scores=(LabelScore(MARKUP, 0.41), LabelScore("insult", 0.93))
    )
    return replace(told, turns=(first, second, *others))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without graphics: avatars are not what this is about, and take seconds to draw."""
    with chromium("--disable-gpu", "--disable-software-rasterizer", "--disable-3d-apis") as browser:
        yield browser


@pytest.fixture(scope="module")
def listened(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Two dialogues of twelve seconds; only the first has events."""
    root = tmp_path_factory.mktemp("listened") / "talks"
    folder = root / ".nonverbal" / "artefacts" / "cues"
    folder.mkdir(parents=True)
    finished = []
    for number, events in enumerate((EVENTS, ())):
        source = synthetic_source(number)
        clip = synthetic_clip(source, duration_s=12.0)
        motion = folder / f"{clip.clip_id}.key.parquet"
        MotionCodec().write(motion, synthetic_motion(clip, number))
        load = (lambda clip=clip: _transcript(clip)), (lambda events=events: events)
        finished.append(FinishedClip(clip, source, motion.name, motion, *load))
    assemble(root, finished, [], [SourceVerdict(f.source) for f in finished], SplitConfig(1.0, 0.0), {})
    return open_dataset(root)


@pytest.fixture(scope="module")
def shown(listened: Dataset) -> Iterator[str]:
    with serving("view", listened.root) as address:
        yield address


def _with_events(dataset: Dataset, wanted: bool) -> str:
    return next(i for i in dataset.ids() if bool(dataset.row(i)["events"]) is wanted)


def _time(page: Page) -> float:
    return float(page.evaluate(TIME))


def test_events_are_marked_counted_listed_and_lead_to_their_moment(page: Page, shown: str, listened: Dataset) -> None:
    page.goto(f"{shown}/viewer?dialogue={_with_events(listened, True)}")
    marks = page.get_by_test_id("event-marks").get_by_role("button")
    expect(marks).to_have_count(4)
    letters, names, across, down = zip(*marks.evaluate_all(MARKS), strict=True)
    assert letters == ("N", "2", "B", "R")
    assert names[:2] == ("nod by B, 1.0 s, while A talks", "2 events of A, 3.3 s: 1 head shake, 1 smile")
    assert list(across) == sorted(across)
    assert down[0] == down[2] == down[3] > down[1], "B's lane is below A's"
    tip = page.get_by_test_id("event-tip")
    marks.nth(2).hover()
    expect(tip).to_have_text("backchannel by B, 9.0 s, while A talks")
    marks.nth(2).click()
    assert _time(page) == pytest.approx(9.04, abs=0.002)
    page.keyboard.press("ArrowLeft")
    expect(marks.nth(1)).to_be_focused()
    expect(tip).to_have_text(names[1])
    page.keyboard.press("Enter")
    assert _time(page) == pytest.approx(3.25, abs=0.002), "arrows move between marks, Enter goes there"
    expect(page.get_by_test_id("event-counts").get_by_role("listitem")).to_have_text(
        ["B1 backchannel", "N1 nod", "H1 head shake", "S1 smile", "R1 raise of the brows"]
    )
    page.get_by_text("List of 5", exact=True).press("Enter")
    rows = page.get_by_test_id("events").get_by_role("button")
    expect(rows).to_have_count(len(EVENTS))
    expect(rows.nth(3)).to_have_accessible_name("9.0 s backchannel by B while A talks 2 words, confidence 0.70")
    page.get_by_test_id("events").focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert _time(page) == pytest.approx(11.0, abs=0.002)


@pytest.mark.slow
def test_marks_and_list_are_accessible_in_light_and_dark(page: Page, shown: str, listened: Dataset) -> None:
    page.goto(f"{shown}/viewer?dialogue={_with_events(listened, True)}")
    page.get_by_text("List of 5", exact=True).press("Enter")
    page.get_by_test_id("reveal").click()
    expect(page.locator(".harm-scores")).to_be_visible()
    page.get_by_test_id("event-marks").get_by_role("button").first.focus()
    expect(page.get_by_test_id("event-tip")).to_be_visible()
    stops = tab_stops(page)
    assert stops.count("nod by B, 1.0 s, while A talks") == 1
    assert not [stop for stop in stops if "smile" in stop], "one stop for all marks, and one for all rows"
    assert_no_violations(page)


def test_harm_labels_wait_to_be_asked_for_and_no_events_no_section(page: Page, shown: str, listened: Dataset) -> None:
    page.goto(f"{shown}/viewer?dialogue={_with_events(listened, False)}")
    turns = page.get_by_test_id("transcript").get_by_role("listitem")
    expect(turns.nth(1)).to_contain_text("Hidden: marked as harmful")
    for name in ("event-marks", "events", "event-counts"):
        expect(page.get_by_test_id(name)).to_have_count(0)
    expect(page.locator(".harm-scores")).to_have_count(0)
    expect(page.get_by_test_id("transcript")).not_to_contain_text("insult")
    page.get_by_test_id("reveal").click()
    expect(page.locator(".harm-scores")).to_have_text([f"insult 0.93 · {MARKUP} 0.41"])
    expect(turns.nth(1)).to_contain_text("harmful 0.93")
    assert page.evaluate("() => window.injected ?? null") is None
