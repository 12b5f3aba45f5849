"""A body's pose as small models find it from landmarks and the geometric pose, fitted on rendered people.

    arm      surroundings of one arm -> collar, upper arm, forearm, hand in the chest's axes, the chest itself:
             a linear map, which carries most, and three layers that correct it; of these the first sees one frame and
             the second sees it together with the frames a little before and after
    finger   one joint's geometric bend, its finger's chord -> that joint's rotation, linear

Both are shared by left and right. Beside each finding stands the error it is expected to have. Weights are made by
`nonverbal.fitting.body`.

A joint learns from its own finger alone: rendered hands are seen worse than real ones, and whatever sees all joints
learns from them which shapes hands make instead of where each joint is. On real hands that lost the middle joints
(correlation with the angle in the picture .2 instead of .9).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from nonverbal.motion.arm import ArmPoints, wrist_bend_rad
from nonverbal.motion.body import ELBOWS, WRISTS, BodyPose, BodyView
from nonverbal.motion.learned_body_features import arm_features, finger_features
from nonverbal.motion.ramp import ramp
from nonverbal.motion.rotations import F, apply, matrix_about, matrix_from_rot6d, mirror_x, rot6d_from_matrix, unit
from nonverbal.types import F32

WEIGHTS = Path(__file__).parent / "fitted" / "body.safetensors"

TAPS_FRAMES = (-4, -2, 0, 2, 4)
"""Frames that the second layer sees, from the one in question: body and hands are measured in every second."""

ARM_OUTPUTS = {"collar": slice(0, 3), "upper": slice(3, 6), "fore": slice(6, 9), "hand": slice(9, 15)}
"""Columns of the arm network: directions of three bones and the hand's orientation (6d), all against geometry's."""
CHEST = slice(15, 21)
ARM_ERRORS = slice(21, 24)
"""Expected errors of upper arm, forearm and hand as the logarithm of radians."""
FINGERS = slice(0, 45)
"""Columns of the finger map: axis-angle of 15 joints, against geometry's."""
FINGER_ERROR = 45
"""Expected error of the joints, as the logarithm of radians."""
CALM_FRAMES = 2.0
"""Standard deviation in frames of the bell by which findings are averaged over time: landmarks come twelve times a
second, each with its own noise, and would tremble ten times as much as people do."""
PICTURED_VISIBILITY = (0.3, 0.7)
PICTURED_LENGTH = (0.2, 0.5)
"""Between these a bone comes to follow the picture: visibility of its end, and the part of it across the line of sight,
since what points at the camera has no direction there."""
_CLIP = 4.0
"""Features count up to so many standard deviations of what the networks were fitted on."""


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """One network's weights, float32. The middle layer's input is that of all taps in order, taps outermost.

    `linear` [D, outputs] maps standardised features straight to the outputs; the last layer's bias counts for both.
    """

    mean: F32
    scale: F32
    linear: F32
    weights: tuple[F32, F32, F32]
    biases: tuple[F32, F32, F32]

    def run(self, features: F32, taps: F) -> F32:
        """[..., N, D] features and [N, 5] rows of the taps -> [..., N, outputs]."""
        x = np.clip((features - self.mean) / self.scale, -_CLIP, _CLIP)
        straight = x @ self.linear
        x = relu(x @ self.weights[0] + self.biases[0])
        x = x[..., taps, :].reshape(*x.shape[:-1], self.weights[1].shape[0])
        x = relu(x @ self.weights[1] + self.biases[1])
        return np.asarray(straight + x @ self.weights[2] + self.biases[2])


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """A linear map of standardised features, float32."""

    mean: F32
    scale: F32
    linear: F32
    bias: F32

    def run(self, features: F32) -> F32:
        """[..., D] -> [..., outputs]."""
        return np.asarray(np.clip((features - self.mean) / self.scale, -_CLIP, _CLIP) @ self.linear + self.bias)


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """Both models."""

    arm: Layers
    finger: Linear


