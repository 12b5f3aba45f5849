"""Utterances of a published VENUS row to turns: two people, rising times, a time for every word."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from nonverbal.dataset.venus_rows import UNKNOWN_PROB, Utterance, VenusRow
from nonverbal.types import Turn, Word
from nonverbal.venus.turns import make_turns, repair_times
from nonverbal.verdicts import Reason, RejectedError

SEGMENT_S = 600.0
"""Length of a published segment in seconds."""

PARTICIPANTS = ("A", "B")
"""Who talks first is A."""

_WORD_SLACK_S = 0.5
"""How far a word may stick out of its utterance and still be believed, in seconds."""

NO_WORDS, NO_TIME, NO_SPEAKER, NO_UTTERANCE = "no words", "no time", "no speaker", "harmful, but not there"


@dataclass(frozen=True, slots=True)
class Spoken:
    """An utterance that became a turn."""

    utterance_id: str
    turn: Turn


@dataclass(frozen=True, slots=True)
class Conversation:
    """The turns of a row in order of time, and how many utterances were left out for what reason."""

    spoken: tuple[Spoken, ...]
    left_out: Counter[str]

    @property
    def turns(self) -> tuple[Turn, ...]:
        return tuple(one.turn for one in self.spoken)


def read_conversation(row: VenusRow, where: str) -> Conversation:
    """The turns of `row`. What is held to be harmful is flagged and stays, without a score: none is published.

    Raises:
        RejectedError: not exactly two people talk.
    """
    left_out: Counter[str] = Counter()
    kept: list[tuple[Utterance, Turn]] = []
    for utterance in row.utterances:
        turn = _turn(utterance, utterance.utterance_id in row.harmful)
        if isinstance(turn, Turn):
            kept.append((utterance, turn))
        else:
            left_out[turn] += 1
    left_out[NO_UTTERANCE] += len(row.harmful - {u.utterance_id for u in row.utterances})
    kept.sort(key=lambda pair: (pair[1].start_s, pair[1].end_s))
    names = dict(zip(_two_speakers((u.speaker for u, _ in kept), where), PARTICIPANTS, strict=True))
    spoken = (Spoken(u.utterance_id, replace(turn, participant=names[u.speaker])) for u, turn in kept)
    return Conversation(tuple(spoken), +left_out)


def _two_speakers(speakers: Iterable[str], where: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(speakers))
    if len(names) == len(PARTICIPANTS):
        return names
    reason = {0: Reason.E_NO_SPEECH, 1: Reason.E_ONE_SPEAKER}.get(len(names), Reason.E_THREE_PLUS)
    raise RejectedError(reason, f"{where}: {len(names)} people talk, expected 2")


def _turn(utterance: Utterance, harmful: bool) -> Turn | str:
    """The utterance as a turn of its speaker, or why it makes none."""
    words = utterance.words or tuple(Word(w, math.nan, math.nan, UNKNOWN_PROB) for w in utterance.text.split())
    if not words:
        return NO_WORDS
    if not utterance.speaker:
        return NO_SPEAKER
    span = _span(utterance)
    if span is None:
        return NO_TIME
    timed = _timed(words, *span)
    (turn,) = make_turns(timed, [utterance.speaker] * len(timed), math.inf)
    return replace(
        turn, text=utterance.text or turn.text, start_s=span[0] / 1000, end_s=span[1] / 1000, harmful=harmful
    )


def _span(utterance: Utterance) -> tuple[int, int] | None:
    """When the utterance begins and ends, in ms: its own times and those of its words near them, in the segment."""
    start_s, end_s = utterance.start_s, utterance.end_s
    edges = [t for w in utterance.words for t in (w.start_s, w.end_s) if math.isfinite(t)]
    if math.isfinite(start_s) and math.isfinite(end_s) and start_s <= end_s:
        edges = [t for t in edges if start_s - _WORD_SLACK_S <= t <= end_s + _WORD_SLACK_S] + [start_s, end_s]
    edges = [t for t in edges if 0 <= t < SEGMENT_S + _WORD_SLACK_S]
    if not edges or min(edges) >= SEGMENT_S:
        return None
    start_ms, end_ms = math.floor(min(edges) * 1000 + 1e-6), math.ceil(max(edges) * 1000 - 1e-6)
    return start_ms, max(start_ms, min(end_ms, round(SEGMENT_S * 1000)))


def _timed(words: Sequence[Word], start_ms: int, end_ms: int) -> tuple[Word, ...]:
    """The words with usable times inside the span; what is missing is filled in and marked interpolated."""
    start_s = start_ms / 1000
    local = [replace(w, start_s=w.start_s - start_s, end_s=w.end_s - start_s) for w in words]
    repaired = repair_times(local, (end_ms - start_ms) / 1000)
    return tuple(replace(w, start_s=round(w.start_s + start_s, 3), end_s=round(w.end_s + start_s, 3)) for w in repaired)
