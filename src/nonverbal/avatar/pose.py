"""Avatars in motion: face by facial actions, eyes by gaze, body by ``smplx117``, linear blend skinning."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numba
import numpy as np

from nonverbal.avatar.mesh import Avatar, AvatarModel
from nonverbal.avatar.rest import FINGER_BONES, FOREARM_SHARES
from nonverbal.motion.gaze import LEFT_EYEBALL_M
from nonverbal.motion.rotations import F, axis_angle_from_matrix, matrix_about, matrix_from_axis_angle, twist_angle
from nonverbal.motion.skeleton import forward_kinematics
from nonverbal.spaces import SMPLX117_JOINTS
from nonverbal.types import F32

UPPER_ARM_SHARES = {"upperarm01": 0.5, "upperarm02": 1.0}
"""How much of the shoulder's twist each bone of the upper arm takes."""

_SPINE_SHARES = {"root": 0.0, "spine05": 0.15, "spine04": 0.4, "spine03": 0.7, "spine02": 0.9, "spine01": 1.0}
_NECK_SHARES = {"neck01": 0.25, "neck02": 0.5, "neck03": 0.75}
HEAD_TILT_RAD = float(np.radians(5.5))
"""How far Anny's head at rest must be tilted for what counts as straight on real faces, whose zero of pitch is that of
MediaPipe's face geometry (`motion/head.py`)."""

_EYES_TO_CORNERS_M = -LEFT_EYEBALL_M * np.array([0.0, -1.0, -1.0])  # that one is in the head frame, y down, z back
_X = 0


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """An avatar in N frames, seat axes, metres, from the resting place of the chest's origin.

    Attributes:
        vertices: [N, V, 3].
        bone_heads: [N, B, 3] where each bone starts.
        bone_turns: [N, B, 3, 3] turn of each bone from the T-pose.
    """

    vertices: F32
    bone_heads: F
    bone_turns: F


def pose(avatar: Avatar, face: F32, gaze: F32, body: F32, chest: F, origin_m: F) -> Posed:
    """Poses an avatar.

    Args:
        face: [N, 52] ``arkit52``; its eyeLook columns move the lids.
        gaze: [N, 4] left yaw, left pitch, right yaw, right pitch in radians relative to the head; turns the eyeballs.
        body: [N, 117] ``smplx117``.
        chest: [N, 3] axis-angle of the chest in seat axes.
        origin_m: [N, 3] the chest's origin.
    """
    model = avatar.model
    heads, turns = pose_bones(avatar, gaze, body, chest, origin_m)
    skin = turns @ avatar.align
    shift = heads - np.einsum("nbij,bj->nbi", skin, avatar.bone_heads_m.astype(np.float64))
    transforms = np.concatenate([skin, shift[..., None]], axis=-1).astype(np.float32)
    vertices = np.empty((len(body), len(avatar.rest_m), 3), np.float32)
    _skin(
        vertices, avatar.rest_m, np.ascontiguousarray(face, np.float32), transforms, model.weights, model.weight_bones,
        model.action_start, model.action_ids, model.action_m,
    )  # fmt: skip
    return Posed(vertices, heads, turns)


def pose_bones(avatar: Avatar, gaze: F32, body: F32, chest: F, origin_m: F) -> tuple[F, F]:
    """`bone_heads` and `bone_turns` of `Posed`, without moving a vertex; arguments as for `pose`."""
    turns = _bone_turns(avatar.model, np.asarray(gaze, np.float64), np.asarray(body, np.float64), chest)
    return _bone_heads(avatar, turns @ avatar.align, np.asarray(origin_m, np.float64)), turns


def head_frames(avatar: Avatar, body: F32, chest: F, origin_m: F) -> tuple[F, F]:
    """Where heads are, without moving a vertex.

    Returns:
        the turn of the head [N, 3, 3], and the middle of the four eye corners [N, 3], both in seat axes.
    """
    model, rest = avatar.model, avatar.bone_heads_m.astype(np.float64)
    chest_turn = matrix_from_axis_angle(chest)
    column = 3 * SMPLX117_JOINTS.index("head")
    bend = np.asarray(body[:, column : column + 3], np.float64)
    place = np.asarray(origin_m, np.float64) + chest_turn @ rest[model.bone("neck01")]
    names = [*_NECK_SHARES, "head"]
    for name, above in pairwise(names):
        turn = chest_turn @ matrix_from_axis_angle(_NECK_SHARES[name] * bend)
        place = place + turn @ (rest[model.bone(above)] - rest[model.bone(name)])
    turn = chest_turn @ matrix_from_axis_angle(bend)
    eyes = 0.5 * (rest[model.bone("eye.L")] + rest[model.bone("eye.R")]) + _EYES_TO_CORNERS_M
    return turn, place + turn @ (eyes - rest[model.bone("head")])


