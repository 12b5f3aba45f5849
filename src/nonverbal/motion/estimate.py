"""One person's landmarks over a clip into that person's motion."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from nonverbal.motion.body import SHOULDERS, BodyView, body_pose, pose_rows, turned_to
from nonverbal.motion.camera import Camera
from nonverbal.motion.face import estimate_face
from nonverbal.motion.face_told import told_by
from nonverbal.motion.head import RIGID_IDS, HeadFit, fit_heads
from nonverbal.motion.learned_body import learned_pose
from nonverbal.motion.ramp import ramp
from nonverbal.motion.rotations import F, axis_angle_from_matrix
from nonverbal.motion.smooth import cuts_of, stretches
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

WRIST_BEND_RAD = (np.radians(60.0), np.radians(110.0))
"""The same for the angle between hand and forearm. Wrists go to 80 degrees, and hands that gesture mostly stay
below 60; landmarks that slip on folded hands give more, under a high score."""

ARM_ERROR_RAD = (np.radians(5.0), np.radians(50.0))
FINGER_ERROR_RAD = (np.radians(5.0), np.radians(35.0))
"""The same for the error a pose is expected to have, mean over upper arms and forearms, and over a hand's joints."""

MIN_SPREAD_PX = 4.0
"""Landmarks that lie closer together than this show nothing, whatever their score says."""

GAZE_TURNED_RAD = np.radians(60.0)
_ELBOWS_WRISTS = (13, 14, 15, 16)


