"""P3, speak: how surely each person on screen is the one talking, frame by frame.

A score needs three things at once: a voice (diarized speech that is audible), a mouth that moves, and a mouth that
moves as the voice does. So chewing in silence, a still face under a voice from elsewhere, and a mouth that moves
out of step beside one in step all stay low. Where one voice is heard, the people on screen share its probability
with "somebody off screen"; where voices overlap, each person is judged alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
import scipy  # loads its parts when they are used

from nonverbal.pipeline.stage import Codec, Job
from nonverbal.timeline import spans_to_mask
from nonverbal.types import F32, Bool, Span, SpeakerSegment, Track
from nonverbal.venus.synchrony import agreement, common_lag, lips_of, loudness_db, voice_of

if TYPE_CHECKING:
    from nonverbal.venus.watch import Sighting

_CHANCE = 0.26  # correlation half way between right and wrong pairs (0.43 and 0.09)
_PER_CORRELATION = 10.0  # log odds per correlation: means apart over variance, 0.34 / 0.17**2 = 11.8, rounded down
_REST_MOTION = 0.012  # spread of the mouth opening, in face heights, half way between rest and talk
_PER_MOTION = 2.0  # log odds per natural logarithm of it
_SILENCE_DB = -55.0  # quieter than this is no voice
_UNDER_TALK_DB = 35.0  # and so is what lies so far below the loud moments of the clip
_HOLD_FRAMES = 11  # a pause shorter than this (0.44 s) does not interrupt a voice


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


class Synchrony:
    """Judges by mouth motion in step with the voice; needs no weights."""

    def score(self, tracks: Sequence[Track], samples: F32, voices: list[Bool]) -> Speaking:
        heard = np.sum(voices, axis=0) if voices else np.zeros(0, int)
        count = len(heard)
        if not len(tracks) or not count:
            return Speaking(tuple(np.zeros(t.n_frames, np.float32) for t in tracks))
        voice = voice_of(samples, count)
        lips = [lips_of(track) for track in tracks]
        seen = [slice(t.start_frame, t.end_frame) for t in tracks]
        counts = [t.face_valid & (heard[s] > 0) for t, s in zip(tracks, seen, strict=True)]
        lag = common_lag([(m, voice[s], c) for m, s, c in zip(lips, seen, counts, strict=True)])
        lips = [mouth.earlier(lag) for mouth in lips]  # scores are in the time of the sound
        agreements = [agreement(m, voice[s]) for m, s in zip(lips, seen, strict=True)]
        odds = np.full((len(tracks), count), -np.inf)
        for row, mouth, agreed, where, ok in zip(odds, lips, agreements, seen, counts, strict=True):
            moving = np.log(np.maximum(mouth.motion, 1e-4) / _REST_MOTION)
            row[where] = np.where(ok, _PER_CORRELATION * (agreed - _CHANCE) + _PER_MOTION * moving, -np.inf)
        chances = shared(odds, heard)
        scores = tuple(chances[i, s].astype(np.float32) for i, s in enumerate(seen))
        return Speaking(scores, lag, _sync(scores, agreements))


ACTIVE_SPEAKER_MODELS: dict[str, Callable[[], ActiveSpeakerModel]] = {"synchrony": Synchrony}
"""By the name given in the settings."""


@dataclass(frozen=True)
class Speak:
    """Scores who on screen is talking."""

    name: ClassVar[str] = "speak"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[str, ...]] = ("watch", "diarize")
    codec: ClassVar[Codec | None] = None

    active_speaker_model: str = "synchrony"
    """What tells who on screen talks: "synchrony" (mouth motion in step with the voice)."""

    def __post_init__(self) -> None:
        if self.active_speaker_model not in ACTIVE_SPEAKER_MODELS:
            names = ", ".join(sorted(ACTIVE_SPEAKER_MODELS))
            raise ValueError(f"active_speaker_model is {self.active_speaker_model!r}, expected one of: {names}")

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Speaking:
        sighting: Sighting = inputs["watch"]
        samples = job.audio.samples
        audible = audible_frames(samples, sighting.n_frames)
        voices = [mask & audible for mask in voice_masks(inputs["diarize"].segments, sighting.n_frames).values()]
        job.tick(0.2)
        result = ACTIVE_SPEAKER_MODELS[self.active_speaker_model]().score(sighting.tracks, samples, voices)
        job.tick(1.0)
        return result


def voice_masks(segments: Sequence[SpeakerSegment], count: int) -> dict[str, Bool]:
    """For each speaker, in order of name, [count] the frames in which that voice is heard."""
    names = sorted({segment.speaker for segment in segments})
    return {
        name: spans_to_mask([Span(s.start_s, s.end_s) for s in segments if s.speaker == name], count) for name in names
    }


def audible_frames(samples: F32, count: int) -> Bool:
    """[count] where the sound is loud enough for a voice, short pauses included."""
    if not count:
        return np.zeros(0, bool)
    level = loudness_db(samples, count)
    floor = max(_SILENCE_DB, float(np.percentile(level, 95)) - _UNDER_TALK_DB)
    return scipy.ndimage.maximum_filter1d(level, _HOLD_FRAMES) > floor


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
