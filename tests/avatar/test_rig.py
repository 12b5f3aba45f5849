"""The rules of the rig say what the poses do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from nonverbal.avatar.gltf_mesh import kept_skeleton
from nonverbal.avatar.mesh import AVERAGE, Avatar, make_avatar
from nonverbal.avatar.pose import pose_bones
from nonverbal.avatar.rig import EYES, RULES, TURNING, local_turns, table
from nonverbal.motion.rotations import angle_between_rad, matrix_from_axis_angle
from nonverbal.spaces import SMPLX117_JOINTS


@pytest.fixture(scope="module")
def avatar() -> Avatar:
    return make_avatar(AVERAGE)


def motion(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    return rng.normal(0.0, 0.9, (count, 117)), rng.normal(0.0, 0.4, (count, 4))


def test_turns_from_parent_to_child_are_those_of_poses(avatar: Avatar) -> None:
    """Multiplied down the skeleton, local turns give every bone's turn of `pose`, long rotations included."""
    body, gaze = motion(50)
    still = np.zeros((50, 3))
    _, wanted = pose_bones(avatar, gaze, body, still, still)
    local = dict(zip(TURNING, local_turns(body, gaze).swapaxes(0, 1), strict=True))
    whole: dict[str, np.ndarray] = {}
    for row, name in enumerate(avatar.model.bones):
        above = avatar.model.parents[row]
        base = whole[avatar.model.bones[above]] if above >= 0 else np.eye(3)
        whole[name] = base @ local.get(name, np.eye(3))
        assert angle_between_rad(whole[name], wanted[:, row]).max() < 1e-6, name


def test_bones_without_a_rule_never_turn_by_themselves(avatar: Avatar) -> None:
    """What the rules leave out follows its parent: the spine stays upright, hands' middle bones follow the wrist."""
    kept = kept_skeleton(avatar.model)
    assert set(TURNING) <= set(kept.names)
    quiet = {name.split(".")[0] for name in kept.names} - {name.split(".")[0] for name in TURNING}
    assert quiet == {
        "root", "spine01", "spine02", "spine03", "spine04", "spine05", "shoulder01", "metacarpal1", "metacarpal2",
        "metacarpal3", "metacarpal4",
    }  # fmt: skip


def test_the_skeleton_has_no_legs_and_one_root(avatar: Avatar) -> None:
    kept = kept_skeleton(avatar.model)
    assert not [name for name in kept.names if name.startswith(("pelvis", "upperleg", "lowerleg", "foot", "toe"))]
    assert [name for name, parent in zip(kept.names, kept.parents, strict=True) if parent < 0] == ["root"]
    assert all(parent < child for child, parent in enumerate(kept.parents))


def test_a_nod_and_a_twist_by_hand() -> None:
    body = np.zeros((1, 117))
    body[0, 3 * SMPLX117_JOINTS.index("head")] = 0.8
    body[0, 3 * SMPLX117_JOINTS.index("left_elbow")] = 1.0
    turn = dict(zip(TURNING, local_turns(body, None)[0], strict=True))
    np.testing.assert_allclose(turn["neck02"], matrix_from_axis_angle(np.array([0.2, 0, 0])), atol=1e-9)
    np.testing.assert_allclose(turn["lowerarm01.L"], matrix_from_axis_angle(np.array([0.3, 0, 0])), atol=1e-9)
    np.testing.assert_allclose(turn["lowerarm02.L"], matrix_from_axis_angle(np.array([0.45, 0, 0])), atol=1e-9)
    np.testing.assert_allclose(turn["wrist.L"], matrix_from_axis_angle(np.array([0.25, 0, 0])), atol=1e-9)
    np.testing.assert_allclose(turn["eye.R"], np.eye(3), atol=1e-9)


def test_eyes_look_left_and_up() -> None:
    turn = dict(zip(TURNING, local_turns(np.zeros((1, 117)), np.array([[0.3, 0.0, 0.0, 0.2]]))[0], strict=True))
    np.testing.assert_allclose(turn["eye.L"] @ [0, 0, 1], [np.sin(0.3), 0, np.cos(0.3)], atol=1e-9)
    np.testing.assert_allclose(turn["eye.R"] @ [0, 0, 1], [0, np.sin(0.2), np.cos(0.2)], atol=1e-9)


def test_the_table_holds_all_of_it_as_json() -> None:
    told = json.loads(json.dumps(table()))
    assert told["joints"] == list(SMPLX117_JOINTS)
    assert {bone: tuple(tuple(term) for term in terms) for bone, terms in told["bones"].items()} == dict(RULES)
    assert told["eyes"] == dict(EYES)
    used = {term.joint for terms in RULES.values() for term in terms}
    assert used == set(SMPLX117_JOINTS)  # no joint goes unseen


def test_the_document_says_the_same() -> None:
    text = (Path(__file__).parents[2] / "docs" / "avatar.md").read_text()
    told = {}
    for bone, terms in re.findall(r"^\| `([\w.-]+)` \| ((?:share|twist|untwist) .+) \|$", text, re.MULTILINE):
        words = [term.split() for term in terms.split(", ")]
        told[bone] = tuple((kind, joint, float(amount)) for kind, joint, amount in words)
    assert len(told) == 13
    assert {bone: tuple(tuple(term) for term in RULES[bone]) for bone in told} == told
