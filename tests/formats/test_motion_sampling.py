"""Other rates, cuts and gaps: rotations go the shorter way, coefficients in straight lines, and time is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_takes import made_take, waves
from scipy.spatial.transform import Rotation, Slerp

from nonverbal.formats.differences import turn_error_deg
from nonverbal.formats.sampling import cut, held, resampled, sample_axis_angle, sample_values
from nonverbal.motion.skeleton import resting_body
from nonverbal.spaces import get_space
from nonverbal.timeline import n_frames
from nonverbal.types import PARTS
from nonverbal.verdicts import UserError

GROUPS = get_space("smplx117").groups


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 30), st.integers(0, 99), st.floats(0.1, 6.0), st.lists(st.floats(-2, 40), min_size=1, max_size=9))
def test_rotations_are_slerped(count: int, seed: int, size: float, at: list[float]) -> None:
    """Against scipy's, one joint at a time."""
    vectors = np.asarray(size * waves(np.random.default_rng(seed), count, 9), np.float32)
    found = sample_axis_angle(vectors, np.array(at))
    inside = np.clip(at, 0, count - 1)
    for joint in range(3):
        turns = Rotation.from_rotvec(vectors[:, 3 * joint : 3 * joint + 3])
        wanted = Slerp(range(count), turns)(inside) if count > 1 else turns[[0] * len(at)]
        error = (wanted.inv() * Rotation.from_rotvec(found[:, 3 * joint : 3 * joint + 3])).magnitude()
        far = (turns[:-1].inv() * turns[1:]).magnitude().max(initial=0)  # half a turn has two shortest ways
        assert far > 3.1 or error.max() < 1e-5


def test_rows_that_are_hit_keep_every_bit() -> None:
    take = made_take(30)
    assert np.array_equal(sample_axis_angle(take.body, np.arange(30.0)), take.body)
    assert np.array_equal(sample_values(take.face, np.arange(30.0)), take.face)
    assert resampled(take, 25.0) is take


@pytest.mark.parametrize("fps", [12.5, 24.0, 29.97, 30.0, 60.0, 120.0])
def test_other_rates_keep_the_time(fps: float) -> None:
    """A coefficient that tells the time says the same time at any rate."""
    take = made_take(100)
    clock = np.tile(((np.arange(100) + 0.5) / 25 / 4)[:, None], (1, 52)).astype(np.float32)
    other = resampled(replace(take, face=clock), fps)
    assert other.n_frames == n_frames(4.0, fps)
    centres = np.clip((np.arange(other.n_frames) + 0.5) / fps, 0.02, 3.98)
    assert other.face[:, 7] == pytest.approx(centres / 4, abs=1e-6)
    assert other.words == take.words


def test_to_twice_the_rate_and_back() -> None:
    take = made_take(100)
    back = resampled(resampled(take, 50.0), 25.0)
    assert turn_error_deg(take.body, back.body)[1:-1].max() < 2.0  # each frame becomes the mean of two nearby
    assert np.abs(take.face - back.face)[1:-1].mean() < 0.005


def test_a_cut_begins_anew() -> None:
    take = made_take(100)
    part = cut(take, 0.28, 2.0)
    assert np.array_equal(part.face, take.face[7:50])
    assert np.array_equal(part.body, take.body[7:50])
    assert [word.word for word in part.words] == ["<b>you</b>"]
    assert part.words[0].start_s == pytest.approx(0.02)
    assert cut(take, 0.0, None).n_frames == 100
    assert cut(take, 0.0, 1e9).n_frames == 100


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(4.0, None), (-1.0, 2.0), (2.0, 1.0), (1.0, 1.0), (0.0, -5.0), (float("nan"), 2.0)]
)
def test_cuts_without_a_frame_are_named(start_s: float, end_s: float | None) -> None:
    with pytest.raises(UserError, match=r"made: no frame lies from .* it lasts 4\.00 s"):
        cut(made_take(100), start_s, end_s)


def slow_held(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """The obvious way: for each row the nearest valid one, the earlier of two."""
    rows = np.flatnonzero(valid)
    nearest = [min(rows, key=lambda r: (abs(r - i), r)) for i in range(len(valid))]
    return values[nearest]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=40))
def test_gaps_take_the_nearest_valid_frame(valid: list[bool]) -> None:
    take = made_take(len(valid))
    marks = np.ones((len(valid), 6), np.uint8)
    marks[:, [PARTS.index("left_hand"), PARTS.index("face")]] = np.array(valid)[:, None]
    filled = held(replace(take, validity=marks))
    hand = GROUPS["left_hand"]
    if any(valid):
        assert np.array_equal(filled.body[:, hand], slow_held(take.body[:, hand], np.array(valid)))
        assert np.array_equal(filled.face, slow_held(take.face, np.array(valid)))
    else:
        assert np.array_equal(filled.face, take.face)
    for group in ("upper_body", "right_hand"):
        assert np.array_equal(filled.body[:, GROUPS[group]], take.body[:, GROUPS[group]])


def test_arms_that_were_never_seen_hang_at_rest() -> None:
    marks = np.ones((10, 6), np.uint8)
    marks[:, PARTS.index("upper_body")] = 0
    body = np.zeros((10, 117), np.float32)
    filled = held(replace(made_take(10), validity=marks, body=body))
    assert np.array_equal(filled.body, np.tile(resting_body(), (10, 1)))
    body[:, 0] = 0.3  # something is known of it after all
    assert np.array_equal(held(replace(made_take(10), validity=marks, body=body)).body, body)


def test_gaps_do_not_leak_into_other_rates() -> None:
    """What is not valid is zero in a dataset; no frame may be mixed with that."""
    take = made_take(50)
    marks = take.validity.copy()
    marks[20:30] = 0
    body = np.where(marks[:, :1] > 0, np.float32(0.5), np.float32(0.0)) * np.ones((1, 117), np.float32)
    other = resampled(replace(take, body=body, validity=marks), 60.0)
    assert other.body == pytest.approx(np.full(other.body.shape, 0.5), abs=1e-6)
    assert other.validity[:, 0].tolist() == [int(not 20 <= int((i + 0.5) * 25 / 60) < 30) for i in range(120)]
