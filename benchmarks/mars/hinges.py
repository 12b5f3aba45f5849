"""Hinges in a dataset of studio talk: lines whose words have several readings, and the answers that fit only one.

`studio/script/hinges.py` holds them. Which reading was meant is told by the answer that truly followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nonverbal.dataset.read import Dataset
from nonverbal.mars.conversation import PartCodes, step_of
from nonverbal.mars.held_out import Person
from nonverbal.mars.stream import Codes, Conversation, Message, Side, Step
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.studio.script.hinges import HINGES

_WORD = re.compile(r"[a-z0-9']+")
_LEAD_STEPS = 1  # of silence before an answer, as between turns of the studio


@dataclass(frozen=True, slots=True)
class Place:
    """A hinge said in a dialogue.

    Attributes:
        hinge, reading: numbers in `HINGES`.
        speaker, answerer: participants.
        start_s: when its first word begins.
        n_words: of the hinge.
        answer: what was truly answered, up to where the answer's template ends.
        template: number of the answer in the reading.
    """

    dialogue_id: str
    hinge: int
    reading: int
    speaker: str
    answerer: str
    start_s: float
    n_words: int
    answer: str
    template: int


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """A place as the one who answers lives through it.

    Attributes:
        before: the conversation up to the hinge's message.
        said: the hinge's message.
        first: the step of the message in which the hinge begins.
        motion: part -> [n, K] the speaker's codes from that step on, on beyond the message's end.
    """

    place: Place
    before: Conversation
    said: Message
    first: int
    motion: PartCodes


def places(dataset: Dataset, split: str) -> Iterator[Place]:
    """All hinges of a split that were answered as one of their readings asks."""
    for dialogue_id in dataset.ids(split):
        row = dataset.row(dialogue_id)
        turns = sorted(row["turns"], key=lambda turn: turn["start_s"])
        for turn, following in pairwise(turns):
            if turn["participant"] == following["participant"] or turn["harmful"] or following["harmful"]:
                continue
            found = _reading(turn["text"], following["text"])
            if found is not None:
                hinge, reading, template, answer = found
                n_words = len(_hinge_words(hinge))
                start_s = turn["words"][-n_words]["start_s"]
                names = turn["participant"], following["participant"]
                yield Place(dialogue_id, hinge, reading, *names, start_s, n_words, answer, template)


def situation(place: Place, people: Mapping[tuple[str, str], Person], vocabulary: Vocabulary) -> Situation | None:
    """The place in the answerer's streams; None where turns overlap so that it is not one message there."""
    person = people[place.dialogue_id, place.answerer]
    step = step_of(place.start_s, vocabulary.config)
    for scene in person.scenes:
        at = scene.first_step
        for number, message in enumerate(scene.conversation.messages):
            end = at + len(message.steps)
            if at <= step < end and message.role == "user":
                words = [word for one in message.steps[step - at :] for word in one.holder.words]
                if len(words) < place.n_words or _words(" ".join(words))[-1:] != list(_hinge_words(place.hinge))[-1:]:
                    return None
                before = replace(scene.conversation, messages=scene.conversation.messages[:number])
                speaker = people[place.dialogue_id, place.speaker].codes
                return Situation(place, before, message, step - at, {p: codes[step:] for p, codes in speaker.items()})
            at = end
    return None


def answers(found: Sequence[Place]) -> dict[tuple[int, int], tuple[str, ...]]:
    """(hinge, reading) -> one wording of each of its answers, the first that comes up."""
    pool: dict[tuple[int, int], dict[int, str]] = {}
    for place in found:
        pool.setdefault((place.hinge, place.reading), {}).setdefault(place.template, place.answer)
    return {key: tuple(text for _, text in sorted(texts.items())) for key, texts in pool.items()}


