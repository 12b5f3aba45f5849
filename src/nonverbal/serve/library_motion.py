"""Motion of a dataset as pages ask for it: stretches for playing, curves and timelines for drawing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import scipy.signal  # noqa: F401 - a second now rather than in the first request for smooth motion
from numpy.typing import NDArray

from nonverbal.dataset.content import read_summary
from nonverbal.dataset.read import Dataset
from nonverbal.dataset.schema import ARRAY_COLUMNS
from nonverbal.motion.smooth import cuts_of, smooth_axis_angle, smooth_motion, smooth_values
from nonverbal.serve.errors import ApiError
from nonverbal.serve.wire import Chunk, Marks, pack
from nonverbal.spaces import get_space
from nonverbal.types import F32, PARTS, Bool, Motion

_KEPT_BYTES = 256_000_000
_MARGIN = 8  # frames on each side that a smoothed stretch depends on: more than the filter's window of five
_GROUPS = {"face": ("face",), "body": ("upper_body",), "hands": ("left_hand", "right_hand")}
"""Rows of a timeline and the parts they average."""


class MotionReader:
    """Reads the motion of one dataset; who was asked for last stays decoded, up to 256 MB."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._kept: OrderedDict[tuple[str, str], Motion] = OrderedDict()
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._lock = threading.Lock()

    def n_frames(self, dialogue_id: str) -> int:
        """Frames of a dialogue, from the footer of its file."""
        return read_summary(self._dataset.motion_path(dialogue_id)).n_frames

    def chunk(self, dialogue_id: str, participant: str, first: int, frames: int, smooth: bool) -> bytes:
        """Frames `first` to `first + frames` on the wire, fewer at the end.

        Raises:
            ApiError: there is no such frame.
        """
        motion = self._motion(dialogue_id, participant)
        if first >= max(motion.n_frames, 1):
            raise ApiError(416, f"Frame {first} is beyond the {motion.n_frames} of this dialogue.", "out_of_range")
        end = min(first + frames, motion.n_frames)
        start = max(first - _MARGIN, 0) if smooth else first
        part = _cut(motion, start, min(end + _MARGIN, motion.n_frames) if smooth else end)
        if smooth:
            part = _cut(smooth_motion(part), first - start, end - start)
        marks = Marks(part.validity, _finite(part.confidence), part.speaking)
        numbers = [_finite(values) for values in (part.face, part.body, part.gaze)]
        chunk = Chunk(first, motion.fps, numbers[0], numbers[1], numbers[2], marks)
        return pack(chunk, motion.face_space, motion.body_space)

    def curve(
        self, dialogue_id: str, participant: str, columns: Sequence[str], points: int, smooth: bool
    ) -> dict[str, Any]:
        """Smallest and largest value of chosen columns in each of `points` stretches of time; None where not valid.

        Raises:
            ApiError: the spaces of this dataset have no such column.
        """
        motion = self._motion(dialogue_id, participant)
        count = motion.n_frames
        edges = _edges(count, points)
        lines = {}
        for name in columns:
            values, valid = _column(motion, name, smooth)
            lines[name] = {
                "min": _extremes(np.where(valid, values, np.inf), edges, np.minimum),
                "max": _extremes(np.where(valid, values, -np.inf), edges, np.maximum),
            }
        return {"start_s": 0.0, "end_s": count / motion.fps, "points": len(edges), "columns": lines}

    def timeline(self, dialogue_id: str, participants: Sequence[str], bins: int) -> dict[str, Any]:
        """Shares of each of `bins` stretches of time in which people speak and their parts are seen, and how surely."""
        rows = {}
        for name in participants:
            speaking, validity, confidence = (
                self._dataset.column(dialogue_id, name, column) for column in ("speaking", "validity", "confidence")
            )
            edges = _edges(len(speaking), bins)
            rows[name] = {
                "speaking": _means(speaking, edges),
                "validity": {row: _means(_of_parts(validity, parts), edges) for row, parts in _GROUPS.items()},
                "confidence": {row: _means(_of_parts(confidence, parts), edges) for row, parts in _GROUPS.items()},
            }
        lengths = [len(row["speaking"]) for row in rows.values()]
        return {"bins": max(lengths, default=0), "participants": rows}

    def _motion(self, dialogue_id: str, participant: str) -> Motion:
        key = dialogue_id, participant
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:  # who asks for what is being decoded waits for it
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            motion = self._dataset.motion(dialogue_id, participant)
            self._keep(key, motion)
            return motion

    def _keep(self, key: tuple[str, str], motion: Motion) -> None:
        with self._lock:
            self._kept[key] = motion
            while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > _KEPT_BYTES:
                old, _ = self._kept.popitem(last=False)
                self._locks.pop(old, None)


def _size(motion: Motion) -> int:
    return sum(getattr(motion, name).nbytes for name in ARRAY_COLUMNS)


def _cut(motion: Motion, first: int, end: int) -> Motion:
    return replace(
        motion, **{f.name: getattr(motion, f.name)[first:end] for f in fields(motion) if f.name in ARRAY_COLUMNS}
    )


def _finite(values: F32) -> F32:
    """Without NaN and infinity, which a damaged dataset may hold."""
    return values if np.isfinite(values).all() else np.nan_to_num(values, posinf=0.0, neginf=0.0)


def _column(motion: Motion, name: str, smooth: bool) -> tuple[F32, Bool]:
    """[T] one column of face or body, and [T] where it is valid."""
    spaces = get_space(motion.face_space), get_space(motion.body_space)
    for space, rows in zip(spaces, (motion.face, motion.body), strict=True):
        if name not in space.columns:
            continue
        at = space.columns.index(name)
        is_body = space is spaces[1]
        part = next(g for g, span in space.groups.items() if at in range(space.dim)[span]) if is_body else "face"
        valid = motion.validity[:, PARTS.index(part)] > 0
        if not smooth:
            return _finite(rows[:, at]), valid & np.isfinite(rows[:, at])
        cuts = cuts_of(motion.bbox)
        if not is_body:
            smoothed = smooth_values(_finite(rows[:, at : at + 1]), valid, cuts=cuts)[:, 0]
            return (np.clip(smoothed, 0.0, 1.0) if motion.face_space == "arkit52" else smoothed), valid
        joint = at - at % 3
        return smooth_axis_angle(_finite(rows[:, joint : joint + 3]), valid, cuts=cuts)[:, at % 3], valid
    raise ApiError(404, f"There is no column {ascii(name)[:60]} in {spaces[0].name} or {spaces[1].name}.", "not_found")


def _edges(count: int, bins: int) -> NDArray[np.int64]:
    """First frame of each of at most `bins` stretches that cover all frames."""
    bins = min(bins, count)
    return np.arange(bins, dtype=np.int64) * count // max(bins, 1)


def _extremes(values: NDArray[np.float64], edges: NDArray[np.int64], of: np.ufunc) -> list[float | None]:
    if not len(edges):
        return []
    found = of.reduceat(values, edges)
    return [round(float(v), 4) if np.isfinite(v) else None for v in found]


def _means(values: NDArray[Any], edges: NDArray[np.int64]) -> list[float]:
    if not len(edges):
        return []
    lengths = np.diff(np.append(edges, len(values)))
    means = np.add.reduceat(values.astype(np.float64), edges) / lengths
    return [round(float(v), 3) for v in np.clip(np.nan_to_num(means), 0.0, 1.0)]


def _of_parts(values: NDArray[Any], parts: Sequence[str]) -> NDArray[Any]:
    """[T] mean of the columns of some parts."""
    return np.asarray(values[:, [PARTS.index(part) for part in parts]].mean(axis=1))
