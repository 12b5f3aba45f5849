"""Which speech sounds make up each word of a text, as words sound next to each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nonverbal.backends import espeak
from nonverbal.verdicts import UserError

MARKS = ",.;:?!"
"""Punctuation that ends a clause."""
SENTENCE_MARKS = ".?!"

_RESPELLED = {"mm-hm": "um-hum", "hmm": "hum"}
"""What espeak would spell letter by letter, or say oddly."""

_STRESS = {"ˈ": 1, "ˌ": 2}
_VOWELS = frozenset("aeiouæɐɑɒɔəɚɛɜɪʊʌᵻ")


@dataclass(frozen=True, slots=True)
class Sound:
    """One speech sound; stress 0 none, 1 primary, 2 secondary."""

    symbol: str
    stress: int = 0

    @property
    def vowel(self) -> bool:
        return self.symbol[0] in _VOWELS


@dataclass(frozen=True, slots=True)
class WordSounds:
    """A word as written, its sounds (at least one), and the mark of `MARKS` that follows it, empty where none does."""

    word: str
    sounds: tuple[Sound, ...]
    mark: str


def respelled(text: str) -> str:
    """The text with words that espeak cannot read spelled as they sound."""
    return " ".join(_respell(word) for word in text.split(" "))


def _respell(word: str) -> str:
    core = word.rstrip(MARKS)
    return _RESPELLED.get(core.lower(), core) + word[len(core) :]


def pronounce_lines(texts: Sequence[str], language: str = "en-us") -> list[tuple[WordSounds, ...]]:
    """The sounds of each word of each text, one entry for each of ``text.split(" ")``; none for an empty text.

    Raises:
        UserError: a word has no sound, or espeak is missing.
    """
    clauses = [clause for text in texts for clause in _clauses(text)]
    spoken = espeak.pronounce([" ".join(_plain(word) for word in clause) for clause in clauses], language)
    grouped = [[_sounds(group) for group in ipa.split(" ")] if ipa else [] for ipa in spoken]
    merged = sorted({w for c, g in zip(clauses, grouped, strict=True) if len(c) != len(g) for w in map(_plain, c)})
    alone = dict(zip(merged, map(_alone, espeak.pronounce(merged, language)), strict=True)) if merged else {}
    told = iter(
        groups if len(groups) == len(clause) else _split(groups, [alone[_plain(word)] for word in clause])
        for clause, groups in zip(clauses, grouped, strict=True)
    )
    return [tuple(word for clause in _clauses(text) for word in _words(clause, next(told))) for text in texts]


def _clauses(text: str) -> list[list[str]]:
    """The words of each clause: a mark at a word's end closes one."""
    clauses: list[list[str]] = []
    fresh = True
    for word in text.split(" ") if text else ():
        if fresh:
            clauses.append([])
        clauses[-1].append(word)
        fresh = word[-1:] in MARKS
    return clauses


def _plain(word: str) -> str:
    return _respell(re.sub(rf"[{re.escape(MARKS)}]+$", "", word))


def _words(clause: Sequence[str], sounds: Sequence[tuple[Sound, ...]]) -> Iterable[WordSounds]:
    for word, own in zip(clause, sounds, strict=True):
        if not own:
            raise UserError(f"the word {word!r} of {' '.join(clause)!r} has no sound; write it as it is spoken")
        yield WordSounds(word, own, word[-1] if word[-1] in MARKS else "")


def _alone(ipa: str) -> tuple[Sound, ...]:
    """A word said by itself, its parts put together ("1984" is several groups)."""
    return tuple(sound for group in ipa.split(" ") for sound in _sounds(group))


def _sounds(group: str) -> tuple[Sound, ...]:
    marked = re.findall(r"([ˈˌ]?)([^_ˈˌ]+)", group)
    return tuple(Sound(symbol, _STRESS.get(mark, 0)) for mark, symbol in marked)


def _split(groups: Sequence[Sequence[Sound]], words: Sequence[tuple[Sound, ...]]) -> list[tuple[Sound, ...]]:
    """Sounds of each word where espeak wrote neighbours as one: cut where the words said alone fit best.

    Example: ``ʌ v ð ə`` against "of" ``ʌ v`` and "the" ``ð ə``. Falls back on the words alone where a word would
    get no sound (then espeak read one word as several).
    """
    joint = [sound for group in groups for sound in group]
    owner = [i for i, sounds in enumerate(words) for _ in sounds]
    apart = [sound for sounds in words for sound in sounds]
    labels = _align(joint, apart, owner)
    found = [tuple(s for s, label in zip(joint, labels, strict=True) if label == i) for i in range(len(words))]
    return found if all(found) else list(words)


def _align(joint: Sequence[Sound], apart: Sequence[Sound], owner: Sequence[int]) -> list[int]:
    """For each of the joint sounds, the word of the sound it is paired with on a cheapest edit path."""
    cost = np.zeros((len(joint) + 1, len(apart) + 1))
    cost[:, 0], cost[0, :] = np.arange(len(joint) + 1), np.arange(len(apart) + 1)
    change = np.array([[_difference(a, b) for b in apart] for a in joint]).reshape(len(joint), len(apart))
    for i in range(1, len(joint) + 1):
        for j in range(1, len(apart) + 1):
            cost[i, j] = min(cost[i - 1, j - 1] + change[i - 1, j - 1], cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    labels, i, j = [0] * len(joint), len(joint), len(apart)
    while i > 0:
        if j > 0 and cost[i, j] == cost[i - 1, j - 1] + change[i - 1, j - 1]:
            i, j = i - 1, j - 1
            labels[i] = owner[j]
        elif j > 0 and cost[i, j] == cost[i, j - 1] + 1:
            j -= 1
        else:
            i -= 1
            labels[i] = owner[max(j - 1, 0)] if owner else 0
    return labels


def _difference(a: Sound, b: Sound) -> float:
    if a.symbol == b.symbol:
        return 0.0
    return 0.6 if a.vowel and b.vowel else 0.8 if a.vowel == b.vowel else 1.8
