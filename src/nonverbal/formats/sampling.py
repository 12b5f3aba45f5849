"""Takes at other rates, cut to a stretch, and with gaps held: rotations by slerp, coefficients by straight lines.

A frame stands for its middle: at 25 frames a second, frame i for second ``(i + 0.5) / 25``. So equal rates give equal
values, and a recording of any rate keeps its time.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nonverbal.formats.take import Take
from nonverbal.motion.rotations import F, axis_angle_from_matrix, matrix_from_axis_angle, shortest_axis_angle
from nonverbal.motion.skeleton import resting_body
from nonverbal.spaces import get_space
from nonverbal.timeline import frame_at, n_frames
from nonverbal.types import F32, PARTS, U8, Bool
from nonverbal.verdicts import UserError

_BLOCK = 2048  # frames sampled at a time: 40 joints of them in matrices are 6 MB

FLAME_JAW = get_space("flame53").groups["jaw"]
"""The columns of ``flame53`` that are a rotation."""


def resampled(take: Take, fps: float) -> Take:
    """The take at `fps` frames a second; what it holds where it is not valid is bridged first (`held`)."""
    if fps == take.fps:
        return take
    count = n_frames(take.duration_s, fps)
    at = (np.arange(count) + 0.5) * (take.fps / fps) - 0.5
    take = held(take)
    nearest = np.clip(np.floor(at + 0.5).astype(np.int64), 0, take.n_frames - 1)
    return replace(
        take,
        fps=fps,
        face=None if take.face is None else sample_face(take.face, at, take.face_space),
        body=None if take.body is None else sample_axis_angle(take.body, at),
        gaze=None if take.gaze is None else sample_values(take.gaze, at),
        validity=None if take.validity is None else take.validity[nearest],
    )


def cut(take: Take, start_s: float, end_s: float | None) -> Take:
    """The frames that begin in ``[start_s, end_s)``, told from the first of them; words that lie in it as a whole.

    Raises:
        UserError: no frame lies in it.
    """
    first = frame_at(start_s, take.fps) if np.isfinite(start_s) else -1
    last = take.n_frames if end_s is None else min(n_frames(end_s, take.fps) if end_s > 0 else 0, take.n_frames)
    if not 0 <= first < last:
        asked = f"{start_s} to {take.duration_s if end_s is None else end_s} s"
        raise UserError(f"{take.name}: no frame lies from {asked}; it lasts {take.duration_s:.2f} s")
    rows, begin_s, stop_s = slice(first, last), first / take.fps, last / take.fps
    words = tuple(
        replace(word, start_s=max(word.start_s - begin_s, 0.0), end_s=word.end_s - begin_s)
        for word in take.words
        if word.start_s >= begin_s - 1e-9 and word.end_s <= stop_s + 1e-9
    )
    return replace(
        take,
        face=None if take.face is None else take.face[rows],
        body=None if take.body is None else take.body[rows],
        gaze=None if take.gaze is None else take.gaze[rows],
        validity=None if take.validity is None else take.validity[rows],
        words=words,
    )


def held(take: Take) -> Take:
    """The take with what is not valid in the place of it: the nearest valid frame of the same part.

    A part that is never valid stays as it is; an upper body that is zero throughout, which would be a T-pose, gets arms
    at rest.
    """
    marks = take.validity
    if marks is None or bool(marks.all()):
        return take
    valid = {part: marks[:, i] > 0 for i, part in enumerate(PARTS)}
    body = take.body
    if body is not None and take.body_space is not None:
        body = body.copy()
        for part, columns in get_space(take.body_space).groups.items():
            body[:, columns] = _nearest(body[:, columns], valid[part])
        arms = get_space(take.body_space).groups["upper_body"]
        if not valid["upper_body"].any() and not body[:, arms].any():
            body[:, arms] = resting_body()[arms]
    face = None if take.face is None else _nearest(take.face, valid["face"])
    gaze = None if take.gaze is None else _nearest(take.gaze, valid["gaze"])
    return replace(take, face=face, body=body, gaze=gaze)


def sample_values(values: F, at: F) -> F32:
    """[N, D] rows of `values` [T, D] at the row numbers `at` [N], by straight lines; the ends are held."""
    first, share = _between(at, len(values))
    following = np.minimum(first + 1, len(values) - 1)
    rows = np.asarray(values, np.float64)
    return np.asarray(rows[first] + share[:, None] * (rows[following] - rows[first]), dtype=np.float32)


def sample_axis_angle(axis_angle: F, at: F) -> F32:
    """[N, 3 J] rotations of `axis_angle` [T, 3 J] at the row numbers `at` [N], the shorter way round."""
    width = axis_angle.shape[1] // 3
    vectors = np.asarray(axis_angle, np.float64).reshape(len(axis_angle), width, 3)
    first, share = _between(at, len(vectors))
    found = np.empty((len(at), width, 3), np.float32)
    for begin in range(0, len(at), _BLOCK):
        rows = slice(begin, begin + _BLOCK)
        found[rows] = _slerp(vectors, first[rows], share[rows])
    return shortest_axis_angle(found.reshape(len(at), -1))


def sample_face(face: F, at: F, space: str | None) -> F32:
    """[N, D] a face at the row numbers `at`; the jaw of ``flame53`` is a rotation."""
    sampled = sample_values(face, at)
    if space == "flame53":
        sampled[:, FLAME_JAW] = sample_axis_angle(face[:, FLAME_JAW], at)
    return sampled


def _slerp(vectors: F, first: NDArray[np.int64], share: F) -> F:
    """[n, J, 3] between rows `first` and the ones after them; rows that are hit stay as they are, to the bit."""
    mixed = vectors[first]
    between = np.flatnonzero(share > 0)
    start = matrix_from_axis_angle(vectors[first[between]])
    end = matrix_from_axis_angle(vectors[first[between] + 1])
    turn = axis_angle_from_matrix(np.swapaxes(start, -1, -2) @ end)
    mixed[between] = axis_angle_from_matrix(start @ matrix_from_axis_angle(share[between, None, None] * turn))
    return mixed


def _between(at: F, count: int) -> tuple[NDArray[np.int64], F]:
    """The row before each of `at` and the share of the way to the next; 0 of it at the last row."""
    inside = np.clip(at, 0.0, count - 1.0)
    near = np.rint(inside)
    inside = np.where(np.abs(inside - near) < 1e-9, near, inside)
    first = np.floor(inside).astype(np.int64)
    return first, inside - first


def _nearest(values: F32, valid: Bool) -> F32:
    """[T, D] with each row that is not valid replaced by the nearest valid one; unchanged where there is none."""
    rows = np.flatnonzero(valid)
    if not len(rows) or len(rows) == len(valid):
        return values
    halfway = 0.5 * (rows[1:] + rows[:-1])
    return np.asarray(values[rows[np.searchsorted(halfway, np.arange(len(valid)))]])


def marks(count: int, **parts: Bool) -> U8:
    """[count, 6] validity with the given parts; the others are not valid."""
    found = np.zeros((count, len(PARTS)), np.uint8)
    for part, valid in parts.items():
        found[:, PARTS.index(part)] = valid
    return found
