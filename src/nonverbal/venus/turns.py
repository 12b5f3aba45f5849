"""Words with doubtful times become words with times, words of diarized speakers become turns with sentences."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nonverbal.backends.languages import joined
from nonverbal.timeline import overlap_s
from nonverbal.types import Span, SpeakerSegment, Turn, Word

MIN_WORD_S = 0.02
"""A shorter word has no usable time of its own: the recogniser's grid is 20 ms."""

_SWITCH_COST = 0.35
_SWITCH_COST_AFTER_SENTENCE = 0.1
_PAUSE_S = 0.5
"""What it costs, in shares of a word, to go to another speaker inside a sentence, and after its end or a pause."""

_SENTENCE_END = re.compile(r"[.!?…。？！｡؟।॥։።]+[\"'”’“«»‹›」』）)\]]*$")
_ABBREVIATION = re.compile(r"^(?:mr|mrs|ms|dr|prof|st|vs|jr|sr|e\.g|i\.e|[a-z]|(?:[a-z]\.)+[a-z])\.$", re.IGNORECASE)
_OF_LANGUAGE = {
    "de": r"bzw|ca|evtl|ggf|hr|fr|inkl|nr|vgl|\d{1,2}", "da": r"bl|ca|fx|nr|\d{1,2}", "fr": r"cf|mlle|mme",
    "es": r"sra|srta|ud|uds", "it": r"sig|dott", "nl": r"bijv|bv|dhr|mevr|nr", "no": r"bl|ca|nr|\d{1,2}",
    "fi": r"esim|nro|\d{1,2}", "cs": r"např|tzv|č|\d{1,2}", "pl": r"np|tzw|ul|nr|\d{1,2}",
}  # fmt: skip
"""Further words with a full stop inside a sentence; in some languages it makes ordinals: "am 3. Oktober"."""


def repair_times(words: Sequence[Word], end_s: float) -> tuple[Word, ...]:
    """The words with rising times inside ``[0, end_s]``, in whole ms, `MIN_WORD_S` or longer unless no room is left.

    A word whose own time is missing (not a number), empty, or before the word in front of it is spread over the gap
    between its neighbours by its number of letters and marked interpolated. Where that gap is too small, the usable
    words beside it give up their time and are spread with it.
    """
    usable = _usable(words, end_s)
    out = list(words)
    i = 0
    while i < len(words):
        if usable[i]:
            i += 1
            continue
        stop = i
        while stop < len(words) and not usable[stop]:
            stop += 1
        i, stop = _make_room(words, usable, i, stop, end_s)
        start_s, next_s = _gap(words, i, stop, end_s)
        out[i:stop] = _spread(words[i:stop], start_s, next_s)
        usable[i:stop] = [True] * (stop - i)
        i = stop
    return _in_ms(out, end_s)


def _usable(words: Sequence[Word], end_s: float) -> list[bool]:
    usable, before_s = [], 0.0
    for word in words:
        good = math.isfinite(word.start_s) and math.isfinite(word.end_s)
        good = good and word.end_s - word.start_s >= MIN_WORD_S - 1e-9 and word.start_s >= before_s - 1e-9
        good = good and word.end_s <= end_s + 1e-6
        usable.append(good)
        before_s = word.end_s if good else before_s
    return usable


def _gap(words: Sequence[Word], begin: int, stop: int, end_s: float) -> tuple[float, float]:
    """Free time between the words around ``[begin, stop)``."""
    return (words[begin - 1].end_s if begin else 0.0), (words[stop].start_s if stop < len(words) else end_s)


def _make_room(words: Sequence[Word], usable: Sequence[bool], begin: int, stop: int, end_s: float) -> tuple[int, int]:
    """The run ``[begin, stop)``, grown over usable neighbours until its words fit between those around it."""
    while True:
        start_s, next_s = _gap(words, begin, stop, end_s)
        if next_s - start_s >= (stop - begin) * MIN_WORD_S:
            return begin, stop
        if begin > 0:
            begin -= 1
        elif stop < len(words):
            stop += 1
            while stop < len(words) and not usable[stop]:
                stop += 1
        else:
            return begin, stop


def _spread(words: Sequence[Word], start_s: float, end_s: float) -> list[Word]:
    """The words, marked interpolated, over ``[start_s, end_s)`` by letters, but no slower than half a second each."""
    end_s = min(end_s, start_s + 0.5 * len(words))
    letters = np.array([0.0, *(max(1, len(word.word)) for word in words)])
    edges = start_s + (end_s - start_s) * np.cumsum(letters) / letters.sum()
    return [
        replace(word, start_s=float(a), end_s=float(b), interpolated=True)
        for word, a, b in zip(words, edges[:-1], edges[1:], strict=True)
    ]


