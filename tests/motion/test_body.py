"""Inverse kinematics undoes forward kinematics, and a whole person is found through a camera."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plausible_poses import hand_landmarks, joint, random_body

from nonverbal.motion import arm as arm_module
from nonverbal.motion.arm import ArmPoints, arm_rotations, held, wrist_bend_rad
from nonverbal.motion.body import CAMERA_TO_BODY, ELBOWS, HIPS, SHOULDERS, WRISTS, BodyView, body_rotations
from nonverbal.motion.camera import Camera
from nonverbal.motion.estimate import PersonView, estimate_motion
from nonverbal.motion.hands import finger_rotations, hand_rotation
from nonverbal.motion.rotations import (
    angle_between_rad,
    apply,
    matrix_about,
    matrix_from_axis_angle,
    swing_between,
    unit,
)
from nonverbal.motion.skeleton import OFFSETS_M, PARENTS, forward_kinematics
from nonverbal.spaces import SMPLX117_JOINTS, SMPLX_UPPER_JOINTS
from nonverbal.types import PARTS, Motion

CAMERA = Camera.from_field_of_view(1280, 720, 60.0)
MIRROR = np.array([-1.0, 1.0, 1.0])
AWAY_M = np.array([0.0, 0.0, 2.0])
AXIS_ANGLE_MIRROR = np.array([1.0, -1.0, -1.0])


def solve(body: np.ndarray) -> np.ndarray:
    """[N, 117] the pose found again from exact joint positions."""
    joints, _, _ = forward_kinematics(body)
    hands = hand_landmarks(body)
    found = np.zeros((len(body), len(SMPLX117_JOINTS), 3))
    for index, side in enumerate(("left", "right")):
        mirror = MIRROR if side == "right" else 1.0
        names = ("collar", "shoulder", "elbow", "wrist")
        hand, misfit = hand_rotation(hands[:, index] * mirror)
        assert misfit.max() < 1e-9
        points = ArmPoints(*(joint(joints, f"{side}_{name}") * mirror for name in names))
        arm = arm_rotations(points, hand, np.ones(len(body), bool))
        fingers = finger_rotations(hands[:, index] * mirror, hand)
        back = AXIS_ANGLE_MIRROR if side == "right" else 1.0
        for column, name in enumerate(names):
            found[:, SMPLX117_JOINTS.index(f"{side}_{name}")] = arm[:, column] * back
        first = SMPLX117_JOINTS.index(f"{side}_index1")
        found[:, first : first + 15] = fingers * back
    return found.reshape(len(body), -1)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 100_000))
def test_inverse_kinematics_undoes_forward_kinematics(seed: int) -> None:
    body = random_body(20, seed)
    found = solve(body)
    joints, tips, _ = forward_kinematics(body)
    joints_found, tips_found, _ = forward_kinematics(found)
    assert np.abs(joints_found - joints).max() < 1e-4
    assert np.abs(tips_found - tips).max() < 1e-4
    truth = matrix_from_axis_angle(body.reshape(20, -1, 3))
    apart = angle_between_rad(truth, matrix_from_axis_angle(found.reshape(20, -1, 3)))
    assert np.degrees(apart).max() < 0.1


def test_rest_is_a_t_pose_with_left_on_positive_x() -> None:
    joints, tips, _ = forward_kinematics(np.zeros((1, 117)))
    assert joint(joints, "left_wrist")[0, 0] > 0.6
    assert joint(joints, "right_wrist")[0, 0] < -0.6
    np.testing.assert_allclose(joint(joints, "right_wrist") * MIRROR, joint(joints, "left_wrist"))
    np.testing.assert_allclose(tips[:, 1] * MIRROR, tips[:, 0])


def test_parents_are_those_of_smplx() -> None:
    parent = {j: SMPLX117_JOINTS[p] if p >= 0 else "chest" for j, p in zip(SMPLX117_JOINTS, PARENTS, strict=True)}
    assert parent["left_shoulder"] == "left_collar"
    assert parent["right_elbow"] == "right_shoulder"
    assert parent["left_collar"] == parent["right_collar"] == parent["head"] == "chest"
    assert parent["right_thumb3"] == "right_thumb2"
    assert parent["left_pinky1"] == "left_wrist"
    assert len(OFFSETS_M) == 39


def test_bent_elbows_bring_both_hands_forward() -> None:
    """A left elbow bends by a turn about -y and a right one about +y: forearms along x at rest then point to z."""
    body = np.zeros((1, 39, 3))
    body[0, SMPLX117_JOINTS.index("left_elbow")] = [0.0, -np.pi / 2, 0.0]
    body[0, SMPLX117_JOINTS.index("right_elbow")] = [0.0, np.pi / 2, 0.0]
    joints, _, _ = forward_kinematics(body.reshape(1, -1))
    for side in ("left", "right"):
        forearm = joint(joints, f"{side}_wrist") - joint(joints, f"{side}_elbow")
        np.testing.assert_allclose(unit(forearm), [[0.0, 0.0, 1.0]], atol=1e-9)


def test_a_fist_is_bent_towards_the_palm_on_both_hands() -> None:
    """With the palm down (rest), bending goes to -y: about -z on the left hand and +z on the right."""
    body = np.zeros((1, 39, 3))
    for side, sign in (("left", -1.0), ("right", 1.0)):
        for number in (1, 2):
            body[0, SMPLX117_JOINTS.index(f"{side}_index{number}")] = [0.0, 0.0, sign * 1.0]
    found = solve(body.reshape(1, -1)).reshape(1, 39, 3)
    np.testing.assert_allclose(found, body, atol=1e-6)
    _, tips, _ = forward_kinematics(body.reshape(1, -1))
    rest = forward_kinematics(np.zeros((1, 117)))[1]
    assert (tips[0, :, 0, 1] < rest[0, :, 0, 1] - 0.03).all()


def test_a_straight_arm_has_no_twist_of_its_own() -> None:
    """Its bend plane is noise: a hair of bend backwards must not turn the upper arm by half a turn."""
    straight = ArmPoints(
        *(
            np.array([[x, y, z]])
            for x, y, z in ((0.05, 0, 0), (0.17, 0.02, -0.01), (0.45, 0.02, -0.01), (0.70, 0.02, -0.02))
        )
    )
    rows = arm_rotations(straight, np.eye(3)[None], np.array([False]))
    assert np.abs(rows).max() < np.radians(10)


def test_a_wrist_goes_on_through_a_short_gap_and_rests_in_a_long_one() -> None:
    known = np.zeros(200, bool)
    known[[0, 1, 6, 199]] = True
    values = np.zeros((200, 1))
    values[known, 0] = [1.0, 1.0, 0.5, 1.0]
    values[~known] = 99.0
    wrist = held(values, known)[:, 0]
    np.testing.assert_allclose(wrist[:7], [1.0, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5])
    assert wrist[100] == 0
    assert np.abs(np.diff(wrist)).max() <= 0.1 + 1e-9, "a hand that goes out of sight must not make its wrist jump"
    assert not held(values, np.zeros(200, bool)).any()


def test_limits_hold_for_any_landmarks() -> None:
    rng = np.random.default_rng(0)
    points = ArmPoints(*(rng.normal(size=(300, 3)) for _ in range(4)))
    rows = arm_rotations(points, matrix_from_axis_angle(rng.normal(size=(300, 3))), np.ones(300, bool))
    angle = np.linalg.norm(rows, axis=-1)
    assert np.isfinite(rows).all()
    assert angle[:, 0].max() <= arm_module.COLLAR_LIMIT_RAD + 1e-9
    assert angle[:, 3].max() <= arm_module.WRIST_LIMIT_RAD + 1e-9


def crops_px(points_m: np.ndarray) -> np.ndarray:
    """[..., K, 3] what a network that sees a crop tells of points in the camera frame: turned to the line of sight."""
    middle = points_m.mean(axis=-2)
    sight = swing_between(np.array([0.0, 0.0, 1.0]), middle)
    offsets = np.einsum("...ij,...ki->...kj", sight, points_m - middle[..., None, :])
    place_px = np.concatenate([CAMERA.project(middle), np.zeros((*middle.shape[:-1], 1))], axis=-1)
    return offsets * CAMERA.focal_px / AWAY_M[2] + place_px[..., None, :]


def seen_person(body: np.ndarray, chest: np.ndarray, hips_seen: bool) -> BodyView:
    """What a perfect pose network would see of a person 2 m away."""
    count = len(body)
    joints, _, _ = forward_kinematics(body, chest)
    world = np.zeros((count, 33, 3))
    for ids, name in ((SHOULDERS, "shoulder"), (ELBOWS, "elbow"), (WRISTS, "wrist")):
        for side, landmark in zip(("left", "right"), ids, strict=True):
            world[:, landmark] = joint(joints, f"{side}_{name}")
    middle = world[:, SHOULDERS].mean(axis=1)
    for landmark, place in (
        (HIPS[0], (0.1, -0.5, 0)),
        (HIPS[1], (-0.1, -0.5, 0)),
        (7, (0.07, 0.2, 0)),
        (8, (-0.07, 0.2, 0)),
        (0, (0, 0.18, 0.1)),
    ):
        world[:, landmark] = middle + apply(chest, np.array(place))
    camera_m = world * CAMERA_TO_BODY + AWAY_M
    visibility = np.ones((count, 33))
    visibility[:, HIPS] = float(hips_seen)
    hands = crops_px(hand_landmarks(body, chest) * CAMERA_TO_BODY + AWAY_M)
    pose_px = np.concatenate([CAMERA.project(camera_m), camera_m[..., 2:]], axis=-1)
    head = np.broadcast_to(np.eye(3), (count, 3, 3))
    head_px = np.tile([CAMERA.centre_x_px, CAMERA.centre_y_px], (count, 1))
    return BodyView(
        pose_px,
        world * CAMERA_TO_BODY,
        visibility,
        hands,
        np.ones((count, 2), bool),
        head,
        head_px,
        np.ones(count, bool),
    )


@pytest.mark.parametrize("hips_seen", [True, False])
def test_a_person_is_found_through_the_camera(hips_seen: bool) -> None:
    count = 80
    body = random_body(count, 4).reshape(count, 39, 3)
    body[:, [SMPLX117_JOINTS.index(f"{side}_collar") for side in ("left", "right")]] = 0.0
    body = body.reshape(count, -1)
    chest = matrix_from_axis_angle(np.linspace(-0.6, 0.6, count)[:, None] * np.array([0.0, 1.0, 0.0]))
    found, misfit, _ = body_rotations(seen_person(body, chest, hips_seen), CAMERA)
    assert found.dtype == np.float32
    assert misfit.max() < 1e-6
    truth, _, _ = forward_kinematics(body)
    ours, _, _ = forward_kinematics(found)
    for side in ("left", "right"):
        for start, end in (("shoulder", "elbow"), ("elbow", "wrist")):
            bones = [unit(joint(j, f"{side}_{end}") - joint(j, f"{side}_{start}")) for j in (truth, ours)]
            apart = np.degrees(np.arccos(np.clip(np.sum(bones[0] * bones[1], axis=1), -1, 1)))
            assert np.median(apart) < 8, (side, end)
    np.testing.assert_allclose(found[:, 27:], body[:, 27:], atol=1e-3)  # fingers do not depend on the arm
    turns = [forward_kinematics(pose)[2] for pose in (body, found)]
    for side in ("left", "right"):
        wrist = SMPLX117_JOINTS.index(f"{side}_wrist")
        assert np.degrees(np.median(angle_between_rad(turns[0][:, wrist], turns[1][:, wrist]))) < 8, side
    head = found.reshape(count, 39, 3)[:, SMPLX_UPPER_JOINTS.index("head")]
    turned = np.linspace(0.6, -0.6, count)  # a head that looks ahead is turned back against the chest
    np.testing.assert_allclose(head[:, 1], turned, atol=0.05)


def test_an_arm_out_of_sight_rests_and_an_unseen_hand_is_zero() -> None:
    body = random_body(10, 7)
    chest = np.broadcast_to(np.eye(3), (10, 3, 3))
    view = seen_person(body, chest, False)
    view.pose_visibility[:, [*ELBOWS, *WRISTS]] = 0.0
    view.hand_valid[:, 0] = False
    found, *_ = body_rotations(view, CAMERA)
    joints, _, _ = forward_kinematics(found)
    assert (joint(joints, "left_elbow")[:, 1] < joint(joints, "left_shoulder")[:, 1] - 0.2).all()
    assert not found[:, 27:72].any()
    assert found[:, 72:].any()


def test_no_frames_give_no_rows() -> None:
    view = seen_person(random_body(1, 0), np.eye(3)[None], True)
    empty = BodyView(*(getattr(view, name)[:0] for name in BodyView.__dataclass_fields__))
    assert body_rotations(empty, CAMERA)[0].shape == (0, 117)


def test_a_hand_that_points_back_along_its_forearm_has_slipped() -> None:
    count = 5
    view = seen_person(np.zeros((count, 117)), np.broadcast_to(np.eye(3), (count, 3, 3)), True)
    turned = view.hands_px.copy()
    turned[:, 0, :, :2] = 2.0 * view.hands_px[:, 0, :1, :2] - view.hands_px[:, 0, :, :2]
    seen, slipped = (person_motion(replace(view, hands_px=hands)) for hands in (view.hands_px, turned))
    left, right = PARTS.index("left_hand"), PARTS.index("right_hand")
    assert seen.confidence[:, [left, right]].min() > 0.5
    assert not slipped.validity[:, left].any()
    assert not slipped.body[:, 27:72].any()
    np.testing.assert_array_equal(slipped.confidence[:, right], seen.confidence[:, right])


def person_motion(view: BodyView) -> Motion:
    """What becomes of a body whose face is not seen."""
    count = len(view.pose_px)
    person = PersonView(
        face_box_px=np.zeros((count, 4), np.float32),
        face_score=np.zeros(count, np.float32),
        face_valid=np.zeros(count, bool),
        landmarks_px=np.zeros((count, 478, 3), np.float32),
        hand_score=np.full((count, 2), 0.9, np.float32),
        pose_valid=np.ones(count, bool),
        pose_px=view.pose_px,
        pose_world_m=view.pose_world_m,
        pose_visibility=view.pose_visibility,
        hands_px=view.hands_px,
        hand_valid=view.hand_valid,
    )
    return estimate_motion(person, CAMERA, "A", np.zeros(count, bool), 0.3)


def test_the_bend_of_a_wrist_is_that_of_its_joint_whatever_the_forearms_twist() -> None:
    for twist in (-1.0, 0.0, 1.0):
        bend = np.linspace(0.0, 1.4, 8)
        points = ArmPoints(
            *(np.tile(place, (8, 1)) for place in ((0.05, 0, 0), (0.17, 0, 0), (0.45, 0, 0), (0.7, 0, 0)))
        )
        hand = matrix_about(0, np.full(8, twist)) @ matrix_about(2, -bend)
        np.testing.assert_allclose(wrist_bend_rad(points, hand), bend, atol=1e-6)