@dataclass(frozen=True, slots=True, eq=False)
class PersonView:
    """What was seen of one person, on all T frames of a clip; fields as in `nonverbal.types.Track`.

    `blendshapes` and `head_turns` are empty where no model gave them; `face_model` is the one of
    `backends.face_models.CHOICES` that did.
    """

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
    blendshapes: F32 = field(default_factory=lambda: np.zeros((0, 52), np.float32))
    head_turns: F32 = field(default_factory=lambda: np.zeros((0, 3, 3), np.float32))
    face_model: str = "mesh"


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Head rotations [T, 3, 3] in their views (see `HeadFit`), the pixel these look at [T, 2], and where both are known
    [T]; the identity and zero elsewhere."""

    rotation: F
    centre_px: F
    known: Bool


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
    known = view.face_valid & spread_out(view.landmarks_px[:, RIGID_IDS])
    heads = Heads(np.broadcast_to(np.eye(3), (count, 3, 3)).copy(), np.zeros((count, 2)), known)
    if known.any():
        fit = _fill_face(motion, view, camera, np.flatnonzero(known))
        heads.rotation[known], heads.centre_px[known] = fit.rotation, fit.centre_px
    rows = np.flatnonzero(view.pose_valid & spread_out(view.pose_px[:, SHOULDERS]))
    if len(rows):
        _fill_body(motion, view, camera, heads, rows)
        motion.validity[:, _UPPER_BODY] *= _shoulders(view) >= shoulder_min_visibility
    for part, columns in get_space("smplx117").groups.items():
        motion.body[:, columns] *= motion.validity[:, PARTS.index(part), None]
    motion.confidence[:] = np.clip(motion.confidence, 0.0, 1.0) * motion.validity
    return motion


def _fill_face(motion: Motion, view: PersonView, camera: Camera, rows: F) -> HeadFit:
    """Writes face, head and gaze of the given frames and returns the heads there."""
    landmarks = view.landmarks_px if len(rows) == len(view.landmarks_px) else view.landmarks_px[rows]
    rigid = fit_heads(landmarks, camera)
    told = told_by(view.face_model, view.blendshapes[rows], view.head_turns[rows]) if len(view.blendshapes) else None
    face = estimate_face(landmarks, rigid, _views(view, rows), told)
    fit = replace(rigid, rotation=face.rotation)
    motion.face[rows] = face.coefficients
    motion.head_pose[rows, :3] = axis_angle_from_matrix(fit.rotation)
    motion.head_pose[rows, 3:] = fit.position_m(camera)
    turned = turned_rad(fit)
    looks = face.eyes_open & (turned < GAZE_TURNED_RAD)
    motion.gaze[rows] = face.gaze * looks[:, None]
    motion.validity[rows, _FACE] = motion.validity[rows, _HEAD] = 1
    motion.validity[rows, _GAZE] = looks
    clear = view.face_score[rows] * (1.0 - ramp(turned, *TURNED_RAD))
    motion.confidence[rows, _HEAD] = view.face_score[rows] * (1.0 - ramp(fit.residual_m, *FACE_MISFIT_M))
    motion.confidence[rows, _FACE] = clear * (1.0 - ramp(fit.residual_m, *FACE_MISFIT_M))
    motion.confidence[rows, _GAZE] = clear
    return fit


def _views(view: PersonView, rows: F) -> list[tuple[int, int]]:
    """The runs among `rows` in which one view shows the person without interruption, as half-open ranges of them."""
    known = np.zeros(len(view.face_valid), bool)
    known[rows] = True
    place = np.cumsum(known) - known
    box_px = np.where(known[:, None], view.face_box_px, 0.0)
    return [(int(place[first]), int(place[end - 1]) + 1) for first, end in stretches(known, cuts_of(box_px))]


def turned_rad(fit: HeadFit) -> F:
    """[N] the angle between where the face points and the line of sight."""
    return np.asarray(np.arccos(np.clip(fit.rotation[:, 2, 2], -1.0, 1.0)))


def _fill_body(motion: Motion, view: PersonView, camera: Camera, heads: Heads, rows: F) -> None:
    """Writes body and hands of the given frames."""
    seen, camera = turned_to(
        BodyView(
            pose_px=view.pose_px[rows],
            pose_world_m=view.pose_world_m[rows],
            pose_visibility=view.pose_visibility[rows],
            hands_px=view.hands_px[rows],
            hand_valid=view.hand_valid[rows] & spread_out(view.hands_px[rows]),
            head=heads.rotation[rows],
            head_px=heads.centre_px[rows],
            head_known=heads.known[rows],
        ),
        camera,
    )
    geometric = body_pose(seen, camera)
    pose, expected = learned_pose(seen, geometric, rows)
    motion.body[rows] = pose_rows(pose, seen)
    slipped = np.maximum(ramp(geometric.misfit, *PALM_MISFIT), ramp(geometric.bend, *WRIST_BEND_RAD))
    motion.validity[rows, _UPPER_BODY] = 1
    visible = 0.5 * (_shoulders(view)[rows] + seen.pose_visibility[:, _ELBOWS_WRISTS].mean(axis=1))
    motion.confidence[rows, _UPPER_BODY] = visible * (
        1.0 - ramp(expected.arms[..., :2].mean(axis=(1, 2)), *ARM_ERROR_RAD)
    )
    hands = slice(_LEFT_HAND, _RIGHT_HAND + 1)
    motion.validity[rows, hands] = seen.hand_valid & (slipped < 1.0)
    trust = (1.0 - slipped) * (1.0 - ramp(expected.fingers, *FINGER_ERROR_RAD))
    motion.confidence[rows, hands] = view.hand_score[rows] * trust


def _shoulders(view: PersonView) -> F:
    """[T] visibility of the less visible shoulder."""
    return np.asarray(view.pose_visibility[:, SHOULDERS].min(axis=1))


def spread_out(points_px: F) -> Bool:
    """[...] whether points [..., K, 2 or more] are finite and cover more than a dot of the picture."""
    flat = points_px[..., :2]
    with np.errstate(invalid="ignore"):
        wide = (flat.max(axis=-2) - flat.min(axis=-2)).max(axis=-1) > MIN_SPREAD_PX
    return np.asarray(wide & np.isfinite(points_px).all(axis=(-1, -2)))
