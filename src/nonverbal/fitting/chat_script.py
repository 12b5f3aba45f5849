"""Writes small talk: somebody says something that people type into a chat, and the other one answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from nonverbal.fitting.chat_small_talk import TEXT
from nonverbal.studio.script.desk import Desk, other
from nonverbal.studio.script.grammar import Scope
from nonverbal.studio.script.topics import all_topics
from nonverbal.studio.talk import ACTS, PARTICIPANTS, Act, Line

_SPARE = 1.12
"""Lines are written for this much more time than asked, as the studio does."""
_CARELESS = 0.25
"""Share of the lines that are written as people type: without capitals and without a mark at the end."""
_OPENINGS = 4
"""Blocks at the beginning of the notation with which a talk may begin: greetings, names."""
_STORY = 3
"""Most sentences of a story that answer something."""
_FROM_TOPIC = ("joke", "story", "claim")


@dataclass(frozen=True, slots=True)
class Answer:
    """What fits: words in the notation of the studio's grammar, or something of the topic where `act` says which.

    Attributes:
        following: the block that is gone on with; empty for any.
    """

    act: str
    mood: float = 0.0
    text: str = ""
    following: str = ""


@dataclass(slots=True)
class Block:
    """Things to say, each an act and words, and the answers that fit all of them."""

    name: str = ""
    sayings: list[tuple[Act, str]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


@lru_cache(maxsize=1)
def blocks() -> tuple[Block, ...]:
    """All small talk there is."""
    return tuple(_read(text.strip().splitlines()) for text in TEXT.strip().split("\n\n"))


def _read(rows: Sequence[str]) -> Block:
    block = Block()
    for row in rows:
        mark, rest = row[0], row[2:]
        if mark == "=":
            block.name = rest
        elif mark == ">":
            act, _, words = rest.partition(" ")
            block.sayings.append((_act(act), words))
        elif rest in _FROM_TOPIC:
            block.answers.append(Answer(rest))
        else:
            act, mood, words = rest.split(" ", 2)
            words, _, following = words.partition(" @")
            block.answers.append(Answer(_act(act), float(mood), words, following))
    return block


def _act(name: str) -> Act:
    return ACTS[ACTS.index(name)]


def write_small_talk(rng: np.random.Generator, seconds: float) -> tuple[Line, ...]:
    """A chat of two people that takes a little more than `seconds` to say; `rng` decides everything."""
    desk = Desk(rng)
    _turn_to_any(desk)
    block = blocks()[int(rng.integers(_OPENINGS))]
    while desk.seconds < seconds * _SPARE:
        block = _exchange(desk, block)
    return tuple(desk.lines)


def _exchange(desk: Desk, block: Block) -> Block:
    """Something said and answered; which block comes next."""
    rng = desk.rng
    who = other(desk.floor) if desk.floor else PARTICIPANTS[int(rng.integers(2))]
    act, words = block.sayings[int(rng.integers(len(block.sayings)))]
    desk.say(who, act, _mood(act), words)
    if desk.chance(_CARELESS):
        desk.lines[-1] = careless(desk.lines[-1])
    answer = block.answers[int(rng.integers(len(block.answers)))]
    _answer(desk, other(who), answer)
    if answer.following:
        return next(one for one in blocks() if one.name == answer.following)
    _turn_to_any(desk)
    return blocks()[int(rng.integers(len(blocks())))]


def _answer(desk: Desk, who: str, answer: Answer) -> None:
    if answer.act == "joke" and not answer.text:
        desk.say(who, "joke", 0.5, *desk.pick(desk.topic.jokes), nods=False)
        desk.laugh(other(who), 0.9, float(desk.rng.uniform(0.0, 0.35)))
    elif answer.act == "story":
        desk.say(who, "tell", 0.2, *desk.pick(desk.topic.stories)[:_STORY])
    elif answer.act == "claim":
        desk.say(who, "tell", 0.2, desk.pick(desk.topic.claims)[0])
    else:
        desk.say(who, _act(answer.act), answer.mood, answer.text)


def _turn_to_any(desk: Desk) -> None:
    desk.topic = all_topics()[int(desk.rng.integers(len(all_topics())))]
    desk.scope = Scope(desk.topic.pools)


def _mood(act: Act) -> float:
    return {"blame": -0.6, "exclaim": 0.7, "greet": 0.5, "part": 0.5, "joke": 0.7}.get(act, 0.1)


def careless(line: Line) -> Line:
    """A line as people type it."""
    return replace(line, text=careless_text(line.text))


def careless_text(text: str) -> str:
    """Words as people type them: without capitals, and without a mark at the end."""
    return text.lower().rstrip(".?!") or text
