"""Packs the speech of a clip into windows for the recogniser, and maps times in a window back to the clip.

What nobody speaks in (silence, music, laughter) is left out, so no words can be invented there::

    clip      |..aaaa....bb......cccc..|      . no speech
    window    |aaaa--bb--cccc|                one after the other, - a short silence

The silences keep the recogniser from running two stretches into one word or sentence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from nonverbal.timeline import merge_spans
from nonverbal.types import F32, Span

JOINT_S = 0.3
"""Silence put between two stretches of speech in a window."""

_QUIET_S = 0.05
"""Length of the stretches whose loudness is compared to find a quiet place."""


def pack(
    speech: Iterable[Span], samples: F32, rate_hz: int, max_s: float, pad_s: float
) -> tuple[tuple[Span, ...], ...]:
    """Windows, each a tuple of spans of the clip in order, together at most `max_s` long.

    A window is cut at the longest pause in its second half. Speech without any pause for longer than a window is cut
    at its quietest place.

    Args:
        speech: where somebody talks.
        samples: [S] the clip, to find quiet places in.
        rate_hz: samples per second.
        max_s: length of a window.
        pad_s: sound kept before and after each stretch of speech.
    """
    end_s = len(samples) / rate_hz
    padded = [Span(max(0.0, s.start_s - pad_s), min(end_s, s.end_s + pad_s)) for s in speech if s.start_s < end_s]
    pieces = [part for span in merge_spans(padded) for part in _split(span, samples, rate_hz, max_s)]
    windows, begin = [], 0
    while begin < len(pieces):
        stop = _fill(pieces, begin, max_s)
        windows.append(tuple(pieces[begin:stop]))
        begin = stop
    return tuple(windows)


def _fill(pieces: Sequence[Span], begin: int, max_s: float) -> int:
    """Index after the last piece of the window that begins with `begin`."""
    total, fits = 0.0, []
    for i in range(begin, len(pieces)):
        total += pieces[i].duration_s + (JOINT_S if i > begin else 0.0)
        if total > max_s + 1e-9:
            break
        fits.append((i + 1, total))
    if fits[-1][0] == len(pieces):
        return len(pieces)
    late = [stop for stop, length in fits if length >= max_s / 2] or [fits[-1][0]]
    return max(late, key=lambda stop: (round(pieces[stop].start_s - pieces[stop - 1].end_s, 6), stop))


def _split(span: Span, samples: F32, rate_hz: int, max_s: float) -> list[Span]:
    if span.duration_s <= max_s:
        return [span]
    step = round(_QUIET_S * rate_hz)
    first = round((span.start_s + max_s / 2) * rate_hz)
    last = min(round((span.start_s + max_s) * rate_hz), round(span.end_s * rate_hz) - step)
    starts = range(first, max(last - step, first + 1), step)
    loudness = [float(np.square(samples[a : a + step], dtype=np.float64).sum()) for a in starts]
    cut_s = (starts[int(np.argmin(loudness))] + step / 2) / rate_hz
    return [Span(span.start_s, cut_s), *_split(Span(cut_s, span.end_s), samples, rate_hz, max_s)]


def sound_of(window: Sequence[Span], samples: F32, rate_hz: int) -> F32:
    """[S] the sound of a window's spans, one after the other, with `JOINT_S` of silence between."""
    joint = np.zeros(round(JOINT_S * rate_hz), dtype=np.float32)
    parts = [samples[round(s.start_s * rate_hz) : round(s.end_s * rate_hz)] for s in window]
    return np.concatenate([part for sound in parts for part in (joint, sound)][1:])


def unpack_time(window: Sequence[Span], time_s: float, is_end: bool) -> float:
    """Time in the clip of a time in the packed window; a start in a joint goes to the span after, an end before.

    Times that are not finite stay as they are.
    """
    if not math.isfinite(time_s):
        return time_s
    left = max(0.0, time_s)
    for span in window[:-1]:
        if left < span.duration_s or (is_end and left <= span.duration_s + JOINT_S):
            return min(span.start_s + left, span.end_s)
        left = max(0.0, left - span.duration_s - JOINT_S)
    return min(window[-1].start_s + left, window[-1].end_s)