def asked(
    one: Situation, motion: PartCodes | None, answer: str, vocabulary: Vocabulary, seen: bool = True
) -> tuple[Conversation, int]:
    """The conversation up to an answer, a word of it a step, and how many steps before its end the hinge begins.

    Args:
        motion: the speaker's codes from the hinge's first step on in place of the true ones; the true ones for None.
        seen: tell of face and body; else nobody's are, from the first message on.
    """
    parts = vocabulary.config.parts
    codes = one.motion if motion is None else motion
    own: tuple[Codes, ...] = tuple((0,) * part.levels for part in parts)
    tail = tuple(
        Step(Side(step.holder.words, _codes_at(codes, i, vocabulary)), _listening(step, own, vocabulary))
        for i, step in enumerate(one.said.steps[one.first :])
    )
    hinge = Message("user", (*one.said.steps[: one.first], *tail))
    said = [(), *((word,) for word in answer.split())] if _LEAD_STEPS else [(word,) for word in answer.split()]
    reply = Message("assistant", tuple(Step(Side(words, own)) for words in said))
    messages = (*one.before.messages, hinge, reply)
    if not seen or not parts:
        messages = tuple(_unseen(message, vocabulary) for message in messages)
    return Conversation(messages, one.before.system), len(tail) + len(said)


def _listening(step: Step, own: tuple[Codes, ...], vocabulary: Vocabulary) -> Side | None:
    """The answerer meanwhile; codes that stand for those to be drawn."""
    if step.listener is None:
        return None
    told = vocabulary.config.listener and bool(own)
    return Side(step.listener.words, own if told else step.listener.codes)


def _codes_at(codes: PartCodes, step: int, vocabulary: Vocabulary) -> tuple[Codes, ...]:
    if not vocabulary.config.partner_motion:
        return vocabulary.config.unseen
    rows = [codes[part.part][min(step, len(codes[part.part]) - 1), : part.levels] for part in vocabulary.config.parts]
    return tuple(() if row[0] < 0 else tuple(int(code) for code in row) for row in rows)


def _unseen(message: Message, vocabulary: Vocabulary) -> Message:
    nothing = vocabulary.config.unseen

    def hide(side: Side | None) -> Side | None:
        return None if side is None else replace(side, codes=nothing)

    steps = tuple(Step(Side(step.holder.words, nothing), hide(step.listener)) for step in message.steps)
    return replace(message, steps=steps)


def _reading(said: str, answered: str) -> tuple[int, int, int, str] | None:
    """Hinge, reading, template and the answer's own words, if `said` ends with a hinge and `answered` fits it."""
    words = _words(said)
    for h, hinge in enumerate(HINGES):
        own = list(_hinge_words(h))
        if words[-len(own) :] != own:
            continue
        for r, reading in enumerate(hinge.readings):
            for t, answer in enumerate(reading.answers):
                match = re.match(_pattern(answer.text), answered, re.IGNORECASE)
                if match:
                    return h, r, t, match[0]
    return None


def _hinge_words(hinge: int) -> tuple[str, ...]:
    return tuple(_words(re.sub(r"\{\w+\}|\*", "", HINGES[hinge].readings[0].text)))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _pattern(template: str) -> str:
    """A template of the studio's notation as a regular expression."""
    plain = re.sub(r"\{\w+\}|\*", "", template)
    pieces = re.split(r"(<[a-z0-9:]+>|\[[^\]]*\])", plain)
    found = ""
    for piece in pieces:
        if piece.startswith("<"):
            found += r"[\w' -]+?"
        elif piece.startswith("["):
            found += "(?:" + "|".join(re.escape(one) for one in piece[1:-1].split("|")) + ")"
        else:
            found += re.escape(piece)
    return found


def donor(one: Situation, reading: int, others: Sequence[Situation], luck: np.random.Generator) -> PartCodes | None:
    """The speaker's motion of another dialogue in which the same words had `reading`; None where there is none."""
    fitting = [
        other
        for other in others
        if (other.place.hinge, other.place.reading) == (one.place.hinge, reading)
        and other.place.dialogue_id != one.place.dialogue_id
    ]
    return fitting[int(luck.integers(len(fitting)))].motion if fitting else None


def answer_tokens(ids: NDArray[np.integer], start: int, vocabulary: Vocabulary) -> NDArray[np.bool_]:
    """[n] the text tokens from `start` on."""
    found = vocabulary.grammar.classes[ids] == vocabulary.grammar.TEXT
    found[:start] = False
    return np.asarray(found)
