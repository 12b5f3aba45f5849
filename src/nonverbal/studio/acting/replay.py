"""Recorded faces in the place of acted ones: motion that no table of habits made up.

Reads Live Link Face recordings, CSV files with a timecode, the ARKit coefficients and the turns of head and eyes.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nonverbal.motion.looks import look_coefficients
from nonverbal.motion.rotations import (
    F,
    axis_angle_from_matrix,
    axis_angle_from_quaternion,
    continuous_quaternion,
    quaternion_from_axis_angle,
)
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.studio.acting.curves import frame_centres_s
from nonverbal.studio.acting.facing import turn
from nonverbal.studio.talk import Performance
from nonverbal.timeline import n_frames
from nonverbal.types import F32
from nonverbal.verdicts import UserError

_TURNS = tuple(part + angle for part in ("Head", "LeftEye", "RightEye") for angle in ("Yaw", "Pitch", "Roll"))
COLUMNS = tuple(name[0].upper() + name[1:] for name in ARKIT52_NAMES) + _TURNS
"""The 61 columns of numbers a recording must have, in any order, besides ``Timecode``."""

_LONGEST_GAP_S = 0.5
_DAY_S = 86400.0


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recorded face on the 25 Hz grid, T frames.

    Attributes:
        face: [T, 52] ``arkit52``; the eyeLook columns follow from `gaze`.
        head: [T, 3] axis-angle in seat axes (x to the person's left, y up, z forward); None where the recording has no
            turn of the head, as all zeros mean.
        gaze: [T, 4] as in `Motion`.
        recorded_fps: rows a second of the file, by its timecode.
    """

    face: F32
    head: F32 | None
    gaze: F32
    recorded_fps: float

    @property
    def n_frames(self) -> int:
        return len(self.face)


def read_arkit_csv(path: Path | str) -> Recording:
    """The recording in `path`, brought to 25 Hz by straight lines between rows.

    A timecode is ``hours:minutes:seconds:frames``. How many of its frames make a second is read off where it rolls over
    into the next second (59.648 followed by 1.648 at steps of 2: sixty), and rows a second follow from the times: a
    file that counts sixty may well hold thirty. Rows without a face (no numbers) are bridged.

    Raises:
        UserError: it cannot be read, is empty, lacks columns, holds numbers that are none, or has holes of over 0.5 s.
    """
    stamps, values = _rows(Path(path))
    times_s = _seconds(stamps, Path(path))
    rises = np.diff(times_s)
    if (rises <= 0).any() or rises.max() > _LONGEST_GAP_S:
        row = int(np.argmax((rises <= 0) | (rises > _LONGEST_GAP_S)))
        raise UserError(
            f"{path}: timecode {stamps[row]} is followed by {stamps[row + 1]}; expected 0 to {_LONGEST_GAP_S} s more"
        )
    count = n_frames(float(times_s[-1] - times_s[0]))
    at_s = times_s[0] + frame_centres_s(count)
    column = {name: np.interp(at_s, times_s, values[:, i]) for i, name in enumerate(COLUMNS)}
    gaze = _gaze(column)
    face = np.stack([column[name[0].upper() + name[1:]] for name in ARKIT52_NAMES], axis=1)
    for name, look in look_coefficients(gaze).items():
        face[:, ARKIT52_NAMES.index(name)] = look
    head = _head(times_s, values, at_s) if np.any(values[:, 52:55]) else None
    fps = (len(times_s) - 1) / float(times_s[-1] - times_s[0])
    return Recording(np.clip(face, 0.0, 1.0).astype(np.float32), head, gaze, fps)


def replay(performance: Performance, recording: Recording, start: int = 0) -> Performance:
    """`performance` with face, gaze and, where it was recorded, head of `recording` from its frame `start` on.

    The recording goes back and forth where it is shorter, so nothing jumps. The head's turn is told against the chest.

    Raises:
        UserError: `start` lies outside the recording.
    """
    if not 0 <= start < recording.n_frames:
        raise UserError(f"the recording has {recording.n_frames} frames; expected a start among them, got {start}")
    rows = _back_and_forth(start, len(performance.face), recording.n_frames)
    body = performance.body
    if recording.head is not None:
        joints = body.reshape(len(body), -1, 3).copy()
        joints[:, SMPLX117_JOINTS.index("head")] = recording.head[rows]
        body = joints.reshape(len(body), -1)
    return replace(performance, face=recording.face[rows], gaze=recording.gaze[rows], body=body)


