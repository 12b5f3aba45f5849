"""Whisper base through faster-whisper: which language is spoken, and which words when."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from nonverbal.types import F32
from nonverbal.verdicts import UserError
from nonverbal.weights import whisper_base

WINDOW_S = 30.0
"""Sound that the encoder sees at once; shorter sound is padded to this, at the same cost."""

_MAX_COMPRESSION = 2.4
"""Text that zlib shrinks further than this repeats itself: the decoder ran in a circle (Whisper's own limit)."""

_TOKENS_PER_S = 12
_SPARE_TOKENS = 24
"""A decoder in a circle is stopped early: fast talk has 6 or 7 tokens a second."""


_MIN_REST_S = 1.0
"""Sound after the last word that is worth another pass."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A word as the recogniser gives it; times in seconds of the sound it was given, not a number where unknown."""

    word: str
    start_s: float
    end_s: float
    prob: float


def detect_language(samples: F32) -> tuple[str, float]:
    """Most likely language (ISO 639-1 code) of up to 30 s of 16 kHz samples, and its probability."""
    language, prob, _ = _model().detect_language(samples[: round(WINDOW_S * 16000)])
    return str(language), float(prob)


def hear_words(samples: F32, language: str, beam_size: int) -> tuple[Heard, ...]:
    """The words in up to 30 s of 16 kHz samples, without any random choice.

    No time tokens are asked for, as they would split the window into many passes. A text that repeats itself is decoded
    once more with repeats of four tokens forbidden.

    Args:
        samples: [S] in [-1, 1].
        language: ISO 639-1 code.
        beam_size: hypotheses followed at once.
    """
    seconds = len(samples) / 16000
    segments = _decode(samples, language, beam_size, 0, seconds)
    if any(segment.compression_ratio > _MAX_COMPRESSION for segment in segments):
        segments = _decode(samples, language, beam_size, 4, seconds)
    return tuple(
        Heard(word.word.strip(), _time(word.start), _time(word.end), float(word.probability))
        for segment in segments
        for word in segment.words or ()
        if word.word.strip()
    )


def _time(seconds: float | None) -> float:
    """Seconds as a plain float; not a number where the recogniser has none."""
    return math.nan if seconds is None else float(seconds)


def _decode(samples: F32, language: str, beam_size: int, no_repeat: int, seconds: float) -> list[Any]:
    passes, _ = _model().transcribe(
        samples,
        language=language,
        beam_size=beam_size,
        temperature=0.0,
        no_repeat_ngram_size=no_repeat,
        condition_on_previous_text=False,
        without_timestamps=True,
        word_timestamps=True,
        vad_filter=False,
        max_new_tokens=min(220, round(seconds * _TOKENS_PER_S) + _SPARE_TOKENS),
    )
    segments = []
    for segment in passes:
        segments.append(segment)
        # Each pass begins where the last word of the one before ended. In a rest of a breath the decoder finds no
        # words, but makes some up ("you.", or "I'm sorry" fifty times), so it is not asked.
        if segment.words and seconds - segment.words[-1].end < _MIN_REST_S:
            break
    return segments


@lru_cache(maxsize=1)
def _model() -> Any:
    try:
        from faster_whisper import WhisperModel
    except ImportError as error:
        raise UserError("faster-whisper is missing: run pip install 'nonverbal[offline]'") from error
    # One thread, always: sums split over threads would make results depend on the machine.
    return WhisperModel(
        str(whisper_base()), device="cpu", compute_type="int8", cpu_threads=1, num_workers=1, local_files_only=True
    )
