"""Face, head, gaze, body, detection and jitter against the truth, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_talk import made_dialogue

from nonverbal.accuracy.body import BODY_NAMES, score_body
from nonverbal.accuracy.detection import Detection, score_detection
from nonverbal.accuracy.face import coefficients, mean_r, pearson, pool, score_face, talk10
from nonverbal.accuracy.head import angle_deg, directions, score_head, without_steady
from nonverbal.accuracy.jitter import rotation_acceleration, score_jitter, value_acceleration
from nonverbal.accuracy.matching import Match, match
from nonverbal.motion.rotations import axis_angle_from_matrix, matrix_about, matrix_from_axis_angle
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.types import PARTS, Motion

JAW, BLINK = ARKIT52_NAMES.index("jawOpen"), ARKIT52_NAMES.index("eyeBlinkLeft")


def _pair(change, duration_s: float = 4.0) -> Match:  # type: ignore[no-untyped-def]
    """A dialogue against itself with `change` applied to the found motion of A."""
    truth = made_dialogue(11, duration_s)
    a, b = truth.participants
    return match(truth, replace(truth, participants=(change(a), b)))


def _turned(motion: Motion, joint: str, axis: int, degrees: float) -> Motion:
    """The joint turned further by so much about an axis of its own frame."""
    columns = slice(3 * SMPLX117_JOINTS.index(joint), 3 * SMPLX117_JOINTS.index(joint) + 3)
    body = motion.body.astype(np.float64)
    turn = matrix_about(axis, np.radians(degrees))
    body[:, columns] = axis_angle_from_matrix(matrix_from_axis_angle(body[:, columns]) @ turn)
    return replace(motion, body=body.astype(np.float32))


def test_pearson_by_hand() -> None:
    a = np.array([[1.0, 1, 5, 1], [2, 2, 5, 2], [3, 3, 5, 3]])
    b = np.array([[2.0, 3, 1, 4], [4, 2, 2, 4], [6, 1, 9, 4]])
    np.testing.assert_allclose(pearson(a, b), [1, -1, 0, 0])
    x, y = np.array([[0.0], [1], [2], [3]]), np.array([[1.0], [0], [3], [2]])
    assert pearson(x, y)[0] == pytest.approx(3 / 5)
    assert pearson(x, y)[0] == pytest.approx(np.corrcoef(x[:, 0], y[:, 0])[0, 1])


def test_a_coefficient_counts_for_those_who_move_it() -> None:
    """A's jaw is found upside down, so r is -1 for A and 1 for B; A's blink is found constant, so 0 and 1."""

    def change(motion: Motion) -> Motion:
        face = motion.face.copy()
        face[:, JAW] = 1 - face[:, JAW]
        face[:, BLINK] = 0.4
        return replace(motion, face=face)

    found = {c.name: c for c in coefficients(score_face(_pair(change)))}
    assert found["jawOpen"].r == pytest.approx(0.0, abs=1e-6)
    assert found["eyeBlinkLeft"].r == pytest.approx(0.5)
    assert found["mouthPucker"] == replace(found["mouthPucker"], r=pytest.approx(1.0), mae=0.0, moving=2)
    assert mean_r(tuple(found.values()))[0] == pytest.approx((50 + 0.5) / 52, abs=1e-5)
    assert talk10(tuple(found.values()))[0] == pytest.approx((8 + 0.5) / 10, abs=1e-5)


def test_brow_down_is_one_of_ten_and_the_mean_of_two() -> None:
    def change(motion: Motion) -> Motion:
        face = motion.face.copy()
        face[:, ARKIT52_NAMES.index("browDownLeft")] = 0
        return replace(motion, face=face)

    r, count = talk10(coefficients(score_face(_pair(change))))
    assert (r, count) == (pytest.approx((9 + 0.75) / 10, abs=1e-5), 10)


def test_what_the_truth_does_not_move_has_no_correlation() -> None:
    truth = made_dialogue(11, 4.0)
    still = []
    for motion in truth.participants:
        face = motion.face.copy()
        face[:, JAW] = 0.3 + 0.005 * np.sign(np.sin(np.arange(len(face))))
        still.append(replace(motion, face=face))
    still_truth = replace(truth, participants=tuple(still))
    found = coefficients(score_face(match(still_truth, still_truth)))
    assert (found[JAW].moving, found[JAW].r) == (0, 0.0)
    assert mean_r(found) == (pytest.approx(1.0), 51)
    assert talk10(found)[1] == 9
    half = replace(truth, participants=(still[0], truth.participants[1]))
    jaw = coefficients(score_face(match(half, half)))[JAW]
    assert (jaw.moving, jaw.r) == (1, pytest.approx(1.0)), "the mean is over the one who moves it"


def test_mean_absolute_error_counts_frames_valid_in_both() -> None:
    def change(motion: Motion) -> Motion:
        validity = motion.validity.copy()
        validity[:50, PARTS.index("face")] = 0
        face = motion.face.copy()
        face[:50] = 0
        face[50:, JAW] += 0.1
        return replace(motion, face=face, validity=validity)

    scores = score_face(_pair(change))
    assert scores.mae[:, JAW] == pytest.approx([0.1, 0.0], abs=1e-6)
    assert scores.mae[0, BLINK] == 0
    assert scores.n_frames.tolist() == [50, 100]


def test_less_than_a_second_of_face_gives_no_row_and_no_rows_no_numbers() -> None:
    def change(motion: Motion) -> Motion:
        return replace(motion, validity=np.zeros_like(motion.validity))

    assert len(score_face(_pair(change)).r) == 1
    assert mean_r(coefficients(pool([]))) == (0.0, 0)


def test_head_error_in_degrees_and_without_the_constant_part() -> None:
    """The head is found 6 degrees of its own yaw off throughout: 6, and 0 without the constant part; B is right."""

    def change(motion: Motion) -> Motion:
        turned = matrix_from_axis_angle(motion.head_pose[:, :3]) @ matrix_about(1, np.radians(6.0))
        pose = np.concatenate([axis_angle_from_matrix(turned), motion.head_pose[:, 3:]], axis=1)
        return replace(motion, head_pose=pose.astype(np.float32))

    errors = score_head(_pair(change))
    np.testing.assert_allclose(errors["head"][:100], 6.0, atol=1e-3)
    np.testing.assert_allclose(errors["head"][100:], 0.0, atol=1e-3)
    np.testing.assert_allclose(errors["head_steady_off"], 0.0, atol=1e-3)


def test_the_mean_error_is_the_middle_of_errors_about_one_axis() -> None:
    got = matrix_about(1, np.radians(np.array([1.0, 3.0, 5.0])))
    left = np.degrees(without_steady(np.broadcast_to(np.eye(3), (3, 3, 3)), got))
    np.testing.assert_allclose(left, [2, 0, 2], atol=1e-6)
    assert len(without_steady(np.zeros((0, 3, 3)), np.zeros((0, 3, 3)))) == 0


def test_gaze_by_hand() -> None:
    """Left eye 10 degrees of yaw off, right eye right: 5 on average; the mean direction is 5 off as well."""
    ahead = np.zeros((1, 4), np.float32)
    np.testing.assert_allclose(directions(ahead), [[[0, 0, 1], [0, 0, 1]]])
    up_left = directions(np.array([[np.pi / 2, 0, 0, np.pi / 2]]))
    np.testing.assert_allclose(up_left, [[[1, 0, 0], [0, 1, 0]]], atol=1e-12)

    def change(motion: Motion) -> Motion:
        return replace(motion, gaze=motion.gaze + np.array([np.radians(10), 0, 0, 0], np.float32))

    truth = made_dialogue(11, 4.0)
    still = replace(truth, participants=tuple(replace(m, gaze=m.gaze * 0) for m in truth.participants))
    found = replace(still, participants=(change(still.participants[0]), still.participants[1]))
    errors = score_head(match(still, found))
    np.testing.assert_allclose(errors["gaze"][:100], 5.0, atol=1e-4)
    np.testing.assert_allclose(errors["gaze_both"][:100], 5.0, atol=1e-4)


def test_angle_between_vectors_is_exact_where_arccos_is_not() -> None:
    small = np.array([np.sin(1e-6), 0, np.cos(1e-6)])
    assert angle_deg(np.array([0, 0, 2.0]), small) == pytest.approx(np.degrees(1e-6))
    assert angle_deg(np.array([0, 0, 1.0]), np.array([0, 0, -3.0])) == pytest.approx(180)


@pytest.mark.parametrize(
    ("joint", "axis", "wrong"),
    [
        ("left_shoulder", 1, {"upper_arm": 20, "forearm": None, "wrist": 20}),
        ("left_shoulder", 0, {"upper_arm": 0, "forearm": None, "wrist": 20}),
        ("right_elbow", 2, {"upper_arm": 0, "forearm": 20, "wrist": 20}),
        ("left_wrist", 2, {"forearm": 0, "wrist": 20, "wrist_joint": 20}),
        ("head", 0, {"head_joint": 20, "upper_arm": 0, "wrist": 0}),
        ("left_index1", 2, {"fingers": 20 / 15, "wrist": 0}),
        ("right_collar", 1, {"collar": 20, "upper_arm": 20, "wrist": 20}),
    ],
)
def test_a_joint_that_is_20_degrees_off_shows_where_it_should(joint: str, axis: int, wrong: dict[str, float]) -> None:
    """Twisting the upper arm (axis x runs along it) leaves its direction; bones lie along x in the T-pose."""
    errors = score_body(_pair(lambda motion: _turned(motion, joint, axis, 20.0)))
    for name, degrees in wrong.items():
        worst = errors[name].max()
        if degrees is None:
            assert worst > 1
        else:
            assert worst == pytest.approx(degrees, abs=0.02), name
    untouched = set(BODY_NAMES) - set(wrong) - {"forearm", "forearm_hand_in_view", "wrist", "wrist_joint"}
    assert all(errors[name].max() < 0.02 for name in untouched)


def test_upper_arm_direction_counts_the_swing_only() -> None:
    """A shoulder turned by 35 degrees about z in the T-pose lifts the whole arm, which lies along x, by 35 degrees."""
    truth = made_dialogue(11, 4.0)
    rest = replace(truth, participants=tuple(replace(m, body=m.body * 0) for m in truth.participants))
    raised = replace(rest, participants=(_turned(rest.participants[0], "left_shoulder", 2, 35.0), rest.participants[1]))
    errors = score_body(match(rest, raised))
    assert errors["upper_arm"].reshape(4, -1).mean(axis=1) == pytest.approx([35, 0, 0, 0], abs=1e-3)
    assert errors["forearm"].reshape(4, -1).mean(axis=1) == pytest.approx([35, 0, 0, 0], abs=1e-3)


def test_parts_that_are_not_valid_in_both_do_not_count() -> None:
    def change(motion: Motion) -> Motion:
        validity = motion.validity.copy()
        validity[:60, PARTS.index("left_hand")] = 0
        validity[90:, PARTS.index("upper_body")] = 0
        return replace(_turned(motion, "left_wrist", 0, 90.0), validity=validity)

    errors = score_body(_pair(change))
    assert {n: len(errors[n]) for n in ("upper_arm", "forearm_hand_in_view", "wrist", "fingers")} == {
        "upper_arm": 90 + 90 + 100 + 100,
        "forearm_hand_in_view": 90 + 90 + 100 + 100,
        "wrist": 30 + 90 + 100 + 100,
        "fingers": 40 + 100 + 100 + 100,
    }


def test_detection_by_hand() -> None:
    """Of 100 frames of A the left hand is truly in view in 80 and found in the last 60; of B always both."""
    truth = made_dialogue(11, 4.0)
    hand = PARTS.index("left_hand")

    def with_hand(motion: Motion, rows: slice) -> Motion:
        validity = motion.validity.copy()
        validity[:, hand] = 0
        validity[rows, hand] = 1
        return replace(motion, validity=validity)

    a, b = truth.participants
    known = replace(truth, participants=(with_hand(a, slice(0, 80)), b))
    found = replace(truth, participants=(with_hand(a, slice(40, 100)), b))
    count = score_detection(match(known, found))["left_hand"]
    assert count == Detection(180, 140, 20, 20)
    assert (count.rate, count.false_alarm) == (140 / 180, 1.0)
    assert score_detection(match(known, None))["left_hand"] == Detection(180, 0, 20, 0)
    assert (Detection().rate, Detection().false_alarm) == (0.0, 0.0)


def test_acceleration_by_hand() -> None:
    """x = t^2 / 2 accelerates by 1 per second squared; a turn whose speed grows by 50 degrees/s each second by 50."""
    t = np.arange(50) / 25
    np.testing.assert_allclose(value_acceleration((t**2 / 2)[:, None], 25.0), 1.0, atol=1e-9)
    turn = np.zeros((50, 3))
    turn[:, 1] = np.radians(25 * t**2)
    np.testing.assert_allclose(rotation_acceleration(turn, 25.0), 50.0, atol=1e-6)


def test_jitter_is_the_ratio_over_stretches_valid_in_both() -> None:
    """Every second frame is 0.02 off, to either side of the truth: a second difference of 0.04, or 25 /s^2."""

    def change(motion: Motion) -> Motion:
        face = motion.face.copy()
        face[:, JAW] = 0.5 + 0.01 * (-1.0) ** np.arange(len(face))
        validity = motion.validity.copy()
        validity[10, PARTS.index("face")] = 0
        return replace(motion, face=face, validity=validity)

    truth = made_dialogue(11, 4.0)
    still = tuple(replace(m, face=m.face * 0 + 0.5) for m in truth.participants)
    quiet = replace(truth, participants=still)
    jitter = score_jitter(match(quiet, replace(quiet, participants=(change(still[0]), still[1]))))["face"]
    assert jitter.count == 52 * (95 + 98)
    assert jitter.found_sum == pytest.approx(95 * 0.04 * 625, rel=1e-3)
    assert (jitter.true_mean, jitter.ratio) == (0.0, 0.0)
    same = score_jitter(match(truth, truth))
    assert {name: score.ratio for name, score in same.items()} == dict.fromkeys(same, 1.0)
