"""The viewer, used: open, search, play, seek, and a link to a moment; the avatars move as the motion says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from nonverbal.avatar.rig import TURNING, local_turns
from nonverbal.dataset.read import Dataset
from nonverbal.motion.rotations import axis_angle_from_matrix

BONES = "() => window.nonverbal.avatars.map((avatar) => avatar.boneAngles())"
TIME = "() => window.nonverbal.stats().time_s"


def _open(page: Page, address: str, dialogue: str, t: float = 0.0) -> None:
    page.goto(f"{address}/viewer?dialogue={dialogue}&t={t}")
    expect(page.get_by_test_id("transcript")).to_be_visible()
    page.evaluate("() => window.nonverbal.ready")


def test_a_search_finds_the_dialogue_that_says_it(page: Page, address: str, talks: Dataset) -> None:
    said = {i: " ".join(turn["text"] for turn in talks.row(i)["turns"]).lower() for i in talks.ids()}
    word = next(w for w in re.findall(r"[a-z]{6,}", " ".join(said.values())) if sum(w in t for t in said.values()) == 1)
    page.goto(f"{address}/viewer")
    rows = page.get_by_test_id("dialogues").get_by_role("listitem")
    expect(rows).to_have_count(len(talks))
    page.get_by_role("searchbox").fill(word)
    expect(rows).to_have_count(1)
    rows.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(next(i for i, text in said.items() if word in text)))
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value(word)
    page.get_by_role("searchbox").fill("xyzzyx")
    expect(page.get_by_test_id("empty")).to_be_visible()


def test_playing_moves_bones_and_pixels_and_highlights_words(page: Page, address: str, talks: Dataset) -> None:
    _open(page, address, talks.ids()[0])
    canvas = page.locator("canvas").first
    before, seen = page.evaluate(BONES), canvas.screenshot()
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator(".word.now").first).to_be_visible()
    page.wait_for_function("() => window.nonverbal.stats().time_s > 1.5")
    page.get_by_role("button", name="Pause").click()
    after = page.evaluate(BONES)
    assert len(after) == len(before) == 2
    for one, other in zip(before, after, strict=True):
        moved = [bone for bone in one if max(abs(x - y) for x, y in zip(one[bone], other[bone], strict=True)) > 0.01]
        assert len(moved) > 5
    assert canvas.screenshot() != seen
    stood = page.evaluate(TIME)
    page.wait_for_timeout(300)
    assert page.evaluate(TIME) == stood


def test_a_word_of_the_transcript_leads_to_its_moment_and_the_link_keeps_it(
    page: Page, address: str, talks: Dataset
) -> None:
    dialogue = talks.ids()[0]
    last = talks.row(dialogue)["turns"][-1]
    _open(page, address, dialogue)
    page.get_by_test_id("transcript").get_by_role("listitem").last.locator(".word").first.click()
    page.wait_for_function(f"() => Math.abs(window.nonverbal.stats().time_s - {last['words'][0]['start_s']}) < 1")
    page.keyboard.press("Home")
    _open(page, address, dialogue, 7.0)
    assert page.evaluate(TIME) == pytest.approx(7.0, abs=0.05)
    page.locator("body").press("Space")
    page.wait_for_function("() => window.nonverbal.stats().time_s > 7.2")


def test_the_pose_at_a_moment_is_the_datasets(page: Page, address: str, talks: Dataset) -> None:
    """Bones in the picture turn as the stored rotations of that frame say."""
    dialogue, frame = talks.ids()[0], 100
    _open(page, address, dialogue, frame / 25)
    page.wait_for_function("() => Math.abs(window.nonverbal.stats().time_s - 4) < 0.001")
    expect(page.get_by_role("button", name="Smoothed")).to_have_attribute("aria-pressed", "false")
    page.wait_for_timeout(500)
    shown = page.evaluate(BONES)
    for number, name in enumerate(talks.row(dialogue)["participants"]):
        motion = talks.motion(dialogue, name)
        turns = local_turns(motion.body[frame : frame + 1], motion.gaze[frame : frame + 1])[0]
        for bone, expected in zip(TURNING, axis_angle_from_matrix(turns), strict=True):
            assert shown[number][bone] == pytest.approx(expected.tolist(), abs=2e-3), (name, bone)


def test_a_dialogue_that_is_not_there_is_one_sentence(page: Page, address: str) -> None:
    page.goto(f"{address}/viewer?dialogue=nosuchdialogue")
    expect(page.get_by_role("heading", name="This cannot be shown")).to_be_visible()
    page.complaints.clear()  # the browser's own note of a 404


@pytest.mark.parametrize("view", ["clips", "statistics", "map"])
def test_the_other_pages_of_a_dataset_open(page: Page, address: str, view: str) -> None:
    page.goto(f"{address}/viewer?page={view}")
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    expect(page.locator("main h1").first).to_be_visible()


def test_a_folder_of_pages_stays_in_its_folder(page: Page, address: str, tmp_path: Path) -> None:
    answer = page.request.get(f"{address}/assets/../../../../../etc/passwd")
    assert answer.status == 404
