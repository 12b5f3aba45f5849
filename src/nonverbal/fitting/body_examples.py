"""Rendered takes as examples for the body's networks: features as at inference, truth in the networks' columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from nonverbal.fitting.body_renders import Take
from nonverbal.motion.body import SHOULDERS, BodyView, body_pose, turn_to, turned_to
from nonverbal.motion.camera import Camera
from nonverbal.motion.head import fit_heads
from nonverbal.motion.learned_body import base_outputs, taps_of
from nonverbal.motion.learned_body_features import MIRROR, arm_features, finger_features
from nonverbal.motion.rotations import F, apply, mirror_x, rot6d_from_matrix, unit
from nonverbal.motion.skeleton import OFFSETS_M, forward_kinematics
from nonverbal.spaces import SMPLX117_JOINTS
from nonverbal.types import F32

_PANEL = (640, 720)
_AXIS_ANGLE_MIRROR = np.array([1.0, -1.0, -1.0])
_STEADY_M, _JITTER_M = 0.012, 0.004
"""Noise that real people's landmarks have more of than rendered ones': one offset for a whole take, and one a frame,
as lengths at the shoulders."""
_FIELD_OF_VIEW_DEG = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """R rows, two for each frame: left arm or hand, then the mirrored right one.

    Attributes:
        arm: [R, A] and `finger` [R, H] features.
        arm_base: [R, 21] and `finger_base` [R, 45]: geometry's answer; `arm_truth` and `finger_truth` the right one.
        hand_known: [R] the hand was seen.
        taps: [R, 5] rows before and after.
        frame: [R] of the take.
    """

    arm: F32
    finger: F32
    arm_base: F32
    finger_base: F32
    arm_truth: F32
    finger_truth: F32
    hand_known: NDArray[np.bool_]
    taps: NDArray[np.intp]
    frame: NDArray[np.intp]


def take_camera(take: Take, field_of_view_deg: float = _FIELD_OF_VIEW_DEG) -> Camera:
    """The camera that the pipeline would assume; a narrow picture is one half of a split screen."""
    width, height = (int(x) for x in take.view_px[:2])
    whole = 2 * width if (width, height) == _PANEL else width
    return Camera.from_field_of_view(whole, height, field_of_view_deg)


def take_view(take: Take, camera: Camera, rows: F) -> BodyView:
    """What `motion.estimate` would make of the rows of a take."""
    known = take.face_valid[rows]
    head = np.broadcast_to(np.eye(3), (len(rows), 3, 3)).copy()
    centre = np.zeros((len(rows), 2))
    if known.any():
        fit = fit_heads(take.landmarks_px[rows][known], camera)
        head[known], centre[known] = fit.rotation, fit.centre_px
    return BodyView(
        pose_px=take.pose_px[rows],
        pose_world_m=take.pose_world_m[rows],
        pose_visibility=take.pose_visibility[rows],
        hands_px=take.hands_px[rows],
        hand_valid=take.hand_valid[rows],
        head=head,
        head_px=centre,
        head_known=known,
    )


def examples_of(takes: Sequence[Take], rng: np.random.Generator | None, stride: int = 2) -> Examples:
    """All takes as examples, landmarks disturbed where `rng` is given."""
    return chained([part for take in takes if (part := _one_take(take, rng, stride)) is not None])


def chained(parts: Sequence[Examples]) -> Examples:
    """All parts as one."""
    firsts = np.cumsum([0, *(len(part.taps) for part in parts[:-1])])
    moved = [replace(part, taps=part.taps + first) for part, first in zip(parts, firsts, strict=True)]
    return Examples(*(np.concatenate([getattr(part, f.name) for part in moved]) for f in fields(Examples)))


def _one_take(take: Take, rng: np.random.Generator | None, stride: int) -> Examples | None:
    rows = np.flatnonzero(take.pose_valid & (np.arange(len(take.body)) % stride == 0))
    if len(rows) < 2:
        return None
    camera = take_camera(take, _FIELD_OF_VIEW_DEG if rng is None else float(rng.uniform(45.0, 75.0)))
    view = take_view(take, camera, rows)
    if rng is not None:
        view = disturbed(view, rng)
    view, camera = turned_to(view, camera)
    pose = body_pose(view, camera)
    truth = _arm_truth(take, rows)
    count = len(rows)
    body = take.body[rows].reshape(count, len(SMPLX117_JOINTS), 3)
    fingers = np.stack([_fingers(body, side) for side in (0, 1)])
    taps = taps_of(rows)
    return Examples(
        arm=_flat(arm_features(view, pose)),
        finger=_flat(finger_features(view, pose)),
        arm_base=_flat(base_outputs(pose)),
        finger_base=_flat(pose.fingers.reshape(2, count, -1)),
        arm_truth=_flat(truth),
        finger_truth=_flat(fingers),
        hand_known=view.hand_valid.T.ravel(),
        taps=np.concatenate([taps, taps + count]),
        frame=np.concatenate([rows, rows]),
    )


def _flat(x: F) -> F32:
    return np.asarray(x, np.float32).reshape(-1, x.shape[-1])


def disturbed(view: BodyView, rng: np.random.Generator) -> BodyView:
    """The view as a less clear picture would give it."""
    unit_px = float(np.median(np.abs(view.pose_px[:, 11, 0] - view.pose_px[:, 12, 0]))) / 0.35
    pose = _noise(view.pose_px.shape, rng)
    hands = 0.4 * _noise((len(pose), 42, 3), rng).reshape(view.hands_px.shape)
    world = view.pose_world_m * rng.uniform(0.93, 1.07) + 0.7 * _noise(view.pose_px.shape, rng)
    return replace(
        view,
        pose_px=view.pose_px + unit_px * pose,
        pose_world_m=world,
        hands_px=view.hands_px + unit_px * hands,
        hand_valid=view.hand_valid & (rng.random(view.hand_valid.shape) > 0.03),
    )


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> F:
    return rng.normal(0.0, _STEADY_M, (1, *shape[1:])) + rng.normal(0.0, _JITTER_M, shape)


def chest_truth(take: Take, rows: F) -> F:
    """[N, 3, 3] the chest in the axes of the true camera, turned sideways to the person as by `body.turned_to`."""
    width, _, focal_px = (float(x) for x in take.view_px)
    aside_px = take.pose_px[rows][:, SHOULDERS, 0].mean(axis=1) - 0.5 * width
    sight = turn_to(np.stack([aside_px, np.zeros(len(rows))], axis=1), Camera(focal_px, 0.0, 0.0))
    return np.asarray(np.swapaxes(sight, -1, -2) @ take.chest[rows].astype(np.float64))


def _arm_truth(take: Take, rows: F) -> F:
    """[2, N, 21] truth in the columns of the arm network."""
    body, chest = take.body[rows].astype(np.float64), chest_truth(take, rows)
    joints, _, rotations = forward_kinematics(body)
    at = SMPLX117_JOINTS.index
    sides = []
    for side, name in enumerate(("left", "right")):
        sign = MIRROR if side else np.ones(3)
        collar = apply(rotations[:, at(f"{name}_collar")], OFFSETS_M[at(f"{name}_shoulder")])
        places = [joints[:, at(f"{name}_{joint}")] for joint in ("shoulder", "elbow", "wrist")]
        bones = [unit(bone) * sign for bone in (collar, places[1] - places[0], places[2] - places[1])]
        hand = rotations[:, at(f"{name}_wrist")]
        turns = [rot6d_from_matrix(mirror_x(m) if side else m) for m in (hand, chest)]
        sides.append(np.concatenate([*bones, *turns], axis=1))
    return np.stack(sides)


def _fingers(body: F, side: int) -> F:
    first = SMPLX117_JOINTS.index(("left_index1", "right_index1")[side])
    rows = body[:, first : first + 15] * (_AXIS_ANGLE_MIRROR if side else 1.0)
    return rows.reshape(len(body), -1)
