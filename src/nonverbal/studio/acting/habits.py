"""The table of habits: what people in the studio do when, how often, how much and how soon. docs/behaviour.md shows it.

This is all that words, acts and behaviour have to do with each other apart from mouth shapes, mood, gaze and gesture
cues; a model trained on studio talk can learn this and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nonverbal.studio.acting.expressions import EXPRESSIONS
from nonverbal.studio.acting.moments import Moment

When = Literal["onset", "throughout", "close"]

HEAD_DOINGS = ("nod", "nod_once", "shake", "tilt", "chin_up", "chin_down")
BODY_DOINGS = ("lean_in", "lean_back")


@dataclass(frozen=True, slots=True)
class Habit:
    """One row of the table.

    Attributes:
        moment: `Moment.kind` that brings it on.
        does: an expression, one of `HEAD_DOINGS` (size in degrees), or one of `BODY_DOINGS` (degrees).
        probability: how often the moment brings it on.
        size: mean size at expressiveness or head motion 1; each occurrence varies by a factor of 0.67 to 1.5.
        when: ``onset`` begins `delay_s` after the moment does, ``throughout`` lasts as long as the moment, ``close``
            has its middle `delay_s` after the moment's end.
        delay_s: see `when`; negative comes before.
        length_s: how long it lasts (longer by its rise and fall); ignored with ``throughout``.
    """

    moment: str
    does: str
    probability: float
    size: float
    when: When = "throughout"
    delay_s: float = 0.0
    length_s: float = 0.5

    def __post_init__(self) -> None:
        assert self.does in (*EXPRESSIONS, *HEAD_DOINGS, *BODY_DOINGS), self.does
        assert 0.0 < self.probability <= 1.0, self


HABITS: tuple[Habit, ...] = (
    Habit("act:greet", "smile", 0.95, 0.50),
    Habit("act:greet", "brows_up", 0.75, 0.50, "onset", 0.0, 0.35),
    Habit("act:greet", "nod_once", 0.60, 6.0, "onset", 0.1, 0.6),
    Habit("act:ask", "brows_up", 0.85, 0.55, "close", -0.35, 0.9),
    Habit("act:ask", "tilt", 0.45, 6.0),
    Habit("act:ask", "chin_up", 0.40, 3.5, "close", 0.0, 0.8),
    Habit("act:ask", "lean_in", 0.40, 3.0),
    Habit("act:tell", "smile", 0.15, 0.20),
    Habit("act:count", "brows_up", 0.40, 0.30, "onset", 0.0, 0.4),
    Habit("act:count", "nod_once", 0.50, 4.0, "close", -0.1, 0.5),
    Habit("act:agree", "nod", 0.90, 7.0, "onset", 0.0, 1.2),
    Habit("act:agree", "smile", 0.45, 0.30),
    Habit("act:disagree", "shake", 0.88, 9.0, "onset", 0.0, 1.3),
    Habit("act:disagree", "brows_down", 0.65, 0.50),
    Habit("act:disagree", "lips_pressed", 0.40, 0.45, "close", 0.25, 0.4),
    Habit("act:disagree", "lean_back", 0.35, 3.0),
    Habit("act:doubt", "tilt", 0.80, 8.0),
    Habit("act:doubt", "brow_left_up", 0.40, 0.55),
    Habit("act:doubt", "brow_right_up", 0.30, 0.55),
    Habit("act:doubt", "squint", 0.50, 0.40),
    Habit("act:doubt", "mouth_shrug", 0.60, 0.55, "close", 0.30, 0.5),
    Habit("act:joke", "smile", 0.92, 0.55, "close", -0.2, 2.0),
    Habit("act:joke", "brows_up", 0.50, 0.40, "onset", 0.2, 0.4),
    Habit("act:joke", "tilt", 0.40, 5.0),
    Habit("act:exclaim", "wide_eyes", 0.90, 0.70, "onset", -0.1, 0.9),
    Habit("act:exclaim", "chin_up", 0.60, 5.0, "onset", -0.1, 0.7),
    Habit("act:exclaim", "lean_back", 0.40, 4.0),
    Habit("act:blame", "brows_down", 0.95, 0.75),
    Habit("act:blame", "sneer", 0.50, 0.30),
    Habit("act:blame", "chin_down", 0.70, 5.0),
    Habit("act:blame", "lips_pressed", 0.60, 0.55, "onset", -0.5, 0.25),
    Habit("act:blame", "lean_in", 0.50, 4.0),
    Habit("act:comfort", "brows_worried", 0.85, 0.50),
    Habit("act:comfort", "tilt", 0.70, 7.0),
    Habit("act:comfort", "smile", 0.50, 0.22),
    Habit("act:comfort", "nod", 0.45, 4.0, "close", -0.4, 1.2),
    Habit("act:think", "brows_down", 0.50, 0.40),
    Habit("act:think", "pout", 0.30, 0.40, "onset", -0.5, 0.3),
    Habit("act:think", "mouth_left", 0.25, 0.45, "close", 0.3, 0.4),
    Habit("act:think", "mouth_right", 0.25, 0.45, "close", 0.3, 0.4),
    Habit("act:think", "tilt", 0.50, 6.0),
    Habit("act:backchannel", "nod", 0.85, 6.0, "onset", -0.05, 1.0),
    Habit("act:backchannel", "smile", 0.30, 0.22),
    Habit("act:laugh", "laugh_face", 1.0, 0.85),
    Habit("act:laugh", "chin_up", 0.80, 7.0),
    Habit("act:part", "smile", 0.90, 0.45),
    Habit("act:part", "nod_once", 0.60, 6.0, "close", -0.1, 0.6),
    Habit("word:stressed", "brows_up", 0.45, 0.40, "onset", -0.08, 0.25),
    Habit("word:stressed", "nod_once", 0.65, 4.5, "onset", -0.10, 0.45),
    Habit("word:yes", "nod", 0.70, 5.0, "onset", -0.05, 0.8),
    Habit("word:no", "shake", 0.70, 6.0, "onset", -0.05, 0.8),
    Habit("word:maybe", "tilt", 0.60, 5.0, "onset", 0.0, 0.6),
    Habit("word:maybe", "mouth_shrug", 0.35, 0.30, "close", 0.1, 0.25),
    Habit("word:very", "squint", 0.50, 0.40, "onset", -0.05, 0.30),
    Habit("heard:phrase", "nod", 0.40, 4.5, "onset", 0.15, 0.9),
    Habit("heard:joke", "smile", 0.85, 0.50, "close", 0.20, 1.8),
    Habit("heard:laugh", "smile", 0.90, 0.60, "onset", 0.25, 1.5),
    Habit("heard:exclaim", "brows_up", 0.55, 0.45, "onset", 0.35, 0.6),
    Habit("heard:ask", "brows_up", 0.35, 0.30, "close", 0.10, 0.4),
    Habit("heard:ask", "tilt", 0.35, 5.0, "close", 0.0, 1.0),
    Habit("heard:blame", "brows_worried", 0.60, 0.50, "close", 0.15, 1.0),
    Habit("heard:blame", "lips_pressed", 0.45, 0.40, "close", 0.10, 0.5),
    Habit("heard:comfort", "smile", 0.50, 0.30, "close", 0.30, 1.2),
    Habit("heard:disagree", "brows_down", 0.35, 0.35, "close", 0.20, 0.8),
    Habit("heard:greet", "smile", 0.85, 0.45, "close", 0.10, 1.2),
    Habit("heard:part", "smile", 0.80, 0.45, "close", 0.10, 1.2),
    Habit("heard:tell", "lean_in", 0.20, 2.5),
)


@dataclass(frozen=True, slots=True)
class Doing:
    """One occurrence of a habit: seconds from start to end of its full size, rise and fall not counted."""

    does: str
    start_s: float
    end_s: float
    size: float


def doings(moments: Sequence[Moment], rng: np.random.Generator) -> list[Doing]:
    """What `moments` bring on, drawn by the probabilities of the table."""
    by_moment: dict[str, list[Habit]] = {}
    for habit in HABITS:
        by_moment.setdefault(habit.moment, []).append(habit)
    chances = [(moment, habit) for moment in moments for habit in by_moment.get(moment.kind, ())]
    draws = rng.random(len(chances))
    factors = np.exp(np.clip(0.15 * rng.standard_normal(len(chances)), -0.4, 0.4))
    return [
        _occurrence(moment, habit, float(factor))
        for (moment, habit), draw, factor in zip(chances, draws, factors, strict=True)
        if draw < habit.probability
    ]


def _occurrence(moment: Moment, habit: Habit, factor: float) -> Doing:
    if habit.when == "throughout":
        start_s, end_s = moment.start_s, moment.end_s
    elif habit.when == "onset":
        start_s = moment.start_s + habit.delay_s
        end_s = start_s + habit.length_s
    else:
        start_s = moment.end_s + habit.delay_s - habit.length_s / 2.0
        end_s = start_s + habit.length_s
    return Doing(habit.does, start_s, end_s, habit.size * factor)
