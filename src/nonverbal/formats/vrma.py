"""VRM animation: humanoid bones, expressions and look for any VRM avatar, as a GLB with ``VRMC_vrm_animation``.

The skeleton stands in the VRM T-pose without any turn of its own, facing z, as ``smplx117`` counts from, so a bone's
rotation is the joint's; the head's goes half to the neck. Coefficients move custom expressions by ARKit's names;
avatars without those follow a few of VRM's own (presets) that are made from them. The look is the mean of both eyes'.

Source: VRM Consortium, "VRMC_vrm_animation-1.0" and "VRMC_vrm-1.0" (humanoid, T-pose).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nonverbal.avatar.gltf import GltfFile
from nonverbal.formats.take import Take
from nonverbal.motion.rotations import (
    F,
    axis_angle_from_matrix,
    continuous_quaternion,
    matrix_about,
    quaternion_from_axis_angle,
    shortest_axis_angle,
)
from nonverbal.motion.skeleton import CHEST, HEAD_OFFSET_M, OFFSETS_M, PARENTS
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.types import F32
from nonverbal.verdicts import UserError

EXTENSION = "VRMC_vrm_animation"
SPEC_VERSION = "1.0"

_ARM = {"collar": "Shoulder", "shoulder": "UpperArm", "elbow": "LowerArm", "wrist": "Hand"}
_FINGERS = {"index": "Index", "middle": "Middle", "pinky": "Little", "ring": "Ring", "thumb": "Thumb"}
_PHALANGES = ("Proximal", "Intermediate", "Distal")
_THUMB = ("Metacarpal", "Proximal", "Distal")

TRUNK: Mapping[str, tuple[str, tuple[float, float, float]]] = {
    "hips": ("", (0.0, 0.95, 0.0)),
    "spine": ("hips", (0.0, 0.10, 0.0)),
    "chest": ("spine", (0.0, 0.13, 0.0)),
    "upperChest": ("chest", (0.0, 0.13, 0.0)),
    "neck": ("upperChest", (0.0, 0.11, -0.01)),
    "head": ("neck", (0.0, HEAD_OFFSET_M[1] - 0.11, HEAD_OFFSET_M[2] + 0.01)),
    "leftUpperLeg": ("hips", (0.09, -0.05, 0.0)),
    "leftLowerLeg": ("leftUpperLeg", (0.0, -0.40, 0.0)),
    "leftFoot": ("leftLowerLeg", (0.0, -0.42, 0.0)),
    "rightUpperLeg": ("hips", (-0.09, -0.05, 0.0)),
    "rightLowerLeg": ("rightUpperLeg", (0.0, -0.40, 0.0)),
    "rightFoot": ("rightLowerLeg", (0.0, -0.42, 0.0)),
}
"""Bones that ``smplx117`` does not have, and the head: parent and place in metres. Trunk and legs stand still."""


def _bone_names() -> dict[str, str]:
    names = {}
    for joint in SMPLX117_JOINTS:
        side, _, part = joint.partition("_")
        if part in _ARM:
            names[joint] = side + _ARM[part]
        elif part:
            finger, number = part[:-1], int(part[-1]) - 1
            names[joint] = side + _FINGERS[finger] + (_THUMB if finger == "thumb" else _PHALANGES)[number]
    return names


BONES: Mapping[str, str] = _bone_names()
"""Joints of ``smplx117`` but the head -> VRM's names of the bones."""

PRESETS: Mapping[str, tuple[str, ...]] = {
    "blinkLeft": ("eyeBlinkLeft",),
    "blinkRight": ("eyeBlinkRight",),
    "aa": ("jawOpen",),
    "ou": ("mouthPucker",),
    "happy": ("mouthSmileLeft", "mouthSmileRight"),
}
"""VRM's own expressions -> the coefficients whose mean they get."""

NECK_SHARE = 0.5
_HEAD = SMPLX117_JOINTS.index("head")
_EYES_M = [0.0, 0.06, 0.06]
"""Where the look starts from, seen from the head bone."""


