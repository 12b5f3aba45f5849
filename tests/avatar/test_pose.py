"""Avatars take the poses they are given."""

from __future__ import annotations

import numpy as np
import pytest

from nonverbal.avatar.mesh import AVERAGE, Avatar, Identity, make_avatar, random_identity
from nonverbal.avatar.pose import Posed, head_frames, pose
from nonverbal.motion.rotations import matrix_from_axis_angle, unit
from nonverbal.motion.skeleton import PARENTS, forward_kinematics
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.verdicts import UserError

BONE_OF = {
    "shoulder": "upperarm01", "elbow": "lowerarm01", "wrist": "wrist", "index1": "finger2-1", "index2": "finger2-2",
    "thumb1": "finger1-1", "thumb2": "finger1-2", "thumb3": "finger1-3", "pinky2": "finger5-2", "pinky3": "finger5-3",
}  # fmt: skip


@pytest.fixture(scope="module")
def avatar() -> Avatar:
    return make_avatar(random_identity(np.random.default_rng(3)))


def posed(avatar: Avatar, count: int = 1, **given: np.ndarray) -> Posed:
    widths = {"face": 52, "gaze": 4, "body": 117, "chest": 3, "origin_m": 3}
    return pose(avatar, **{name: given.get(name, np.zeros((count, width))) for name, width in widths.items()})


def bone(avatar: Avatar, shown: Posed, name: str) -> np.ndarray:
    return shown.bone_heads[:, avatar.model.bone(name)]


@pytest.mark.parametrize("side", ["left", "right"])
def test_bones_point_where_smplx117_says(avatar: Avatar, side: str) -> None:
    """Directions of arm and finger bones equal those of forward kinematics of the plain skeleton."""
    body = np.random.default_rng(0).normal(0.0, 0.4, (6, 117))
    shown = posed(
        avatar,
        body=body,
        **{n: np.zeros((6, w)) for n, w in (("face", 52), ("gaze", 4), ("chest", 3), ("origin_m", 3))},
    )
    joints, _, _ = forward_kinematics(body)
    for child in ("elbow", "wrist", "index2", "pinky3", "thumb2", "thumb3"):
        end = SMPLX117_JOINTS.index(f"{side}_{child}")
        start = PARENTS[end]
        want = unit(joints[:, end] - joints[:, start])
        letter = side[0].upper()
        parent = SMPLX117_JOINTS[start].partition("_")[2]
        got = unit(
            bone(avatar, shown, f"{BONE_OF[child]}.{letter}") - bone(avatar, shown, f"{BONE_OF[parent]}.{letter}")
        )
        # Fingers of a real hand are not quite where the average skeleton has them, their directions are.
        assert np.degrees(np.arccos(np.clip((got * want).sum(axis=1), -1, 1))).max() < 0.5, child


def test_rest_is_a_t_pose_with_palms_down(avatar: Avatar) -> None:
    shown = posed(avatar)
    shoulder, wrist = bone(avatar, shown, "upperarm01.L")[0], bone(avatar, shown, "wrist.L")[0]
    assert unit(wrist - shoulder) @ [1, 0, 0] > 0.999
    thumb, pinky = bone(avatar, shown, "finger1-2.L")[0], bone(avatar, shown, "finger5-2.L")[0]
    assert thumb[2] - pinky[2] > 0.04  # the thumb points forward
    assert abs(thumb[1] - pinky[1]) < 0.03


def test_an_elbow_bends_the_forearm_forward(avatar: Avatar) -> None:
    body = np.zeros((1, 117))
    column = 3 * SMPLX117_JOINTS.index("left_elbow")
    body[0, column + 1] = -np.pi / 2
    shown = posed(avatar, body=body)
    fore = unit(bone(avatar, shown, "wrist.L")[0] - bone(avatar, shown, "lowerarm01.L")[0])
    assert fore @ [0, 0, 1] > 0.999


