"""The moments of a talk that behaviour hangs on, as one participant lives them: own acts and words, and the other's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from nonverbal.studio.talk import SpokenLine, SpokenWord, Talk

_YES = "yes yeah yep right exactly sure absolutely definitely totally true okay"
_NO = "no nope not never none nothing don't doesn't didn't can't won't isn't wasn't couldn't"
_MAYBE = "maybe perhaps probably guess might somehow possibly unsure"
_VERY = "very really so extremely incredibly absolutely totally huge tiny amazing"

WORD_CLASSES = {
    name: frozenset(words.split()) for name, words in (("yes", _YES), ("no", _NO), ("maybe", _MAYBE), ("very", _VERY))
}
"""Class -> words, lower case without punctuation, that are acted whoever says them."""

PHRASE_PAUSE_S = 0.12


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happens in ``[start_s, end_s)``.

    `kind` is ``act:ask`` (an own line), ``word:stressed``, ``word:yes`` and so on (an own word), ``heard:joke`` (a line
    of the partner) or ``heard:phrase`` (the end of a phrase of the partner).
    """

    kind: str
    start_s: float
    end_s: float


def moments_of(talk: Talk, participant: str) -> list[Moment]:
    """Every moment of `participant`, line by line."""
    found: list[Moment] = []
    for spoken in talk.lines:
        own = spoken.line.participant == participant
        found.append(Moment(f"{'act' if own else 'heard'}:{spoken.line.act}", spoken.start_s, spoken.end_s))
        found.extend(_own_words(spoken) if own else _phrase_ends(spoken))
    return found


def bare(word: str) -> str:
    """``"Really?"`` -> ``"really"``."""
    return word.lower().replace("’", "'").strip(".,!?;:…\"'()-")


def phrase_ends_s(spoken: SpokenLine) -> list[float]:
    """When a line's phrases end: before a pause, at punctuation, and at its last word."""
    ends = []
    for i, word in enumerate(spoken.words):
        last = i + 1 == len(spoken.words)
        if last or word.word[-1:] in ".,!?;:" or spoken.words[i + 1].start_s - word.end_s >= PHRASE_PAUSE_S:
            ends.append(word.end_s)
    return ends


def _own_words(spoken: SpokenLine) -> Iterator[Moment]:
    stressed = set(spoken.line.emphasis)
    for i, word in enumerate(spoken.words):
        if i in stressed:
            start_s = stressed_vowel_s(word)
            yield Moment("word:stressed", start_s, max(word.end_s, start_s))
        plain = bare(word.word)
        for name, words in WORD_CLASSES.items():
            if plain in words:
                yield Moment(f"word:{name}", word.start_s, word.end_s)


def _phrase_ends(spoken: SpokenLine) -> Iterator[Moment]:
    for end_s in phrase_ends_s(spoken):
        yield Moment("heard:phrase", end_s, end_s)


def stressed_vowel_s(word: SpokenWord) -> float:
    """When the word's primary stress begins, or the word where no phone carries one."""
    return next((phone.start_s for phone in word.phones if phone.stress == 1), word.start_s)
