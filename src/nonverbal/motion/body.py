"""Upper-body rotations from pose and hand landmarks of a picture.

Works on framings that show no hips: the chest then takes its turn from the shoulders and stands upright otherwise.

Depth. The pose network's own metric landmarks put forearms about 26 degrees off. Here elbow and wrist come from where
the picture shows them: the camera's ray through the wrist meets the sphere of the forearm's length around the elbow in
two points, and the network's landmark only says which (10 to 13 degrees on rendered people).

Body axes: x to the person's left, y up, z forward, for a person who faces the camera; the camera's axes turned half
around x. The camera meant is one turned sideways to the person: in a split screen the picture's middle is not where the
person's own camera looked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy  # loads its parts when they are used

from nonverbal.motion.arm import ArmPoints, arm_rotations, wrist_bend_rad
from nonverbal.motion.camera import Camera, meet_sphere
from nonverbal.motion.hands import finger_rotations, hand_rotation
from nonverbal.motion.ramp import ramp
from nonverbal.motion.rotations import (
    F,
    apply,
    axis_angle_from_matrix,
    limit_angle,
    mirror_x,
    reject,
    swing_between,
    unit,
)
from nonverbal.motion.skeleton import offset_m
from nonverbal.spaces import SMPLX117_JOINTS
from nonverbal.types import F32, Bool

CAMERA_TO_BODY = np.array([1.0, -1.0, -1.0])
"""Signs that take camera axes (x right, y down, z away) to body axes."""

NOSE, EARS, SHOULDERS, ELBOWS, WRISTS, HIPS = 0, (7, 8), (11, 12), (13, 14), (15, 16), (23, 24)
"""MediaPipe pose landmarks, left before right."""

_SCALE_IDS = np.array([*SHOULDERS, *HIPS, *EARS, NOSE])
_MIRROR = np.array([-1.0, 1.0, 1.0])
_AXIS_ANGLE_MIRROR = np.array([1.0, -1.0, -1.0])
_SCALE_WINDOW_FRAMES = 13
_HEAD_LIMIT_RAD = np.radians(80.0)
_ROOT_CHOICE_M = 0.08  # how near the network's landmark must be to one of the two depths to decide for it
_SEEN_VISIBILITY = (
    0.1,
    0.5,
)  # below the first a joint is guessed from its resting place, from the second on it is seen
_HIPS_VISIBILITY = (0.4, 0.8)
_SHRUG_DEAD_M, _SHRUG_LIMIT_M = 0.01, 0.04
_REST_UPPER_ARM = np.array([0.2, -1.0, 0.1])
_REST_FOREARM = np.array([-0.3, -0.5, 0.8])


@dataclass(frozen=True, slots=True, eq=False)
class BodyView:
    """What was seen of one person's body in N frames; shapes and frames as in `nonverbal.types.Track`.

    Attributes:
        head: [N, 3, 3] head rotation in the view that looks at the pixel `head_px` [N, 2]; anything where `head_known`
            is false.
        head_known: [N].
    """

    pose_px: F
    pose_world_m: F
    pose_visibility: F
    hands_px: F
    hand_valid: Bool
    head: F
    head_px: F
    head_known: Bool


@dataclass(frozen=True, slots=True, eq=False)
class BodyPose:
    """Where a body's parts are in N frames, before limits: what `rows` makes ``smplx117`` of.

    Attributes:
        chest: [N, 3, 3] orientation of the chest in body axes of the camera turned to the person.
        head: [N, 3, 3] orientation of the head in the same axes; anything where it is not known.
        arms: left and right, in the chest's axes, the right one mirrored.
        hands: [2, N, 3, 3] orientation of left and right hand in the chest's axes, the right one mirrored.
        fingers: [2, N, 15, 3] axis-angle of the joints of left and right hand, the right one's mirrored.
        misfit: [N, 2] of each palm (see `hands.hand_rotation`).
        bend: [N, 2] radians by which each hand was seen to bend off its forearm.
    """

    chest: F
    head: F
    arms: tuple[ArmPoints, ArmPoints]
    hands: F
    fingers: F
    misfit: F
    bend: F


def body_rotations(view: BodyView, camera: Camera) -> tuple[F32, F32, F32]:
    """``smplx117`` rows [N, 117], the misfit of each palm [N, 2] (see `hands.hand_rotation`) and how far each hand was
    seen to bend off its forearm [N, 2], in radians and before the wrist's limit.

    Hands that are not valid have zero rows; what becomes of their wrists, `arm.arm_rotations` says.
    """
    pose = body_pose(*turned_to(view, camera))
    return pose_rows(pose, view), pose.misfit.astype(np.float32), pose.bend.astype(np.float32)


def body_pose(view: BodyView, camera: Camera) -> BodyPose:
    """The pose by geometry alone, from a view with its camera as `turned_to` gives them."""
    scale = px_per_m(view.pose_px, view.pose_world_m)
    shoulders = _shoulders_m(view, camera, scale)
    chest = chest_rotation(view, shoulders)
    origin = _chest_origin(view, shoulders, chest, scale)
    arms = tuple(_arm_points(view, camera, shoulders, chest, origin, index) for index in (0, 1))
    hands, fingers, misfit = zip(*(_hand(view, camera, chest, index) for index in (0, 1)), strict=True)
    bend = [wrist_bend_rad(arms[i], hands[i]) * view.hand_valid[:, i] for i in (0, 1)]
    return BodyPose(
        chest=chest,
        head=turn_to(view.head_px, camera) @ (view.head * CAMERA_TO_BODY[:, None] * CAMERA_TO_BODY),
        arms=(arms[0], arms[1]),
        hands=np.stack(hands),
        fingers=np.stack(fingers),
        misfit=np.stack(misfit, axis=1),
        bend=np.stack(bend, axis=1),
    )


def pose_rows(pose: BodyPose, view: BodyView) -> F32:
    """``smplx117`` rows [N, 117] of a pose; what is not known in the view is zero or rests."""
    count = len(pose.chest)
    joints = np.zeros((count, len(SMPLX117_JOINTS), 3))
    relative = limit_angle(np.swapaxes(pose.chest, -1, -2) @ pose.head, _HEAD_LIMIT_RAD)
    joints[:, SMPLX117_JOINTS.index("head")] = axis_angle_from_matrix(relative) * view.head_known[:, None]
    for index, side in enumerate(("left", "right")):
        back = _AXIS_ANGLE_MIRROR if side == "right" else 1.0
        rows = arm_rotations(pose.arms[index], pose.hands[index], view.hand_valid[:, index]) * back
        for column, name in enumerate(("collar", "shoulder", "elbow", "wrist")):
            joints[:, SMPLX117_JOINTS.index(f"{side}_{name}")] = rows[:, column]
        first = SMPLX117_JOINTS.index(f"{side}_index1")
        known = view.hand_valid[:, index, None, None]
        joints[:, first : first + 15] = pose.fingers[index] * known * back
    return joints.reshape(count, 3 * len(SMPLX117_JOINTS)).astype(np.float32)


def turned_to(view: BodyView, camera: Camera) -> tuple[BodyView, Camera]:
    """The same view with pixels counted sideways from the middle of the shoulders, and the camera for it."""
    middle = np.asarray(view.pose_px[:, SHOULDERS, 0], dtype=np.float64).mean(axis=1)
    centre = np.stack([middle, np.full_like(middle, camera.centre_y_px), np.zeros_like(middle)], axis=-1)
    moved = replace(
        view,
        pose_px=view.pose_px - centre[:, None],
        hands_px=view.hands_px - centre[:, None, None],
        head_px=view.head_px - centre[:, :2],
    )
    return moved, Camera(camera.focal_px, 0.0, 0.0)


def turn_to(centre_px: F, camera: Camera) -> F:
    """[N, 3, 3] body axes: the turn from the camera's axis to the pixels [N, 2].

    What a network tells of a crop holds along the line of sight to the crop; this carries it to the camera's axes.
    """
    return swing_between(np.array([0.0, 0.0, -1.0]), camera.ray(centre_px) * CAMERA_TO_BODY)


def px_per_m(pose_px: F, pose_world_m: F) -> F:
    """[N] pixels that a metre covers at the shoulders, calmed by a running median.

    The spread of trunk and head in the picture over their spread in the network's metric pose.
    """
    spread_px = _spread(pose_px[:, _SCALE_IDS, :2])
    spread_m = _spread(pose_world_m[:, _SCALE_IDS, :2])
    ratio = spread_px / np.maximum(spread_m, 0.05)
    return np.asarray(scipy.ndimage.median_filter(np.maximum(ratio, 1.0), size=_SCALE_WINDOW_FRAMES, mode="nearest"))


def _spread(points: F) -> F:
    centred = points - points.mean(axis=1, keepdims=True)
    return np.sqrt(np.mean(np.sum(np.asarray(centred, dtype=np.float64) ** 2, axis=-1), axis=1))


def _shoulders_m(view: BodyView, camera: Camera, scale: F) -> F:
    """[N, 2, 3] both shoulders in the camera frame."""
    away = np.asarray(view.pose_world_m[:, SHOULDERS, 2], dtype=np.float64)
    depth_m = (camera.focal_px / scale)[:, None] + away - away.mean(axis=1, keepdims=True)
    return camera.back_project(np.asarray(view.pose_px[:, SHOULDERS], dtype=np.float64), depth_m)


def chest_rotation(view: BodyView, shoulders_m: F) -> F:
    """[N, 3, 3] orientation of the chest in body axes.

    x runs along the shoulders and up is upright. As far as the hips are seen, up runs from them to the shoulders, and
    a shoulder line that is not square to it counts as one shoulder raised. The depth between hips and shoulders counts
    for half: the network has people who sit upright lean forward by some 17 degrees.
    """
    across = unit((shoulders_m[:, 0] - shoulders_m[:, 1]) * CAMERA_TO_BODY)
    world = np.asarray(view.pose_world_m, dtype=np.float64) * CAMERA_TO_BODY
    trunk = unit((world[:, SHOULDERS].mean(axis=1) - world[:, HIPS].mean(axis=1)) * np.array([1.0, 1.0, 0.5]))
    seen = ramp(view.pose_visibility[:, HIPS].min(axis=1), *_HIPS_VISIBILITY)[:, None]
    up = unit(seen * trunk + (1.0 - seen) * np.array([0.0, 1.0, 0.0]))
    x = unit(seen * unit(reject(across, up)) + (1.0 - seen) * across)
    z = unit(np.cross(x, up))
    return np.stack([x, np.cross(z, x), z], axis=-1)


def _chest_origin(view: BodyView, shoulders_m: F, chest: F, scale: F) -> F:
    """[N, 3] the point between the collar joints, body axes: below the middle of the shoulders, less when they shrug.

    Shoulders raised together are told from the ears coming nearer than they usually are.
    """
    middle = (shoulders_m * CAMERA_TO_BODY).mean(axis=1)
    rest = 0.5 * np.linalg.norm(shoulders_m[:, 0] - shoulders_m[:, 1], axis=-1) / _HALF_WIDTH_M
    ears_px = np.asarray(view.pose_px[:, EARS, :2], dtype=np.float64).mean(axis=1)
    shoulders_px = np.asarray(view.pose_px[:, SHOULDERS, :2], dtype=np.float64).mean(axis=1)
    neck_m = np.linalg.norm(ears_px - shoulders_px, axis=1) / scale
    nearer = np.median(neck_m) - neck_m if len(neck_m) else neck_m
    shrug = np.clip(np.abs(nearer) - _SHRUG_DEAD_M, 0.0, _SHRUG_LIMIT_M) * np.sign(nearer)
    below = np.zeros_like(middle)
    below[:, 1] = shrug + rest * _SHOULDER_M[1]
    below[:, 2] = rest * _SHOULDER_M[2]
    return middle - apply(chest, below)


_SHOULDER_M = offset_m("collar") + offset_m("shoulder")
_HALF_WIDTH_M = _SHOULDER_M[0]


def _arm_points(view: BodyView, camera: Camera, shoulders_m: F, chest: F, origin: F, index: int) -> ArmPoints:
    """The joints of one arm in the chest's axes, the right one mirrored."""
    mirror = _MIRROR if index == 1 else 1.0
    shoulder = shoulders_m[:, index]
    elbow = lift(view, camera, shoulder, SHOULDERS[index], ELBOWS[index])
    wrist = lift(view, camera, elbow, ELBOWS[index], WRISTS[index])

    def in_chest(vector: F) -> F:
        return apply(np.swapaxes(chest, -1, -2), vector) * mirror

    width = np.linalg.norm(shoulders_m[:, 0] - shoulders_m[:, 1], axis=-1, keepdims=True) / (2 * _HALF_WIDTH_M)
    upper = _or_rest(in_chest((elbow - shoulder) * CAMERA_TO_BODY), view.pose_visibility[:, ELBOWS[index]], 0)
    fore = _or_rest(in_chest((wrist - elbow) * CAMERA_TO_BODY), view.pose_visibility[:, WRISTS[index]], 1)
    at_shoulder = in_chest(shoulder * CAMERA_TO_BODY - origin)
    return ArmPoints(width * offset_m("collar"), at_shoulder, at_shoulder + upper, at_shoulder + upper + fore)


