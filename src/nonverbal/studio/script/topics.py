"""Topics to talk about, read from their notation: fillers, questions with answers, claims, stories, jokes, lists.

= name | as said in a sentence | another way to say it
$slot  filler | filler        what <slot> may become
Q question                    followed by answers: + glad, - sorry, 0 plain, ? unsure
C claim                       followed by a (agrees) and d (disagrees)
S sentence | sentence         a story
J set-up / punch line         N question / answer with a number        L list: title / first / second / third
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, get_args

from nonverbal.studio.script import phrases, topics_home, topics_people, topics_world

Tone = Literal["+", "-", "0", "?"]
TONES: tuple[Tone, ...] = get_args(Tone)


@dataclass
class Topic:
    """Templates of one topic, in the notation of `grammar`."""

    names: tuple[str, ...]
    pools: dict[str, tuple[str, ...]]
    questions: list[tuple[str, list[tuple[Tone, str]]]] = field(default_factory=list)
    claims: list[tuple[str, list[str], list[str]]] = field(default_factory=list)
    stories: list[tuple[str, ...]] = field(default_factory=list)
    jokes: list[tuple[str, ...]] = field(default_factory=list)
    sums: list[tuple[str, ...]] = field(default_factory=list)
    lists: list[tuple[str, ...]] = field(default_factory=list)


@lru_cache(maxsize=1)
def all_topics() -> tuple[Topic, ...]:
    """Every topic, with the slots that all of them share."""
    return tuple(topic for text in (topics_home.TEXT, topics_world.TEXT, topics_people.TEXT) for topic in _read(text))


def shared_pools() -> dict[str, tuple[str, ...]]:
    """Fillers that every topic may use."""
    return {name: tuple(text.split(" | ")) for name, text in phrases.SLOTS.items()}


def _read(text: str) -> list[Topic]:
    topics: list[Topic] = []
    for row in text.strip().splitlines():
        mark, rest = row[0], row[1:].strip()
        if mark == "=":
            names = tuple(rest.split(" | ")[1:])
            topics.append(Topic(names, shared_pools() | {"topic": names}))
        else:
            _add(topics[-1], mark, rest)
    return topics


def _add(topic: Topic, mark: str, rest: str) -> None:
    if mark == "$":
        name, _, fillers = rest.partition(" ")
        topic.pools[name] = tuple(fillers.split(" | "))
    elif mark == "Q":
        topic.questions.append((rest, []))
    elif mark in TONES:
        topic.questions[-1][1].append((TONES[TONES.index(mark)], rest))
    elif mark == "C":
        topic.claims.append((rest, [], []))
    elif mark in ("a", "d"):
        _, agreeing, opposing = topic.claims[-1]
        (agreeing if mark == "a" else opposing).append(rest)
    else:
        kinds = {"S": topic.stories, "J": topic.jokes, "N": topic.sums, "L": topic.lists}
        kinds[mark].append(tuple(rest.split(" | " if mark == "S" else " / ")))
