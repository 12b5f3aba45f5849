"""Times of words and speech sounds without any sound: a duration model for talks that are never heard."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nonverbal.studio.speech.layout import lay_out
from nonverbal.studio.speech.pronounce import SENTENCE_MARKS, WordSounds, pronounce_lines
from nonverbal.studio.talk import PARTICIPANTS, Line, Phone, SpokenWord, Talk

_CLASS_OF = {
    **dict.fromkeys("pbtdkɡɾʔ", "stop"),
    **dict.fromkeys("fvθðszʃʒhx", "fricative"),
    **dict.fromkeys(("tʃ", "dʒ"), "affricate"),
    **dict.fromkeys(("m", "n", "ŋ", "n̩", "m̩"), "nasal"),
    **dict.fromkeys("lɹrjwɫ", "glide"),
    **dict.fromkeys(("ə", "ɐ", "ᵻ", "ɚ", "əl"), "weak"),
}
_MEAN_S = {
    "stop": 0.062, "fricative": 0.078, "affricate": 0.095, "nasal": 0.062, "glide": 0.058, "weak": 0.056,
    "short": 0.072, "long": 0.105,
}  # fmt: skip
_SPREAD = 0.28
"""Standard deviation of the logarithm of one sound's duration."""
_STRESSED, _EMPHASISED, _FINAL = 1.2, 1.2, 1.45
"""Factors on a stressed vowel, on an emphasised word, and on the sounds from the last vowel before a pause on."""
_RATE_SPREAD, _LINE_SPREAD = 0.1, 0.08
_COMMA_S, _STOP_S = 0.16, 0.34
"""Median pause within and after a sentence."""
_LAUGH_S = (0.6, 1.5)
_PACE_OF_MOOD = 0.06


def time_talk(lines: Sequence[Line], seed: int, duration_s: float | None = None) -> Talk:
    """The talk as it could have been spoken; the same arguments give the same times.

    Args:
        lines: what is said.
        seed: decides both speakers' pace and every duration.
        duration_s: length of the talk; lines that would not fit are left out. None for as long as it takes.
    """
    rng = np.random.default_rng((seed, 2))
    pace = dict(zip(PARTICIPANTS, np.exp(rng.normal(0.0, _RATE_SPREAD, len(PARTICIPANTS))), strict=True))
    pronounced = pronounce_lines([line.text for line in lines])

    def say(number: int, line: Line) -> tuple[tuple[SpokenWord, ...], float]:
        own = np.random.default_rng((seed, 2, number))
        words = pronounced[number][: len(line.text.split(" "))]
        return _time_line(line, words, float(pace[line.participant]), own), float(own.uniform(*_LAUGH_S))

    return lay_out(lines, say, duration_s)[0]


def _time_line(
    line: Line, words: Sequence[WordSounds], pace: float, rng: np.random.Generator
) -> tuple[SpokenWord, ...]:
    """The words from second 0 on; `pace` above 1 is slower."""
    pace *= float(np.exp(rng.normal(0.0, _LINE_SPREAD))) * (1.0 - _PACE_OF_MOOD * line.mood)
    noise = iter(np.exp(rng.normal(0.0, _SPREAD, sum(len(word.sounds) for word in words))).tolist())
    pauses = np.exp(rng.normal(0.0, 0.4, len(words))).tolist()
    out, at_s = [], 0.0
    for i, word in enumerate(words):
        emphasis = _EMPHASISED if i in line.emphasis else 1.0
        phones = []
        for sound, seconds in zip(word.sounds, usual_s(word, final=i == len(words) - 1), strict=True):
            end_s = at_s + seconds * next(noise) * pace * emphasis
            phones.append(Phone(sound.symbol, at_s, end_s, sound.stress))
            at_s = end_s
        out.append(SpokenWord(word.word, phones[0].start_s, at_s, tuple(phones)))
        at_s += usual_pause_s(word.mark) * pauses[i]
    return tuple(out)


def usual_s(word: WordSounds, final: bool) -> list[float]:
    """How long each sound of a word usually takes; the end of a word before a pause is drawn out."""
    drawn_out = final or bool(word.mark)
    last_vowel = max((k for k, sound in enumerate(word.sounds) if sound.vowel), default=0)
    return [
        _MEAN_S[_CLASS_OF.get(sound.symbol) or ("short" if len(sound.symbol) == 1 else "long")]
        * (_STRESSED if sound.stress == 1 else 1.0)
        * (_FINAL if drawn_out and k >= last_vowel else 1.0)
        for k, sound in enumerate(word.sounds)
    ]


def usual_pause_s(mark: str) -> float:
    """How long the silence at a mark usually is; none without a mark."""
    return 0.0 if not mark else _STOP_S if mark in SENTENCE_MARKS else _COMMA_S