def _or_rest(bone: F, visibility: F, segment: int) -> F:
    """[N, 3] unit direction of a bone, leaning on a seated person's where its end is out of sight."""
    rest = unit(_REST_FOREARM if segment else _REST_UPPER_ARM)
    seen = ramp(visibility, *_SEEN_VISIBILITY)[:, None]
    return unit(seen * unit(bone) + (1.0 - seen) * rest)


def lift(view: BodyView, camera: Camera, start_m: F, start: int, end: int) -> F:
    """[N, 3] camera frame: where landmark `end` is, given where its bone starts and the bone's length.

    Of the two points of its ray at that distance the one nearer to the network's landmark is taken; where that lies
    between them it is a weighted mean, put back to the bone's length, so that noise cannot flip an arm.
    """
    guess = np.asarray(view.pose_world_m[:, end] - view.pose_world_m[:, start], dtype=np.float64)
    ray = camera.ray(np.asarray(view.pose_px[:, end], dtype=np.float64))
    length_m = bone_length_m(ray, start_m, guess, view.pose_visibility[:, end])
    roots = np.stack(meet_sphere(ray, start_m, length_m)) - start_m
    away = np.sum((roots - guess) ** 2, axis=-1) / (2.0 * _ROOT_CHOICE_M**2)
    weight = np.exp(away.min(axis=0) - away)[..., None]
    return start_m + length_m * unit(np.sum(weight * roots, axis=0))