def _rows(path: Path) -> tuple[list[str], F]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as a CSV file: {error}") from error
    if len(table) < 3:
        raise UserError(f"{path} has {max(len(table) - 1, 0)} rows of numbers; expected a recording of at least two")
    header = table[0]
    missing = [name for name in ("Timecode", *COLUMNS) if name not in header]
    if missing:
        named = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise UserError(f"{path} lacks the columns {named}; expected a recording of Live Link Face (CSV)")
    stamp, places = header.index("Timecode"), [header.index(name) for name in COLUMNS]
    faces = [(line, row) for line, row in enumerate(table[1:], start=2) if any(cell.strip() for cell in row[2:])]
    stamps, values = [], np.zeros((len(faces), len(COLUMNS)))
    for i, (line, row) in enumerate(faces):
        try:
            values[i] = [float(row[place]) for place in places]
        except (ValueError, IndexError) as error:
            raise UserError(f"{path}, line {line}: expected {len(COLUMNS)} numbers, got {error}") from error
        stamps.append(row[stamp])
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(bad):
        raise UserError(f"{path}, line {faces[int(bad[0])][0]}: holds a number that is not finite")
    return stamps, values


def _seconds(stamps: list[str], path: Path) -> F:
    """[N] seconds of each timecode."""
    try:
        parts = np.array([[float(part) for part in stamp.split(":")] for stamp in stamps])
    except ValueError as error:
        raise UserError(f"{path}: a timecode is not made of numbers: {error}") from error
    if parts.ndim != 2 or parts.shape[1] != 4 or len(parts) < 2:
        raise UserError(f"{path}: expected two timecodes or more such as 13:13:04:31.652, got {stamps[:1]}")
    whole = parts[:, :3] @ [3600.0, 60.0, 1.0]
    rolls = np.flatnonzero(np.diff(whole) == 1.0)
    if not len(rolls):
        raise UserError(f"{path} is too short: its timecode never reaches a next second, so its rate cannot be told")
    step = np.median(np.diff(parts[:, 3]))
    per_second = np.round(np.median(parts[rolls, 3] - parts[rolls + 1, 3]) + step)
    seconds = whole + parts[:, 3] / max(per_second, 1.0)
    return np.asarray(seconds + _DAY_S * np.cumsum(np.diff(seconds, prepend=seconds[0]) < -_DAY_S / 2))


def _gaze(column: dict[str, F]) -> F32:
    """[T, 4] from the turns of the eyes, which the file counts to the person's right and downwards.

    The file lets parallel eyes diverge by some degrees; the median of that is taken out.
    """
    left, right = -column["LeftEyeYaw"], -column["RightEyeYaw"]
    apart = np.median(left - right) / 2.0
    gaze = np.stack([left - apart, -column["LeftEyePitch"], right + apart, -column["RightEyePitch"]], axis=1)
    return gaze.astype(np.float32)


def _head(times_s: F, values: F, at_s: F) -> F32:
    """[T, 3] axis-angle; signs are taken to be those of the eyes' columns."""
    yaw, pitch, roll = values[:, 52:55].T
    rotations = axis_angle_from_matrix(turn(np.stack([-yaw, -pitch, roll], axis=1)))
    quaternion = continuous_quaternion(quaternion_from_axis_angle(rotations))
    mixed = np.stack([np.interp(at_s, times_s, part) for part in quaternion.T], axis=1)
    return axis_angle_from_quaternion(mixed).astype(np.float32)


def _back_and_forth(start: int, count: int, length: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """[count] start, start + 1 .. length - 1, length - 2 .. 0, 1 .."""
    period = max(2 * length - 2, 1)
    at = (start + np.arange(count)) % period
    return np.minimum(at, period - at) if length > 1 else at
