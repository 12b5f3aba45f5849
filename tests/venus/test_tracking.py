from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nonverbal.venus.tracking import associate, clip, seam, territory

GREY = np.full((360, 640, 3), 128, np.uint8)


def box(x: float, y: float, side: float) -> tuple[float, float, float, float]:
    return x, y, x + side, y + side


boxes = st.lists(st.builds(box, st.floats(0, 600), st.floats(0, 320), st.floats(10, 200)), max_size=4)


@given(boxes, boxes)
def test_association_gives_each_at_most_one_partner_and_forgets_nobody(tracks, faces) -> None:
    pairs, lone_tracks, lone_faces = associate(tracks, faces)
    assert sorted([i for i, _ in pairs] + lone_tracks) == list(range(len(tracks)))
    assert sorted([j for _, j in pairs] + lone_faces) == list(range(len(faces)))


@given(boxes, boxes)
def test_association_is_as_good_as_the_best_of_all(tracks, faces) -> None:
    """Against trying every pairing: none has more pairs, nor as many with less total distance."""

    def apart(i: int, j: int) -> float:
        a, b = np.asarray(tracks[i]), np.asarray(faces[j])
        (aw, ah), (bw, bh) = a[2:] - a[:2], b[2:] - b[:2]
        d = np.hypot(*((a[:2] + a[2:] - b[:2] - b[2:]) / 2)) / ((aw + ah + bw + bh) / 4)
        return d if d <= 1 and 0.5 <= (bw + bh) / (aw + ah) <= 2 else np.inf

    best = (0, 0.0)
    slots = [*range(len(faces)), *[None] * len(tracks)]
    for order in set(itertools.permutations(slots, len(tracks))):
        costs = [apart(i, j) for i, j in enumerate(order) if j is not None]
        kept = [c for c in costs if np.isfinite(c)]
        best = max(best, (len(kept), -sum(kept)))
    pairs, _, _ = associate(tracks, faces)
    assert len(pairs) == best[0]
    assert abs(sum(apart(i, j) for i, j in pairs) + best[1]) < 1e-6


def test_people_side_by_side_share_the_picture_at_the_middle_between_them() -> None:
    left, right = box(100, 100, 50), box(400, 120, 50)
    assert territory(left, [right], GREY) == (0, 0, 275, 360)
    assert territory(right, [left], GREY) == (275, 0, 640, 360)


def test_people_above_each_other_share_it_at_a_height() -> None:
    upper, lower = box(300, 40, 60), box(310, 240, 60)
    assert territory(upper, [lower], GREY) == (0, 0, 640, 170)
    assert territory(lower, [upper], GREY) == (0, 170, 640, 360)


def test_the_edge_between_panels_counts_more_than_the_middle() -> None:
    split = GREY.copy()
    split[:, 320:] = 60
    near, far = box(250, 100, 50), box(500, 100, 50)
    assert seam(split, 300, 500) == 320
    assert territory(near, [far], split)[2] == 320
    assert territory(far, [near], split)[0] == 320
    assert seam(GREY, 300, 500) is None


def test_a_door_frame_through_half_the_height_is_no_panel_edge() -> None:
    room = GREY.copy()
    room[180:, 320:] = 60
    assert seam(room, 300, 500) is None


@given(boxes, st.integers(0, 3))
def test_a_territory_is_never_empty_and_lies_in_the_picture(people, which) -> None:
    if which >= len(people):
        return
    x0, y0, x1, y1 = territory(people[which], people[:which] + people[which + 1 :], GREY)
    assert 0 <= x0 < x1 <= 640
    assert 0 <= y0 < y1 <= 360


def test_clip_keeps_two_pixels_at_any_edge() -> None:
    assert clip((-50, -50, -10, -10), (0, 0, 640, 360)) == (0, 0, 2, 2)
    assert clip((900, 900, 999, 999), (0, 0, 640, 360)) == (638, 358, 640, 360)
