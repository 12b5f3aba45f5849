"""Recorded faces of Live Link Face in the place of acted ones: motion that no table of habits made up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nonverbal.motion.live_link import TURNS, LiveLink, read_live_link
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
from nonverbal.studio.talk import Performance
from nonverbal.timeline import n_frames
from nonverbal.types import F32
from nonverbal.verdicts import UserError

_LONGEST_GAP_S = 0.5


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
    """The recording in `path`, brought to 25 Hz by straight lines between rows, which bridge lost faces too.

    Raises:
        UserError: as `read_live_link`, or there are no turns of the eyes, or holes of over 0.5 s.
    """
    rows = read_live_link(Path(path))
    rises = np.diff(rows.times_s)
    if rises.max() > _LONGEST_GAP_S:
        row = int(np.argmax(rises))
        told = f"second {rows.times_s[row]:.2f} is followed by {rows.times_s[row + 1]:.2f}"
        raise UserError(f"{path}: {told}; expected at most {_LONGEST_GAP_S} s more")
    at_s = frame_centres_s(n_frames(float(rows.times_s[-1])))
    gaze = _looks(rows, at_s, path)
    face = np.stack([np.interp(at_s, rows.times_s, column) for column in rows.face.T], axis=1)
    for name, look in look_coefficients(gaze).items():
        face[:, ARKIT52_NAMES.index(name)] = look
    head = None if rows.head is None else _head(rows.times_s, rows.head, at_s)
    fps = (len(rows.times_s) - 1) / float(rows.times_s[-1])
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


def _looks(rows: LiveLink, at_s: F, path: Path | str) -> F32:
    """[T, 4] gaze at the seconds `at_s`."""
    if rows.gaze is None:
        raise UserError(
            f"{path}: lacks the columns {', '.join(TURNS)}; expected a recording with the turns of the eyes"
        )
    return np.stack([np.interp(at_s, rows.times_s, column) for column in rows.gaze.T], axis=1).astype(np.float32)


def _head(times_s: F, head: F, at_s: F) -> F32:
    """[T, 3] axis-angle."""
    quaternion = continuous_quaternion(quaternion_from_axis_angle(axis_angle_from_matrix(head)))
    mixed = np.stack([np.interp(at_s, times_s, part) for part in quaternion.T], axis=1)
    return axis_angle_from_quaternion(mixed).astype(np.float32)


def _back_and_forth(start: int, count: int, length: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """[count] start, start + 1 .. length - 1, length - 2 .. 0, 1 .."""
    period = max(2 * length - 2, 1)
    at = (start + np.arange(count)) % period
    return np.minimum(at, period - at) if length > 1 else at
