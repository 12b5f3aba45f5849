"""Writes what two people say in a podcast: greetings, questions, stories, jokes, arguments, numbers, laughs."""

from __future__ import annotations

import numpy as np

from nonverbal.studio import exchanges
from nonverbal.studio.desk import Desk
from nonverbal.studio.talk import Line
from nonverbal.studio.topics import all_topics

_SPARE = 1.12
"""Lines are written for this much more time than asked, as voices differ in pace."""

_KINDS = (
    (exchanges.question, 3.0), (exchanges.claim, 2.0), (exchanges.story, 1.1), (exchanges.joke, 0.9),
    (exchanges.sum_up, 1.0), (exchanges.advice, 0.5), (exchanges.hinge, 1.6), (exchanges.cut_in, 0.5),
)  # fmt: skip
"""Kinds of exchanges and how often they come up."""


def write_script(rng: np.random.Generator, seconds: float) -> tuple[Line, ...]:
    """A dialogue of two people that takes a little more than `seconds` to say.

    Both speak within the first 15 s, and about equally much in all.

    Args:
        rng: decides everything.
        seconds: more than 0.
    """
    desk = Desk(rng)
    exchanges.greet(desk)
    weights = np.array([weight for _, weight in _KINDS])
    order: list[int] = []
    while desk.seconds < seconds * _SPARE:
        if not order:
            order = rng.permutation(len(all_topics())).tolist()
        desk.turn_to(all_topics()[order.pop()])
        for _ in range(int(rng.integers(3, 7))):
            if desk.seconds > seconds * _SPARE:
                break
            desk.fresh_slots()
            _KINDS[int(rng.choice(len(_KINDS), p=weights / weights.sum()))][0](desk)
    return tuple(desk.lines)
