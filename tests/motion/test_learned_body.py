"""The learned body treats left and right alike, keeps time from noise, and never breaks on what it did not see."""

from dataclasses import replace

import numpy as np
import pytest
from plausible_poses import random_body
from test_body import CAMERA, seen_person

from nonverbal.motion.body import BodyView, body_pose, pose_rows, turned_to
from nonverbal.motion.learned_body import WEIGHTS, calmed, learned_pose, models, taps_of
from nonverbal.motion.rotations import matrix_from_axis_angle, mirror_x
from nonverbal.spaces import SMPLX117_JOINTS

PARTNERS = np.array([0, 4, 5, 6, 1, 2, 3, *(i + 1 if i % 2 else i - 1 for i in range(7, 33))])
"""Where each pose landmark goes when left and right are swapped: eyes in threes, all others in pairs."""


def made_view(count: int, seed: int) -> BodyView:
    chest = matrix_from_axis_angle(np.linspace(-0.4, 0.4, count)[:, None] * np.array([0.0, 1.0, 0.0]))
    view = seen_person(random_body(count, seed), chest, False)
    noise = np.random.default_rng(seed)
    head = matrix_from_axis_angle(noise.normal(0.0, 0.3, (count, 3)))
    return replace(view, head=head, pose_px=view.pose_px + noise.normal(0.0, 2.0, view.pose_px.shape))


def solved(view: BodyView) -> np.ndarray:
    view, camera = turned_to(view, CAMERA)
    pose, expected = learned_pose(view, body_pose(view, camera), np.arange(len(view.pose_px)))
    assert np.isfinite(expected.arms).all()
    assert (expected.fingers > 0).all()
    return pose_rows(pose, view)


def mirrored(view: BodyView) -> BodyView:
    """The same person in a mirror."""
    flip_px = np.array([-1.0, 1.0, 1.0])
    shift_px = np.array([2.0 * CAMERA.centre_x_px, 0.0, 0.0])
    return BodyView(
        pose_px=view.pose_px[:, PARTNERS] * flip_px + shift_px,
        pose_world_m=view.pose_world_m[:, PARTNERS] * flip_px,
        pose_visibility=view.pose_visibility[:, PARTNERS],
        hands_px=view.hands_px[:, ::-1] * flip_px + shift_px,
        hand_valid=view.hand_valid[:, ::-1],
        head=mirror_x(view.head),
        head_px=view.head_px * flip_px[:2] + shift_px[:2],
        head_known=view.head_known,
    )


def test_a_mirrored_person_moves_mirrored() -> None:
    view = made_view(12, 3)
    view.hand_valid[4:8, 0] = False
    rows = solved(view).reshape(12, 39, 3)
    swapped = solved(mirrored(view)).reshape(12, 39, 3)
    swap = [
        SMPLX117_JOINTS.index(n.replace("left", "?").replace("right", "left").replace("?", "right"))
        for n in SMPLX117_JOINTS
    ]
    np.testing.assert_allclose(swapped[:, swap] * np.array([1.0, -1.0, -1.0]), rows, atol=2e-3)


def test_taps_are_the_frames_around_and_stop_at_gaps() -> None:
    taps = taps_of(np.array([0, 2, 4, 9]))
    np.testing.assert_array_equal(taps[1], [0, 0, 1, 2, 2])
    np.testing.assert_array_equal(taps[3], [3, 3, 3, 3, 3])
    assert taps_of(np.zeros(0, int)).shape == (0, 5)


def test_noise_is_calmed_and_movement_kept() -> None:
    frames = np.arange(100)
    ramp = 0.1 * frames[None, :, None]
    noise = np.random.default_rng(0).normal(0.0, 1.0, ramp.shape)
    calm = calmed(ramp + noise, frames, np.ones((1, 100))) - ramp
    assert np.abs(np.diff(calm, 2, axis=1)).mean() < 0.05 * np.abs(np.diff(noise, 2, axis=1)).mean()
    np.testing.assert_allclose(calmed(ramp, frames, np.ones((1, 100)))[:, 10:-10], ramp[:, 10:-10])


def test_what_was_not_seen_does_not_leak_into_what_was() -> None:
    values = np.ones((1, 9, 1))
    values[0, 4] = 1e6
    weights = np.ones((1, 9))
    weights[0, 4] = 0.0
    np.testing.assert_allclose(calmed(values, np.arange(9), weights)[0, [3, 5]], 1.0)
    far = np.array([0, 100])
    np.testing.assert_allclose(calmed(np.array([[[1.0], [5.0]]]), far, np.ones((1, 2)))[0, :, 0], [1.0, 5.0])


def test_an_unseen_hand_is_zero_and_an_unseen_face_is_no_harm() -> None:
    view = made_view(6, 5)
    view.hand_valid[:, 1] = False
    rows = solved(replace(view, head_known=np.zeros(6, bool)))
    assert np.isfinite(rows).all()
    assert not rows[:, 72:].any()
    assert not rows[:, 6:9].any()


def test_no_frames_give_no_rows() -> None:
    view = made_view(1, 0)
    empty = BodyView(*(getattr(view, name)[:0] for name in BodyView.__dataclass_fields__))
    assert solved(empty).shape == (0, 117)


def test_a_finger_is_told_by_itself_alone() -> None:
    """Bending the ring finger must not bend the index: what hands usually do is no evidence."""
    finger = models().finger
    ring, index = 9, 0  # SMPL-X order: index, middle, pinky, ring, thumb
    features = np.tile(finger.mean, (2, 1))
    features[1, 3 * ring : 3 * ring + 9] -= 1.0
    low, high = finger.run(features)
    assert np.abs(high - low)[3 * ring : 3 * ring + 9].max() > 0.01
    np.testing.assert_allclose(high[3 * index : 3 * index + 9], low[3 * index : 3 * index + 9], atol=1e-6)


def test_weights_are_small_and_tell_where_they_come_from() -> None:
    safetensors = pytest.importorskip("safetensors")
    assert WEIGHTS.stat().st_size < 1_200_000
    with safetensors.safe_open(str(WEIGHTS), "numpy") as saved:
        assert {"command", "seed", "geometry_and_fitted_deg"} <= set(saved.metadata())


def test_bones_that_lie_across_the_view_point_where_the_picture_shows_them() -> None:
    """Whatever the network thinks: depth is its business, the picture's plane is not."""
    count = 9
    view = seen_person(np.repeat(random_body(1, 11), count, axis=0), np.repeat(np.eye(3)[None], count, axis=0), False)
    view = replace(view, pose_visibility=np.ones_like(view.pose_visibility))
    view, camera = turned_to(view, CAMERA)
    geometry = body_pose(view, camera)
    found, _ = learned_pose(view, geometry, np.arange(count))
    checked = 0
    for side, mirror in enumerate((np.ones(3), np.array([-1.0, 1.0, 1.0]))):
        for start, end in (("shoulder", "elbow"), ("elbow", "wrist")):
            bearings = []
            for pose in (geometry, found):
                bone = (getattr(pose.arms[side], end) - getattr(pose.arms[side], start))[4]
                x, y, _ = pose.chest[4] @ (bone / np.linalg.norm(bone) * mirror)
                bearings.append((np.arctan2(y, x), np.hypot(x, y)))
            if min(length for _, length in bearings) > 0.5:
                checked += 1
                assert abs(bearings[0][0] - bearings[1][0]) < 1e-6
    assert checked
