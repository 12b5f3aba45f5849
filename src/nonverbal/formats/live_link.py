"""Live Link Face recordings (CSV) in and out: 52 coefficients and the turns of head and eyes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nonverbal.formats.sampling import marks, sample_axis_angle, sample_values
from nonverbal.formats.take import Take
from nonverbal.media.names import clean_text
from nonverbal.motion.live_link import COLUMNS, TURNS, LiveLink, read_live_link
from nonverbal.motion.rotations import F, axis_angle_from_matrix, matrix_from_axis_angle
from nonverbal.motion.skeleton import resting_body
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.ticks import Tick, silent
from nonverbal.timeline import FPS, n_frames
from nonverbal.types import F32, Bool
from nonverbal.verdicts import UserError

APP_ORDER = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft", "eyeSquintLeft",
    "eyeWideLeft", "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight", "jawForward", "jawRight", "jawLeft", "jawOpen", "mouthClose", "mouthFunnel",
    "mouthPucker", "mouthRight", "mouthLeft", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight", "mouthRollLower", "mouthRollUpper",
    "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft",
    "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "browDownLeft", "browDownRight", "browInnerUp",
    "browOuterUpLeft", "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft",
    "noseSneerRight", "tongueOut",
)  # fmt: skip
"""The coefficients in the order in which the app writes them."""

_BRIDGED_S = 0.2
"""Longer holes between rows are marked as not valid."""

_ROUNDED_FRAMES = 0.01
"""A last frame of which less than that is covered comes from times that are rounded."""

_HEAD = SMPLX117_JOINTS.index("head")
_COUNTS_UP_TO = 100  # a timecode has two digits for the frames of a second


def live_link_take(path: Path, fps: float = FPS, counted_fps: float | None = None) -> tuple[Take, LiveLink]:
    """The recording in `path` as a take at `fps`, and its rows.

    Frames further than 0.1 s from a row with a face are marked as not valid. Where the head was recorded there is a
    body: arms at rest, marked as not seen, and the head's turn.

    Args:
        counted_fps: as for `read_live_link`.

    Raises:
        UserError: as `read_live_link`.
    """
    rows = read_live_link(path, counted_fps)
    count = n_frames(float(rows.times_s[-1]) + 1.0 / rows.fps - _ROUNDED_FRAMES / fps, fps)
    centres_s = (np.arange(count) + 0.5) / fps
    at = np.interp(centres_s, rows.times_s + 0.5 / rows.fps, np.arange(len(rows.times_s)))
    seen = _seen(at, rows)
    parts = {"face": seen} | ({"gaze": seen} if rows.gaze is not None else {})
    body = None
    if rows.head is not None:
        body, parts["head"] = _body(rows.head, at), seen
    take = Take(
        name=clean_text(path.stem) or "recording",
        fps=fps,
        face_space="arkit52",
        face=np.clip(sample_values(rows.face, at), 0.0, 1.0),
        body_space=None if body is None else "smplx117",
        body=body,
        gaze=None if rows.gaze is None else sample_values(rows.gaze, at),
        validity=marks(count, **parts),
        source=f"Live Link Face {clean_text(path.name)}",
    )
    return take, rows


def _seen(at: F, rows: LiveLink) -> Bool:
    """[T] whether the row numbers `at` lie between two rows that follow each other closely."""
    gaps = np.append(np.diff(rows.times_s), 0.0) > max(_BRIDGED_S, 1.5 / rows.fps)
    return ~(gaps[np.floor(at).astype(np.int64)] & (at % 1.0 > 0.0))


def _body(head: F, at: F) -> F32:
    joints = np.tile(resting_body(), (len(at), 1)).reshape(len(at), -1, 3)
    joints[:, _HEAD] = sample_axis_angle(axis_angle_from_matrix(head), at)
    return joints.reshape(len(at), -1)


def write_live_link(take: Take, path: Path, tick: Tick = silent) -> None:
    """Write the face, the gaze and the head's turn of a take as the app does, one row a frame.

    Raises:
        UserError: the take has no ``arkit52`` face.
    """
    if take.face is None or take.face_space != "arkit52":
        raise UserError(f"{take.name}: has no arkit52 face; expected one for a Live Link Face file")
    order = [ARKIT52_NAMES.index(name) for name in APP_ORDER]
    numbers = np.concatenate([take.face[:, order], _turns(take)], axis=1)
    names = tuple(name[0].upper() + name[1:] for name in APP_ORDER) + TURNS
    counted = counted_frames(take.fps)
    with path.open("w", encoding="ascii", newline="") as file:
        file.write(",".join(("Timecode", "BlendShapeCount", *names)) + "\r\n")
        row = f"%s,{len(COLUMNS)}" + ",%.10f" * len(COLUMNS) + "\r\n"
        for frame, values in enumerate(numbers):
            file.write(row % (timecode(frame / take.fps, counted), *values))
            tick("rows", frame + 1, take.n_frames)


def counted_frames(fps: float) -> int:
    """How many frames a second a timecode of `fps` rows a second counts: as many, or more where that is no whole."""
    return int(min(max(np.ceil(fps - 1e-9), 1), _COUNTS_UP_TO))


def timecode(time_s: float, counted: int) -> str:
    """``HH:MM:SS:FF.fff`` of a time; what is no whole frame of `counted` a second stands behind the point."""
    thousandths = round(time_s * counted * 1000)
    whole, frames = divmod(thousandths, counted * 1000)
    return f"{whole // 3600 % 24:02}:{whole // 60 % 60:02}:{whole % 60:02}:{frames // 1000:02}.{frames % 1000:03}"


def _turns(take: Take) -> F:
    """[T, 9] yaw, pitch and roll of head, left and right eye as the app counts them; zero where they are not known."""
    turns = np.zeros((take.n_frames, 9))
    if take.body is not None:
        columns = slice(3 * _HEAD, 3 * _HEAD + 3)
        turns[:, :3] = head_angles(matrix_from_axis_angle(take.body[:, columns]))
    if take.gaze is not None:
        turns[:, [3, 4, 6, 7]] = -take.gaze
    return turns


def head_angles(head: F) -> F:
    """[T, 3] yaw to the person's right, pitch down, roll to the right of ``Ry(-yaw) Rx(pitch) Rz(roll)`` [T, 3, 3].

    Yaw is found first and taken out, so that the product holds even where yaw and roll cannot be told apart.
    """
    yaw = np.arctan2(-head[:, 0, 2], head[:, 2, 2])
    cosine, sine = np.cos(yaw), np.sin(yaw)
    pitch = np.arctan2(-head[:, 1, 2], -sine * head[:, 0, 2] + cosine * head[:, 2, 2])
    roll = np.arctan2(-cosine * head[:, 0, 1] - sine * head[:, 2, 1], cosine * head[:, 0, 0] + sine * head[:, 2, 0])
    return np.stack([yaw, pitch, roll], axis=1)
