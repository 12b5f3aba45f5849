"""The neural voice: sentence by sentence, with times from the network's own durations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from nonverbal.backends import piper
from nonverbal.studio.speech.laugh import laugh
from nonverbal.studio.speech.pronounce import SENTENCE_MARKS, WordSounds, pronounce_lines
from nonverbal.studio.speech.spoken import fitted, moved, stressed, trimmed
from nonverbal.studio.speech.voices import Spoken
from nonverbal.studio.talk import Line, Phone, SpokenWord
from nonverbal.types import F32

_STRESS_MARK = ("", "ˈ", "ˌ")
_PITCH_HZ = 112.0
"""Of joe's voice, for its laughs."""

_EMPHASIS_LENGTH = 1.15
_SENTENCE_PAUSE_S = (0.15, 0.4)


@dataclass(frozen=True)
class PiperVoice:
    """Joe, or with `factor` other than 1 somebody with another throat: pitch and formants times `factor`."""

    factor: float = 1.0

    @property
    def name(self) -> str:
        return "joe" if self.factor == 1.0 else f"joe:{self.factor:g}"

    def say(self, line: Line, rng: np.random.Generator) -> Spoken:
        if not line.text:
            return laugh(_PITCH_HZ * self.factor, self.factor, line.mood, rng)
        (words,) = pronounce_lines([line.text])
        # A resampled voice is both higher and faster, so it is made slower by as much before.
        shift = Fraction(self.factor * (1.0 + 0.02 * line.mood)).limit_denominator(60)
        manner = piper.Manner(
            length=float(shift) * (1.0 - 0.06 * line.mood), sound_noise=0.55 + 0.2 * abs(line.mood), timing_noise=0.6
        )
        parts: list[F32] = []
        told: list[SpokenWord] = []
        at = 0
        for first, sentence in _sentences(words):
            emphasis = [i - first for i in line.emphasis if first <= i < first + len(sentence)]
            sound, spoken = _say_sentence(sentence, emphasis, manner, rng)
            told += [moved(word, at / piper.RATE_HZ) for word in spoken]
            pause = np.zeros(round(rng.uniform(*_SENTENCE_PAUSE_S) * piper.RATE_HZ), dtype=np.float32)
            parts += [sound, pause]
            at += len(sound) + len(pause)
        samples = np.concatenate(parts[:-1])
        shifted = resample_poly(samples, shift.denominator, shift.numerator).astype(np.float32)
        return Spoken(shifted, piper.RATE_HZ, tuple(moved(word, 0.0, float(1 / shift)) for word in told))


def _sentences(words: Sequence[WordSounds]) -> Iterator[tuple[int, Sequence[WordSounds]]]:
    """Index of the first word, and the words, of each sentence."""
    first = 0
    for i, word in enumerate(words):
        if (word.mark and word.mark in SENTENCE_MARKS) or i == len(words) - 1:
            yield first, words[first : i + 1]
            first = i + 1


def _say_sentence(
    words: Sequence[WordSounds], emphasis: Sequence[int], manner: piper.Manner, rng: np.random.Generator
) -> tuple[F32, list[SpokenWord]]:
    """Sound of a sentence from its first to its last audible moment, and its words."""
    symbols, owner = [], []
    for i, word in enumerate(words):
        symbols += [_STRESS_MARK[sound.stress] + sound.symbol for sound in word.sounds]
        owner += [i] * len(word.sounds)
        last = i == len(words) - 1
        between = [word.mark or "."] if last else [word.mark, " "] if word.mark else [" "]
        symbols += between
        owner += [-1] * len(between)
    stretch = [_EMPHASIS_LENGTH if word in emphasis else 1.0 for word in owner]
    sound = piper.speak(symbols, stretch, manner, rng)
    spoken = _times(words, np.concatenate(([0], np.cumsum(sound.symbol_samples))) / piper.RATE_HZ)
    spoken = fitted(spoken, [bool(word.mark) for word in words], sound.samples, piper.RATE_HZ)
    samples = stressed(sound.samples, piper.RATE_HZ, [spoken[i] for i in emphasis])
    return trimmed(samples, piper.RATE_HZ, spoken)


def _times(words: Sequence[WordSounds], edges: NDArray[np.float64]) -> list[SpokenWord]:
    """Words and phones from the [P + 1] edges of the symbols; the space between two words goes half to each."""
    out, k, start_s = [], 0, float(edges[0])
    for i, word in enumerate(words):
        own = edges[k : k + len(word.sounds) + 1].tolist()
        own[0] = start_s
        k += len(word.sounds)
        joined = not word.mark and i < len(words) - 1
        if joined:
            own[-1] = start_s = float(edges[k] + edges[k + 1]) / 2
        k += 1 if joined or i == len(words) - 1 else 2
        if not joined:
            start_s = float(edges[min(k, len(edges) - 1)])
        phones = tuple(
            Phone(sound.symbol, *span, sound.stress) for sound, span in zip(word.sounds, pairwise(own), strict=True)
        )
        out.append(SpokenWord(word.word, own[0], own[-1], phones))
    return out
