"""Whether behaviour comes when the words, or the partner's behaviour, call for it: event F1 and moment F1.

docs/behaviour_metrics.md says which moments there are, and what known candidates score on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nonverbal.motion.events import Events
from nonverbal.types import Bool, Turn
from nonverbal.verdicts import UserError

F = NDArray[Any]

TOLERANCE_S = 0.5
"""Peaks of a candidate's event and of a true one at most this far apart are the same event."""

PHRASE_PAUSE_S = 0.12
"""A pause between words that ends a phrase, besides punctuation and the end of a turn."""


@dataclass(frozen=True, slots=True)
class F1:
    """Counts of things that are there or not.

    Attributes:
        truth: how many the truth has.
        candidate: how many the candidate has.
        both: how many of them agree.
        of: among how many moments; 0 where events were matched in time.
    """

    truth: int
    candidate: int
    both: int
    of: int = 0

    @property
    def value(self) -> float | None:
        """2 both / (truth + candidate), 0 to 1; None where neither has any."""
        total = self.truth + self.candidate
        return 2 * self.both / total if total else None

    def __add__(self, other: F1) -> F1:
        return F1(
            self.truth + other.truth, self.candidate + other.candidate, self.both + other.both, self.of + other.of
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """A question asked of every sentence: does an event of this kind peak there?

    Attributes:
        kind: one of `events.KINDS`.
        where: ``end`` looks around the sentence's end, ``within`` from its start to its end.
        before_s, after_s: the window begins and ends this much before and after.
        least_size: smaller events do not count, in the kind's unit.
        least_s: shorter ones do not either.
    """

    kind: str
    where: Literal["end", "within"]
    before_s: float
    after_s: float
    least_size: float = 0.0
    least_s: float = 0.0

    def flags(self, events: Events, starts_s: F, ends_s: F) -> Bool:
        """[N] whether it is so, for spans of time [N]."""
        good = (events.size >= self.least_size) & (events.end_s - events.start_s >= self.least_s)
        at_s = np.sort(events.peak_s[good])
        begin_s = (starts_s if self.where == "within" else ends_s) - self.before_s
        return np.asarray(np.searchsorted(at_s, begin_s) < np.searchsorted(at_s, ends_s + self.after_s))


WORD_MOMENTS: Mapping[str, Moment] = {
    "brows_up": Moment("brows_up", "end", 0.6, 0.2, least_s=0.6),
    "smile": Moment("smile", "end", 0.5, 0.5),
    "nod": Moment("nod", "within", 0.1, 0.2, least_size=4.0),
    "shake": Moment("shake", "within", 0.1, 0.2, least_size=5.0),
}
"""Behaviour that depends on the own words, asked of every own sentence."""

PARTNER_MOMENTS: Mapping[str, Moment] = {
    "smile_back": Moment("smile", "end", 0.0, 1.5),
    "nod_along": Moment("nod", "end", 0.0, 1.0),
}
"""Behaviour that depends on the partner: after each smile of the partner's, and after each end of their phrases."""


class MomentMeter:
    """Adds up moment F1 over dialogues and participants, in any order."""

    def __init__(self) -> None:
        self._counts: dict[str, F1] = {}

    def add(
        self,
        turns: Sequence[Turn],
        participant: str,
        truth: Mapping[str, Events],
        candidate: Mapping[str, Events],
        partner: Mapping[str, Events] | None = None,
    ) -> None:
        """One participant of one dialogue; all times are seconds of the dialogue.

        Args:
            turns: of both participants.
            participant: whose behaviour it is.
            truth: events of their true motion (`events.motion_events`).
            candidate: events of the motion that stands in for it.
            partner: events of the other's true motion; None leaves `PARTNER_MOMENTS` out.

        Raises:
            UserError: the candidate lacks a kind of event that the truth has.
        """
        missing = sorted(set(truth) - set(candidate))
        if missing:
            raise UserError(
                f"the candidate has no {', '.join(missing)} events: give face and body of the truth's spaces"
            )
        own = sentence_spans_s(turns, participant)
        for name, moment in WORD_MOMENTS.items():
            self._count(name, moment, truth, candidate, own)
        if partner is None:
            return
        if "smile" in partner:
            at_s = partner["smile"].peak_s
            self._count("smile_back", PARTNER_MOMENTS["smile_back"], truth, candidate, (at_s, at_s))
        ends_s = phrase_ends_s(turns, participant)
        self._count("nod_along", PARTNER_MOMENTS["nod_along"], truth, candidate, (ends_s, ends_s))

    def report(self) -> MomentReport:
        """What has been added up."""
        return MomentReport(dict(self._counts))

    def _count(
        self,
        name: str,
        moment: Moment,
        truth: Mapping[str, Events],
        candidate: Mapping[str, Events],
        spans: tuple[F, F],
    ) -> None:
        if moment.kind not in truth:
            return
        a, b = moment.flags(truth[moment.kind], *spans), moment.flags(candidate[moment.kind], *spans)
        here = F1(int(a.sum()), int(b.sum()), int((a & b).sum()), len(a))
        self._counts[name] = self._counts.get(name, F1(0, 0, 0)) + here


@dataclass(frozen=True, slots=True)
class MomentReport:
    """Counts of each moment."""

    counts: Mapping[str, F1]

    @property
    def words_f1(self) -> float | None:
        """Mean F1 of `WORD_MOMENTS`: each counts alike, however rare; None if the truth shows none of them."""
        values = [self.counts[name].value for name in WORD_MOMENTS if name in self.counts]
        shown = [value for value in values if value is not None]
        return float(np.mean(shown)) if shown else None


def event_f1(
    truth: Mapping[str, Events], candidate: Mapping[str, Events], tolerance_s: float = TOLERANCE_S
) -> dict[str, F1]:
    """F1 of each kind of event that both have, by one-to-one matching of peaks; add up over dialogues with ``+``."""
    kinds = [kind for kind in truth if kind in candidate]
    return {
        kind: F1(
            len(truth[kind]),
            len(candidate[kind]),
            matches(truth[kind].peak_s, candidate[kind].peak_s, tolerance_s),
        )
        for kind in kinds
    }


def matches(truth_s: F, candidate_s: F, tolerance_s: float = TOLERANCE_S) -> int:
    """The most pairs of times [N] and [M] at most `tolerance_s` apart, no time in two pairs.

    Going through both in order and pairing what comes first is best: whatever a later partner could be paired with,
    the earlier one's rival could as well.
    """
    a, b = np.sort(truth_s), np.sort(candidate_s)
    i = j = pairs = 0
    while i < len(a) and j < len(b):
        apart_s = b[j] - a[i]
        near = abs(apart_s) <= tolerance_s
        pairs += near
        i += near or apart_s > 0
        j += near or apart_s < 0
    return int(pairs)


def sentence_spans_s(turns: Sequence[Turn], participant: str) -> tuple[F, F]:
    """[N] starts and [N] ends of the sentences of one participant: of their first and last words."""
    starts, ends = [], []
    for turn in turns:
        if turn.participant != participant or not turn.words:
            continue
        firsts = sorted({0, *turn.sentences})
        starts += [turn.words[first].start_s for first in firsts]
        ends += [turn.words[after - 1].end_s for after in (*firsts[1:], len(turn.words))]
    return np.array(starts, np.float64), np.array(ends, np.float64)


def phrase_ends_s(turns: Sequence[Turn], listener: str) -> F:
    """[N] ends of the phrases of everybody but `listener`: at punctuation, before a pause, at the end of a turn."""
    ends = []
    for turn in turns:
        if turn.participant == listener:
            continue
        for word, following in zip(turn.words, (*turn.words[1:], None), strict=True):
            pause = following is None or following.start_s - word.end_s >= PHRASE_PAUSE_S
            if pause or word.word[-1:] in ".,!?;:":
                ends.append(word.end_s)
    return np.array(ends, np.float64)