def relu(x: F32) -> F32:
    return np.maximum(x, np.float32(0.0))


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """Errors a pose is expected to have, radians: `arms` [N, 2, 3] of upper arm, forearm, hand; `fingers` [N, 2]."""

    arms: F
    fingers: F


@lru_cache(maxsize=1)
def models() -> Models:
    """What is shipped."""
    return models_from(load_file(WEIGHTS))


def models_from(arrays: Mapping[str, F]) -> Models:
    """Models from the arrays of a weights' file: ``arm.mean``, ``arm.weight0``, ``finger.linear``..."""
    got = {name: np.asarray(array, np.float32) for name, array in arrays.items()}
    weights = (got["arm.weight0"], got["arm.weight1"], got["arm.weight2"])
    biases = (got["arm.bias0"], got["arm.bias1"], got["arm.bias2"])
    arm = Layers(got["arm.mean"], got["arm.scale"], got["arm.linear"], weights, biases)
    return Models(arm, Linear(*(got[f"finger.{name}"] for name in ("mean", "scale", "linear", "bias"))))


def taps_of(frames: F) -> F:
    """[N, 5] rows of `TAPS_FRAMES` around each of the frames [N], rising; where one is missing, the next one inwards.

    Example: frames 0, 2, 4, 9 -> row 1 (frame 2) has taps 0, 0, 1, 2, 2; row 3 (frame 9) has 3, 3, 3, 3, 3.
    """
    rows = np.arange(len(frames))
    taps = np.tile(rows[:, None], (1, len(TAPS_FRAMES)))
    middle = len(TAPS_FRAMES) // 2
    for step in (-1, 1):
        for k in range(1, middle + 1):
            column = middle + step * k
            wanted = frames + TAPS_FRAMES[column]
            at = np.searchsorted(frames, wanted).clip(0, max(len(frames) - 1, 0))
            taps[:, column] = np.where(frames[at] == wanted, at, taps[:, column - step])
    return taps


def base_outputs(pose: BodyPose) -> F:
    """[2, N, 21] geometry's answer in the columns of the arm network."""
    rows = []
    for side in (0, 1):
        arm = pose.arms[side]
        chest = mirror_x(pose.chest) if side else pose.chest
        bones = [unit(arm.shoulder - arm.collar), unit(arm.elbow - arm.shoulder), unit(arm.wrist - arm.elbow)]
        rows.append(np.concatenate([*bones, rot6d_from_matrix(pose.hands[side]), rot6d_from_matrix(chest)], axis=1))
    return np.stack(rows)


def learned_pose(view: BodyView, pose: BodyPose, frames: F) -> tuple[BodyPose, Expected]:
    """A better pose than the geometric one.

    Args:
        view: as `body.turned_to` gives it.
        pose: geometry's.
        frames: [N] the frame of the clip that each row is, rising.
    """
    taps = taps_of(frames)
    shipped = models()
    arm = shipped.arm.run(arm_features(view, pose), taps)
    always = np.ones((2, len(frames)))
    raw = base_outputs(pose) + arm[..., : CHEST.stop]
    found = calmed(raw, frames, always)
    finger = shipped.finger.run(finger_features(view, pose))
    known = view.hand_valid.T.astype(np.float64)
    hand = ARM_OUTPUTS["hand"]
    found[..., hand] = calmed(raw[..., hand], frames, known)
    fingers = calmed(pose.fingers.reshape(2, len(frames), 45) + finger[..., FINGERS], frames, known)
    fingers = fingers.reshape(pose.fingers.shape)
    chests = np.stack([matrix_from_rot6d(found[side, :, CHEST]) for side in (0, 1)])
    both = rot6d_from_matrix(chests[0]) + rot6d_from_matrix(mirror_x(chests[1]))
    hands = matrix_from_rot6d(found[..., ARM_OUTPUTS["hand"]])
    chest = matrix_from_rot6d(both)
    arms = [_as_pictured(_arm(pose.arms[i], found[i]), chest, pose, view, frames, i) for i in (0, 1)]
    bend = [wrist_bend_rad(arms[i], hands[i]) * view.hand_valid[:, i] for i in (0, 1)]
    better = replace(
        pose, chest=chest, arms=(arms[0], arms[1]), hands=hands, fingers=fingers, bend=np.stack(bend, axis=1)
    )
    arm_error = np.exp(np.clip(arm[..., ARM_ERRORS], -5.0, 1.5))
    finger_error = np.exp(np.clip(finger[..., FINGER_ERROR], -5.0, 1.5))
    return better, Expected(np.moveaxis(arm_error, 0, 1), finger_error.T)