def _in_ms(words: Sequence[Word], end_s: float) -> tuple[Word, ...]:
    out, before_s = [], 0.0
    for word in words:
        start = min(max(round(word.start_s, 3), before_s), end_s)
        before_s = min(max(round(word.end_s, 3), start), end_s)
        out.append(replace(word, start_s=start, end_s=before_s, prob=round(word.prob, 4)))
    return tuple(out)


def trim_to_speech(word: Word, speech: Sequence[Span]) -> Word:
    """The word without what sticks out of the stretch of speech it lies in most; unchanged outside all speech.

    The recogniser lets the first word after a pause begin in the pause.
    """
    if not word.end_s >= word.start_s:
        return word
    span = Span(word.start_s, word.end_s)
    best = max(speech, key=lambda s: overlap_s(span, s), default=None)
    if best is None or overlap_s(span, best) < 2 * MIN_WORD_S:
        return word
    return replace(word, start_s=max(word.start_s, best.start_s), end_s=min(word.end_s, best.end_s))


def ends_sentence(word: str, language: str = "en") -> bool:
    """Whether a sentence ends with this word, by its punctuation; "Dr.", "U.S." and a German "3." do not count."""
    if not _SENTENCE_END.search(word) or _ABBREVIATION.match(word):
        return language == "el" and word.endswith((";", "\u037e"))
    return not (language in _OF_LANGUAGE and re.fullmatch(rf"(?:{_OF_LANGUAGE[language]})\.", word, re.IGNORECASE))


def assign_speakers(words: Sequence[Word], segments: Sequence[SpeakerSegment], language: str = "en") -> tuple[str, ...]:
    """The speaker of each word: who talks during most of it, without stray switches inside a sentence.

    Each word has a share, 0 to 1, for each speaker: the part of it that their segments cover, or, outside all
    segments, 1 for the nearest. The chosen sequence has the largest sum of shares minus a cost for each switch, so one
    word in which both talk does not change hands, and one clear "Yeah." does.

    Raises:
        ValueError: there are words and no segments.
    """
    names = sorted({s.speaker for s in segments})
    if not words:
        return ()
    if not names:
        raise ValueError(f"got {len(words)} words and no diarized segments; expected at least one segment")
    shares = np.array([_shares(word, segments, names) for word in words])
    best = shares[0]
    came_from = []
    for i in range(1, len(words)):
        free = ends_sentence(words[i - 1].word, language) or words[i].start_s - words[i - 1].end_s >= _PAUSE_S
        cost = _SWITCH_COST_AFTER_SENTENCE if free else _SWITCH_COST
        paths = best[:, None] - cost * (1 - np.eye(len(names)))
        came_from.append(paths.argmax(axis=0))
        best = paths.max(axis=0) + shares[i]
    choice = [int(best.argmax())]
    for step in reversed(came_from):
        choice.append(int(step[choice[-1]]))
    return tuple(names[k] for k in reversed(choice))


def _shares(word: Word, segments: Sequence[SpeakerSegment], names: Sequence[str]) -> list[float]:
    span = Span(word.start_s, max(word.end_s, word.start_s + 1e-3))
    covered = dict.fromkeys(names, 0.0)
    for s in segments:
        covered[s.speaker] += overlap_s(span, Span(s.start_s, s.end_s))
    if any(covered.values()):
        return [min(1.0, covered[name] / span.duration_s) for name in names]
    nearest = min(segments, key=lambda s: max(s.start_s - span.end_s, span.start_s - s.end_s))
    return [float(name == nearest.speaker) for name in names]


def make_turns(
    words: Sequence[Word], speakers: Sequence[str], max_pause_s: float, language: str = "en"
) -> tuple[Turn, ...]:
    """Turns in order: a new one where the speaker changes, or after more than `max_pause_s` without a word."""
    turns: list[Turn] = []
    begin = 0
    for i in range(1, len(words) + 1):
        ended = i == len(words) or speakers[i] != speakers[begin]
        if ended or words[i].start_s - words[i - 1].end_s > max_pause_s:
            turns.append(_turn(words[begin:i], speakers[begin], language))
            begin = i
    return tuple(turns)


def _turn(words: Sequence[Word], speaker: str, language: str) -> Turn:
    firsts = (0, *(i for i in range(1, len(words)) if ends_sentence(words[i - 1].word, language)))
    text = joined([word.word for word in words], language)
    return Turn(speaker, words[0].start_s, words[-1].end_s, text, tuple(words), firsts)
