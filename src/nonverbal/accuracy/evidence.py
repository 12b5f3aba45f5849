"""A stage that only benchmarks add: keeps how surely each participant talks, and tries sound that is shifted.

A build throws the scores of `speak` away with the landmarks they come from. This stage stands behind `identity`, where
both are still in memory, so that nothing is watched twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from nonverbal.media.audio import RATE_HZ
from nonverbal.pipeline.stage import Codec, Job
from nonverbal.pipeline.store import JsonCodec
from nonverbal.timeline import FPS
from nonverbal.types import F32, SpeakerSegment
from nonverbal.venus.assemble import participant_of
from nonverbal.venus.cues import speaking_mask
from nonverbal.venus.speak import audible_frames, voice_masks
from nonverbal.venus.speaking import align
from nonverbal.venus.talking import talking

if TYPE_CHECKING:
    from nonverbal.venus.watch import Sighting

OFFSETS_MS = (-500, -240, -120, -80, -40, 0, 40, 80, 120, 240, 500)


@dataclass(frozen=True, slots=True)
class Recovered:
    """What comes back of an offset put in: milliseconds by which the sound is late."""

    injected_ms: int
    recovered_ms: float


@dataclass(frozen=True, slots=True)
class PersonEvidence:
    """How surely a participant talks in each frame, in [0, 1], by the voice and by the lips; see `talking`."""

    participant: str
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """How surely each participant talks, and per injected offset what was recovered."""

    people: tuple[PersonEvidence, ...]
    offsets: tuple[Recovered, ...]

    @property
    def scores(self) -> dict[str, np.ndarray]:
        """Participant -> [T] scores."""
        return {person.participant: np.array(person.scores) for person in self.people}


@dataclass(frozen=True)
class KeepEvidence:
    """Keeps how surely everybody talks, and looks for the lag of lips and voice with the sound shifted."""

    name: ClassVar[str] = "evidence"
    version: ClassVar[int] = 3
    reads: ClassVar[tuple[str, ...]] = ("watch", "diarize", "speak", "identity")
    codec: ClassVar[Codec | None] = JsonCodec(Evidence)

    offsets_ms: tuple[int, ...] = OFFSETS_MS
    """Milliseconds by which the sound is made late, one after the other; negative ones make it early."""

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Evidence:
        sighting: Sighting = inputs["watch"]
        people = []
        for one in inputs["identity"].assignments:
            voice = speaking_mask(inputs["diarize"], one.speaker, sighting.n_frames)
            scores = talking(one, sighting, inputs["speak"], voice)
            kept = tuple(round(float(score), 5) for score in scores)
            people.append(PersonEvidence(participant_of(one.speaker), kept))
        offsets = []
        for done, offset_ms in enumerate(self.offsets_ms):
            offsets.append(self._recover(job, sighting, inputs["diarize"].segments, offset_ms))
            job.tick((done + 1) / len(self.offsets_ms))
        return Evidence(tuple(people), tuple(offsets))

    def _recover(self, job: Job, sighting: Sighting, segments: tuple[SpeakerSegment, ...], offset_ms: int) -> Recovered:
        """The pipeline's answer for the clip with its sound `offset_ms` later; pictures stay."""
        samples = shifted(job.audio.samples, offset_ms)
        moved = [_moved(segment, offset_ms / 1000, job.audio.samples) for segment in segments]
        heard = [s for s in moved if s.end_s > s.start_s]
        audible = audible_frames(samples, sighting.n_frames)
        voices = [mask & audible for mask in voice_masks(heard, sighting.n_frames).values()]
        lag = align(sighting.tracks, samples, np.sum(voices, axis=0)).lag_frames if voices else 0
        return Recovered(offset_ms, -1000.0 * lag / FPS)  # late sound means lips that come first


def shifted(samples: F32, offset_ms: int) -> F32:
    """[S] the sound `offset_ms` later, of the same length, with silence where there is no sound any more."""
    lag = round(offset_ms * RATE_HZ / 1000)
    out = np.zeros_like(samples)
    kept = max(len(samples) - abs(lag), 0)
    if kept:
        out[max(lag, 0) : max(lag, 0) + kept] = samples[max(-lag, 0) : max(-lag, 0) + kept]
    return out


def _moved(segment: SpeakerSegment, by_s: float, samples: F32) -> SpeakerSegment:
    end_s = len(samples) / RATE_HZ
    start, end = (float(np.clip(t + by_s, 0.0, end_s)) for t in (segment.start_s, segment.end_s))
    return SpeakerSegment(segment.speaker, start, end)