def bone_length_m(ray: F, start_m: F, guess: F, visibility: F) -> float:
    """One person's bone length: the longest it is ever seen across the picture, near what the network believes."""
    believed = np.linalg.norm(guess, axis=-1)
    across = np.linalg.norm(reject(start_m, ray), axis=-1)  # from the bone's start to the ray through its end
    seen = visibility >= _SEEN_VISIBILITY[1]
    if not seen.any():
        return float(np.median(believed)) if len(believed) else 0.0
    typical = float(np.median(believed[seen]))
    return float(np.clip(np.quantile(across[seen], 0.95), 0.9 * typical, 1.3 * typical))


def _hand(view: BodyView, camera: Camera, chest: F, index: int) -> tuple[F, F, F]:
    """Orientation in the chest's axes, finger rows [N, 15, 3] and palm misfit [N]; of a right hand all mirrored."""
    mirror = _MIRROR if index == 1 else np.ones(3)
    points = np.asarray(view.hands_px[:, index], dtype=np.float64)
    sight = turn_to(points[..., :2].mean(axis=1), camera)
    points = points * CAMERA_TO_BODY * mirror
    known = view.hand_valid[:, index]
    rotation, misfit = hand_rotation(points)
    rotation = np.where(known[:, None, None], rotation, np.eye(3))
    above = np.swapaxes(chest, -1, -2) @ sight
    above = mirror_x(above) if index == 1 else above
    return above @ rotation, finger_rotations(points, rotation) * known[:, None, None], np.where(known, misfit, 0.0)
