"""Turns templates into lines: alternatives, slots, gestures and stressed words in one short notation.

[good|old] friend     one of the alternatives
<dish>, <dish2>       a filler of that name, the same one wherever the name stands again; <dish2> is another one
<n:5:20>              a number from 5 to 20 in words; <price>, <clock> and <year> are made up as well
{big}huge  *never*    a gesture on the word after it; a stressed word
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from nonverbal.studio.script import numbers
from nonverbal.studio.talk import GESTURES, Cue, Gesture

_MADE_UP: Mapping[str, Callable[[np.random.Generator], str]] = {
    "price": numbers.price, "clock": numbers.clock, "year": numbers.year
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wording:
    """A text ready to be said, with the indices of its stressed words and the gestures on its words."""

    text: str
    emphasis: tuple[int, ...] = ()
    cues: tuple[Cue, ...] = ()


@dataclass
class Scope:
    """Fillers of slots: `pools` to draw from, and those drawn already, which stay."""

    pools: Mapping[str, tuple[str, ...]]
    chosen: dict[str, str] = field(default_factory=dict)

    def fill(self, name: str, rng: np.random.Generator) -> str:
        """The filler of a slot."""
        if name in _MADE_UP or name.rstrip("2") in _MADE_UP:
            return _MADE_UP[name.rstrip("2")](rng)
        if name.startswith("n:"):
            low, high = map(int, name[2:].split(":"))
            return numbers.number_words(int(rng.integers(low, high + 1)))
        if name not in self.chosen:
            taken = {self.chosen.get(name.rstrip("2")), self.chosen.get(name + "2")}
            pool = [filler for filler in self.pools[name.rstrip("2")] if filler not in taken]
            self.chosen[name] = pool[int(rng.integers(len(pool)))]
        return self.chosen[name]


def word_it(template: str, scope: Scope, rng: np.random.Generator) -> Wording:
    """The template worded: every choice made, sentences capitalised, marks taken out.

    Raises:
        KeyError: a slot that neither the scope nor this module knows.
    """
    text, before = template, ""
    while text != before:
        before = text
        text = re.sub(r"\[([^\[\]]*)\]", lambda m: _one_of(m[1].split("|"), rng), text)
        text = re.sub(r"<([a-z0-9:]+)>", lambda m: scope.fill(m[1], rng), text)
    text = re.sub(r" +([,.;:?!])", r"\1", re.sub(r" +", " ", text)).strip()
    words, emphasis, cues, open_star = [], [], [], False
    for i, token in enumerate(text.split(" ")):
        stars = token.count("*")
        if stars or open_star:
            emphasis.append(i)
        open_star ^= stars % 2 == 1
        cues += [Cue(i, _gesture(name)) for name in re.findall(r"\{(\w+)\}", token)]
        words.append(re.sub(r"\*|\{\w+\}", "", token))
    return Wording(_capitalised(" ".join(words)), tuple(emphasis), tuple(cues))


def _one_of(options: list[str], rng: np.random.Generator) -> str:
    return options[int(rng.integers(len(options)))]


def _gesture(name: str) -> Gesture:
    if name not in GESTURES:
        raise ValueError(f"there is no gesture {name!r}; expected one of {', '.join(GESTURES)}")
    return GESTURES[GESTURES.index(name)]


def _capitalised(text: str) -> str:
    return re.sub(r"(^|[.?!] )([a-z])", lambda m: m[1] + m[2].upper(), text)


def joined(*parts: Wording) -> Wording:
    """One wording after the other."""
    text, emphasis, cues = "", [], []
    for part in parts:
        if not part.text:
            continue
        first = len(text.split(" ")) if text else 0
        text = f"{text} {part.text}" if text else part.text
        emphasis += [first + i for i in part.emphasis]
        cues += [Cue(first + cue.word, cue.gesture) for cue in part.cues]
    return Wording(text, tuple(emphasis), tuple(cues))
