"""P4, identity: one person for each diarized speaker over the whole clip, across cuts, speaking or listening.

`visible` joined tracks into persons by their looks; here persons are given to speakers so that, all together, each
moves the lips more while the own voice is heard than while the other one is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import scipy  # loads its parts when they are used

from nonverbal.backends.appearance import likeness
from nonverbal.pipeline.stage import Codec, Job
from nonverbal.pipeline.store import JsonCodec
from nonverbal.timeline import FPS
from nonverbal.types import F32, Bool, Track
from nonverbal.venus.speak import voice_masks
from nonverbal.verdicts import Reason, Reject

if TYPE_CHECKING:
    from nonverbal.venus.speaking import Speaking
    from nonverbal.venus.watch import Sighting


@dataclass(frozen=True, slots=True)
class Identity:
    """One speaker's person.

    Attributes:
        speaker: the diarized speaker.
        track_ids: the person's tracks, rising.
        similarity: the mean cosine of each track's look to the person's, 1 where there is but one track.
        evidence: mean speaking score while this speaker talks alone, less that while others do, -1..1.
    """

    speaker: str
    track_ids: tuple[int, ...]
    similarity: float
    evidence: float


@dataclass(frozen=True, slots=True)
class Identities:
    """The persons of a clip, in order of speaker.

    Attributes:
        lag_frames, sync: how far the lips lag behind the voice in this file and how well they agree; see `Speaking`.
    """

    assignments: tuple[Identity, ...]
    lag_frames: int = 0
    sync: float = 0.0


@dataclass(frozen=True)
class Identify:
    """Finds the face of each speaker; rejects clips in which a speaker has none."""

    name: ClassVar[str] = "identity"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("watch", "diarize", "visible", "speak")
    codec: ClassVar[Codec | None] = JsonCodec(Identities)

    speaker_min_evidence: float = 0.03
    """How much surer a person must be the one talking while the speaker is heard than while others are, 0 to 1."""

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Identities | Reject:
        sighting: Sighting = inputs["watch"]
        speaking: Speaking = inputs["speak"]
        masks = voice_masks(inputs["diarize"].segments, sighting.n_frames)
        persons = inputs["visible"].persons
        scores = [_person_score(sighting, speaking, person) for person in persons]
        evidence = evidence_of(scores, list(masks.values()))
        given = assign(evidence)
        assignments: list[Identity] = []
        for s, speaker in enumerate(masks):
            if s not in given:
                return _nobody(speaker, len(persons), len(masks))
            person, value = persons[given[s]], float(evidence[given[s], s])
            if value < self.speaker_min_evidence:
                return self._unconvincing(speaker, value, masks[speaker])
            assignments.append(Identity(speaker, person, _likeness(sighting.tracks, person), value))
        return Identities(tuple(assignments), speaking.lag_frames, speaking.sync)

    def _unconvincing(self, speaker: str, value: float, mask: Bool) -> Reject:
        return Reject(
            Reason.E_FACE_LOST,
            f"nobody on screen moves the lips with the voice of {speaker} ({mask.sum() / FPS:.1f} s of talk): the best "
            f"evidence is {value:.3f}, expected at least {self.speaker_min_evidence:g}; the speaker is off screen or "
            "dubbed; use a video that shows all speakers, or lower speaker_min_evidence",
        )


def _nobody(speaker: str, persons: int, speakers: int) -> Reject:
    return Reject(
        Reason.E_FACE_LOST,
        f"{persons} person(s) on screen for {speakers} voices: no face is left for {speaker}; expected one person for "
        "each speaker; use a video that shows everybody",
    )


def evidence_of(scores: Sequence[F32], masks: Sequence[Bool]) -> F32:
    """[P, S] mean score of each person while only this speaker is heard, less that while only others are."""
    voices = np.stack([np.asarray(m, bool) for m in masks]) if masks else np.zeros((0, 0), bool)
    alone = voices & (voices.sum(axis=0, keepdims=True) == 1)
    evidence = np.zeros((len(scores), len(alone)), np.float32)
    for p, score in enumerate(scores):
        for s, own in enumerate(alone):
            others = (alone.sum(axis=0) > 0) & ~own
            mine = float(score[own].mean()) if own.any() else 0.0
            evidence[p, s] = mine - (float(score[others].mean()) if others.any() else 0.0)
    return evidence


def assign(evidence: F32) -> dict[int, int]:
    """Speaker -> person with the greatest total evidence; a speaker without a person is missing."""
    if not evidence.size:
        return {}
    people, speakers = scipy.optimize.linear_sum_assignment(-evidence.astype(np.float64))
    return {int(s): int(p) for p, s in zip(people, speakers, strict=True)}


def _person_score(sighting: Sighting, speaking: Speaking, person: Sequence[int]) -> F32:
    """[n_frames] the speaking score of whichever track shows the person, 0 where none does."""
    score = np.zeros(sighting.n_frames, np.float32)
    for i in person:
        track = sighting.tracks[i]
        score[track.start_frame : track.end_frame] = speaking.scores[i]
    return score


def _likeness(tracks: Sequence[Track], person: Sequence[int]) -> float:
    mean = np.sum([tracks[i].appearance * int(tracks[i].face_valid.sum()) for i in person], axis=0)
    return float(np.mean([likeness(tracks[i].appearance, mean) for i in person])) if len(person) > 1 else 1.0
