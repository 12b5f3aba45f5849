"""A dialogue of three people in the viewer: a lane for each, two on the stage, and anybody can be asked up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from nonverbal.avatar.rig import TURNING, local_turns
from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.motion.rotations import axis_angle_from_matrix
from nonverbal.serve.background import serving
from talks_of_many import made

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(made(tmp_path_factory.mktemp("three") / "talk", [3]))


@pytest.fixture(scope="module")
def shown(three: Dataset) -> Iterator[str]:
    with serving("view", three.root) as address:
        yield address


def turned(dataset: Dataset, who: str, frame: int) -> dict[str, list[float]]:
    """Bone -> its rotation as stored."""
    motion = dataset.motion(dataset.ids()[0], who)
    turns = local_turns(motion.body[frame : frame + 1], motion.gaze[frame : frame + 1])[0]
    return {bone: turn.tolist() for bone, turn in zip(TURNING, axis_angle_from_matrix(turns), strict=True)}


def test_each_of_three_has_a_lane_and_can_take_a_seat(page: Page, shown: str, three: Dataset) -> None:
    dialogue = three.ids()[0]
    seen = [three.column(dialogue, who, "validity").all(axis=1) for who in "AC"]
    frame = int(np.flatnonzero(seen[0] & seen[1])[-1])
    page.goto(f"{shown}/viewer?dialogue={dialogue}&t={frame / 25}")
    expect(page.get_by_test_id("transcript")).to_be_visible()
    page.evaluate("() => window.nonverbal.ready")
    expect(page.locator("#timeline-words p")).to_have_count(3)
    expect(page.locator("#timeline-words .of-c .who")).to_have_text("C")
    expect(page.get_by_test_id("transcript").locator(".of-c").first).to_be_attached()
    page.locator(".curves").scroll_into_view_if_needed()
    expect(page.locator(".curves figure").first).to_be_attached()
    seats = [page.get_by_test_id(f"seat-{i}").locator(".who") for i in (0, 1)]
    expect(seats[1]).to_have_text("B")
    page.locator("#sits-1").select_option("C")
    expect(seats[1]).to_have_text("C")
    page.wait_for_timeout(500)
    bones = page.evaluate("() => window.nonverbal.avatars.map((avatar) => avatar.boneAngles())")
    for number, who in enumerate("AC"):
        for bone, expected in turned(three, who, frame).items():
            assert bones[number][bone] == pytest.approx(expected, abs=2e-3), (who, bone)
    page.locator("#sits-0").select_option("C")
    expect(seats[0]).to_have_text("C")
    expect(seats[1]).to_have_text("A")
    expect(page.locator("#sits-1")).to_have_value("A")


def test_the_list_shows_the_talk_of_all(page: Page, shown: str) -> None:
    page.goto(f"{shown}/viewer")
    expect(page.locator(".row-shares i")).to_have_count(3)
    expect(page.get_by_role("img", name="C talks")).to_be_visible()
