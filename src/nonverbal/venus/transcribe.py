"""P2, the transcript: words with times from Whisper, given to the diarized speakers and put together to turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from nonverbal.backends import silero, whisper
from nonverbal.pipeline.stage import Codec, Job
from nonverbal.pipeline.store import JsonCodec
from nonverbal.timeline import merge_spans, overlap_s
from nonverbal.types import F32, Span, Turn, Word
from nonverbal.venus.diarize import Diarization
from nonverbal.venus.language import LanguageGuess
from nonverbal.venus.packing import pack, sound_of, unpack_time
from nonverbal.venus.turns import assign_speakers, make_turns, repair_times, trim_to_speech
from nonverbal.verdicts import Reason, Reject

_VOICE_THRESHOLD = 0.3
"""Probability of voice; lower than Silero's usual 0.5, as this only confirms what the segmentation found."""

_EARLY_S = 0.03
"""The recogniser's times come before the sound: words of three made-up talks began 43 ms and ended 61 ms (medians)
before they truly did, those of a telephone call began 25 ms and ended 170 ms too early. Its grid is 20 ms."""


@dataclass(frozen=True)
class Transcript:
    """Who said what: turns in order of start; `Turn.participant` is the diarized speaker."""

    language: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Transcribe:
    """Transcribes the diarized speech of a clip."""

    name: ClassVar[str] = "transcribe"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[str, ...]] = ("diarize", "language")
    codec: ClassVar[Codec | None] = JsonCodec(Transcript)

    beam_size: int = 5
    """Hypotheses that the recogniser follows at once; 1 is fastest."""
    transcribe_window_s: float = 28.0
    """Speech, in seconds, that is packed into one window for the recogniser, at most 30."""
    speech_pad_s: float = 0.2
    """Sound, in seconds, that is kept before and after each stretch of speech."""
    turn_pause_s: float = 2.0
    """Silence, in seconds, after which the same speaker's next word begins a new turn."""

    def __post_init__(self) -> None:
        if not 1.0 <= self.transcribe_window_s <= whisper.WINDOW_S:
            raise ValueError(f"transcribe_window_s is {self.transcribe_window_s}; expected 1 to {whisper.WINDOW_S}")
        if self.beam_size < 1:
            raise ValueError(f"beam_size is {self.beam_size}; expected 1 or more")

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Transcript | Reject:
        diarization: Diarization = inputs["diarize"]
        guess: LanguageGuess = inputs["language"]
        speech = voiced(merge_spans(Span(s.start_s, s.end_s) for s in diarization.segments), job.audio.samples)
        heard = self._hear(job, speech, guess.language)
        end_s = round(len(job.audio.samples) / job.audio.rate_hz, 3)
        words = repair_times([trim_to_speech(word, speech) for word in heard], end_s)
        if not words:
            seconds = sum(span.duration_s for span in speech)
            return Reject(
                Reason.E_NO_SPEECH,
                f"{seconds:.1f} s of voices hold not one word, expected talk; give clips with intelligible speech",
            )
        speakers = assign_speakers(words, diarization.segments)
        return Transcript(guess.language, make_turns(words, speakers, self.turn_pause_s))

    def _hear(self, job: Job, speech: tuple[Span, ...], language: str) -> list[Word]:
        audio = job.audio
        windows = pack(speech, audio.samples, audio.rate_hz, self.transcribe_window_s, self.speech_pad_s)
        words = []
        for i, window in enumerate(windows):
            sound = sound_of(window, audio.samples, audio.rate_hz)
            for heard in whisper.hear_words(sound, language, self.beam_size):
                start_s = unpack_time(window, heard.start_s + _EARLY_S, is_end=False)
                end_s = unpack_time(window, heard.end_s + _EARLY_S, is_end=True)
                words.append(Word(heard.word, start_s, end_s, heard.prob))
            job.tick((i + 1) / len(windows))
        return words


def voiced(speech: tuple[Span, ...], samples: F32) -> tuple[Span, ...]:
    """The stretches of [S] 16 kHz samples in which a second network hears a voice, too.

    The segmentation network may take laughter or singing for talk, in which the recogniser would invent words.
    """
    voices = silero.voiced_spans(samples, _VOICE_THRESHOLD)
    return tuple(span for span in speech if any(overlap_s(span, voice) > 0 for voice in voices))
