"""Head pose, gaze and coefficients of a made-up face whose truth is known."""

import numpy as np
import pytest
from made_face import CAMERA, face_points, landmarks_px

from nonverbal.motion.arkit import arkit52, eyes_are_open
from nonverbal.motion.estimate import turned_rad
from nonverbal.motion.face_measures import USED_IDS
from nonverbal.motion.gaze import gaze_angles
from nonverbal.motion.head import TEMPLATE_M, fit_heads
from nonverbal.motion.rotations import angle_between_rad, apply, matrix_from_axis_angle, swing_between
from nonverbal.spaces import ARKIT52_NAMES

CALM_FRAMES = 200

EXPRESSIONS = {
    "jawOpen": {"lowerInner": (0, -25, 0), "lowerOuter": (0, -25, 0), "chin": (0, -25, 0), "chinDent": (0, -25, 0)},
    "eyeBlinkLeft": {"lidUpperLeft": (0, -7.5, 0)},
    "eyeBlinkRight": {"lidUpperRight": (0, -7.5, 0)},
    "eyeWideLeft": {"lidUpperLeft": (0, 4, 0)},
    "eyeSquintRight": {"lidLowerRight": (0, 4, 0)},
    "browInnerUp": {"browInnerLeft": (0, 6, 0), "browInnerRight": (0, 6, 0)},
    "browOuterUpLeft": {"browOuterLeft": (0, 6, 0), "browMiddleLeft": (0, 6, 0)},
    "browDownRight": {"browMiddleRight": (0, -6, 0)},
    "mouthSmileLeft": {"cornerLeft": (9, 9, 0)},
    "mouthSmileRight": {"cornerRight": (-9, 9, 0)},
    "mouthFrownLeft": {"cornerLeft": (0, -8, 0)},
    "mouthLeft": {"cornerLeft": (8, 0, 0), "cornerRight": (8, 0, 0)},
    "mouthRight": {"cornerLeft": (-8, 0, 0), "cornerRight": (-8, 0, 0)},
    "mouthPucker": {"cornerLeft": (-6, 0, 0), "cornerRight": (6, 0, 0)},
    "mouthUpperUpLeft": {"upperOuterLeft": (0, 8, 0), "upperInnerLeft": (0, 8, 0)},
    "noseSneerRight": {"noseWingRight": (0, 8, 0)},
    "jawLeft": {"chin": (15, 0, 0)},
    "mouthShrugLower": {"lowerOuter": (0, 6, 0)},
}


