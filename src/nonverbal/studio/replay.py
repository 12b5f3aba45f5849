"""Puts a recorded face in the place of an acted one, for motion that no table of habits made up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nonverbal.spaces import SMPLX117_JOINTS
from nonverbal.studio.livelink import Recording
from nonverbal.studio.talk import Performance
from nonverbal.verdicts import UserError


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


def _back_and_forth(start: int, count: int, length: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """[count] start, start + 1 .. length - 1, length - 2 .. 0, 1 .."""
    period = max(2 * length - 2, 1)
    at = (start + np.arange(count)) % period
    return np.minimum(at, period - at) if length > 1 else at
