"""BVH: turns about z, x and y that stay near each other, and files that two other readers understand alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_takes import made_take, waves

from nonverbal.formats.bvh import parse_bvh, read_bvh, write_bvh
from nonverbal.formats.differences import turn_error_deg
from nonverbal.formats.euler import matrix_from_zxy, zxy_from_matrix
from nonverbal.motion.rotations import angle_between_rad, axis_angle_from_matrix, matrix_from_axis_angle
from nonverbal.motion.skeleton import forward_kinematics
from nonverbal.spaces import SMPLX117_JOINTS
from nonverbal.verdicts import UserError


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("a b") / "made up.bvh"
    write_bvh(made_take(60, seed=3), path)
    return path


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-7, 7), min_size=3, max_size=3),
    st.sampled_from([0.0, 1e-12, 1e-9, 1e-7, 1e-5, 1e-4, 1e-2]),
    st.sampled_from([-1.0, 1.0]),
)
def test_turns_hold_even_where_two_axes_meet(angles: list[float], off: float, side: float) -> None:
    """b is a quarter turn but for `off`: only a plus or minus c is told, and the product must still be right."""
    triples = np.array([[angles, [angles[0], side * (np.pi / 2 - off), angles[2]]]]).transpose(1, 0, 2)
    matrices = matrix_from_zxy(triples)
    found = zxy_from_matrix(matrices, np.zeros((1, 3)))
    assert np.degrees(angle_between_rad(matrices, matrix_from_zxy(found))).max() < 2e-6


def test_turns_through_a_lock_do_not_jump() -> None:
    """b swings through a quarter turn and back while a stays: the numbers follow it beyond 90 degrees."""
    swing = 0.5 * np.pi + 0.6 * np.sin(np.linspace(-1.5, 4.5, 301))
    triples = np.stack([np.full(301, 0.4), swing, np.full(301, -0.2)], axis=1)[:, None]
    found = zxy_from_matrix(matrix_from_zxy(triples), triples[0])
    assert np.abs(found - triples).max() < 1e-6
    naive = np.arctan2(*np.moveaxis(matrix_from_zxy(triples)[:, 0, [0, 1], 1] * [-1, 1], 1, 0))
    assert np.abs(np.diff(naive)).max() > 3.0  # what the test would miss without the lock


def test_at_a_lock_the_first_turn_keeps_still() -> None:
    """b stays a quarter turn while c goes on: only their difference is told, and a must not be made of noise."""
    c = np.linspace(0.1, 3.0, 50)
    triples = np.stack([np.full(50, 0.4), np.full(50, 0.5 * np.pi), c], axis=1)[:, None]
    matrices = matrix_from_axis_angle(axis_angle_from_matrix(matrix_from_zxy(triples)))  # as takes hold them
    assert zxy_from_matrix(matrices, triples[0]) == pytest.approx(triples, abs=1e-6)


def test_turning_round_and_round_counts_on() -> None:
    turns = np.linspace(0, 12, 200)
    triples = np.stack([turns, 0 * turns, 0 * turns], axis=1)[:, None]
    assert zxy_from_matrix(matrix_from_zxy(triples), np.zeros((1, 3))) == pytest.approx(triples, abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 30), st.floats(1, 240), st.integers(0, 99), st.floats(0, 6))
def test_what_goes_in_comes_out(
    tmp_path_factory: pytest.TempPathFactory, count: int, fps: float, seed: int, size: float
) -> None:
    body = np.asarray(size * waves(np.random.default_rng(seed), count, 117), np.float32)
    path = tmp_path_factory.getbasetemp() / "round trip.bvh"
    write_bvh(replace(made_take(count, fps), body=body, words=()), path)
    back = read_bvh(path)
    assert back.fps == pytest.approx(fps, rel=1e-9)
    assert turn_error_deg(body, back.body).max() < 1e-4


def rest_and_turns(path: Path, frame: int) -> dict[str, np.ndarray]:
    """Places of all joints in a frame, in centimetres: a slow reader, written from the format's description alone."""
    lines = [line.split() for line in path.read_text().splitlines()]
    values = iter(
        [float(v) for v in lines[next(i for i, w in enumerate(lines) if w[:2] == ["Frame", "Time:"]) + 1 + frame]]
    )
    places: dict[str, np.ndarray] = {}
    stack: list[np.ndarray] = [np.eye(4)]
    name, offset = "", np.zeros(3)
    for words in lines:
        if words[0] in ("ROOT", "JOINT", "End"):
            name = words[1]
        elif words[0] == "OFFSET":
            offset = np.array([float(v) for v in words[1:]])
            here = np.eye(4)
            here[:3, 3] = offset
            stack.append(stack[-1] @ here)
        elif words[0] == "CHANNELS":
            for channel in words[2:]:
                value, step = next(values), np.eye(4)
                axis = "XYZ".index(channel[0])
                if channel.endswith("position"):
                    step[axis, 3] = value
                else:
                    i, j = ((1, 2), (2, 0), (0, 1))[axis]
                    cosine, sine = np.cos(np.radians(value)), np.sin(np.radians(value))
                    step[[i, j, i, j], [i, j, j, i]] = cosine, cosine, -sine, sine
                stack[-1] = stack[-1] @ step
            places[name] = stack[-1][:3, 3]
        elif words[0] == "}":
            stack.pop()
        elif words[0] == "MOTION":
            break
    return places


