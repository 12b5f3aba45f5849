"""VRM animations back as takes, to see what the files keep."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nonverbal.formats.glb_read import read_glb
from nonverbal.formats.take import Take
from nonverbal.formats.vrma import BONES, EXTENSION
from nonverbal.media.names import clean_text, printable
from nonverbal.motion.rotations import (
    F,
    axis_angle_from_matrix,
    axis_angle_from_quaternion,
    matrix_from_axis_angle,
)
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.timeline import FPS
from nonverbal.types import F32
from nonverbal.verdicts import UserError

_HEAD = SMPLX117_JOINTS.index("head")


def read_vrma(path: Path) -> Take:
    """The take in a VRM animation that `write_vrma` wrote; both eyes look the same way.

    Raises:
        UserError: it is no whole GLB, or holds no VRM animation.
    """
    file = read_glb(path)
    extension = file.tree.get("extensions", {}).get(EXTENSION)
    if extension is None:
        raise UserError(f"{printable(path)}: has no {EXTENSION}; expected a VRM animation")
    tracks = file.tracks()
    times = next(iter(tracks.values())).times_s
    count = len(times)
    fps = round((count - 1) / float(times[-1]), 5) if count > 1 else FPS  # times are float32
    bones = {name: bone["node"] for name, bone in extension["humanoid"]["humanBones"].items()}
    turns = {name: tracks[node, "rotation"] for name, node in bones.items() if (node, "rotation") in tracks}
    still = np.zeros((count, 3))
    turn = {name: still if (t := turns.get(name)) is None else _axis_angle(t.values) for name in bones}
    body = np.zeros((count, len(SMPLX117_JOINTS), 3))
    for joint, bone in BONES.items():
        body[:, SMPLX117_JOINTS.index(joint)] = turn[bone]
    body[:, _HEAD] = axis_angle_from_matrix(matrix_from_axis_angle(turn["neck"]) @ matrix_from_axis_angle(turn["head"]))
    custom = extension.get("expressions", {}).get("custom", {})
    face = np.zeros((count, len(ARKIT52_NAMES)), np.float32)
    for name, expression in custom.items():
        face[:, ARKIT52_NAMES.index(name)] = tracks[expression["node"], "translation"].values[:, 0]
    look = extension.get("lookAt")
    gaze = None if look is None else _gaze(tracks[look["node"], "rotation"].values)
    name = clean_text(path.stem) or "recording"
    return Take(name, fps, "arkit52", face, "smplx117", body.reshape(count, -1).astype(np.float32), gaze)


def _axis_angle(quaternions: F) -> F:
    return axis_angle_from_quaternion(np.roll(quaternions, 1, axis=1))


def _gaze(quaternions: F) -> F32:
    ahead = matrix_from_axis_angle(_axis_angle(quaternions))[:, :, 2]
    look = np.stack([np.arctan2(ahead[:, 0], ahead[:, 2]), np.arcsin(np.clip(ahead[:, 1], -1, 1))], axis=1)
    return np.tile(look, 2).astype(np.float32)
