"""P2, the transcript: words with times from Whisper, given to the diarized speakers and put together to turns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from nonverbal.backends import aligners, recognisers, silero
from nonverbal.backends.languages import name_of
from nonverbal.backends.recognisers import Heard
from nonverbal.backends.requirements import Backend
from nonverbal.pipeline.stage import Codec, Job, Needs
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

    recogniser: str = recognisers.DEFAULT
    """What hears the words: whisper-base, whisper-tiny.en (English), faster-whisper:SIZE (small, turbo, large-v3, ...;
    a repository, or a CTranslate2 folder), or transformers:NAME (a Whisper on the hub or in a folder)."""
    aligner: str = aligners.DEFAULT
    """What tells when they are said: whisper (the recogniser's attention), wav2vec2 (a CTC network of the language) or
    pocketsphinx (English)."""
    align_model: str = ""
    """Network of the aligner wav2vec2, a name on the hub or a folder; empty takes the usual one of the language."""
    transcribe_device: str = "cpu"
    """Where recogniser and aligner run: cpu or cuda."""
    compute_type: str = "auto"
    """Numbers the recogniser computes with: int8, float16, float32, ...; auto is the fastest that is as good."""
    beam_size: int = 5
    """Hypotheses that the recogniser follows at once; 1 is fastest."""
    transcribe_window_s: float = 28.0
    """Speech, in seconds, that is packed into one window for the recogniser, at most 30."""
    speech_pad_s: float = 0.2
    """Sound, in seconds, that is kept before and after each stretch of speech."""
    turn_pause_s: float = 2.0
    """Silence, in seconds, after which the same speaker's next word begins a new turn."""

    def __post_init__(self) -> None:
        if not 1.0 <= self.transcribe_window_s <= recognisers.WINDOW_S:
            most = recognisers.WINDOW_S
            raise ValueError(f"transcribe_window_s is {self.transcribe_window_s}; expected 1 to {most}")
        if self.beam_size < 1:
            raise ValueError(f"beam_size is {self.beam_size}; expected 1 or more")
        recognisers.check_settings(self.recogniser, self.transcribe_device, self.compute_type, "recogniser")
        aligners.check_settings(self.aligner, self.align_model)

    @property
    def needs(self) -> Needs:
        """A card where words are heard on one."""
        return Needs(gpus=1.0) if self.transcribe_device == "cuda" else Needs()

    def backends(self, languages: Sequence[str] = ("en",)) -> tuple[Backend, ...]:
        """The models that clips in these languages take."""
        device = self.transcribe_device
        others = ", ".join(name_of(code) for code in languages if code != "en")
        heard = recognisers.backend_of(self.recogniser, device, self.name, "recogniser", others)
        return (heard, *aligners.backends_of(self.aligner, self.align_model, device, languages))

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Transcript | Reject:
        diarization: Diarization = inputs["diarize"]
        guess: LanguageGuess = inputs["language"]
        speech = voiced(merge_spans(Span(s.start_s, s.end_s) for s in diarization.segments), job.audio.samples)
        recogniser = recognisers.load(self.recogniser, self.transcribe_device, self.compute_type)
        if not recogniser.hears(guess.language):
            return Reject(
                Reason.E_LANGUAGE,
                f"heard {name_of(guess.language)}, which the recogniser {self.recogniser} does not know; "
                "take another recogniser, or leave that language out of --languages",
            )
        heard = self._hear(job, speech, guess.language)
        end_s = round(len(job.audio.samples) / job.audio.rate_hz, 3)
        words = repair_times([trim_to_speech(word, speech) for word in heard], end_s)
        if not words:
            seconds = sum(span.duration_s for span in speech)
            return Reject(
                Reason.E_NO_SPEECH,
                f"{seconds:.1f} s of voices hold not one word, expected talk; give clips with intelligible speech",
            )
        speakers = assign_speakers(words, diarization.segments, guess.language)
        return Transcript(guess.language, make_turns(words, speakers, self.turn_pause_s, guess.language))

    def _hear(self, job: Job, speech: tuple[Span, ...], language: str) -> list[Word]:
        audio = job.audio
        recogniser = recognisers.load(self.recogniser, self.transcribe_device, self.compute_type)
        windows = pack(speech, audio.samples, audio.rate_hz, self.transcribe_window_s, self.speech_pad_s)
        words = []
        for i, window in enumerate(windows):
            sound = sound_of(window, audio.samples, audio.rate_hz)
            for heard in self._timed(sound, recogniser.hear(sound, language, self.beam_size), language):
                start_s = unpack_time(window, heard.start_s, is_end=False)
                words.append(replace(heard, start_s=start_s, end_s=unpack_time(window, heard.end_s, is_end=True)))
            job.tick((i + 1) / len(windows))
        return words

    def _timed(self, sound: F32, heard: Sequence[Heard], language: str) -> list[Word]:
        """Words with their times in a window: those of the aligner, and for words that it does not find, the
        recogniser's own, marked as interpolated."""
        aligner = aligners.load(self.aligner, self.align_model, self.transcribe_device, language)
        own = [Word(h.word, h.start_s + _EARLY_S, h.end_s + _EARLY_S, h.prob, aligner is not None) for h in heard]
        if aligner is None:
            return own
        found = aligner.align(sound, heard, language)
        return [
            Word(a.word, b.start_s, b.end_s, a.prob) if math.isfinite(b.start_s) else a
            for a, b in zip(own, found, strict=True)
        ]


def voiced(speech: tuple[Span, ...], samples: F32) -> tuple[Span, ...]:
    """The stretches of [S] 16 kHz samples in which a second network hears a voice, too.

    The segmentation network may take laughter or singing for talk, in which the recogniser would invent words.
    """
    voices = silero.voiced_spans(samples, _VOICE_THRESHOLD)
    return tuple(span for span in speech if any(overlap_s(span, voice) > 0 for voice in voices))