def write_vrma(take: Take, path: Path, presets: bool = True) -> None:
    """Write a take as a VRM animation; what never moves from rest is left out.

    Args:
        presets: make VRM's own expressions besides those by ARKit's names. An avatar that has both shows both.

    Raises:
        UserError: the face of the take is of another space than ``arkit52``.
    """
    if take.face is not None and take.face_space != "arkit52":
        raise UserError(f"{take.name}: its face is in {take.face_space}, expected arkit52 for a VRM animation")
    nodes, index = _skeleton()
    turns = _turns(take)
    weights = _weights(take, presets)
    look = None if take.gaze is None else _look(take.gaze)
    index |= {name: len(nodes) + i for i, name in enumerate(weights)}
    nodes += [{"name": name} for name in weights]
    roots = [0, *(index[name] for name in weights)]
    extension: dict[str, Any] = {"specVersion": SPEC_VERSION, "humanoid": {"humanBones": _mapped(index, _bones())}}
    if weights:
        kinds = {"preset": [n for n in weights if n in PRESETS], "custom": [n for n in weights if n not in PRESETS]}
        extension["expressions"] = {kind: _mapped(index, names) for kind, names in kinds.items() if names}
    if look is not None:
        index["lookAt"] = len(nodes)
        nodes.append({"name": "lookAt"})
        roots.append(index["lookAt"])
        extension["lookAt"] = {"node": index["lookAt"], "offsetFromHeadBone": _EYES_M}
    file = GltfFile({
        "asset": {"version": "2.0", "generator": "nonverbal"} | ({"copyright": take.licence} if take.licence else {}),
        "extensionsUsed": [EXTENSION], "extensions": {EXTENSION: extension},
        "scene": 0, "scenes": [{"nodes": roots}], "nodes": nodes,
    })  # fmt: skip
    channels = {(index[bone], "rotation"): _quaternions(turn) for bone, turn in turns.items() if turn.any()}
    channels |= {(index[name], "translation"): _pushed(w) for name, w in weights.items()}
    if look is not None:
        channels[index["lookAt"], "rotation"] = _quaternions(look)
    if not channels:  # somebody who never moves: an animation must move something
        channels[0, "rotation"] = _quaternions(np.zeros((take.n_frames, 3)))
    file.tree["animations"] = [_animation(file, take, channels)]
    path.write_bytes(file.to_bytes())


def _animation(file: GltfFile, take: Take, channels: Mapping[tuple[int, str], F32]) -> dict[str, Any]:
    times = file.add((np.arange(take.n_frames) / take.fps).astype(np.float32), bounds=True)
    samplers: list[dict[str, Any]] = []
    targets: list[dict[str, Any]] = []
    for (node, what), values in channels.items():
        targets.append({"sampler": len(samplers), "target": {"node": node, "path": what}})
        samplers.append({"input": times, "output": file.add(values), "interpolation": "LINEAR"})
    return {"name": take.name, "samplers": samplers, "channels": targets}


def _skeleton() -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Nodes of the T-pose and the index of each bone."""
    names = list(_bones())
    index = {name: i for i, name in enumerate(names)}
    joints = {bone: joint for joint, bone in BONES.items()}
    nodes: list[dict[str, Any]] = [{"name": name} for name in names]
    for name in names:
        if name in TRUNK:
            parent, place = TRUNK[name]
        else:
            joint = SMPLX117_JOINTS.index(joints[name])
            above = PARENTS[joint]
            parent = "upperChest" if above == CHEST else BONES[SMPLX117_JOINTS[above]]
            place = tuple(OFFSETS_M[joint])
        nodes[index[name]]["translation"] = [float(value) for value in place]
        if parent:
            nodes[index[parent]].setdefault("children", []).append(index[name])
    return nodes, index


def _bones() -> tuple[str, ...]:
    return (*TRUNK, *BONES.values())


def _mapped(index: Mapping[str, int], names: Iterable[str]) -> dict[str, dict[str, int]]:
    return {name: {"node": index[name]} for name in names}


def _turns(take: Take) -> dict[str, F]:
    """Bone -> its turn [T, 3] as axis-angle; the head's is shared with the neck."""
    if take.body is None:
        return {}
    joints = shortest_axis_angle(take.body).reshape(take.n_frames, -1, 3).astype(np.float64)
    turns = {bone: joints[:, SMPLX117_JOINTS.index(joint)] for joint, bone in BONES.items()}
    head = joints[:, _HEAD]
    return turns | {"neck": NECK_SHARE * head, "head": (1.0 - NECK_SHARE) * head}


def _weights(take: Take, presets: bool) -> dict[str, F32]:
    """Expression -> its weight [T], of those that are ever above zero."""
    if take.face is None:
        return {}
    column = {name: take.face[:, i] for i, name in enumerate(ARKIT52_NAMES)}
    if presets:
        column |= {name: np.mean([column[part] for part in of], axis=0) for name, of in PRESETS.items()}
    return {name: values for name, values in column.items() if values.any()}


def _look(gaze: F32) -> F:
    """[T, 3] axis-angle of the mean of both eyes' directions."""
    yaw, pitch = np.asarray(gaze, np.float64).reshape(-1, 2, 2).mean(axis=1).T
    return axis_angle_from_matrix(matrix_about(1, yaw) @ matrix_about(0, -pitch))


def _quaternions(turn: F) -> F32:
    """[T, 4] x, y, z, w."""
    return np.roll(continuous_quaternion(quaternion_from_axis_angle(turn)), -1, axis=1).astype(np.float32)


def _pushed(weight: F32) -> F32:
    """[T, 3] the place of an expression's node: its weight along x."""
    return np.stack([weight, np.zeros_like(weight), np.zeros_like(weight)], axis=1).astype(np.float32)


def _moves(turn: F) -> bool:
    return bool(turn.any())
