"""Sitters to fit on are people's poses, and fitting finds a map that is there."""

from dataclasses import fields

import numpy as np
import pytest

from nonverbal.fitting.body import Plan
from nonverbal.fitting.body_examples import Examples, chained
from nonverbal.fitting.body_poses import finger_rows, glide, random_poses
from nonverbal.fitting.body_views import random_view
from nonverbal.motion.rotations import unit
from nonverbal.motion.skeleton import forward_kinematics
from nonverbal.spaces import SMPLX117_JOINTS
from nonverbal.verdicts import UserError

AT = {name: i for i, name in enumerate(SMPLX117_JOINTS)}


def test_poses_are_smooth_the_same_for_a_seed_and_within_what_joints_do() -> None:
    poses = [random_poses(60, np.random.default_rng(seed)) for seed in range(12)]
    again = random_poses(60, np.random.default_rng(3))
    np.testing.assert_array_equal(again.body, poses[3].body)
    body = np.concatenate([p.body for p in poses]).reshape(-1, 39, 3)
    assert np.isfinite(body).all()
    for side in ("left", "right"):
        assert np.degrees(np.linalg.norm(body[:, AT[f"{side}_wrist"]], axis=1)).max() < 70
        assert np.degrees(np.linalg.norm(body[:, AT[f"{side}_collar"]], axis=1)).max() < 30
    for p in poses:
        joints, _, _ = forward_kinematics(p.body)
        step = np.linalg.norm(np.diff(joints[:, [AT["left_wrist"], AT["right_wrist"]]], axis=0), axis=-1)
        assert step.max() < 0.12, "a hand moves at most 3 m/s"


def test_elbows_hang_and_hands_are_before_the_trunk() -> None:
    body = np.concatenate([random_poses(40, np.random.default_rng(seed)).body for seed in range(20)])
    joints, _, _ = forward_kinematics(body)
    elbow, wrist, shoulder = (joints[:, AT[f"left_{name}"]] for name in ("elbow", "wrist", "shoulder"))
    assert (elbow[:, 1] < shoulder[:, 1]).mean() > 0.95
    before = np.abs(wrist[:, 0]) < 0.15
    assert (wrist[before, 2] > 0.08).mean() > 0.97


def test_bends_close_the_hand_towards_the_palm() -> None:
    settings = np.zeros((1, 21))
    settings[0, :15] = 0.8
    body = np.zeros((1, 39, 3))
    body[:, AT["left_index1"] : AT["left_index1"] + 15] = finger_rows(settings)
    _, tips, _ = forward_kinematics(body.reshape(1, -1))
    _, flat, _ = forward_kinematics(np.zeros((1, 117)))
    assert (tips[0, 0, :4, 1] < flat[0, 0, :4, 1] - 0.03).all()
    thumb_moved = unit(tips[0, 0, 4] - flat[0, 0, 4])
    assert thumb_moved[1] < 0, "the thumb bends over the palm"
    assert thumb_moved[2] < 0


def test_gliding_passes_through_its_settings() -> None:
    values = np.array([[0.0], [1.0], [-1.0]])
    path = glide(np.array([0, 20, 40]), values, 41)
    np.testing.assert_allclose(path[[0, 20, 40], 0], [0.0, 1.0, -1.0])
    assert np.abs(np.diff(path[:, 0])).max() < 0.3


def test_cameras_see_the_sitters_head_in_their_part_of_the_picture() -> None:
    for seed in range(60):
        view = random_view(np.random.default_rng(seed))
        at = view.camera.project(view.to_camera(np.array([[0.0, 0.16, 0.08]])))[0]
        left, top, right, bottom = view.territory
        assert left <= at[0] < right, seed
        assert top <= at[1] < bottom, seed
        chest = view.chest_in_view(np.zeros((1, 3)))[0]
        assert chest[2, 2] > 0.6, "the sitter faces the camera"
        assert np.linalg.det(chest) == pytest.approx(1.0)


def test_seeds_kept_for_measuring_are_refused() -> None:
    with pytest.raises(UserError, match="seed=999"):
        Plan(seed=999)
    with pytest.raises(UserError, match="sitters=2"):
        Plan(sitters=2)
    seeds = Plan(seed=1001, sitters=10).seeds
    assert seeds.start % 3 == 0
    assert seeds.start >= 1001
    assert len(seeds) == 30


def made_examples(count: int, seed: int) -> Examples:
    """Arms and hands whose truth is geometry plus a linear map of the features, and a little noise."""
    rng, world = np.random.default_rng(seed), np.random.default_rng(99)
    arm = rng.normal(size=(count, 20)).astype(np.float32)
    finger = rng.normal(size=(count, 57)).astype(np.float32)
    arm_base = rng.normal(size=(count, 21)).astype(np.float32)
    map_m = 0.2 * world.normal(size=(20, 21))
    truth = arm_base + arm @ map_m + 0.01 * rng.normal(size=(count, 21))
    finger_base = finger[:, :45]
    finger_truth = 0.7 * finger_base + 0.1
    taps = np.tile(np.arange(count)[:, None], (1, 5))
    known = np.ones(count, bool)
    return Examples(
        arm, finger, arm_base, finger_base, truth.astype(np.float32), finger_truth.astype(np.float32), known, taps,
        np.arange(count),
    )  # fmt: skip


def test_fitting_finds_the_map() -> None:
    pytest.importorskip("torch")
    from nonverbal.fitting.body_train import Training, fit_arm, fit_finger
    from nonverbal.motion.learned_body import CHEST, FINGERS, models_from

    config = Training(epochs=1, width=16, ridge=1.0)
    seen, check, unseen = made_examples(1500, 1), made_examples(300, 2), made_examples(300, 3)
    arrays = fit_arm(seen, check, config) | fit_finger(seen, check, config)
    fitted = models_from(arrays)
    off = unseen.arm_base + fitted.arm.run(unseen.arm, unseen.taps)[:, : CHEST.stop] - unseen.arm_truth
    assert np.abs(off).mean() < 0.1 * np.abs(unseen.arm_base - unseen.arm_truth).mean()
    off = unseen.finger_base + fitted.finger.run(unseen.finger)[:, FINGERS] - unseen.finger_truth
    assert np.abs(off).mean() < 0.02
    again = fit_arm(seen, check, config) | fit_finger(seen, check, config)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, again[name])


def test_chained_examples_keep_their_own_neighbours() -> None:
    both = chained([made_examples(4, 1), made_examples(3, 2)])
    np.testing.assert_array_equal(both.taps[:, 2], np.arange(7))
    assert {len(getattr(both, f.name)) for f in fields(Examples)} == {7}
