"""How surely people on screen talk: the record, the protocol of what judges it, and what all judges share.

A score needs a voice (diarized speech that is audible) and a face. Where one voice is heard, the people on screen share
its probability with "somebody off screen"; where voices overlap, each person is judged alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nonverbal.types import F32, Bool, Track
from nonverbal.venus.synchrony import Lips, agreement, common_lag, lips_of, voice_of

_CHANCE = 0.26  # correlation half way between right and wrong pairs (0.43 and 0.09)
_PER_CORRELATION = 10.0  # log odds per correlation: means apart over variance, 0.34 / 0.17**2 = 11.8, rounded down
_REST_MOTION = 0.012  # spread of the mouth opening, in face heights, half way between rest and talk
_PER_MOTION = 2.0  # log odds per natural logarithm of it


@dataclass(frozen=True, slots=True, eq=False)
class Speaking:
    """Per track of the sighting, in its order, [T] how surely the person talks in each frame of the sound, in [0, 1].

    Attributes:
        lag_frames: how far the lips lag behind the voice in this file, negative where they come first.
        sync: the mean correlation of mouth and voice while the person with the highest score talks, -1 to 1: about 0.4
            for a good recording, near 0 for a dubbed one.
    """

    scores: tuple[F32, ...]
    lag_frames: int = 0
    sync: float = 0.0


class ActiveSpeakerModel(Protocol):
    """Tells who on screen talks."""

    def score(self, tracks: Sequence[Track], samples: F32, voices: list[Bool]) -> Speaking:
        """Scores each track.

        Args:
            tracks: the people on screen.
            samples: [S] mono, 16 kHz, from the clip's start.
            voices: for each diarized speaker [n_frames] whether that voice is heard.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """Mouths and voice of a clip, the mouths moved into the time of the sound.

    Attributes:
        lag_frames: by how much they were moved, positive for late lips.
        lips: per track.
        agreements: per track [T] correlation of mouth and voice around each frame.
        counts: per track [T] whether a face is seen and a voice heard.
    """

    lag_frames: int
    lips: tuple[Lips, ...]
    agreements: tuple[F32, ...]
    counts: tuple[Bool, ...]


def align(tracks: Sequence[Track], samples: F32, heard: F32) -> Alignment:
    """Finds the lag of the clip.

    Args:
        heard: [n_frames] how many voices are heard.
    """
    voice = voice_of(samples, len(heard))
    lips = [lips_of(track) for track in tracks]
    seen = [slice(t.start_frame, t.end_frame) for t in tracks]
    counts = tuple(t.face_valid & (heard[s] > 0) for t, s in zip(tracks, seen, strict=True))
    lag = common_lag([(m, voice[s], c) for m, s, c in zip(lips, seen, counts, strict=True)])
    moved = tuple(mouth.earlier(lag) for mouth in lips)
    agreements = tuple(agreement(m, voice[s]) for m, s in zip(moved, seen, strict=True))
    return Alignment(lag, moved, agreements, counts)


def judged(tracks: Sequence[Track], odds: Sequence[NDArray[np.floating]], heard: F32, aligned: Alignment) -> Speaking:
    """Probabilities from log odds, 0 where no face is seen or no voice heard.

    Args:
        odds: per track [T] log odds that this person talks rather than nobody on screen.
        heard: [n_frames] how many voices are heard.
    """
    table = np.full((len(tracks), len(heard)), -np.inf)
    for row, track, own, ok in zip(table, tracks, odds, aligned.counts, strict=True):
        row[track.start_frame : track.end_frame] = np.where(ok, own, -np.inf)
    chances = shared(table, heard)
    scores = tuple(chances[i, t.start_frame : t.end_frame].astype(np.float32) for i, t in enumerate(tracks))
    return Speaking(scores, aligned.lag_frames, _sync(scores, aligned.agreements))


def mouth_odds(aligned: Alignment) -> list[NDArray[np.floating]]:
    """Per track [T] log odds that a mouth that moves so much, and so in step with the voice, is the one that talks."""
    return [
        _PER_CORRELATION * (agreed - _CHANCE) + _PER_MOTION * np.log(np.maximum(mouth.motion, 1e-4) / _REST_MOTION)
        for mouth, agreed in zip(aligned.lips, aligned.agreements, strict=True)
    ]


def shared(odds: F32, heard: F32) -> F32:
    """[P, T] probabilities from log odds against "off screen".

    Where one voice is heard, at most one person has it: a softmax over all and nobody (log odds 0). Where more are
    heard, each stands alone.
    """
    capped = np.minimum(odds, 30.0)
    weight = np.exp(capped)
    alone = weight / (1.0 + weight)
    one = weight / (1.0 + weight.sum(axis=0, keepdims=True))
    return np.where(heard[None, :] > 1, alone, one)


def _sync(scores: Sequence[F32], agreements: Sequence[F32]) -> float:
    """The mean agreement, weighted by the score."""
    weight = sum(float(score.sum()) for score in scores)
    total = sum(float((score * agreed).sum()) for score, agreed in zip(scores, agreements, strict=True))
    return total / weight if weight > 1e-6 else 0.0
