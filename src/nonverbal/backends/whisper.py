"""Whisper through faster-whisper, any size: which language is spoken, and which words when."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nonverbal.backends.languages import whole_words
from nonverbal.backends.recognisers import WINDOW_S, Heard
from nonverbal.types import F32
from nonverbal.verdicts import UserError

MAX_COMPRESSION = 2.4
"""Text that zlib shrinks further than this repeats itself: the decoder ran in a circle (Whisper's own limit)."""

_TOKENS_PER_S = 12
_SPARE_TOKENS = 24
"""A decoder in a circle is stopped early: fast talk has 6 or 7 tokens a second."""


_MIN_REST_S = 1.0
"""Sound after the last word that is worth another pass."""


def most_tokens(seconds: float) -> int:
    """Tokens after which a decoder must run in a circle."""
    return min(220, round(seconds * _TOKENS_PER_S) + _SPARE_TOKENS)


@dataclass(frozen=True)
class FasterWhisper:
    """A Whisper in CTranslate2 form, see `Recogniser`.

    Attributes:
        folder: with model.bin, config.json, tokenizer.json and the vocabulary.
        device: cpu or cuda.
        compute_type: of CTranslate2, or auto.
    """

    folder: Path
    device: str
    compute_type: str

    def hears(self, language: str) -> bool:
        if not self._model.model.is_multilingual:
            return language == "en"
        return self._model.hf_tokenizer.token_to_id(f"<|{language}|>") is not None

    def detect_language(self, samples: F32) -> tuple[str, float]:
        language, prob, _ = self._model.detect_language(samples[: round(WINDOW_S * 16000)])
        return str(language), float(prob)

    def hear(self, samples: F32, language: str, beam_size: int) -> tuple[Heard, ...]:
        """The words in up to 30 s of 16 kHz samples, without any random choice.

        No time tokens are asked for, as they would split the window into many passes. A text that repeats itself is
        decoded once more with repeats of four tokens forbidden.

        Args:
            samples: [S] in [-1, 1].
            language: code of the language.
            beam_size: hypotheses followed at once.
        """
        segments = self._decode(samples, language, beam_size, 0)
        if any(segment.compression_ratio > MAX_COMPRESSION for segment in segments):
            segments = self._decode(samples, language, beam_size, 4)
        pieces = [word for segment in segments for word in segment.words or ()]
        words = whole_words([piece.word for piece in pieces], language)
        return tuple(_joined([pieces[i] for i in word]) for word in words)

    def _decode(self, samples: F32, language: str, beam_size: int, no_repeat: int) -> list[Any]:
        seconds = len(samples) / 16000
        passes, _ = self._model.transcribe(
            samples,
            language=language,
            beam_size=beam_size,
            temperature=0.0,
            no_repeat_ngram_size=no_repeat,
            condition_on_previous_text=False,
            without_timestamps=True,
            word_timestamps=True,
            vad_filter=False,
            max_new_tokens=most_tokens(seconds),
        )
        segments = []
        for segment in passes:
            segments.append(segment)
            # Each pass begins where the last word of the one before ended. In a rest of a breath the decoder finds no
            # words, but makes some up ("you.", or "I'm sorry" fifty times), so it is not asked.
            if segment.words and seconds - segment.words[-1].end < _MIN_REST_S:
                break
        return segments

    @cached_property
    def _model(self) -> Any:
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise UserError("faster-whisper is missing: run pip install 'nonverbal[offline]'") from error
        kind = {"cpu": "int8", "cuda": "float16"}[self.device] if self.compute_type == "auto" else self.compute_type
        # One thread, always: sums split over threads would make results depend on the machine.
        return WhisperModel(
            str(self.folder), device=self.device, compute_type=kind, cpu_threads=1, num_workers=1, local_files_only=True
        )  # fmt: skip


def _joined(pieces: list[Any]) -> Heard:
    """One word from the pieces that it came in, as sure as the least sure of them; marks take no time."""
    text = "".join(piece.word.strip() for piece in pieces)
    said = [piece for piece in pieces if any(map(str.isalnum, piece.word))] or pieces
    prob = min(float(piece.probability) for piece in said)
    return Heard(text, _time(said[0].start), _time(said[-1].end), prob)


def _time(seconds: float | None) -> float:
    """Seconds as a plain float; not a number where the recogniser has none."""
    return math.nan if seconds is None else float(seconds)