@pytest.mark.parametrize("frame", [0, 31, 59])
def test_a_slow_reader_finds_the_joints_where_they_are(written: Path, frame: int) -> None:
    joints, _, _ = forward_kinematics(made_take(60, seed=3).body[frame : frame + 1])
    places = rest_and_turns(written, frame)
    for index, name in enumerate(SMPLX117_JOINTS):
        assert places[name] - places["chest"] == pytest.approx(100 * joints[0, index], abs=1e-3), name


@pytest.mark.parametrize("frame", [0, 31, 59])
def test_bvhio_finds_the_joints_where_they_are(written: Path, frame: int) -> None:
    bvhio = pytest.importorskip("bvhio", reason="another program's reader of BVH; pip install 'nonverbal[dev]'")
    joints, _, _ = forward_kinematics(made_take(60, seed=3).body[frame : frame + 1])
    root = bvhio.readAsHierarchy(str(written))
    root.loadPose(frame)
    found = {joint.Name: np.array(joint.PositionWorld) for joint, _, _ in root.layout()}
    for index, name in enumerate(SMPLX117_JOINTS):
        assert found[name] - found["chest"] == pytest.approx(100 * joints[0, index], abs=1e-3), name


def test_rest_is_a_t_pose_in_centimetres(written: Path) -> None:
    motion = parse_bvh(written)
    offset = dict(zip(motion.joints, motion.offsets_cm, strict=True))
    assert offset["left_elbow"] == pytest.approx([28.0, 0.0, 0.0])
    assert offset["right_elbow"] == pytest.approx([-28.0, 0.0, 0.0])
    assert dict(zip(motion.joints, motion.parents, strict=True))["left_thumb2"] == "left_thumb1"
    assert motion.fps == pytest.approx(25.0)


def test_without_a_body_there_is_nothing_to_write(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="made: has no body"):
        write_bvh(replace(made_take(), body=None, body_space=None), tmp_path / "a.bvh")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda text: "", "not a whole BVH file"),
        (lambda text: text[: len(text) // 2], "not a whole BVH file"),
        (lambda text: text[:-40], "not a whole BVH file"),
        (lambda text: text.replace("Frames: 60", "Frames: 1000000000"), "not a whole BVH file"),
        (lambda text: text.replace("Frames: 60", "Frames: -1"), "not a whole BVH file"),
        (lambda text: text.replace("Zrotation Xrotation", "Xrotation Zrotation"), "channels"),
        (lambda text: text.replace("Frame Time: 0.04", "Frame Time: 0"), "frame time of 0"),
        (lambda text: text.replace("0 120 0 0", "0 nan 0 0", 1), "not finite"),
        (lambda text: text.replace("left_elbow", "left_knee"), "expected those of smplx117"),
        (lambda text: text + "\u2013", "not a whole BVH file"),
    ],
)  # fmt: skip
def test_damaged_files_are_named(written: Path, tmp_path: Path, spoil: object, message: str) -> None:
    path = tmp_path / "bad one.bvh"
    path.write_text(spoil(written.read_text()), encoding="utf-8")  # type: ignore[operator]
    with pytest.raises(UserError, match=f"bad one.bvh.*{message}"):
        read_bvh(path)
