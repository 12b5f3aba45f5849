"""Writes what two people say in a podcast: greetings, questions, stories, jokes, arguments, numbers, laughs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nonverbal.studio.script import exchanges
from nonverbal.studio.script.desk import Desk
from nonverbal.studio.script.topics import all_topics
from nonverbal.studio.speech.recordings import RecordedVoice
from nonverbal.studio.speech.voices import Voice
from nonverbal.studio.talk import Line
from nonverbal.verdicts import UserError

_SPARE = 1.12
"""Lines are written for this much more time than asked, as voices differ in pace."""

HINGES = 1.6
"""How often lines come up whose meaning hangs on face and body."""

_KINDS = (
    (exchanges.question, 3.0), (exchanges.claim, 2.0), (exchanges.story, 1.1), (exchanges.joke, 0.9),
    (exchanges.sum_up, 1.0), (exchanges.advice, 0.5), (exchanges.hinge, HINGES), (exchanges.cut_in, 0.5),
)  # fmt: skip
"""Kinds of exchanges and how often they come up."""


def choose_lines(voices: Mapping[str, Voice], rng: np.random.Generator, seconds: float) -> tuple[Line, ...]:
    """What these voices say: the conversation of the given recordings, or a written one of about `seconds`.

    Raises:
        UserError: one voice is a folder of recordings and the other is not the same folder.
    """
    recorded = [voice for voice in voices.values() if isinstance(voice, RecordedVoice)]
    if not recorded:
        return write_script(rng, seconds)
    if len(recorded) < len(voices) or len({voice.folder for voice in recorded}) > 1:
        raise UserError(
            f"the voices are {' and '.join(voice.name for voice in voices.values())}; expected one folder of "
            "recordings for both, as its lines answer each other"
        )
    return recorded[0].lines


def write_script(rng: np.random.Generator, seconds: float, hinges: float = HINGES) -> tuple[Line, ...]:
    """A dialogue of two people that takes a little more than `seconds` to say.

    Both speak within the first 15 s, and about equally much in all.

    Args:
        rng: decides everything.
        seconds: more than 0.
        hinges: how often lines come up whose meaning hangs on face and body, beside 9 for all other exchanges together.
    """
    desk = Desk(rng)
    exchanges.greet(desk)
    weights = np.array([hinges if kind is exchanges.hinge else weight for kind, weight in _KINDS])
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
    exchanges.part(desk)
    return tuple(desk.lines)
