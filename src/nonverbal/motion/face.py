"""One person's face landmarks into coefficients, gaze and the head's turn: networks, steadied by geometry.

What networks know, they know from rendered people. Plain geometry does as well or better on recorded faces, so the two
are mixed: `GEOMETRY_SHARES` says how, coefficient by coefficient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from nonverbal.motion.arkit import arkit52, eyes_are_open, held
from nonverbal.motion.face_measures import USED_IDS
from nonverbal.motion.face_time import GAZE_FRAMES, calm_face_values, calm_values
from nonverbal.motion.gaze import gaze_angles
from nonverbal.motion.head import HeadFit
from nonverbal.motion.learned_face import (
    FaceNetworks,
    calm_face,
    expression_inputs,
    eye_inputs,
    load_networks,
    shape_inputs,
    view_of,
)
from nonverbal.motion.looks import look_coefficients
from nonverbal.motion.rotations import F, axis_angle_from_matrix, limit_angle, matrix_from_axis_angle
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import F32, Bool

MOST_MISSED_RAD = float(np.radians(12.0))
"""The rigid fit is never corrected by more: what asks for more is no face."""

MOST_GAZE_RAD = float(np.radians(60.0))
"""Eyes turn no further."""

GEOMETRY_SHARES: Mapping[str, float] = MappingProxyType({
    "browDown": 0.75, "browInnerUp": 0.6, "browOuterUp": 0.6, "cheekPuff": 0.15, "cheekSquint": 0.5, "eyeBlink": 0.6,
    "eyeSquint": 0.6, "eyeWide": 0.5, "jawForward": 0.25, "jaw": 0.2, "jawOpen": 0.65, "mouth": 0.2, "mouthClose": 0.3,
    "mouthDimple": 0.3, "mouthFrown": 0.25, "mouthFunnel": 0.5, "mouthLowerDown": 0.6, "mouthPress": 0.4,
    "mouthPucker": 0.5, "mouthRollLower": 0.5, "mouthRollUpper": 0.4, "mouthShrugLower": 0.4, "mouthShrugUpper": 0.25,
    "mouthSmile": 0.65, "mouthStretch": 0.4, "mouthUpperUp": 0.35, "noseSneer": 0.4, "tongueOut": 0.25,
})  # fmt: skip
"""How much of a coefficient is geometry's, from 0 to 1; the rest is the network's. Both sides are alike, and "jaw" and
"mouth" stand for their movements to either side. Chosen where correlations are high both with the truth of filmed
avatars and, on recorded faces, with MediaPipe's blendshapes and with plain distances."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """N frames of one person.

    Attributes:
        coefficients: [N, 52] ``arkit52``.
        eyes_open: [N] both eyes are open enough to see where they look, by the landmarks.
        gaze: [N, 4] as in `types.Motion`, also where lids hide the eyes.
        rotation: [N, 3, 3] the head against the line of sight.
    """

    coefficients: F32
    eyes_open: Bool
    gaze: F32
    rotation: F


@dataclass(frozen=True, slots=True, eq=False)
class LearnedFace:
    """What a learned model tells about N frames: coefficients [N, 52] in [0, 1], head rotations [N, 3, 3] against the
    line of sight, and how much of each coefficient [52] and of the head's turn is its to tell, from 0 to 1."""

    coefficients: F32
    rotation: F32
    shares: F32
    head_share: float


def estimate_face(
    landmarks_px: F, fit: HeadFit, stretches: Sequence[tuple[int, int]], told: LearnedFace | None = None
) -> Face:
    """Face, gaze and head from the landmarks [N, 478, 3] of one person, all frames in order of time.

    `stretches` are the half-open runs of rows in which one view shows the person without interruption. Where a learned
    model has `told` something, it has its share; gaze, and with it where eyes look, is always found from the irises.
    """
    networks = load_networks()
    by_geometry = gaze_angles(landmarks_px, fit)
    points, view = fit.to_head(landmarks_px[:, networks.ids]), view_of(fit)
    calm = calm_face(points, networks.calm_m)
    gaze = _gaze(networks, points[:, networks.eyes], calm, view, by_geometry)
    gaze = calm_values(gaze, stretches, GAZE_FRAMES).astype(np.float32)
    missed = matrix_from_axis_angle(networks.head(shape_inputs(points, view)))
    learned = np.clip(networks.coefficients(expression_inputs(points, calm, view)), 0.0, 1.0)
    shares = _shares()
    mixed = shares * arkit52(points[:, np.searchsorted(networks.ids, USED_IDS)], gaze) + (1.0 - shares) * learned
    face = calm_face_values(mixed, stretches)
    eyes_open = eyes_are_open(face)
    rotation = fit.rotation @ limit_angle(missed, MOST_MISSED_RAD)
    if told is not None:
        face += told.shares * (calm_face_values(told.coefficients, stretches) - face)
        rotation = part_way(rotation, told.rotation, told.head_share)
    for name, values in look_coefficients(held(gaze, eyes_open)).items():
        face[:, ARKIT52_NAMES.index(name)] = values
    return Face(np.clip(face, 0.0, 1.0), eyes_open, gaze, rotation)


def part_way(start: F, end: F, share: float) -> F:
    """[N, 3, 3] rotations that lie between those of `start` and `end`, at `share` of the way."""
    if share == 1.0:
        return np.asarray(end, np.float64)
    turn = axis_angle_from_matrix(np.swapaxes(start, -1, -2) @ end)
    return np.asarray(start @ matrix_from_axis_angle(share * turn))


def reliability() -> Mapping[str, float]:
    """How far each coefficient can be trusted, in [0, 1]: the networks' correlation with the truth on unseen people."""
    return MappingProxyType({name: max(0.0, r) for name, r in load_networks().reliability.items()})


def _gaze(networks: FaceNetworks, eyes_m: F, calm_m: F32, view: F32, by_geometry: F) -> F32:
    gaze = networks.gaze(eye_inputs(eyes_m, calm_m[networks.eyes], view, by_geometry))
    return np.clip(gaze, -MOST_GAZE_RAD, MOST_GAZE_RAD)


def _shares() -> F32:
    """[52] `GEOMETRY_SHARES` in order."""
    return by_coefficient(GEOMETRY_SHARES)


def by_coefficient(shares: Mapping[str, float]) -> F32:
    """[52] in order from shares by name without side, 0 where there is none."""
    stems = [name.removesuffix("Left").removesuffix("Right") for name in ARKIT52_NAMES]
    return np.array([shares.get(stem, 0.0) for stem in stems], np.float32)
