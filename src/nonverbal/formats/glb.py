"""An avatar that performs a take, as GLB, and how far the file's motion is from the take's."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nonverbal.avatar.dress import dress
from nonverbal.avatar.glb import avatar_glb
from nonverbal.avatar.gltf_animation import Performed
from nonverbal.avatar.rig import TURNING, local_turns
from nonverbal.chat.clip import gaze_of
from nonverbal.formats.differences import Difference, told
from nonverbal.formats.glb_read import read_glb
from nonverbal.formats.take import Take
from nonverbal.motion.rotations import F, angle_between_rad, axis_angle_from_quaternion, matrix_from_axis_angle
from nonverbal.motion.skeleton import resting_body
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.studio.casting import cast_person
from nonverbal.studio.talk import PARTICIPANTS
from nonverbal.ticks import Tick, silent
from nonverbal.verdicts import UserError

_BLOCK = 1024  # frames compared at a time


def write_glb(take: Take, path: Path, person: int = 5, tick: Tick = silent) -> None:
    """Write the avatar of a made-up person that performs the take; without a body it sits still.

    Raises:
        UserError: the face of the take is of another space than ``arkit52``, or a package is missing.
    """
    tick("avatar", 0, 2)
    cast = cast_person(person, PARTICIPANTS[0])
    dressed = dress(cast.avatar, cast.look)
    tick("avatar", 1, 2)
    path.write_bytes(avatar_glb(dressed, [performed(take)]))
    tick("avatar", 2, 2)


def performed(take: Take) -> Performed:
    """The take as the avatar performs it: a face at rest where there is none, eyes as the face's coefficients say.

    Raises:
        UserError: the face of the take is of another space than ``arkit52``.
    """
    if take.face is not None and take.face_space != "arkit52":
        raise UserError(f"{take.name}: its face is in {take.face_space}, expected arkit52, which the avatar performs")
    face = np.zeros((take.n_frames, len(ARKIT52_NAMES)), np.float32) if take.face is None else take.face
    body = np.tile(resting_body(), (take.n_frames, 1)) if take.body is None else take.body
    gaze = gaze_of(face) if take.gaze is None else take.gaze
    return Performed(take.name, take.fps, face, body, gaze)


def glb_differences(take: Take, path: Path) -> tuple[Difference, ...]:
    """How far each bone's turn and each coefficient in the file are from what the avatar is to perform.

    Raises:
        UserError: the file is damaged, or holds another number of frames.
    """
    file = read_glb(path)
    tracks = file.tracks()
    wanted = performed(take)
    nodes = {node.get("name"): index for index, node in enumerate(file.tree["nodes"])}
    weights = tracks[nodes["face"], "weights"].values
    if len(weights) != take.n_frames:
        raise UserError(f"{take.name}: reading back gave {len(weights)} frames, expected {take.n_frames}")
    errors = np.zeros((take.n_frames, len(TURNING)))
    for first in range(0, take.n_frames, _BLOCK):
        rows = slice(first, first + _BLOCK)
        turns = local_turns(wanted.body[rows], None if wanted.gaze is None else wanted.gaze[rows])
        for column, bone in enumerate(TURNING):
            track = tracks.get((nodes[bone], "rotation"))
            still = np.broadcast_to(np.eye(3), (len(turns), 3, 3))
            read = still if track is None else _matrices(track.values[rows])
            errors[rows, column] = np.degrees(angle_between_rad(turns[:, column], read))
    return told("bones", "degrees", errors), told("face", "coefficient", np.abs(weights - wanted.face))


def _matrices(quaternions: F) -> F:
    return matrix_from_axis_angle(axis_angle_from_quaternion(np.roll(quaternions, 1, axis=1)))
