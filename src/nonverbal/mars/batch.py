"""Many turns at once, for evaluation: what a model answers, or does while it listens, in conversations side by side.

Rows advance together; each has its own place in the grammar, its own words to say and its own random numbers, so that a
turn does not depend on what stands beside it. Rows that are through are taken out.

    turns = perform(model, vocabulary, prompts, scripts, SamplingConfig(seed=1))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedModel

from nonverbal.mars.history import context_of, fitted, told
from nonverbal.mars.rows import Places, Rows
from nonverbal.mars.sampling import NO_TEXT, Chooser, Dice, SamplingConfig
from nonverbal.mars.stream import Conversation, Message, Role, Side, Step, Stream, decode, encode
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError

Prompt = Stream | Sequence[int] | NDArray[np.integer]
"""A conversation of closed messages; what comes next is the turn to make."""

Script = Sequence[Sequence[str]]
"""The words that begin in each step of a turn."""

_WORDS_A_STEP = 2


def perform(
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    prompts: Sequence[Prompt],
    scripts: Sequence[Script] | None = None,
    sampling: SamplingConfig | None = None,
    rows: int = 32,
) -> list[Message]:
    """The model's next turn in each conversation.

    Args:
        model: whose vocabulary holds all of `vocabulary`.
        vocabulary: of the prompts.
        prompts: the conversations; the oldest messages are left out where they do not fit into the model's context.
        scripts: the words of each turn, step by step; then only the motion is the model's own.
        sampling: how turns are drawn.
        rows: how many turns are made side by side; more are faster and take more memory.

    Raises:
        UserError: the scripts do not fit the prompts, or a prompt's last message is longer than the context.
    """
    batch = _Batch(model, vocabulary, sampling or SamplingConfig(), "assistant")
    if scripts is None:
        return batch.free(prompts, rows)
    _same_length(prompts, scripts, "scripts")
    steps = [[Step(_silent(words, vocabulary)) for words in script] for script in scripts]
    return batch.given(prompts, steps, rows)


def listen(
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    prompts: Sequence[Prompt],
    partners: Sequence[Sequence[Side]],
    words: Sequence[Script] | None = None,
    sampling: SamplingConfig | None = None,
    rows: int = 32,
) -> list[Message]:
    """What the model does while its partner holds the floor: the partner's turns with the model as their listener.

    Args:
        model: whose vocabulary holds all of `vocabulary`.
        vocabulary: of the prompts; its configuration has `listener`.
        prompts: the conversations before those turns.
        partners: what the partner says and does, step by step.
        words: what the model says meanwhile, step by step; nothing when left out.
        sampling: how motion is drawn.
        rows: how many turns are made side by side.

    Raises:
        UserError: the configuration has no listener, or the lengths do not fit each other.
    """
    config = vocabulary.config
    if not config.listener:
        raise UserError("listen: this model was never told what a listener does; train one with listener")
    _same_length(prompts, partners, "partners")
    words = [[()] * len(sides) for sides in partners] if words is None else words
    _same_length(prompts, words, "words")
    for sides, script in zip(partners, words, strict=True):
        _same_length(sides, script, "the words of a turn")
    steps = [
        [Step(told(side, config), _silent(own, vocabulary)) for side, own in zip(sides, script, strict=True)]
        for sides, script in zip(partners, words, strict=True)
    ]
    return _Batch(model, vocabulary, sampling or SamplingConfig(), "user").given(prompts, steps, rows)


class _Batch:
    """Turns of one role."""

    def __init__(self, model: PreTrainedModel, vocabulary: Vocabulary, sampling: SamplingConfig, role: Role) -> None:
        self._model, self._vocabulary, self._role = model, vocabulary, role
        self._sampling, self._context = sampling, context_of(model)
        self._grammar = vocabulary.grammar
        self._chooser = Chooser(vocabulary, sampling, model.device)
        self._codes = max(vocabulary.config.tokens_per_step, 1)

    def free(self, prompts: Sequence[Prompt], rows: int) -> list[Message]:
        """Turns that are all the model's own."""
        budget = min(self._sampling.max_steps * (self._codes + _WORDS_A_STEP), self._context // 2)
        heads = [ids_of(prompt, self._vocabulary, self._role, self._context - budget) for prompt in prompts]
        return self._in_chunks(
            [len(head) for head in heads], rows, lambda at, dice: self._free([heads[i] for i in at], dice)
        )

    def given(self, prompts: Sequence[Prompt], steps: Sequence[Sequence[Step]], rows: int) -> list[Message]:
        """Turns of which all is given but the motion of the last side of each step, which is unseen there."""
        inserts = [self._inserts(turn) for turn in steps]
        budgets = [sum(map(len, turn)) + self._codes * len(turn) for turn in inserts]
        heads = [
            ids_of(prompt, self._vocabulary, self._role, self._context - budget)
            for prompt, budget in zip(prompts, budgets, strict=True)
        ]
        return self._in_chunks(
            [len(turn) for turn in inserts],
            rows,
            lambda at, dice: self._given([heads[i] for i in at], [inserts[i] for i in at], dice),
        )

    def _in_chunks(
        self, lengths: Sequence[int], rows: int, make: Callable[[list[int], Dice], list[list[int]]]
    ) -> list[Message]:
        """Turns made by so many rows at once, those of like length together."""
        order = np.argsort(lengths, kind="stable").tolist()
        found: dict[int, Message] = {}
        for first in range(0, len(order), rows):
            at = order[first : first + rows]
            for i, body in zip(at, make(at, Dice(self._sampling.seed, at)), strict=True):
                found[i] = message_of(body, self._vocabulary, self._role)
        return [found[i] for i in range(len(order))]

    def _free(self, heads: list[list[int]], dice: Dice) -> list[list[int]]:
        """The tokens of turns, as many in a row as the model wants."""
        memory, places = Rows(self._model, len(heads)), Places(self._vocabulary, self._sampling, len(heads))
        said: list[NDArray[np.int64]] = []
        live = np.arange(len(heads))
        scores = memory.read(heads)
        while True:
            tokens = self._chooser.choose(scores, *places.choices(self._chooser), dice.roll())
            column = np.full(len(heads), -1)
            column[live] = np.where(tokens == self._vocabulary.format.end_id, -1, tokens)
            said.append(column)
            going = places.take(tokens, memory.lengths + self._codes + _WORDS_A_STEP < self._context)
            kept = np.flatnonzero(going)
            if not len(kept):
                break
            if len(kept) < len(live):
                live, tokens = live[kept], tokens[kept]
                for part in (memory, places, dice):
                    part.keep(kept)
            scores = memory.read_one(tokens)
        return [row[row >= 0].tolist() for row in np.stack(said, 1)]

    def _given(self, heads: list[list[int]], inserts: list[list[list[int]]], dice: Dice) -> list[list[int]]:
        """The tokens of turns of given steps; all rows stand at the same token of the same step."""
        n_steps = np.array([len(turn) - 1 for turn in inserts])
        codes = np.zeros((len(heads), int(n_steps.max()), self._codes), np.int64)
        memory, live = Rows(self._model, len(heads)), np.arange(len(heads))
        ahead = heads
        for step in range(codes.shape[1]):
            kept = np.flatnonzero(n_steps[live] > step)
            if len(kept) < len(live):
                live, ahead = live[kept], [ahead[i] for i in kept]
                memory.keep(kept)
                dice.keep(kept)
            scores = memory.read([[*before, *inserts[i][step]] for before, i in zip(ahead, live, strict=True)])
            for place, state in enumerate(self._states()):
                if place:
                    scores = memory.read_one(codes[live, step, place - 1])
                codes[live, step, place] = self._motion(scores, state, dice)
            ahead = codes[live, step, -1:].tolist()
        return [_woven(turn, codes[i].tolist()) for i, turn in enumerate(inserts)]

    def _motion(self, scores: Tensor, state: int, dice: Dice) -> NDArray[np.int64]:
        """One motion token of each row, all of which stand in one state."""
        rows = len(scores)
        no, yes = np.zeros(rows, np.bool_), np.ones(rows, np.bool_)
        return self._chooser.choose(scores, np.full(rows, state), np.full(rows, NO_TEXT), no, yes, dice.roll())

    def _states(self) -> list[int]:
        """The states before each of a side's motion tokens."""
        grammar, vocabulary = self._grammar, self._vocabulary
        state = grammar.listening if self._role == "user" else grammar.begin
        states = []
        for part, config in enumerate(vocabulary.config.parts):
            for level in range(config.levels):
                states.append(state)
                state = grammar.step(state, vocabulary.first_id(part, level))
        return states or [state]

    def _inserts(self, steps: Sequence[Step]) -> list[list[int]]:
        """What stands before each step's motion that is to be made, and after the last one's; S + 1 for S steps."""
        stream = encode(Conversation((Message(self._role, tuple(steps), closed=False),)), self._vocabulary)
        inserts: list[list[int]] = [[]]
        for first, last in zip(stream.steps, [*stream.steps[1:], len(stream)], strict=True):
            ids = stream.ids[first:last].tolist()
            gap = len(ids) - 1 - ids[::-1].index(self._vocabulary.unseen_id)
            inserts[-1] += ids[:gap]
            inserts.append(ids[gap + 1 :])
        return inserts


def ids_of(prompt: Prompt, vocabulary: Vocabulary, role: Role, room: int) -> list[int]:
    """The ids of a prompt, without its oldest messages where more than `room`, and the header of the turn to come.

    Raises:
        UserError: an id is not of the vocabulary, or the last message alone is longer.
    """
    ids = prompt.ids if isinstance(prompt, Stream) else np.asarray(prompt)
    vocabulary.check(ids)
    opening = vocabulary.format.open(role)
    return [*fitted(ids, vocabulary, room - len(opening)).tolist(), *opening]


def message_of(body: Sequence[int], vocabulary: Vocabulary, role: Role) -> Message:
    """The message that tokens between a header and an end stand for."""
    chat = vocabulary.format
    return decode([*chat.begin, *chat.open(role), *body, *chat.close(role)], vocabulary).messages[0]


def _silent(words: Sequence[str], vocabulary: Vocabulary) -> Side:
    """Words whose motion is to be made."""
    return Side(tuple(words), vocabulary.config.unseen)


def _woven(inserts: list[list[int]], codes: list[list[int]]) -> list[int]:
    """Inserts and codes in turn, an insert last: the ids of a message's body."""
    body = []
    for insert, motion in zip(inserts[:-1], codes, strict=False):  # a shorter row has codes to spare
        body += [*insert, *motion]
    return body + inserts[-1]


def _same_length(expected: Sequence[object], got: Sequence[object], name: str) -> None:
    if len(expected) != len(got):
        raise UserError(f"{name}: got {len(got)}, expected as many as there are turns or steps, {len(expected)}")
