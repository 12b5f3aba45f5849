"""Sets and cameras show who they are meant to show."""

from __future__ import annotations

import numpy as np
import pytest

from nonverbal.studio.scene import LAYOUTS, Layout, Scene, build_scene
from nonverbal.studio.talk import Line, SpokenLine, Talk

EYES, CHEST, CROWN = np.array([0.0, 0.22, 0.10]), np.array([0.0, 0.0, 0.10]), np.array([0.0, 0.34, 0.0])


def talk(duration_s: float = 60.0) -> Talk:
    lines = [("A", 0.0, 20.0), ("B", 20.0, 40.0), ("A", 40.0, 60.0)]
    return Talk(tuple(SpokenLine(Line(p, "", "tell", 0.0, 0.0), a, b, ()) for p, a, b in lines), duration_s)


def scene(layout: Layout, seed: int = 0) -> Scene:
    return build_scene(layout, talk(), np.random.default_rng(seed), 1280, 720)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("seed", range(5))
def test_whole_heads_and_chests_are_in_every_view_that_shows_them(layout: Layout, seed: int) -> None:
    made = scene(layout, seed)
    for view in made.views:
        left, top, right, bottom = view.box_px
        for participant in view.shows:
            points = view.to_camera(made.seats[participant].to_room(np.stack([EYES, CHEST, CROWN])))
            px = view.camera.project(points)
            assert (points[:, 2] > 0.5).all()
            assert ((px > (left, top)) & (px < (right, bottom))).all()
            assert px[0, 1] < px[1, 1] - 60  # eyes above the chest, upright and large enough


def test_a_camera_keeps_distances_and_handedness() -> None:
    view = scene("wide").views[0]
    np.testing.assert_allclose(view.turn @ view.turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(view.turn) == pytest.approx(1.0)


def test_in_a_shared_picture_a_sits_left_and_each_turns_to_the_other() -> None:
    made = scene("wide")
    view = made.views[0]
    eyes = [view.camera.project(view.to_camera(made.seats[p].to_room(EYES)))[0] for p in "AB"]
    assert eyes[0] < 640 < eyes[1]
    assert made.partner_direction("A")[0] > 0.3  # B sits to A's left
    assert made.partner_direction("B")[0] < -0.3


def test_the_partner_of_a_split_screen_is_beside_the_lens() -> None:
    made = scene("split")
    for participant in "AB":
        lens, partner = made.camera_direction(participant), made.partner_direction(participant)
        assert np.linalg.norm(lens) == pytest.approx(1.0)
        assert 3 < np.degrees(np.arccos(lens @ partner)) < 15


def test_cuts_show_both_and_mostly_whoever_talks() -> None:
    shares = []
    for seed in range(20):
        shots = scene("cuts", seed).shots
        assert len(shots) == 1500
        assert {0, 1} <= set(shots.tolist())
        talker = np.repeat([0, 1, 0], 500)
        shares.append(np.mean((shots == talker) | (shots == 2)))
        lengths = np.diff(np.flatnonzero(np.diff(shots, prepend=-1)))
        assert (lengths >= 75).all()
    assert np.mean(shares) > 0.75


def test_seeds_decide() -> None:
    one, same, other = scene("cuts", 1), scene("cuts", 1), scene("cuts", 2)
    np.testing.assert_array_equal(one.shots, same.shots)
    np.testing.assert_array_equal(one.views[0].turn, same.views[0].turn)
    assert not np.array_equal(one.views[0].turn, other.views[0].turn)
