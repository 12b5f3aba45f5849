"""Seconds, frames and motion steps: every conversion and overlap between them sits here.

Drawn for 25 fps (a frame is 40 ms; frame i shows ``[i/25, (i+1)/25)``) and 8 frames a motion step::

    seconds   0.00    0.04    0.08         0.32    0.36
    frames    |   0   |   1   |   2  ...   |   8   |
    steps     |               0            |   1
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from nonverbal.types import Span

FPS = 25.0
"""The grid on which faces and bodies are stored, in frames per second."""

FRAMES_PER_STEP = 8
"""Frames in one motion step: 0.32 s at 25 fps."""

_EPS_FRAMES = 1e-6  # 0.28 * 25 is 7.000000000000001 in floats; times this close to a frame edge are on it


def frame_at(time_s: float, fps: float = FPS) -> int:
    """The frame shown at `time_s`: the one whose ``[i/fps, (i+1)/fps)`` holds it."""
    return int(np.floor(time_s * fps + _EPS_FRAMES))


def frame_start_s(frame: int, fps: float = FPS) -> float:
    """When `frame` begins."""
    return frame / fps


def n_frames(duration_s: float, fps: float = FPS) -> int:
    """Grid frames that begin inside ``[0, duration_s)``."""
    return int(np.ceil(duration_s * fps - _EPS_FRAMES))


def step_at(time_s: float, fps: float = FPS, frames_per_step: int = FRAMES_PER_STEP) -> int:
    """The motion step that holds `time_s`."""
    return frame_at(time_s, fps) // frames_per_step


def overlap_s(a: Span, b: Span) -> float:
    """Seconds that both spans cover; zero where they only touch."""
    return max(0.0, min(a.end_s, b.end_s) - max(a.start_s, b.start_s))


def merge_spans(spans: Iterable[Span], gap_s: float = 0.0) -> tuple[Span, ...]:
    """Sorted, disjoint spans covering the same time; neighbours at most `gap_s` apart become one."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start_s, s.end_s)):
        if merged and span.start_s <= merged[-1].end_s + gap_s:
            merged[-1] = Span(merged[-1].start_s, max(merged[-1].end_s, span.end_s))
        else:
            merged.append(span)
    return tuple(merged)


def spans_to_mask(spans: Iterable[Span], count: int, fps: float = FPS) -> NDArray[np.bool_]:
    """[count] true for each frame of which at least half lies in one of the spans."""
    mask = np.zeros(count, dtype=bool)
    for span in spans:
        first = int(np.ceil(span.start_s * fps - 0.5 - _EPS_FRAMES))
        last = int(np.floor(span.end_s * fps + 0.5 + _EPS_FRAMES))
        mask[max(first, 0) : max(last, 0)] = True
    return mask


def mask_to_spans(mask: Sequence[bool] | NDArray[np.bool_], fps: float = FPS) -> tuple[Span, ...]:
    """The maximal runs of true frames, as spans; inverse of `spans_to_mask` for spans on the grid."""
    padded = np.concatenate([[False], np.asarray(mask, dtype=bool), [False]])
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    return tuple(Span(float(a) / fps, float(b) / fps) for a, b in zip(edges[::2], edges[1::2], strict=True))


def nearest_frames(times_s: NDArray[np.float64], count: int, fps: float = FPS) -> NDArray[np.int64]:
    """[count] for each grid frame, the index of the picture on screen when the frame is half shown.

    `times_s` are presentation times in rising order, so this handles variable frame rate: a picture stays
    on screen until the next one comes. Before the first picture, the first one is used.
    """
    if len(times_s) == 0:
        raise ValueError("no presentation times: expected at least one picture to resample from")
    centres = (np.arange(count) + 0.5) / fps
    return np.maximum(np.searchsorted(times_s, centres, side="right") - 1, 0)
