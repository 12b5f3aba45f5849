"""P3, speak: how surely each person on screen is the one talking, frame by frame.

The default needs no weights. For it a score needs three things at once: a voice (diarized speech that is audible), a
mouth that moves, and a mouth that moves as the voice does. So chewing in silence, a still face under a voice from
elsewhere, and a mouth that moves out of step beside one in step all stay low. Networks judge by face and sound alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import scipy  # loads its parts when they are used

from nonverbal import weights
from nonverbal.backends.active_speakers import CHOICES, NETWORK_WEIGHTS, SYNCHRONY
from nonverbal.backends.requirements import Backend
from nonverbal.pipeline.stage import Codec, Job
from nonverbal.timeline import spans_to_mask
from nonverbal.types import F32, Bool, Span, SpeakerSegment, Track
from nonverbal.venus.speaking import ActiveSpeakerModel, Speaking, align, judged, mouth_odds
from nonverbal.venus.synchrony import loudness_db

if TYPE_CHECKING:
    from nonverbal.venus.watch import Sighting

AUTO = "auto"
"""The name that stands for the best model at hand."""

_SILENCE_DB = -55.0  # quieter than this is no voice
_UNDER_TALK_DB = 35.0  # and so is what lies so far below the loud moments of the clip
_HOLD_FRAMES = 11  # a pause shorter than this (0.44 s) does not interrupt a voice


class Synchrony:
    """Judges by mouth motion in step with the voice; needs no weights."""

    def score(self, tracks: Sequence[Track], samples: F32, voices: list[Bool]) -> Speaking:
        heard = np.sum(voices, axis=0) if voices else np.zeros(0, int)
        if not len(tracks) or not len(heard):
            return Speaking(tuple(np.zeros(t.n_frames, np.float32) for t in tracks))
        aligned = align(tracks, samples, heard)
        return judged(tracks, mouth_odds(aligned), heard, aligned)


@dataclass(frozen=True)
class Speak:
    """Scores who on screen is talking."""

    name: ClassVar[str] = "speak"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[str, ...]] = ("watch", "diarize")
    codec: ClassVar[Codec | None] = None

    active_speaker_model: str = AUTO
    """What tells who on screen talks: "synchrony" (mouth motion in step with the voice), a network ("light-asd",
    "light-asd-ava", "lr-asd"), or "auto": the best network whose weights are found or may be downloaded, else
    synchrony."""

    def __post_init__(self) -> None:
        names = (AUTO, *(choice.name for choice in CHOICES))
        if self.active_speaker_model not in names:
            raise ValueError(
                f"active_speaker_model is {self.active_speaker_model!r}, expected one of: {', '.join(names)}"
            )

    def settled(self) -> Speak:
        """The same with the model that "auto" stands for here and now."""
        if self.active_speaker_model != AUTO:
            return self
        for choice in (choice for choice in CHOICES if choice.name in NETWORK_WEIGHTS):
            file = NETWORK_WEIGHTS[choice.name]
            if weights.find(file) or weights.may_download(file):
                return replace(self, active_speaker_model=choice.name)
        return replace(self, active_speaker_model=SYNCHRONY)

    @property
    def wants_faces(self) -> bool:
        """Whether `watch` has to keep pictures of the faces."""
        return self.settled().active_speaker_model in NETWORK_WEIGHTS

    def backends(self) -> tuple[Backend, ...]:
        """What this stage will use."""
        name = self.settled().active_speaker_model
        return tuple(choice for choice in CHOICES if choice.name == name)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Speaking:
        sighting: Sighting = inputs["watch"]
        samples = job.audio.samples
        audible = audible_frames(samples, sighting.n_frames)
        voices = [mask & audible for mask in voice_masks(inputs["diarize"].segments, sighting.n_frames).values()]
        job.tick(0.1)
        result = self._model(job).score(sighting.tracks, samples, voices)
        job.tick(1.0)
        return result

    def _model(self, job: Job) -> ActiveSpeakerModel:
        """Unsettled settings ask for no weights, so that the same settings give the same result everywhere."""
        if self.active_speaker_model in (AUTO, SYNCHRONY):
            return Synchrony()
        from nonverbal.venus.speak_networks import NetworkSpeakers  # brings PyTorch along

        return NetworkSpeakers(self.active_speaker_model, job.threads, lambda done: job.tick(0.1 + 0.9 * done))


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
