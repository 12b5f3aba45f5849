"""Who on screen talks, judged by a network that sees the face and hears the sound, and by lips in step with the voice.

The networks know a talking face from one at rest better than lips alone tell, but hardly ask whether it says what is
heard: a mouth that moves beside a voice from elsewhere talks, for them. `synchrony` asks nothing else. So the log odds
of both are added; docs/active_speakers.md has the figures of each alone. The lag of the file comes from `synchrony`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock

import numpy as np
import torch

from nonverbal.backends.talk_network import network
from nonverbal.backends.talk_windows import talk_scores
from nonverbal.media.audio import RATE_HZ
from nonverbal.timeline import FPS
from nonverbal.types import F32, U8, Bool, Track
from nonverbal.venus.speaking import Speaking, align, judged, mouth_odds
from nonverbal.verdicts import UserError

_HOP = int(RATE_HZ / FPS)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns a network's score into log odds that the person talks: ``slope * (score - middle)``."""

    slope: float
    middle: float

    def odds(self, scores: F32) -> F32:
        """[T] log odds of [T] scores."""
        return (self.slope * (scores - self.middle)).astype(np.float32)


CALIBRATIONS = {
    "light-asd": Calibration(0.5, 1.4),
    "light-asd-ava": Calibration(0.5, -0.5),
    "lr-asd": Calibration(0.5, 0.5),
}
"""The middles lie between the mean scores of talkers and listeners, in 24 s of made-up talks and on ten talkers and a
silent face before their voices. There a network alone would deserve a slope of 2.1 to 2.5; but it gives eight readers
whose voices were exchanged the scores of those who speak for themselves, and a slope above 0.5 drowns the lips that
tell them apart."""


class NetworkSpeakers:
    """Judges by one of the networks of `talk_network`; see `ActiveSpeakerModel`.

    Args:
        name: which one.
        threads: tracks scored at the same time.
        tick: hears the fraction done.
    """

    def __init__(self, name: str, threads: int = 1, tick: Callable[[float], None] = lambda fraction: None) -> None:
        self._name, self._threads, self._tick = name, threads, tick

    def score(self, tracks: Sequence[Track], samples: F32, voices: list[Bool]) -> Speaking:
        """As in the protocol.

        Raises:
            UserError: the tracks hold no pictures of faces, or the weights are missing.
        """
        heard = np.sum(voices, axis=0) if voices else np.zeros(0, int)
        if not len(tracks) or not len(heard):
            return Speaking(tuple(np.zeros(t.n_frames, np.float32) for t in tracks))
        if any(len(track.faces) != track.n_frames for track in tracks):
            raise UserError(
                f"{self._name} looks at faces and none were kept, expected pictures of all: set keep_faces = true in "
                "[watch]"
            )
        aligned = align(tracks, samples, heard)
        scores = network_scores(self._name, tracks, samples, aligned.lag_frames, self._threads, self._tick)
        fit = CALIBRATIONS[self._name]
        odds = [fit.odds(score) + mouth for score, mouth in zip(scores, mouth_odds(aligned), strict=True)]
        return judged(tracks, odds, heard, aligned)


def network_scores(
    name: str,
    tracks: Sequence[Track],
    samples: F32,
    lag_frames: int = 0,
    threads: int = 1,
    tick: Callable[[float], None] = lambda fraction: None,
) -> list[F32]:
    """Per track [T] what the network says, the faces moved into the time of the sound; minus infinity for T = 1.

    Args:
        lag_frames: by how much lips lag behind the voice.
    """
    net, done, lock = network(name), [0.0] * len(tracks), Lock()
    total = sum(track.n_frames for track in tracks)

    def one(index: int) -> F32:
        track = tracks[index]

        def told(fraction: float) -> None:
            with lock:
                done[index] = fraction * track.n_frames
                tick(sum(done) / total)

        return extended(talk_scores(net, seen(track, lag_frames), sound_of(track, samples), told), track.n_frames)

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(one, range(len(tracks))))
    finally:
        torch.set_num_threads(before)


def seen(track: Track, lag_frames: int = 0) -> U8:
    """[T, 112, 112] the track's faces in the time of the sound, the last one held while none is seen."""
    known = np.flatnonzero(track.face_valid)
    if not len(known):
        return track.faces
    rows = np.clip(np.arange(track.n_frames) + lag_frames, 0, track.n_frames - 1)
    held = np.searchsorted(known, rows, side="right") - 1
    return track.faces[known[np.maximum(held, 0)]]


def sound_of(track: Track, samples: F32) -> F32:
    """[T * 640] the sound of the track's frames, silence where there is none."""
    first, length = track.start_frame * _HOP, track.n_frames * _HOP
    own = samples[first : first + length]
    return np.pad(own, (0, length - len(own)))


def extended(scores: F32, count: int) -> F32:
    """[count] the scores, the last one held; far below any where there is none."""
    if not len(scores):
        return np.full(count, -np.inf, np.float32)
    return np.pad(scores, (0, count - len(scores)), mode="edge")
