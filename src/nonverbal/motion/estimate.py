"""One person's landmarks over a clip into that person's motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nonverbal.motion.arkit import arkit52, eyes_are_open, ramp
from nonverbal.motion.body import SHOULDERS, BodyView, body_rotations
from nonverbal.motion.camera import Camera
from nonverbal.motion.face_measures import USED_IDS
from nonverbal.motion.gaze import gaze_angles
from nonverbal.motion.head import HeadFit, fit_heads
from nonverbal.motion.rotations import F, axis_angle_from_matrix
from nonverbal.spaces import get_space
from nonverbal.timeline import FPS
from nonverbal.types import F32, PARTS, Bool, Motion

_FACE, _HEAD, _GAZE, _UPPER_BODY, _LEFT_HAND, _RIGHT_HAND = range(len(PARTS))

TURNED_RAD = (np.radians(30.0), np.radians(80.0))
"""Angle between the face and the line of sight from which the landmarks lose confidence, and at which it is gone."""

FACE_MISFIT_M = (0.008, 0.020)
"""The same for the distance between rigid landmarks and the average face (people differ by 3 to 6 mm)."""

PALM_MISFIT = (0.2, 0.6)
"""The same for a palm's misfit as a share of its length; from the second on the hand is not valid."""

GAZE_TURNED_RAD = np.radians(60.0)
_ELBOWS_WRISTS = (13, 14, 15, 16)


@dataclass(frozen=True, slots=True, eq=False)
class PersonView:
    """What was seen of one person, on all T frames of a clip; fields as in `nonverbal.types.Track`."""

    face_box_px: F32
    face_score: F32
    face_valid: Bool
    landmarks_px: F32
    pose_px: F32
    pose_world_m: F32
    pose_visibility: F32
    pose_valid: Bool
    hands_px: F32
    hand_score: F32
    hand_valid: Bool


def estimate_motion(
    view: PersonView, camera: Camera, participant: str, speaking: Bool, shoulder_min_visibility: float
) -> Motion:
    """Face (arkit52), head, gaze and body (smplx117) of one participant; parts that were not seen are zero.

    `speaking` is [T]. The body counts where both shoulders have at least `shoulder_min_visibility`.
    """
    count = len(view.face_valid)
    motion = Motion(
        participant=participant,
        face_space="arkit52",
        body_space="smplx117",
        fps=FPS,
        face=np.zeros((count, get_space("arkit52").dim), np.float32),
        body=np.zeros((count, get_space("smplx117").dim), np.float32),
        validity=np.zeros((count, len(PARTS)), np.uint8),
        confidence=np.zeros((count, len(PARTS)), np.float32),
        head_pose=np.zeros((count, 6), np.float32),
        gaze=np.zeros((count, 4), np.float32),
        bbox=np.where(view.face_valid[:, None], view.face_box_px, 0.0).astype(np.float32),
        speaking=speaking.astype(np.uint8),
    )
    head = np.broadcast_to(np.eye(3), (count, 3, 3)).copy()
    rows = np.flatnonzero(view.face_valid)
    if len(rows):
        head[rows] = _fill_face(motion, view, camera, rows)
    rows = np.flatnonzero(view.pose_valid)
    if len(rows):
        _fill_body(motion, view, camera, head, shoulder_min_visibility)
    motion.confidence[:] = np.clip(motion.confidence, 0.0, 1.0) * motion.validity
    return motion


def _fill_face(motion: Motion, view: PersonView, camera: Camera, rows: F) -> F:
    """Writes face, head and gaze of the given frames and returns the head rotations there."""
    landmarks = view.landmarks_px[rows]
    fit = fit_heads(landmarks, camera)
    gaze = gaze_angles(landmarks, fit, camera)
    motion.face[rows] = arkit52(fit.to_head(landmarks[:, USED_IDS], camera), gaze)
    motion.head_pose[rows, :3] = axis_angle_from_matrix(fit.rotation)
    motion.head_pose[rows, 3:] = fit.origin_m
    turned = turned_rad(fit)
    looks = eyes_are_open(motion.face[rows]) & (turned < GAZE_TURNED_RAD)
    motion.gaze[rows] = gaze * looks[:, None]
    motion.validity[rows, _FACE] = motion.validity[rows, _HEAD] = 1
    motion.validity[rows, _GAZE] = looks
    clear = view.face_score[rows] * (1.0 - ramp(turned, *TURNED_RAD))
    motion.confidence[rows, _HEAD] = view.face_score[rows] * (1.0 - ramp(fit.residual_m, *FACE_MISFIT_M))
    motion.confidence[rows, _FACE] = clear * (1.0 - ramp(fit.residual_m, *FACE_MISFIT_M))
    motion.confidence[rows, _GAZE] = clear
    return fit.rotation


def turned_rad(fit: HeadFit) -> F:
    """[N] the angle between where the face points and the line to the camera."""
    towards = -fit.origin_m / np.maximum(np.linalg.norm(fit.origin_m, axis=1, keepdims=True), 1e-9)
    return np.arccos(np.clip(np.sum(-fit.rotation[:, :, 2] * towards, axis=1), -1.0, 1.0))


def _fill_body(motion: Motion, view: PersonView, camera: Camera, head: F, shoulder_min_visibility: float) -> None:
    rows = np.flatnonzero(view.pose_valid)
    visibility = view.pose_visibility[rows]
    seen = BodyView(
        view.pose_px[rows], view.pose_world_m[rows], visibility, view.hands_px[rows], view.hand_valid[rows],
        head[rows], view.face_valid[rows],
    )  # fmt: skip
    body, misfit = body_rotations(seen, camera)
    shoulders = visibility[:, SHOULDERS].min(axis=1)
    hands = seen.hand_valid & (misfit < PALM_MISFIT[1])
    motion.validity[rows, _UPPER_BODY] = shoulders >= shoulder_min_visibility
    motion.confidence[rows, _UPPER_BODY] = 0.5 * shoulders + 0.5 * visibility[:, _ELBOWS_WRISTS].mean(axis=1)
    motion.validity[rows, _LEFT_HAND : _RIGHT_HAND + 1] = hands
    motion.confidence[rows, _LEFT_HAND : _RIGHT_HAND + 1] = view.hand_score[rows] * (1.0 - ramp(misfit, *PALM_MISFIT))
    motion.body[rows] = body
    for part, columns in get_space("smplx117").groups.items():
        motion.body[:, columns] *= motion.validity[:, PARTS.index(part), None]
