"""The desk on which a script grows: who speaks, what has been used, how long it takes so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from nonverbal.studio.script import phrases
from nonverbal.studio.script.gestures import with_gestures
from nonverbal.studio.script.grammar import Scope, Wording, joined, word_it
from nonverbal.studio.script.topics import Topic, shared_pools
from nonverbal.studio.talk import PARTICIPANTS, Act, Line

T = TypeVar("T")

_WORD_S, _MARK_S, _LAUGH_S = 0.29, 0.2, 1.0
"""Rough time of a word, of the pause at a mark, and of a laugh."""
_NOD_WORDS = 11
"""From this many words on the listener may put in a "mm-hm"."""
_NOD_SHARE = 0.4
_MOOD_SPREAD = 0.12
_MOST_IN_A_ROW = 2
_ASIDE = ("backchannel", "laugh")
"""Acts that leave the floor where it is."""


class Desk:
    """Collects lines; everything random comes from `rng`."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.lines: list[Line] = []
        self.seconds = 0.0
        self.words = dict.fromkeys(PARTICIPANTS, 0)
        self.scope = Scope(shared_pools())
        self.topic: Topic
        names = rng.permutation(len(shared_pools()["host"]))[:2]
        self._names = {p: shared_pools()["host"][i] for p, i in zip(PARTICIPANTS, names, strict=True)}
        self._used: dict[Sequence[object], set[int]] = {}

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, none twice before all had their turn."""
        used = self._used.setdefault(tuple(map(str, options)), set())
        if len(used) == len(options):
            used.clear()
        free = [i for i in range(len(options)) if i not in used]
        choice = free[int(self.rng.integers(len(free)))]
        used.add(choice)
        return options[choice]

    def chance(self, share: float) -> bool:
        """True in this share of the cases."""
        return bool(self.rng.random() < share)

    def teller(self) -> str:
        """Who should say more next: whoever has said less so far, unless they have just held the floor."""
        a, b = PARTICIPANTS
        return self._unless_holding(a if self.words[a] < self.words[b] else b)

    def asker(self) -> str:
        """Who should make the other talk next."""
        a, b = PARTICIPANTS
        return self._unless_holding(b if self.words[a] < self.words[b] else a)

    @property
    def floor(self) -> str:
        """Who spoke last, nods and laughs apart; nobody at the start."""
        return next((line.participant for line in reversed(self.lines) if line.act not in _ASIDE), "")

    def _unless_holding(self, who: str) -> str:
        last = [line.participant for line in self.lines if line.act not in _ASIDE][-_MOST_IN_A_ROW:]
        return other(who) if last == [who] * _MOST_IN_A_ROW else who

    def fresh_slots(self) -> None:
        """Forgets the fillers chosen so far."""
        self.scope = Scope(self.topic.pools, {"topic": self.scope.chosen["topic"]})

    def turn_to(self, topic: Topic) -> None:
        """Changes the subject, one proposes and the other takes it up."""
        self.topic = topic
        self.scope = Scope(topic.pools)
        lead = self.teller()
        self.say(lead, "tell", 0.2, self.pick(phrases.TOPICS), gap_s=float(self.rng.uniform(0.6, 1.4)))
        self.say(other(lead), "agree", 0.3, self.pick(phrases.TOPICS_BACK))
        self.scope.fill("topic", self.rng)

    def say(
        self, who: str, act: Act, mood: float, *templates: str, gap_s: float | None = None, nods: bool = True
    ) -> None:
        """Adds a line, and perhaps the listener's nod within it.

        Args:
            who: the participant.
            act: what the line does.
            mood: about how it is meant, -1 to 1.
            templates: in the notation of `grammar`, said one after the other.
            gap_s: silence before it; None for what is usual.
            nods: the listener may say "mm-hm" meanwhile.
        """
        self.scope.chosen |= {"host": self._names[who], "host2": self._names[other(who)]}
        wording = joined(*(word_it(template, self.scope, self.rng) for template in templates))
        self.add(who, act, mood, with_gestures(wording, self.rng), gap_s)
        if nods and self.lines[-1].text.count(" ") >= _NOD_WORDS and self.chance(_NOD_SHARE):
            self._nod(other(who), self.lines[-1].text)

    def add(self, who: str, act: Act, mood: float, wording: Wording, gap_s: float | None = None) -> None:
        """Adds a line as worded."""
        usual = float(np.clip(self.rng.lognormal(np.log(0.5), 0.4), 0.18, 1.3))
        gap = round(usual if gap_s is None else gap_s, 2)
        mood = round(float(np.clip(mood + self.rng.normal(0.0, _MOOD_SPREAD), -1.0, 1.0)), 2)
        self.lines.append(Line(who, wording.text, act, mood, gap, wording.emphasis, wording.cues))
        self.words[who] += wording.text.count(" ") + 1
        self.seconds += estimate_s(wording.text) + gap

    def laugh(self, who: str, mood: float, gap_s: float) -> None:
        """Adds a laugh."""
        self.lines.append(Line(who, "", "laugh", round(mood, 2), round(gap_s, 2)))
        self.seconds += max(_LAUGH_S + gap_s, 0.0)

    def _nod(self, who: str, within: str) -> None:
        """A short "mm-hm" within the line just added: `gap_s` counts back from its end."""
        back_s = float(self.rng.uniform(0.15, 0.75)) * estimate_s(within)
        wording = word_it(f"{self.pick(phrases.BACKCHANNELS)}.", self.scope, self.rng)
        self.lines.append(
            Line(who, wording.text, "backchannel", round(float(self.rng.uniform(0, 0.4)), 2), -round(back_s, 2))
        )
        self.words[who] += 1


def other(participant: str) -> str:
    """The one who listens."""
    a, b = PARTICIPANTS
    return b if participant == a else a


def estimate_s(text: str) -> float:
    """About how long the text takes to say."""
    return _WORD_S * (text.count(" ") + 1) + _MARK_S * sum(text.count(mark) for mark in ",.?!") if text else _LAUGH_S
