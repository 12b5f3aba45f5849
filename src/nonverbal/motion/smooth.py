"""Smoothing on reading: Savitzky-Golay, window 5, order 2, stretch by stretch.

Stored motion is raw; this is what a reader asks for. A stretch is a maximal run of valid frames of one part in one view
of the person; nothing is ever mixed across its ends, nor across a cut that shows the same person again. At the ends the
polynomial of the last full window is evaluated, so no frame is lost.

Source: the paper filters each utterance with window 5 and order 2, shrinking to odd lengths and lower orders on short
ones. Differs: stretches are those of validity, since both people are kept for the whole clip; and rotations are
filtered as sign-continuous quaternions and put back to unit length, because axis-angle numbers jump at half a turn.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy  # loads its parts when they are used

from nonverbal.motion.rotations import F, axis_angle_from_quaternion, continuous_quaternion, quaternion_from_axis_angle
from nonverbal.spaces import get_space
from nonverbal.types import F32, PARTS, Bool, Motion

WINDOW_FRAMES = 5
ORDER = 2

_SAME_VIEW = 0.4
"""Overlap (shared area over joint area) of a face's boxes in neighbouring frames, below which a cut lies between them:
people move by a tenth of their face in 1/25 s, which leaves 0.7."""


def stretches(valid: Bool, cuts: Sequence[int] = ()) -> list[tuple[int, int]]:
    """The maximal runs of true that begin anew at each of `cuts` (rising), as half-open ``(first, end)``."""
    padded = np.concatenate([[False], np.asarray(valid, dtype=bool), [False]])
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    runs = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return [pair for a, b in runs for pair in itertools.pairwise([a, *(cut for cut in cuts if a < cut < b), b])]


def cuts_of(bbox: F) -> list[int]:
    """The frames in which a face is somewhere else or of another size than in the frame before.

    Args:
        bbox: [T, 4] x0, y0, x1, y1; zero where no face is seen.
    """
    before, after = np.asarray(bbox[:-1], dtype=np.float64), np.asarray(bbox[1:], dtype=np.float64)
    shared = _area(np.concatenate([np.maximum(before, after)[:, :2], np.minimum(before, after)[:, 2:]], axis=1))
    joint = _area(before) + _area(after) - shared
    seen = (_area(before) > 0) & (_area(after) > 0)
    return [int(i) + 1 for i in np.flatnonzero(seen & (shared < _SAME_VIEW * joint))]


def _area(box: F) -> F:
    return np.asarray(np.prod(np.maximum(box[:, 2:] - box[:, :2], 0.0), axis=1))


def smooth_values(
    values: F, valid: Bool, window_frames: int = WINDOW_FRAMES, order: int = ORDER, cuts: Sequence[int] = ()
) -> F32:
    """[T, D] filtered column by column inside each stretch of `valid` [T]; other rows are returned as they are.

    A stretch shorter than the window takes the largest odd window that fits and an order below it; a single frame
    stays as it is.
    """
    smoothed = np.array(values, dtype=np.float64)
    for first, end in stretches(valid, cuts):
        smoothed[first:end] = _filter(smoothed[first:end], window_frames, order)
    return smoothed.astype(np.float32)


def smooth_axis_angle(
    axis_angle: F, valid: Bool, window_frames: int = WINDOW_FRAMES, order: int = ORDER, cuts: Sequence[int] = ()
) -> F32:
    """[T, 3 J] radians, filtered as rotations inside each stretch of `valid` [T]; lengths come back at most pi."""
    rotations = np.array(axis_angle, dtype=np.float64).reshape(len(axis_angle), np.shape(axis_angle)[1] // 3, 3)
    for first, end in stretches(valid, cuts):
        quaternion = continuous_quaternion(quaternion_from_axis_angle(rotations[first:end]))
        filtered = _filter(quaternion.reshape(end - first, -1), window_frames, order)
        rotations[first:end] = axis_angle_from_quaternion(filtered.reshape(quaternion.shape))
    return rotations.reshape(np.shape(axis_angle)).astype(np.float32)


def smooth_motion(motion: Motion, window_frames: int = WINDOW_FRAMES, order: int = ORDER) -> Motion:
    """The same motion with face, body, head pose and gaze smoothed; validity, boxes and speaking stay."""
    valid = {part: motion.validity[:, column] > 0 for column, part in enumerate(PARTS)}
    cuts = cuts_of(motion.bbox)
    body = motion.body.copy()
    for part, columns in get_space(motion.body_space).groups.items():
        body[:, columns] = smooth_axis_angle(motion.body[:, columns], valid[part], window_frames, order, cuts)
    face = smooth_values(motion.face, valid["face"], window_frames, order, cuts)
    if motion.face_space == "arkit52":
        face = np.clip(face, 0.0, 1.0)
    turn = smooth_axis_angle(motion.head_pose[:, :3], valid["head"], window_frames, order, cuts)
    place = smooth_values(motion.head_pose[:, 3:], valid["head"], window_frames, order, cuts)
    return replace(
        motion,
        face=face,
        body=body,
        head_pose=np.concatenate([turn, place], axis=1),
        gaze=smooth_values(motion.gaze, valid["gaze"], window_frames, order, cuts),
    )


def _filter(values: F, window_frames: int, order: int) -> F:
    """[n, D] one stretch; `n` may be below the window."""
    window = min(window_frames, len(values) - (len(values) + 1) % 2)
    if window < 3:
        return values
    return np.asarray(scipy.signal.savgol_filter(values, window, min(order, window - 1), axis=0, mode="interp"))