def _bone_turns(model: AvatarModel, gaze: F, body: F, chest: F) -> F:
    """[N, B, 3, 3] the turn of each bone from the T-pose."""
    chest_turn = matrix_from_axis_angle(chest)
    _, _, joints = forward_kinematics(body, chest_turn)
    local = matrix_from_axis_angle(body.reshape(len(body), -1, 3))
    joint = {name: joints[:, i] for i, name in enumerate(SMPLX117_JOINTS)}
    bend = {name: local[:, i] for i, name in enumerate(SMPLX117_JOINTS)}
    turn = {name: _share(chest_turn, share) for name, share in _SPINE_SHARES.items()}
    turn |= {name: chest_turn @ _share(bend["head"], share) for name, share in _NECK_SHARES.items()}
    turn["head"] = joint["head"]
    for index, (side, letter) in enumerate((("left", "L"), ("right", "R"))):
        turn[f"eye.{letter}"] = turn["head"] @ _eye_turn(gaze[:, 2 * index], gaze[:, 2 * index + 1])
        collar = turn[f"clavicle.{letter}"] = turn[f"shoulder01.{letter}"] = joint[f"{side}_collar"]
        shoulder = joint[f"{side}_shoulder"]
        for name, share in UPPER_ARM_SHARES.items():
            turn[f"{name}.{letter}"] = collar @ _with_twist(bend[f"{side}_shoulder"], share)
        for name, share in FOREARM_SHARES.items():
            turn[f"{name}.{letter}"] = shoulder @ _with_twist(bend[f"{side}_elbow"], share)
        for name in ("wrist", *(f"metacarpal{i}" for i in range(1, 5))):
            turn[f"{name}.{letter}"] = joint[f"{side}_wrist"]
        for finger, bone in FINGER_BONES.items():
            for number in (1, 2, 3):
                turn[f"{bone}-{number}.{letter}"] = joint[f"{side}_{finger}{number}"]
    still = np.broadcast_to(np.eye(3), chest_turn.shape)
    return np.stack([turn.get(name, still) for name in model.bones], axis=1)


def _share(turn: F, share: float) -> F:
    return matrix_from_axis_angle(share * axis_angle_from_matrix(turn))


def _with_twist(turn: F, share: float) -> F:
    """The turn with only a share of its twist about x, the bone's own axis."""
    return turn @ matrix_about(_X, (share - 1.0) * twist_angle(turn, _X))


def _eye_turn(yaw: F, pitch: F) -> F:
    """[N, 3, 3] the eye's turn relative to the head: up by `pitch`, then to the person's left by `yaw`."""
    return matrix_about(1, yaw) @ matrix_about(0, -pitch)


def _bone_heads(avatar: Avatar, skin: F, origin_m: F) -> F:
    """[N, B, 3] where bones start: outwards from the last vertebra, downwards from it to the root."""
    model, rest = avatar.model, avatar.bone_heads_m.astype(np.float64)
    heads = np.zeros((len(skin), len(model.bones), 3))
    top = model.bone("spine01")
    heads[:, top] = origin_m + skin[:, top] @ rest[top]
    child, parent = top, model.parents[top]
    while parent >= 0:
        heads[:, parent] = heads[:, child] - skin[:, parent] @ (rest[child] - rest[parent])
        child, parent = parent, model.parents[parent]
    known = {top, *_above(model, top)}
    for bone, parent in enumerate(model.parents):
        if bone not in known:
            heads[:, bone] = heads[:, parent] + skin[:, parent] @ (rest[bone] - rest[parent])
    return heads


def _above(model: AvatarModel, bone: int) -> list[int]:
    parent = model.parents[bone]
    return [] if parent < 0 else [parent, *_above(model, parent)]


@numba.njit(parallel=True, cache=True)
def _skin(out, rest, face, transforms, weights, weight_bones, action_start, action_ids, action_m):  # type: ignore[no-untyped-def]  # numba types it
    """Vertices [N, V, 3]: facial actions added to the rest shape, then moved by the weighted mean of its bones."""
    count, n_bones = weights.shape
    for n in numba.prange(out.shape[0]):
        for v in range(count):
            x, y, z = rest[v, 0], rest[v, 1], rest[v, 2]
            for k in range(action_start[v], action_start[v + 1]):
                strength = face[n, action_ids[k]]
                if strength != 0.0:
                    x += strength * action_m[k, 0]
                    y += strength * action_m[k, 1]
                    z += strength * action_m[k, 2]
            a = b = c = np.float32(0.0)
            for k in range(n_bones):
                w = weights[v, k]
                if w == 0.0:
                    continue
                t = transforms[n, weight_bones[v, k]]
                a += w * (t[0, 0] * x + t[0, 1] * y + t[0, 2] * z + t[0, 3])
                b += w * (t[1, 0] * x + t[1, 1] * y + t[1, 2] * z + t[1, 3])
                c += w * (t[2, 0] * x + t[2, 1] * y + t[2, 2] * z + t[2, 3])
            out[n, v, 0], out[n, v, 1], out[n, v, 2] = a, b, c
