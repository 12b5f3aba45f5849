"""Smoothing against a slow polynomial fit, and that nothing leaks across gaps or turns."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nonverbal.motion.rotations import angle_between_rad, axis_angle_from_matrix, matrix_about, matrix_from_axis_angle
from nonverbal.motion.smooth import cuts_of, smooth_axis_angle, smooth_motion, smooth_values, stretches
from nonverbal.types import PARTS, Motion


def slow_smooth(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """One least-squares polynomial a frame: window 5 order 2, or the largest odd window that fits and a lower order."""
    result = values.astype(float).copy()
    frame = 0
    while frame < len(values):
        if not valid[frame]:
            frame += 1
            continue
        end = frame
        while end < len(values) and valid[end]:
            end += 1
        length = end - frame
        window = min(5, length if length % 2 else length - 1)
        if window >= 3:
            for i in range(frame, end):
                first = min(max(i - window // 2, frame), end - window)
                at = np.arange(first, first + window)
                fit = np.polyfit(at - i, values[at].astype(float), min(2, window - 1))
                result[i] = fit[-1]
        frame = end
    return result


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(0, 1000))
def test_values_equal_a_slow_polynomial_fit(valid: list[bool], seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(len(valid), 1))
    smoothed = smooth_values(values, np.array(valid))
    np.testing.assert_allclose(smoothed[:, 0], slow_smooth(values[:, 0], np.array(valid)), atol=1e-6)


def test_nothing_crosses_a_gap() -> None:
    values = np.concatenate([np.zeros(10), [7.0], np.ones(10)])[:, None]
    valid = np.arange(21) != 10
    np.testing.assert_allclose(smooth_values(values, valid), values, atol=1e-6)


def test_stretches_are_maximal_runs() -> None:
    assert stretches(np.array([0, 1, 1, 0, 1], bool)) == [(1, 3), (4, 5)]
    assert stretches(np.zeros(3, bool)) == []


def test_stretches_begin_anew_at_cuts() -> None:
    assert stretches(np.array([0, 1, 1, 1, 0, 1], bool), [0, 2, 4, 5]) == [(1, 2), (2, 4), (5, 6)]


def test_a_cut_is_where_a_face_is_elsewhere_or_of_another_size_in_the_next_frame() -> None:
    still, moved, elsewhere, near = (0, 0, 10, 10), (1, 1, 11, 11), (30, 0, 40, 10), (27, -3, 43, 13)
    unseen = (0, 0, 0, 0)
    boxes = np.array([still, still, moved, elsewhere, near, unseen, still, unseen, elsewhere], float)
    assert cuts_of(boxes) == [3, 4]
    assert cuts_of(boxes[:0]) == cuts_of(boxes[:1]) == []


def test_nothing_crosses_a_cut_that_shows_the_same_person_again(motion: Motion) -> None:
    second = np.arange(motion.n_frames)[:, None] >= 15
    boxes = np.where(second, [200.0, 0.0, 300.0, 100.0], [0.0, 0.0, 100.0, 100.0]).astype(np.float32)
    place = np.repeat(np.where(second, 0.4, 0.0), 6, axis=1).astype(np.float32)
    smoothed = smooth_motion(
        replace(motion, bbox=boxes, head_pose=place, gaze=place[:, :4], body=np.tile(place, 20)[:, :117])
    )
    for name in ("head_pose", "gaze"):
        np.testing.assert_allclose(getattr(smoothed, name), place[:, : getattr(smoothed, name).shape[1]], atol=1e-6)
    np.testing.assert_allclose(smoothed.body[:, :3], place[:, :3], atol=1e-6)


def test_a_steady_turn_through_half_a_turn_stays_steady() -> None:
    """Axis-angle jumps from +pi to -pi on the way; filtered number by number, the turn would stop and reverse there."""
    angle = np.linspace(2.5, 4.0, 60)
    stored = axis_angle_from_matrix(matrix_about(0, angle))
    assert np.abs(np.diff(stored[:, 0])).max() > 6, "the input must hold the jump to be worth it"
    smoothed = smooth_axis_angle(stored, np.ones(60, bool))
    apart = angle_between_rad(matrix_from_axis_angle(smoothed), matrix_about(0, angle))
    assert np.degrees(apart).max() < 0.1


def test_rotations_get_calmer() -> None:
    rng = np.random.default_rng(0)
    truth = np.stack([np.sin(np.arange(200) / 20), np.cos(np.arange(200) / 25), np.zeros(200)], axis=1)
    noisy = truth + rng.normal(0, 0.05, truth.shape)
    smoothed = smooth_axis_angle(noisy, np.ones(200, bool))
    assert np.abs(smoothed - truth).mean() < 0.8 * np.abs(noisy - truth).mean()


@pytest.fixture
def motion() -> Motion:
    rng = np.random.default_rng(5)
    count = 30
    validity = np.ones((count, len(PARTS)), np.uint8)
    validity[12:15, PARTS.index("left_hand")] = 0
    body = rng.normal(0, 0.3, (count, 117)).astype(np.float32)
    body[12:15, 27:72] = 0
    return Motion(
        participant="A",
        face_space="arkit52",
        body_space="smplx117",
        fps=25.0,
        face=rng.integers(0, 2, (count, 52)).astype(np.float32),
        body=body,
        validity=validity,
        confidence=validity.astype(np.float32),
        head_pose=rng.normal(size=(count, 6)).astype(np.float32),
        gaze=rng.normal(size=(count, 4)).astype(np.float32),
        bbox=np.zeros((count, 4), np.float32),
        speaking=np.zeros(count, np.uint8),
    )


def test_a_motion_keeps_its_ranges_types_and_gaps(motion: Motion) -> None:
    smoothed = smooth_motion(motion)
    assert (smoothed.face.min(), smoothed.face.max()) == (0, 1)
    assert not smoothed.body[12:15, 27:72].any()
    for name in ("face", "body", "head_pose", "gaze"):
        values = getattr(smoothed, name)
        assert values.dtype == np.float32
        assert values.shape == getattr(motion, name).shape
        assert not np.array_equal(values, getattr(motion, name))
    assert smoothed.validity is motion.validity


def test_a_part_that_was_never_seen_stays_zero(motion: Motion) -> None:
    unseen = replace(motion, validity=np.zeros_like(motion.validity), face=np.zeros_like(motion.face))
    assert not smooth_motion(unseen).face.any()
