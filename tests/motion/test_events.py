"""Detectors find what was put into rows of motion, and only that."""

from __future__ import annotations

import numpy as np
import pytest

from nonverbal.motion.events import (
    BODY_KINDS,
    FACE_KINDS,
    Events,
    body_events,
    face_events,
    head_angles_deg,
    motion_events,
    wrist_speed_m_s,
)
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.types import F32, Motion
from nonverbal.verdicts import UserError

T = 250  # ten seconds
AT_S = (np.arange(T) + 0.5) / 25.0


def bump(from_s: float, to_s: float, height: float, edge_s: float = 0.2) -> F32:
    """[T] a plateau with slopes of `edge_s`."""
    rise = np.clip((AT_S - from_s) / edge_s + 0.5, 0, 1)
    fall = np.clip((to_s - AT_S) / edge_s + 0.5, 0, 1)
    return (height * np.minimum(rise, fall)).astype(np.float32)


def face(**columns: F32) -> F32:
    rows = np.full((T, 52), 0.02, np.float32)
    for stem, values in columns.items():
        for index, name in enumerate(ARKIT52_NAMES):
            if name.startswith(stem):
                rows[:, index] += values
    return rows


def head(dip_deg: F32 | float = 0.0, turn_deg: F32 | float = 0.0) -> F32:
    """[T, 117] a person at rest whose head turns, about one axis at a time."""
    rows = np.zeros((T, 117), np.float32)
    joint = 3 * SMPLX117_JOINTS.index("head")
    rows[:, joint], rows[:, joint + 1] = np.radians(dip_deg), np.radians(turn_deg)
    return rows


def swings(from_s: float, cycles: float, hz: float, size: float) -> F32:
    phase = 2 * np.pi * hz * (AT_S - from_s)
    return np.where((phase > 0) & (phase < 2 * np.pi * cycles), size * np.sin(phase), 0.0).astype(np.float32)


def only(found: dict[str, Events], kind: str) -> Events:
    assert {name: len(events) for name, events in found.items() if len(events)} == {kind: 1}
    return found[kind]


@pytest.mark.parametrize(
    ("columns", "kind", "from_s", "to_s", "height"),
    [
        (("mouthSmile",), "smile", 3.0, 5.0, 0.5),
        (("browInnerUp", "browOuterUp"), "brows_up", 4.0, 4.9, 0.5),
        (("browDown",), "brows_down", 2.0, 6.0, 0.6),
        (("eyeBlink",), "blink", 7.0, 7.2, 0.95),
    ],
)
def test_a_face_is_found_when_and_as_large_as_it_is(
    columns: tuple[str, ...], kind: str, from_s: float, to_s: float, height: float
) -> None:
    event = only(face_events(face(**dict.fromkeys(columns, bump(from_s, to_s, height, 0.1))), "arkit52"), kind)
    assert event.peak_s[0] == pytest.approx((from_s + to_s) / 2, abs=0.1)
    assert event.start_s[0] == pytest.approx(from_s, abs=0.16)
    assert event.end_s[0] == pytest.approx(to_s, abs=0.16)
    assert event.size[0] == pytest.approx(height, abs=0.05)


def test_what_is_small_short_or_half_is_no_event() -> None:
    little = face(mouthSmile=bump(3, 5, 0.08), browDown=bump(2, 6, 0.2), eyeBlink=bump(7, 7.2, 0.3))
    one_brow = face(browOuterUpLeft=bump(4, 5, 0.8))
    closed = face(eyeBlink=bump(2, 4, 0.9))
    flash = face(browDown=bump(2.0, 2.1, 0.5, 0.04))
    for rows in (little, one_brow, closed, flash):
        assert not any(map(len, face_events(rows, "arkit52").values()))


def test_a_resting_smile_is_none_and_a_smile_on_top_of_it_is() -> None:
    assert len(face_events(face(mouthSmile=np.full(T, 0.4, np.float32)), "arkit52")["smile"]) == 0
    more = face_events(face(mouthSmile=0.4 + bump(4, 6, 0.3)), "arkit52")["smile"]
    assert more.size == pytest.approx([0.3], abs=0.03)


def test_two_plateaus_a_moment_apart_are_one_raise() -> None:
    both = np.maximum(bump(3.0, 3.6, 0.5, 0.08), bump(3.7, 4.4, 0.5, 0.08))
    event = only(face_events(face(browInnerUp=both, browOuterUp=both), "arkit52"), "brows_up")
    assert event.end_s[0] - event.start_s[0] == pytest.approx(1.4, abs=0.1)
    apart = np.maximum(bump(3.0, 3.6, 0.5, 0.08), bump(4.2, 4.8, 0.5, 0.08))
    assert len(face_events(face(browInnerUp=apart, browOuterUp=apart), "arkit52")["brows_up"]) == 2


