"""Who on screen talks, judged by a network that sees the face and hears the sound.

The lag of the file and how well lips and voice agree still come from `synchrony`, since these networks tell neither.
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
from nonverbal.venus.speaking import Speaking, align, judged
from nonverbal.verdicts import UserError

_HOP = int(RATE_HZ / FPS)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns a network's scores into log odds that the person talks rather than nobody on screen."""

    slope: float
    offset: float


CALIBRATIONS = {
    "light-asd": Calibration(1.0, 0.0),
    "light-asd-ava": Calibration(1.0, 0.0),
    "lr-asd": Calibration(1.0, 0.0),
}


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
        fit = CALIBRATIONS[self._name]
        logits = self._logits(tracks, samples, aligned.lag_frames)
        return judged(tracks, [fit.slope * own + fit.offset for own in logits], heard, aligned)

    def _logits(self, tracks: Sequence[Track], samples: F32, lag_frames: int) -> list[F32]:
        """Per track [T] the network's scores."""
        net, done, lock = network(self._name), [0.0] * len(tracks), Lock()
        total = sum(track.n_frames for track in tracks)

        def one(index: int) -> F32:
            track = tracks[index]

            def tick(fraction: float) -> None:
                with lock:
                    done[index] = fraction * track.n_frames
                    self._tick(sum(done) / total)

            return extended(talk_scores(net, seen(track, lag_frames), sound_of(track, samples), tick), track.n_frames)

        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with ThreadPoolExecutor(self._threads) as pool:
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