def upright(count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.broadcast_to(np.eye(3), (count, 3, 3)), np.tile([0.02, -0.1, 1.1], (count, 1))


def coefficients(landmarks: np.ndarray) -> dict[str, np.ndarray]:
    fit = fit_heads(landmarks, CAMERA)
    face = arkit52(fit.to_head(landmarks[:, USED_IDS]), gaze_angles(landmarks, fit))
    assert face.dtype == np.float32
    assert np.isfinite(face).all()
    assert face.min() >= 0
    assert face.max() <= 1
    return {name: face[:, i] for i, name in enumerate(ARKIT52_NAMES)}


def mirrored(name: str) -> str:
    swapped = {"Left": "Right", "Right": "Left"}
    side = next((s for s in swapped if name.endswith(s)), None)
    return name if side is None else name.removesuffix(side) + swapped[side]


def test_a_blink_is_no_squint_though_the_lower_lid_rises_with_it() -> None:
    lids = {"lidUpperLeft": (0, -6.0, 0), "lidLowerLeft": (0, 2.0, 0)}
    points = np.broadcast_to(face_points(), (CALM_FRAMES, 478, 3)).copy()
    points[100:104] = face_points(lids)
    found = coefficients(landmarks_px(points, *upright(CALM_FRAMES)))
    assert found["eyeBlinkLeft"][100:104].min() > 0.9
    assert found["eyeSquintLeft"].max() < 0.25


def test_head_pose_is_found_anywhere_in_the_picture() -> None:
    rng = np.random.default_rng(0)
    rotation = matrix_from_axis_angle(rng.uniform(-0.6, 0.6, (60, 3)))
    origin = np.stack([rng.uniform(-0.4, 0.4, 60), rng.uniform(-0.2, 0.2, 60), rng.uniform(0.6, 2.0, 60)], axis=1)
    points = np.broadcast_to(face_points(), (60, 478, 3))
    fit = fit_heads(landmarks_px(points, rotation, origin), CAMERA)
    assert np.degrees(angle_between_rad(fit.rotation, rotation)).max() < 0.1
    middle = TEMPLATE_M.mean(axis=0)  # the made-up head stands with its rigid points' middle at `origin`
    sight = swing_between(np.array([0.0, 0.0, 1.0]), origin)
    expected = origin - apply(sight @ rotation, middle)
    assert np.abs(fit.position_m(CAMERA) - expected).max() < 0.006
    assert fit.residual_m.max() < 1e-4


def test_a_head_turned_to_the_persons_left_shows_its_nose_on_the_right_of_the_picture() -> None:
    turn = np.array([[0.0, -0.4, 0.0]])  # x right, y down, z away: a negative turn about y takes the nose to +x
    origin = np.array([[0.0, 0.0, 1.0]])
    landmarks = landmarks_px(face_points()[None], matrix_from_axis_angle(turn), origin)
    assert landmarks[0, 4, 0] > landmarks[0, [33, 263], 0].mean() + 10
    fit = fit_heads(landmarks, CAMERA)
    nose = fit.rotation[0] @ [0, 0, -1]
    assert nose[0] > 0.3


@pytest.mark.parametrize(("yaw", "pitch"), [(0.3, 0.0), (-0.3, 0.0), (0.0, 0.2), (0.0, -0.25), (0.2, -0.2)])
def test_gaze_is_relative_to_the_head(yaw: float, pitch: float) -> None:
    turns = np.array([[0.0, 0.0, 0.0], [0.0, 0.4, 0.0], [-0.3, -0.3, 0.2]])
    origin = np.array([[0.0, 0.0, 1.0], [0.3, 0.1, 0.8], [-0.2, 0.0, 1.5]])
    points = np.broadcast_to(face_points(gaze=(yaw, pitch)), (3, 478, 3))
    landmarks = landmarks_px(points, matrix_from_axis_angle(turns), origin)
    gaze = gaze_angles(landmarks, fit_heads(landmarks, CAMERA))
    np.testing.assert_allclose(gaze, np.tile([yaw, pitch, yaw, pitch], (3, 1)), atol=np.radians(1.0))


def test_looks_go_to_the_persons_own_side() -> None:
    points = np.stack([face_points()] * CALM_FRAMES + [face_points(gaze=(0.4, 0.0))])
    found = coefficients(landmarks_px(points, *upright(len(points))))
    assert found["eyeLookOutLeft"][-1] > 0.8
    assert found["eyeLookInRight"][-1] > 0.8
    assert found["eyeLookInLeft"][-1] == found["eyeLookOutRight"][-1] == 0


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_raises_its_coefficient_and_not_its_mirror(name: str) -> None:
    points = np.stack([face_points()] * CALM_FRAMES + [face_points(EXPRESSIONS[name])])
    found = coefficients(landmarks_px(points, *upright(len(points))))
    assert found[name][-1] > 0.4
    assert found[name][:-1].max() < 0.15
    if mirrored(name) != name:
        assert found[mirrored(name)][-1] < 0.5 * found[name][-1]


def test_coefficients_do_not_see_head_pose_or_distance() -> None:
    moved = EXPRESSIONS["mouthSmileLeft"] | EXPRESSIONS["browInnerUp"] | EXPRESSIONS["eyeBlinkRight"]
    points = np.stack([face_points()] * CALM_FRAMES + [face_points(moved)] * 3)
    rotation, origin = upright(len(points))
    rotation, origin = rotation.copy(), origin.copy()
    rotation[-2:] = matrix_from_axis_angle(np.array([[0.3, 0.5, -0.2], [-0.3, -0.4, 0.3]]))
    origin[-1] = [0.3, 0.2, 2.0]
    found = coefficients(landmarks_px(points, rotation, origin))
    for name, values in found.items():
        np.testing.assert_allclose(values[-2:], values[-3], atol=0.03, err_msg=name)


def test_a_closed_eye_hides_the_gaze_and_the_look_goes_on() -> None:
    shut = {"lidUpperLeft": (0, -8, 0), "lidUpperRight": (0, -8, 0)}
    calm, left = face_points(), face_points(gaze=(0.4, 0.0))
    blink = face_points(shut, gaze=(-0.4, 0.0))
    points = np.stack([calm] * CALM_FRAMES + [left, blink, left])
    landmarks = landmarks_px(points, *upright(len(points)))
    found = coefficients(landmarks)
    is_open = eyes_are_open(np.stack([found[name] for name in ARKIT52_NAMES], axis=1))
    assert is_open.sum() == len(points) - 1
    assert not is_open[-2]
    np.testing.assert_allclose(found["eyeLookOutLeft"][-2], found["eyeLookOutLeft"][-1], atol=0.02)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_frames_give_values_all_the_same(count: int) -> None:
    points = np.broadcast_to(face_points(), (count, 478, 3))
    found = coefficients(landmarks_px(points, *upright(count))) if count else {}
    fit = fit_heads(np.zeros((0, 478, 3)), CAMERA)
    assert arkit52(np.zeros((0, len(USED_IDS), 3)), np.zeros((0, 4))).shape == (0, 52)
    assert fit.rotation.shape == (0, 3, 3)
    assert all(len(values) == count for values in found.values())


def test_turning_away_is_measured_against_the_line_of_sight() -> None:
    angles = np.radians([0.0, 10.0, 60.0])
    points = np.broadcast_to(face_points(), (3, 478, 3))
    origin = np.tile([0.4, 0.0, 1.0], (3, 1))
    turned = matrix_from_axis_angle(angles[:, None] * np.array([0.0, 1.0, 0.0]))
    fit = fit_heads(landmarks_px(points, turned, origin), CAMERA)
    np.testing.assert_allclose(turned_rad(fit), angles, atol=1e-3)