def test_nods_dip_twice_and_shakes_turn_thrice() -> None:
    nod = only(body_events(head(dip_deg=3 + swings(4.0, 3, 2.4, 3.5)), "smplx117"), "nod")
    assert 4.0 < nod.peak_s[0] < 5.3
    assert 4.0 <= nod.size[0] <= 7.5
    shake = only(body_events(head(turn_deg=10 + swings(5.0, 2.5, 2.1, 8.0)), "smplx117"), "shake")
    assert 5.0 < shake.peak_s[0] < 6.3
    assert not any(map(len, body_events(head(dip_deg=swings(4.0, 1, 2.0, 4.0)), "smplx117").values()))
    assert not any(map(len, body_events(head(turn_deg=swings(4.0, 0.5, 0.8, 20.0)), "smplx117").values()))
    assert not any(map(len, body_events(head(dip_deg=swings(4.0, 3, 0.4, 8.0)), "smplx117").values()))


def test_a_dip_is_downwards_whatever_way_the_head_is_turned() -> None:
    dip, turn = head_angles_deg(np.concatenate([head(dip_deg=10.0)[:1], head(turn_deg=30.0)[:1]]).astype(float))
    assert dip == pytest.approx([10.0, 0.0], abs=1e-4)
    assert turn == pytest.approx([0.0, 30.0], abs=1e-4)
    assert len(body_events(head(dip_deg=-3 - swings(4.0, 3, 2.4, 3.5), turn_deg=25.0), "smplx117")["nod"]) == 1


def test_a_stroke_is_where_the_wrist_is_fastest() -> None:
    rows = np.zeros((T, 117), np.float32)
    elbow = 3 * SMPLX117_JOINTS.index("right_elbow")
    u = np.clip((AT_S - 4.0) / 0.3, 0, 1)
    rows[:, elbow + 1] = 1.0 * u * u * u * (10 + u * (6 * u - 15))
    stroke = only(body_events(rows, "smplx117"), "stroke")
    assert stroke.peak_s[0] == pytest.approx(4.15, abs=0.05)
    # a forearm of 0.25 m through 1 rad in 0.3 s: 1.875 * 0.25 / 0.3 = 1.56 m/s, less over two frames
    assert wrist_speed_m_s(rows.astype(float)).max() == pytest.approx(1.56, rel=0.12)


def test_no_event_reaches_over_frames_that_are_not_valid() -> None:
    raised = bump(3.0, 6.0, 0.5)
    rows = face(browInnerUp=raised, browOuterUp=raised)
    valid = np.ones(T, bool)
    valid[100:125] = False
    rows[~valid] = np.nan
    found = face_events(rows, "arkit52", valid)["brows_up"]
    assert len(found) == 2
    assert found.end_s[0] <= 4.0 <= 5.0 <= found.start_s[1]
    assert np.isfinite([found.start_s, found.end_s, found.peak_s, found.size]).all()


def test_time_is_counted_at_the_given_rate() -> None:
    raised = bump(3.0, 6.0, 0.5)
    rows = face(browInnerUp=raised, browOuterUp=raised)
    assert face_events(rows, "arkit52", fps=50.0)["brows_up"].peak_s == pytest.approx([2.25], abs=0.03)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_next_to_no_frames_give_no_events(count: int) -> None:
    assert not any(map(len, face_events(np.ones((count, 52), np.float32), "arkit52")["smile"].peak_s[None]))
    assert set(body_events(np.zeros((count, 117), np.float32), "smplx117")) == set(BODY_KINDS)


def test_flame_defines_no_face_events_and_a_motion_gives_those_of_its_spaces() -> None:
    def motion(space: str, width: int) -> Motion:
        zeros = np.zeros((T, 6), np.float32)
        ones = np.ones((T, 6), np.uint8)
        rows = np.zeros((T, width), np.float32)
        return Motion(
            "A", space, "smplx117", 25.0, rows, head(), ones, zeros, zeros, zeros[:, :4], zeros[:, :4], ones[:, 0]
        )

    assert set(motion_events(motion("flame53", 53))) == set(BODY_KINDS)
    assert set(motion_events(motion("arkit52", 52))) == {*FACE_KINDS, *BODY_KINDS}


@pytest.mark.parametrize(
    ("rows", "space", "valid", "message"),
    [
        (np.zeros((5, 53), np.float32), "arkit52", None, r"\[T, 52\]"),
        (np.zeros((5, 117), np.float32), "smplx117", None, "expected arkit52 or flame53"),
        (np.zeros((5, 52), np.float32), "arkit52", np.ones(4, bool), "5 frames"),
        (np.full((5, 52), np.nan, np.float32), "arkit52", None, "not finite at frame 0"),
        (np.zeros((5, 52), np.float32), "arkit5", None, "unknown parameter space"),
    ],
)
def test_bad_rows_are_told(rows: F32, space: str, valid: np.ndarray | None, message: str) -> None:
    with pytest.raises(UserError, match=message):
        face_events(rows, space, valid)