def test_the_jaw_opens_and_the_eyes_turn(avatar: Avatar) -> None:
    face = np.zeros((1, 52))
    face[0, ARKIT52_NAMES.index("jawOpen")] = 1.0
    change = posed(avatar, face=face).vertices[0] - posed(avatar).vertices[0]
    assert -0.06 < change[:, 1].min() < -0.01
    assert np.abs(change[avatar.model.dominated_by("eye", "wrist", "spine")]).max() < 1e-3
    left = posed(avatar, gaze=np.array([[0.3, 0.0, 0.3, 0.0]])).vertices[0] - posed(avatar).vertices[0]
    up = posed(avatar, gaze=np.array([[0.0, 0.3, 0.0, 0.3]])).vertices[0] - posed(avatar).vertices[0]
    eyeballs = avatar.model.dominated_by("eye.")
    front = eyeballs & (avatar.rest_m[:, 2] > np.quantile(avatar.rest_m[eyeballs, 2], 0.9))
    assert left[front, 0].min() > 0.001
    assert up[front, 1].min() > 0.001
    assert np.abs(left[~eyeballs]).max() < 1e-3


def test_the_chest_origin_stays_where_it_is_put(avatar: Avatar) -> None:
    rng = np.random.default_rng(1)
    chest, origin = rng.normal(0.0, 0.3, (4, 3)), rng.normal(0.0, 0.2, (4, 3))
    shown = posed(avatar, 4, chest=chest, origin_m=origin)
    between = 0.5 * (bone(avatar, shown, "clavicle.L") + bone(avatar, shown, "clavicle.R"))
    np.testing.assert_allclose(between, origin, atol=1e-6)


def test_heads_without_vertices_are_those_with(avatar: Avatar) -> None:
    rng = np.random.default_rng(2)
    body, chest, origin = rng.normal(0.0, 0.3, (5, 117)), rng.normal(0.0, 0.2, (5, 3)), rng.normal(0.0, 0.1, (5, 3))
    shown = posed(avatar, 5, body=body, chest=chest, origin_m=origin)
    turn, eyes = head_frames(avatar, body, chest, origin)
    np.testing.assert_allclose(turn, shown.bone_turns[:, avatar.model.bone("head")], atol=1e-9)
    middle = 0.5 * (bone(avatar, shown, "eye.L") + bone(avatar, shown, "eye.R"))
    assert np.linalg.norm(eyes - middle, axis=1).max() < 0.01
    ahead = np.einsum("nij,ni->nj", turn, eyes - middle)  # in the head's own axes: in front of the eyeballs
    assert (ahead[:, 2] > 0.007).all()


def test_head_turns_leave_the_shoulders_alone(avatar: Avatar) -> None:
    body = np.zeros((1, 117))
    body[0, 3 * SMPLX117_JOINTS.index("head") + 1] = 0.5
    shown = posed(avatar, body=body)
    np.testing.assert_allclose(
        shown.bone_turns[0, avatar.model.bone("head")], matrix_from_axis_angle(np.array([0, 0.5, 0]))
    )
    moved = np.abs(shown.vertices[0] - posed(avatar).vertices[0]).max(axis=1)
    assert moved[avatar.model.dominated_by("wrist", "lowerarm", "finger")].max() < 1e-6
    assert moved[avatar.model.dominated_by("head")].max() > 0.03


def test_people_differ_and_come_back_the_same() -> None:
    first, again, other = (make_avatar(random_identity(np.random.default_rng(s))) for s in (5, 5, 6))
    np.testing.assert_array_equal(first.rest_m, again.rest_m)
    assert np.abs(first.rest_m - other.rest_m).mean() > 0.003
    assert np.abs(make_avatar(AVERAGE).rest_m[:, 0].sum()) < 0.5  # the average is symmetric


def test_an_unknown_feature_is_named() -> None:
    with pytest.raises(UserError, match="unknown feature 'antlers'; the features are chin"):
        make_avatar(Identity({}, {"antlers": 1.0}))
