"""AMASS and BEAT2 files (.npz) in and out: SMPL-X poses as axis-angle, BEAT2's expressions.

Columns of a frame, three numbers a joint::

    SMPL-X  165   root 0  body 1..21  jaw 22  eyes 23, 24  left hand 25..39  right hand 40..54
    SMPL-H  156   root 0  body 1..21                       left hand 22..36  right hand 37..51

``smplx117`` keeps joints 13 to 21 and the hands. It has no neck, so on the way in the neck's turn goes into the head's,
and on the way out the neck is straight; pelvis, spine and legs are dropped, and stand still on the way out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nonverbal.formats.npz import Array, NpzFile, write_npz
from nonverbal.formats.sampling import marks, sample_axis_angle, sample_face, sample_values
from nonverbal.formats.take import MAX_FPS, MAX_FRAMES, Take
from nonverbal.media.names import clean_text, printable
from nonverbal.motion.rotations import (
    F,
    axis_angle_from_matrix,
    matrix_about,
    matrix_from_axis_angle,
    shortest_axis_angle,
)
from nonverbal.spaces import SMPLX117_JOINTS, get_space
from nonverbal.timeline import FPS, n_frames
from nonverbal.types import F32
from nonverbal.verdicts import UserError

SMPLX_WIDTH, SMPLH_WIDTH = 165, 156
EXPRESSIONS = 100
"""Expression coefficients a frame that BEAT2 has; ``flame53`` keeps the first 50."""
BETAS = 16

_NECK = slice(36, 39)
_UPPER = slice(39, 66)
_JAW, _EYES = slice(66, 69), slice(69, 75)
_HANDS = {SMPLX_WIDTH: slice(75, 165), SMPLH_WIDTH: slice(66, 156)}
_HEAD = slice(3 * SMPLX117_JOINTS.index("head"), 3 * SMPLX117_JOINTS.index("head") + 3)
_KEPT = get_space("flame53").groups["expression"].stop
_RATES = ("mocap_frame_rate", "mocap_framerate", "fps")
_LARGEST_RAD = 100.0


def amass_take(path: Path, fps: float = FPS, recorded_fps: float | None = None) -> tuple[Take, float]:
    """The motion in `path` as a take at `fps`, and the rate of the file.

    Args:
        recorded_fps: frames a second of the file, where it says nothing of it.

    Raises:
        UserError: it is no .npz, holds a pickle, no poses or of another width, no rate, or numbers that are none.
    """
    file = NpzFile(path)
    try:
        rate = _rate(file, printable(path)) if recorded_fps is None else recorded_fps
        poses = _matrix(file, "poses", printable(path))
        face = _face(file, poses, printable(path))
    finally:
        file.close()
    if not 0 < rate <= MAX_FPS:
        raise UserError(f"{printable(path)}: got {rate} frames a second, expected up to {MAX_FPS:g}")
    count = n_frames(len(poses) / rate, fps)
    at = (np.arange(count) + 0.5) * (rate / fps) - 0.5
    gaze = _gaze(poses)
    seen = np.ones(count, np.bool_)
    parts = dict.fromkeys(("upper_body", "left_hand", "right_hand", "head"), seen)
    parts |= ({"face": seen} if face is not None else {}) | ({"gaze": seen} if gaze is not None else {})
    take = Take(
        name=clean_text(path.stem) or "recording",
        fps=fps,
        face_space=None if face is None else "flame53",
        face=None if face is None else sample_face(face, at, "flame53"),
        body_space="smplx117",
        body=sample_axis_angle(body_of(poses), at),
        gaze=None if gaze is None else sample_values(gaze, at),
        validity=marks(count, **parts),
        source=clean_text(path.name),
    )
    return take, rate


def body_of(poses: F32) -> F32:
    """[N, 117] of poses [N, 165 or 156]: the neck's turn and the head's become one."""
    body = np.concatenate([poses[:, _UPPER], poses[:, _HANDS[poses.shape[1]]]], axis=1)
    bent = np.flatnonzero(poses[:, _NECK].any(axis=1))
    if len(bent):
        neck, head = (matrix_from_axis_angle(part[bent]) for part in (poses[:, _NECK], body[:, _HEAD]))
        body[bent, _HEAD] = axis_angle_from_matrix(neck @ head)
    return shortest_axis_angle(body)


def write_amass(take: Take, path: Path) -> None:
    """Write the body of a take, its gaze as turns of the eyes, and a ``flame53`` face as jaw and expressions.

    Raises:
        UserError: the take has no body.
    """
    if take.body is None:
        raise UserError(f"{take.name}: has no body; expected one for an AMASS file")
    poses = np.zeros((take.n_frames, SMPLX_WIDTH), np.float32)
    upper = _UPPER.stop - _UPPER.start
    poses[:, _UPPER], poses[:, _HANDS[SMPLX_WIDTH]] = take.body[:, :upper], take.body[:, upper:]
    if take.gaze is not None:
        looks = take.gaze.reshape(-1, 2, 2)
        turns = matrix_about(1, looks[..., 0]) @ matrix_about(0, -looks[..., 1])
        poses[:, _EYES] = axis_angle_from_matrix(turns).reshape(-1, 6)
    arrays: dict[str, Array] = {
        "poses": poses,
        "trans": np.zeros((take.n_frames, 3), np.float32),
        "betas": np.zeros(BETAS, np.float32),
        "gender": np.array("neutral"),
        "surface_model_type": np.array("smplx"),
        "mocap_frame_rate": np.array(take.fps),
    }
    if take.face is not None and take.face_space == "flame53":
        poses[:, _JAW] = take.face[:, _KEPT:]
        arrays["expressions"] = np.zeros((take.n_frames, EXPRESSIONS), np.float32)
        arrays["expressions"][:, :_KEPT] = take.face[:, :_KEPT]
    write_npz(path, arrays)


def _rate(file: NpzFile, name: str) -> float:
    for key in _RATES:
        if key in file.names:
            value = file.array(key)
            if value.size != 1 or value.dtype.kind not in "fiu":
                raise UserError(f"{name}: {key} is {value.dtype} {list(value.shape)}, expected one number")
            return float(value.reshape(-1)[0])
    raise UserError(f"{name}: says nothing of its frames a second ({_RATES[0]}); give them with --rate")


def _matrix(file: NpzFile, key: str, name: str) -> F32:
    """[N, C] finite numbers."""
    values = file.array(key)
    if values.ndim != 2 or values.dtype.kind not in "fiu" or not 0 < len(values) <= MAX_FRAMES:
        shown = f"{values.dtype} {list(values.shape)}"
        raise UserError(f"{name}: {key} is {shown}, expected rows of numbers, 1 to {MAX_FRAMES:,} of them")
    if key == "poses" and values.shape[1] not in _HANDS:
        told = f"got poses of {values.shape[1]} numbers, expected {SMPLX_WIDTH} (SMPL-X) or {SMPLH_WIDTH} (SMPL-H)"
        raise UserError(f"{name}: {told}; a model without fingers has no hands to read")
    bad = np.flatnonzero(~(np.abs(values) <= _LARGEST_RAD).all(axis=1))
    if len(bad):
        raise UserError(f"{name}: {key} holds a number that is not finite or above {_LARGEST_RAD:g} in frame {bad[0]}")
    return np.asarray(values, np.float32)


def _face(file: NpzFile, poses: F32, name: str) -> F32 | None:
    """[N, 53] jaw and expressions, where both are there."""
    if "expressions" not in file.names or poses.shape[1] != SMPLX_WIDTH:
        return None
    expressions = _matrix(file, "expressions", name)
    if len(expressions) != len(poses) or expressions.shape[1] < _KEPT:
        shown = list(expressions.shape)
        raise UserError(f"{name}: expressions are {shown}, expected [{len(poses)}, {_KEPT} or more] as there are poses")
    return np.concatenate([expressions[:, :_KEPT], poses[:, _JAW]], axis=1)


def _gaze(poses: F32) -> F32 | None:
    """[N, 4] as in `types.Motion` from the turns of the eyes; None where they never move."""
    if poses.shape[1] != SMPLX_WIDTH or not poses[:, _EYES].any():
        return None
    ahead: F = matrix_from_axis_angle(poses[:, _EYES].reshape(-1, 2, 3))[..., 2]
    yaw = np.arctan2(ahead[..., 0], ahead[..., 2])
    pitch = np.arcsin(np.clip(ahead[..., 1], -1.0, 1.0))
    return np.stack([yaw, pitch], axis=-1).reshape(-1, 4).astype(np.float32)
