"""A dialogue of a dataset, with its tokens, as the conversation that one of the two participants lives through.

who speaks     A A A A A . . B B B B B B A A A          a turn belongs to whoever holds the floor
says meanwhile . . B . . . . . . A . . . . . .          "yeah": words of the listener
messages       |A--------|B-------------|A-----         the pause before a turn belongs to the turn: who speaks next
                                                        thinks, laughs or breathes in meanwhile
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from nonverbal.dataset.rows import Row
from nonverbal.mars.config import StreamConfig
from nonverbal.mars.stream import Codes, Conversation, Message, Side, Step
from nonverbal.types import Word

PartCodes = Mapping[str, NDArray[np.int32]]
"""Part -> [L, K] codes of one participant on the grid of steps, -1 where not seen."""

_EPSILON_S = 1e-6


@dataclass(frozen=True, slots=True)
class Stretch:
    """A conversation and when it began in its dialogue: harmful turns cut a dialogue into several."""

    conversation: Conversation
    first_step: int


@dataclass(frozen=True, slots=True)
class _Floor:
    """Who holds the floor in steps first..last-1."""

    participant: str
    first: int
    last: int


def stretches(
    row: Row, codes: Mapping[str, PartCodes], me: str, config: StreamConfig, harmless: bool = True
) -> tuple[Stretch, ...]:
    """What `me` lives through in a dialogue, in order of time.

    Args:
        row: the dialogue's row of the table ``dialogues``.
        codes: each participant's tokens; those of more levels than the configuration has are cut.
        me: the participant whom the model plays.
        config: what the stream tells.
        harmless: leave out harmful turns; what comes before one and after it are conversations of their own.
    """
    turns = sorted(row["turns"], key=lambda turn: (turn["start_s"], turn["end_s"]))
    n_steps = max((len(c) for parts in codes.values() for c in parts.values()), default=0)
    n_steps = max([n_steps, *(step_of(word["start_s"], config) + 1 for turn in turns for word in turn["words"])])
    floors = _floors(turns, n_steps, config)
    teller = _Teller(turns, codes, me, config)
    harmful = [(step_of(t["start_s"], config), step_of(t["end_s"], config) + 1) for t in turns if t["harmful"]]
    found: list[list[_Floor]] = []
    run: list[_Floor] = []
    for floor in floors:
        if harmless and any(first < floor.last and floor.first < last for first, last in harmful):
            found.append(run)
            run = []
        else:
            run.append(floor)
    found.append(run)
    return tuple(
        Stretch(Conversation(tuple(teller.message(f) for f in run), config.system), run[0].first)
        for run in found
        if run
    )


def timed_words(message: Message, first_step: int, config: StreamConfig) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """The words of who holds the floor and of who listens, spread evenly over the step that they begin in."""
    sides: tuple[list[Word], list[Word]] = ([], [])
    for number, step in enumerate(message.steps, first_step):
        for side, words in zip((step.holder, step.listener), sides, strict=True):
            if side is not None:
                words.extend(_spread(side.words, number * config.step_s, config.step_s))
    return tuple(sides[0]), tuple(sides[1])


def step_of(time_s: float, config: StreamConfig) -> int:
    """The step that holds a time."""
    return int((time_s + _EPSILON_S) / config.step_s)


def _spread(words: Sequence[str], start_s: float, step_s: float) -> Iterator[Word]:
    each_s = step_s / max(len(words), 1)
    for i, word in enumerate(words):
        yield Word(word, start_s + i * each_s, start_s + (i + 1) * each_s, 1.0, interpolated=True)


def _floors(turns: Sequence[Row], n_steps: int, config: StreamConfig) -> list[_Floor]:
    """Who holds the floor when; the turns within somebody else's are asides and do not take it."""
    held: list[Row] = []
    for turn in turns:
        if not held or turn["end_s"] > held[-1]["end_s"]:
            held.append(turn)
    floors: list[_Floor] = []
    for participant, group in groupby(held, key=lambda turn: turn["participant"]):
        run = list(group)
        begin = step_of(run[0]["start_s"], config)
        first = min(begin, floors[-1].last) if floors else 0
        if floors:  # whoever is interrupted hands the floor over
            floors[-1] = _Floor(floors[-1].participant, floors[-1].first, first)
        last = min(step_of(run[-1]["end_s"], config) + 1, n_steps)
        floors.append(_Floor(participant, first, max(last, begin + 1)))
    return [floor for floor in floors if floor.last > floor.first]


class _Teller:
    """Tells the steps of one dialogue as `me` lives through them."""

    def __init__(self, turns: Sequence[Row], codes: Mapping[str, PartCodes], me: str, config: StreamConfig) -> None:
        self._me, self._config = me, config
        self._partner = next(
            (p for p in [*codes, *(turn["participant"] for turn in turns)] if p != me),
            "",
        )
        self._codes = {who: self._rows(parts) for who, parts in codes.items()}
        self._words: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
        for turn in turns:
            for word in turn["words"]:
                self._words[turn["participant"]][step_of(word["start_s"], config)] += word["word"].split()

    def message(self, floor: _Floor) -> Message:
        """The turn of whoever holds the floor."""
        own = floor.participant == self._me
        steps = tuple(self._step(i, floor.participant, own) for i in range(floor.first, floor.last))
        return Message("assistant" if own else "user", steps)

    def _step(self, number: int, holder: str, own: bool) -> Step:
        other = self._partner if own else self._me
        words = tuple(self._words[other].get(number, ()))
        told = not own and self._config.listener
        listener = Side(words, self._seen(other, number, told)) if words or told else None
        return Step(
            Side(
                tuple(self._words[holder].get(number, ())),
                self._seen(holder, number, own or self._config.partner_motion),
            ),
            listener,
        )

    def _seen(self, who: str, number: int, told: bool) -> tuple[Codes, ...]:
        rows = self._codes.get(who)
        if rows is None or not told:
            return self._config.unseen
        return tuple(part[number] if number < len(part) else () for part in rows)

    def _rows(self, parts: PartCodes) -> list[list[Codes]]:
        found = []
        for part in self._config.parts:
            codes = parts.get(part.part)
            rows = [] if codes is None else codes[:, : part.levels].tolist()
            found.append([() if row[0] < 0 else tuple(row) for row in rows])
        return found