def _as_pictured(arm: ArmPoints, chest: F, pose: BodyPose, view: BodyView, frames: F, side: int) -> ArmPoints:
    """The arm with each bone turned about the line of sight towards where the picture shows it.

    Geometry's bones lie exactly on the picture's, at depths that are often wrong; the network's the other way round.
    """
    mirror = np.array([-1.0, 1.0, 1.0]) if side else np.ones(3)
    seen, always = pose.arms[side], np.ones((1, len(frames)))
    joints = [arm.collar, arm.shoulder]
    for start, end, landmark in (("shoulder", "elbow", ELBOWS[side]), ("elbow", "wrist", WRISTS[side])):
        bone = getattr(arm, end) - getattr(arm, start)
        found = apply(chest, unit(bone) * mirror)
        shown = apply(pose.chest, unit(getattr(seen, end) - getattr(seen, start)) * mirror)
        shown = calmed(shown[None], frames, always)[0]
        turn = np.arctan2(shown[:, 1], shown[:, 0]) - np.arctan2(found[:, 1], found[:, 0])
        turn = (turn + np.pi) % (2 * np.pi) - np.pi
        across = np.minimum(np.hypot(shown[:, 0], shown[:, 1]), np.hypot(found[:, 0], found[:, 1]))
        trust = ramp(across, *PICTURED_LENGTH) * ramp(view.pose_visibility[:, landmark], *PICTURED_VISIBILITY)
        turned = apply(np.swapaxes(chest, -1, -2), apply(matrix_about(2, turn * trust), found)) * mirror
        joints.append(joints[-1] + np.linalg.norm(bone, axis=1, keepdims=True) * turned)
    return ArmPoints(*joints)


def calmed(values: F, frames: F, weights: F) -> F:
    """[S, N, D] averaged over time with a bell of `CALM_FRAMES`; rows of weight zero [S, N] count for no other row."""
    total, share = np.zeros_like(values, dtype=np.float64), np.zeros(weights.shape)
    reach = int(np.ceil(2.5 * CALM_FRAMES))
    for step in range(-reach, reach + 1):
        at = np.searchsorted(frames, frames + step).clip(0, max(len(frames) - 1, 0))
        weight = np.exp(-0.5 * (step / CALM_FRAMES) ** 2) * weights[:, at] * (frames[at] == frames + step)
        total += weight[..., None] * values[:, at]
        share += weight
    known = share > 0
    return np.where(known[..., None], total / np.where(known, share, 1.0)[..., None], values)


def _arm(arm: ArmPoints, found: F) -> ArmPoints:
    """The joints of an arm whose bones have the directions found and the lengths they had."""
    joints = [arm.collar]
    for name, start, end in (
        ("collar", arm.collar, arm.shoulder),
        ("upper", arm.shoulder, arm.elbow),
        ("fore", arm.elbow, arm.wrist),
    ):
        length = np.linalg.norm(end - start, axis=1, keepdims=True)
        joints.append(joints[-1] + length * unit(found[:, ARM_OUTPUTS[name]]))
    return ArmPoints(*joints)
