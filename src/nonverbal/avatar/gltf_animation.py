"""Motion in an avatar's file: a key a frame for each bone that turns and for all facial actions together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nonverbal.avatar.gltf import GltfFile
from nonverbal.avatar.rig import TURNING, local_turns
from nonverbal.motion.rotations import (
    F,
    axis_angle_from_matrix,
    continuous_quaternion,
    quaternion_from_axis_angle,
)
from nonverbal.types import F32

_STILL_RAD = 1e-6
_BLOCK = 1024  # frames at a time: matrices of an hour would take gigabytes


@dataclass(frozen=True, slots=True, eq=False)
class Performed:
    """T frames of motion for an avatar.

    Attributes:
        name: what viewers list it as.
        fps: frames per second; frame i is due at ``i / fps`` seconds.
        face: [T, 52] ``arkit52``.
        body: [T, 117] ``smplx117``.
        gaze: [T, 4] radians as in `types.Motion`; None looks straight ahead.
    """

    name: str
    fps: float
    face: F32
    body: F32
    gaze: F32 | None = None


def add_animation(file: GltfFile, performed: Performed, bones: Mapping[str, int], face: int) -> None:
    """Adds a motion to a file.

    Args:
        bones: name of each bone -> its node.
        face: the node whose mesh has the facial actions as targets.

    Raises:
        ValueError: there is no frame, or arrays differ in length.
    """
    count = len(performed.face)
    if not count or len(performed.body) != count or (performed.gaze is not None and len(performed.gaze) != count):
        raise ValueError(f"{performed.name}: {count} frames of face, {len(performed.body)} of body: expected as many")
    times = file.add((np.arange(count) / performed.fps).astype(np.float32), bounds=True)
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []

    def add(node: int, path: str, values: F32) -> None:
        channels.append({"sampler": len(samplers), "target": {"node": node, "path": path}})
        samplers.append({"input": times, "output": file.add(np.ascontiguousarray(values, np.float32))})

    wxyz, largest_rad = _rotations(performed)
    for column, bone in enumerate(TURNING):
        if largest_rad[column] > _STILL_RAD:
            add(bones[bone], "rotation", np.roll(wxyz[:, column], -1, axis=1))
    add(face, "weights", performed.face.reshape(-1))
    animations = file.tree.setdefault("animations", [])
    animations.append({"name": performed.name, "channels": channels, "samplers": samplers})


def _rotations(performed: Performed) -> tuple[F32, F]:
    """[T, B, 4] w, x, y, z of each bone of `TURNING`, neighbours near as numbers; [B] how far it turns at most."""
    count = len(performed.body)
    rotations = np.empty((count, len(TURNING), 4), np.float32)
    largest_rad = np.zeros(len(TURNING))
    last, sign = None, np.ones((len(TURNING), 1))
    for first in range(0, count, _BLOCK):
        rows = slice(first, first + _BLOCK)
        gaze = None if performed.gaze is None else performed.gaze[rows]
        turns = axis_angle_from_matrix(local_turns(performed.body[rows], gaze))
        largest_rad = np.maximum(largest_rad, np.abs(turns).max(axis=(0, 2)))
        found = quaternion_from_axis_angle(turns)
        joined = found if last is None else np.concatenate([last[None], found])
        signed = sign * continuous_quaternion(joined)[-len(found) :]
        rotations[rows] = signed
        last, sign = found[-1], np.sign(np.sum(signed[-1] * found[-1], axis=-1, keepdims=True))
    return rotations, largest_rad
