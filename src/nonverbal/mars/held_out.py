"""The people that a model is measured on: what they truly said and did, and the streams that a model sees of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nonverbal.dataset.read import Dataset
from nonverbal.dataset.rows import Row
from nonverbal.mars.conversation import PartCodes, stretches
from nonverbal.mars.of_two import nothing_of_two, of_two
from nonverbal.mars.stream import Conversation, Side, Step, Stream, encode
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.records import from_plain
from nonverbal.spaces import space_columns
from nonverbal.ticks import Tick, silent
from nonverbal.tokens.motion_set import motion_rows
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.types import F32, Bool, Motion, Turn
from nonverbal.verdicts import UserError


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A conversation without harmful turns, as one participant lives through it.

    Attributes:
        first_step: the dialogue's step that it begins with.
        step: [L] the dialogue's step of each token of the stream; -1 before the first.
    """

    conversation: Conversation
    stream: Stream
    first_step: int
    step: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A participant of a dialogue.

    Attributes:
        row: the dialogue's row of the table ``dialogues``.
        n_frames: of the dialogue.
        codes: the participant's own, by part.
        scenes: what the model sees of the dialogue in this participant's place.
    """

    dialogue_id: str
    participant: str
    partner: str
    row: Row
    n_frames: int
    codes: PartCodes
    scenes: tuple[Scene, ...]

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Those of both."""
        return from_plain(tuple[Turn, ...], self.row["turns"])


def held_out(
    dataset: Dataset,
    vocabulary: Vocabulary,
    tokenizers: Mapping[str, Tokenizer],
    ids: Sequence[str],
    tick: Tick = silent,
) -> tuple[Person, ...]:
    """Both participants of each dialogue, with codes made anew by the model's own tokenizers.

    Args:
        dataset: what the dialogues are of.
        vocabulary: of the streams.
        tokenizers: by part, of all parts of the vocabulary.
        ids: of the dialogues.
        tick: told how many dialogues are done.

    Raises:
        UserError: a tokenizer is of other spaces than the dataset.
    """
    people: list[Person] = []
    for number, dialogue_id in enumerate(ids):
        tick("held-out dialogues", number, len(ids))
        row = dataset.row(dialogue_id)
        names = row["participants"]
        codes = {who: codes_of(dataset.motion(dialogue_id, who, smooth=True), tokenizers) for who in names}
        for who in names:
            partner = next((name for name in names if name != who), "")
            scenes = tuple(_scenes(row, codes, who, vocabulary))
            n_frames = len(dataset.column(dialogue_id, who, "speaking"))
            people.append(Person(dialogue_id, who, partner, row, n_frames, codes[who], scenes))
    tick("held-out dialogues", len(ids), len(ids))
    return tuple(people)


def codes_of(motion: Motion, tokenizers: Mapping[str, Tokenizer]) -> dict[str, NDArray[np.int32]]:
    """A participant's codes by part."""
    return {part: one.encode(*motion_rows(motion, one.spaces)) for part, one in tokenizers.items()}


def retold(person: Person, vocabulary: Vocabulary, partner_seen: bool) -> Person:
    """The same person, whose partner is seen or hidden throughout."""
    if partner_seen:
        return person
    unseen = vocabulary.config.unseen
    scenes = []
    for scene in person.scenes:
        messages = tuple(
            replace(m, steps=tuple(_hidden(step, m.role == "user", unseen) for step in m.steps))
            for m in scene.conversation.messages
        )
        scenes.append(_scene(replace(scene.conversation, messages=messages), scene.first_step, vocabulary))
    return replace(person, scenes=tuple(scenes))


def own_codes(person: Person, vocabulary: Vocabulary, ids: Sequence[NDArray[np.integer]]) -> PartCodes:
    """Part -> [L, K] the participant's codes in streams `ids`, one a scene, on the dialogue's grid; -1 elsewhere."""
    grammar = vocabulary.grammar
    found: dict[str, NDArray[np.int32]] = {}
    for number, part in enumerate(vocabulary.config.parts):
        codes = np.full((len(person.codes[part.part]), part.levels), -1, np.int32)
        for scene, tokens in zip(person.scenes, ids, strict=True):
            for level in range(part.levels):
                kind = grammar.code_class(number, level)
                at = np.flatnonzero(scene.stream.response & (grammar.classes[tokens] == kind))
                at = at[scene.step[at] < len(codes)]
                codes[scene.step[at], level] = tokens[at] - vocabulary.first_id(number, level)
        found[part.part] = codes
    return found


def told_frames(person: Person, vocabulary: Vocabulary, tokenizers: Mapping[str, Tokenizer]) -> dict[str, Bool]:
    """Space -> [T] the frames that the model is asked for: those of steps whose own motion its streams tell of."""
    found: dict[str, Bool] = {}
    for part, codes in own_codes(person, vocabulary, [scene.stream.ids for scene in person.scenes]).items():
        frames = np.repeat(codes[:, 0] >= 0, tokenizers[part].frames_per_token)[: person.n_frames]
        found |= dict.fromkeys(tokenizers[part].spaces, frames)
    return found


def decoded(codes: PartCodes, tokenizers: Mapping[str, Tokenizer], n_frames: int) -> dict[str, F32]:
    """Motion by parameter space [n_frames, D] of codes by part on the dialogue's grid."""
    found: dict[str, F32] = {}
    for part, own in codes.items():
        values = tokenizers[part].decode(own, n_frames)
        found |= {space: values[:, columns] for space, columns in space_columns(tokenizers[part].spaces).items()}
    return found


def some_ids(dataset: Dataset, split: str, most: int | None) -> tuple[str, ...]:
    """The first `most` dialogues of two people in a split, all for None.

    Raises:
        UserError: there is none.
    """
    found = of_two(dataset, split)
    if not found.ids:
        raise UserError(nothing_of_two(dataset, split, found.left_out))
    return found.ids[:most]


def _scenes(row: Row, codes: Mapping[str, PartCodes], who: str, vocabulary: Vocabulary) -> Iterator[Scene]:
    for stretch in stretches(row, codes, who, vocabulary.config):
        yield _scene(stretch.conversation, stretch.first_step, vocabulary)


def _scene(conversation: Conversation, first_step: int, vocabulary: Vocabulary) -> Scene:
    stream = encode(conversation, vocabulary)
    step = np.searchsorted(stream.steps, np.arange(len(stream)), side="right") - 1
    return Scene(conversation, stream, first_step, np.where(step < 0, -1, step + first_step))


def _hidden(step: Step, partner_holds: bool, unseen: tuple[tuple[int, ...], ...]) -> Step:
    def hide(side: Side) -> Side:
        return replace(side, codes=unseen)

    if partner_holds:
        return Step(hide(step.holder), step.listener)
    return Step(step.holder, None if step.listener is None else hide(step.listener))
