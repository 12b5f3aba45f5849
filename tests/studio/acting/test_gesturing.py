"""Arms and hands: where they go, when they land, and that joints bend as joints do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hand_talk import LONG, chat, spoken_line

from nonverbal.motion.rotations import matrix_from_axis_angle
from nonverbal.motion.skeleton import forward_kinematics
from nonverbal.spaces import SMPLX117_JOINTS
from nonverbal.studio.acting.arms import arms_body
from nonverbal.studio.acting.gesturing import LANDS_AFTER_S, HandsPlan, plan_hands
from nonverbal.studio.acting.handshapes import HAND_SHAPES
from nonverbal.studio.acting.reaching import WRIST_LIMIT_RAD, Pose, arm_axis_angles, controls
from nonverbal.studio.acting.strokes import READY, REST_POSES, stroke_of
from nonverbal.studio.acting.style import RESTS, Style
from nonverbal.studio.talk import GESTURES, Cue, Gesture, SpokenLine

AHEAD = np.array([0.3, 0.0, 0.95])
ELBOW, WRIST = SMPLX117_JOINTS.index("left_elbow"), SMPLX117_JOINTS.index("left_wrist")


def left_body(poses: list[Pose]) -> np.ndarray:
    """[K, 117] with the left arm in each pose."""
    values = controls(poses)
    body = np.zeros((len(poses), 39, 3))
    arm = arm_axis_angles(values[:, :10]).reshape(-1, 4, 3)
    for joint, name in enumerate(("collar", "shoulder", "elbow", "wrist")):
        body[:, SMPLX117_JOINTS.index(f"left_{name}")] = arm[:, joint]
    first = SMPLX117_JOINTS.index("left_index1")
    body[:, first : first + 15] = values[:, 10:].reshape(-1, 15, 3)
    return body.reshape(len(poses), -1)


def all_poses() -> list[Pose]:
    poses = [READY, *(pose for pair in REST_POSES.values() for pose in pair)]
    for gesture in GESTURES:
        if gesture != "beat":
            stroke = stroke_of(gesture, AHEAD, 2)
            poses += [pose for pose in (stroke.lead, stroke.other) if pose is not None]
    return poses


def test_every_pose_is_reached_in_front_of_the_trunk_with_the_elbow_down() -> None:
    poses = all_poses()
    joints, tips, _ = forward_kinematics(left_body(poses))
    assert joints[:, WRIST] == pytest.approx(np.array([pose.wrist for pose in poses]), abs=2e-3)
    assert (joints[:, WRIST, 2] > 0.15).all()
    assert (tips[:, 0, :, 2] > 0.10).all()
    shoulder = joints[:, SMPLX117_JOINTS.index("left_shoulder"), 1]
    assert (joints[:, ELBOW, 1] < shoulder - 0.10).all()


def test_palms_look_where_they_should() -> None:
    up = stroke_of("palm_up", AHEAD, 0).lead
    down = REST_POSES["table"][0]
    away = stroke_of("wave", AHEAD, 0).lead
    _, _, turns = forward_kinematics(left_body([up, down, away]))
    palms = -turns[:, WRIST, :, 1]
    assert palms[0, 1] > 0.7
    assert palms[1, 1] < -0.7
    assert palms[2, 2] > 0.7


def test_joints_bend_as_joints_do() -> None:
    values = controls(all_poses())
    assert (values[:, 6] >= 0.0).all()
    assert (np.degrees(values[:, 6]) <= 155.0).all()
    assert (np.abs(np.degrees(values[:, 7])) <= 100.5).all()
    assert (np.linalg.norm(values[:, 8:10], axis=1) <= WRIST_LIMIT_RAD + 1e-6).all()
    elbow = matrix_from_axis_angle(arm_axis_angles(values[:, :10]).reshape(-1, 4, 3)[:, 2])
    assert elbow[:, 1, 0] == pytest.approx(np.zeros(len(values)), abs=1e-9)  # the forearm stays in the hinge's plane
    assert (elbow[:, 2, 0] >= 0.0).all()  # and bends from x to z


def test_wrists_flex_to_the_palm_and_bend_to_the_thumb() -> None:
    straight = Pose((0.2, -0.2, 0.35), (0.0, -1.0, 0.0), "flat")
    poses = [straight, replace(straight, flex_deg=30.0), replace(straight, aside_deg=20.0)]
    _, _, turns = forward_kinematics(left_body(poses))
    along, palm, thumb = turns[:, WRIST, :, 0], -turns[0, WRIST, :, 1], turns[0, WRIST, :, 2]
    assert along[1] @ palm == pytest.approx(np.sin(np.radians(30.0)), abs=1e-6)
    assert along[2] @ thumb == pytest.approx(np.sin(np.radians(20.0)), abs=1e-6)


def test_fingers_bend_towards_the_palm() -> None:
    shapes = [Pose((0.2, -0.2, 0.35), (0.0, -1.0, 0.0), shape) for shape in ("flat", "relaxed", "fist")]
    joints, tips, turns = forward_kinematics(left_body(shapes))
    into_palm = -np.einsum("ni,nfi->nf", turns[:, WRIST, :, 1], tips[:, 0, :4] - joints[:, WRIST, None])
    reach = np.linalg.norm(tips[:, 0, :4] - joints[:, WRIST, None], axis=-1).mean(axis=1)
    assert into_palm[1:].mean(axis=1).min() > into_palm[0].mean() + 0.01
    assert (np.diff(reach) < -0.005).all()
    relaxed = HAND_SHAPES["relaxed"].reshape(15, 3)
    bends = np.degrees(np.linalg.norm(relaxed[:12], axis=1))
    assert (bends > 14.0).all()
    assert (bends < 40.0).all()


def test_right_arm_mirrors_the_left() -> None:
    lines = [spoken_line("A", "mama huge baby", 2.0, cues=(Cue(1, "big"),))]
    still = np.zeros(150)
    for handed in (True, False):
        plan = plan_hands(lines, Style(right_handed=handed, gesture_rate=0.0), AHEAD, 6.0, np.random.default_rng(0))
        body = arms_body(plan, still, 150, np.random.default_rng(1)).reshape(150, -1)
        joints, _, _ = forward_kinematics(body)
        left, right = joints[65, WRIST], joints[65, WRIST + 1]
        assert left == pytest.approx(right * [-1, 1, 1], abs=0.04)
        assert left[0] > 0.25


def plan_of(lines: list[SpokenLine], seconds: float, **style: float) -> HandsPlan:
    return plan_hands(lines, Style(**style), AHEAD, seconds, np.random.default_rng(0))  # type: ignore[arg-type]


@pytest.mark.parametrize("gesture", GESTURES)
def test_strokes_land_on_the_word(gesture: Gesture) -> None:
    line = spoken_line("A", LONG, 2.0, cues=(Cue(6, gesture),))
    plan = plan_of([line], 15.0, gesture_rate=0.0)
    (made,) = plan.made
    vowel_s = line.words[6].phones[1].start_s
    assert made.landing_s == pytest.approx(vowel_s + LANDS_AFTER_S)
    body = arms_body(plan, np.zeros(375), 375, np.random.default_rng(0)).reshape(375, -1)
    wrist = forward_kinematics(body)[0][:, WRIST + 1]
    speed = np.linalg.norm(np.diff(wrist, axis=0), axis=1) * 25
    assert 0.15 < speed.max() < 2.0
    landing = round(vowel_s * 25)
    assert speed[landing - 5 : landing + 1].max() > 2 * speed[landing + 2 : landing + 4].max()


def test_arms_stay_crossed_through_the_line() -> None:
    line = spoken_line("A", LONG, 2.0, cues=(Cue(1, "cross_arms"),), emphasis=(5, 9))
    plan = plan_of([line], 15.0, gesture_rate=1.0)
    assert [made.gesture for made in plan.made] == ["cross_arms"]
    assert plan.made[0].until_s == pytest.approx(line.end_s)


def test_counting_shows_one_finger_more_each_time() -> None:
    line = spoken_line("A", LONG, 2.0, cues=(Cue(2, "count"), Cue(6, "count"), Cue(10, "count")))
    shapes = [key.pose.shape for key in plan_of([line], 15.0, gesture_rate=0.0).arms[0].keys]
    assert [shape for shape in ("one", "two", "three") if shape in shapes] == ["one", "two", "three"]


def test_beats_follow_the_rate() -> None:
    lines = [line for line in chat(600.0).lines if line.line.participant == "A"]
    stressed = sum(len(line.line.emphasis) for line in lines)
    shares = [len(plan_of(lines, 600.0, gesture_rate=rate).made) / stressed for rate in (0.0, 0.5, 1.0)]
    assert shares[0] == 0.0
    assert shares[1] == pytest.approx(0.5, abs=0.09)
    assert shares[2] > 0.9


def test_hands_go_back_to_rest_and_change_where_they_rest() -> None:
    plan = plan_of([spoken_line("A", LONG, 2.0, emphasis=(3, 7), cues=())], 200.0, gesture_rate=1.0)
    assert plan.arms[0].at_rest
    assert plan.arms[1].at_rest
    assert len(plan.arms[1].keys) >= 3


def test_fingers_stay_apart_at_rest() -> None:
    """The wrists of a resting pair must leave room for two hands."""
    for rest in RESTS:
        lead, other = REST_POSES[rest]
        apart = np.linalg.norm(np.array(lead.wrist) * [-1, 1, 1] - other.wrist)
        assert apart > 0.12, rest
