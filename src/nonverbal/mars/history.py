"""The ids of a conversation beside a model's memory of them: whatever is added is read once, and never again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from nonverbal.mars.config import StreamConfig
from nonverbal.mars.stream import ROLES, Conversation, Side, encode
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError


def context_of(model: PreTrainedModel, context: int | None = None) -> int:
    """How many tokens a model attends over, or fewer where `context` says so."""
    most = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return min(size for size in (most, context, 1 << 20) if size)


def message_starts(ids: Sequence[int], vocabulary: Vocabulary) -> list[int]:
    """Where each message of a stream begins."""
    chat, starts = vocabulary.format, []
    lengths = {tuple(chat.open(role)): len(chat.close(role)) for role in ROLES}
    at = _prompt_length(ids, vocabulary)
    while at < len(ids):
        starts.append(at)
        close = next((n for opening, n in lengths.items() if tuple(ids[at : at + len(opening)]) == opening), None)
        if close is None:
            raise UserError(f"the stream does not parse at token {at}: expected the beginning of a message")
        at = next((i for i in range(at, len(ids)) if ids[i] == chat.end_id), len(ids)) + close
    return starts


def _prompt_length(ids: Sequence[int], vocabulary: Vocabulary) -> int:
    """How many ids come before the first message."""
    opening, closing = vocabulary.system_frame
    at = len(vocabulary.format.begin)
    if tuple(ids[at : at + len(opening)]) != tuple(opening):
        return at
    return next(i for i in range(at + len(opening), len(ids)) if ids[i] == closing[0]) + len(closing)


def fitted(ids: NDArray[np.integer], vocabulary: Vocabulary, room: int) -> NDArray[np.integer]:
    """The ids without the oldest messages, so that at most `room` are left; what comes before them stays.

    Raises:
        UserError: the last message alone is longer.
    """
    if len(ids) <= room:
        return ids
    plain = ids.tolist()
    first = _prompt_length(plain, vocabulary)
    for start in message_starts(plain, vocabulary):
        if first + len(ids) - start <= room:
            return np.concatenate([ids[:first], ids[start:]])
    raise UserError(
        f"prompt: its last message does not fit into the {room} tokens that the model's context leaves; shorten the "
        "turn, lower max_steps or take a model with a longer context"
    )


def told(side: Side, config: StreamConfig) -> Side:
    """What a stream tells of the partner: without motion where the configuration has none of it."""
    return side if config.partner_motion else Side(side.words, config.unseen)


class Memory(Protocol):
    """What a model has made of the ids that it read."""

    def read(self, ids: Sequence[int]) -> Tensor:
        """[1, size] the scores of what follows these ids, which come after those read before."""

    def keep(self, length: int) -> int:
        """Forget all but the first `length` ids at most; how many it still remembers."""


class OwnMemory:
    """The cache of Transformers, for a conversation by itself."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model.eval()
        self._cache = DynamicCache(config=model.config)

    def read(self, ids: Sequence[int]) -> Tensor:
        new = torch.tensor([list(ids)], device=self._model.device)
        with torch.inference_mode():
            output = self._model(input_ids=new, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        scores: Tensor = output.logits[:, -1]
        return scores

    def keep(self, length: int) -> int:
        """Nothing is kept: layers with a window have lost what came before it."""
        self._cache = DynamicCache(config=self._model.config)
        return 0


class History:
    """A conversation as a model remembers it.

    Attributes:
        ids: all ids that are kept.
        messages: where each message begins in them.
        steps: where each step of the last message begins.
        memory: what the model made of those it has read.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        vocabulary: Vocabulary,
        system: str,
        context: int,
        memory: Memory | None = None,
    ) -> None:
        self._model = model
        self.memory: Memory = memory or OwnMemory(model)
        self.ids: list[int] = encode(Conversation((), system), vocabulary).ids.tolist()
        self.messages: list[int] = []
        self.steps: list[int] = []
        self._first = len(self.ids)
        self._context = context
        self._read = 0
        self._scores = torch.empty(0)
        if 2 * self._first > context:
            raise UserError(
                f"system: got {self._first} tokens, expected at most half of the model's context of {context}; shorten "
                "the system prompt"
            )

    @property
    def most(self) -> int:
        """How many tokens fit beside the system prompt."""
        return self._context - self._first

    def open(self, ids: Sequence[int]) -> None:
        """Begin a message."""
        self.messages.append(len(self.ids))
        self.steps = []
        self.ids.extend(ids)

    def begin_step(self) -> None:
        """Begin a step of the last message."""
        self.steps.append(len(self.ids))

    def add(self, ids: Sequence[int]) -> None:
        self.ids.extend(ids)

    def cut(self, length: int) -> None:
        """Take back all after the first `length` ids."""
        if length < self._read:
            self._read = self.memory.keep(max(length - 1, 0))  # the last one is read anew for its scores
        del self.ids[length:]
        self.messages = [start for start in self.messages if start < length]
        self.steps = [start for start in self.steps if start < length]

    @property
    def unread(self) -> list[int]:
        """The ids that the model has not read yet."""
        return self.ids[self._read :]

    def take(self, count: int, scores: Tensor) -> None:
        """The memory has read `count` more ids; `scores` [1, size] are those of what follows them."""
        self._read, self._scores = self._read + count, scores

    def logits(self) -> Tensor:
        """[1, size] the model's scores of the next token; all ids added since the last call are read in one go."""
        unread = self.unread
        if unread:
            self.take(len(unread), self.memory.read(unread))
        return self._scores

    def make_room(self, room: int, keep_last: bool = True) -> None:
        """See that `room` more tokens fit: drop the oldest messages, and the oldest steps of the last one.

        Half of the context is freed at once where that can be: what is left must be read anew, which should be rare.

        Args:
            room: how many tokens.
            keep_last: the last message goes on, so that its newest step at least must stay.

        Raises:
            UserError: they do not fit into an empty context.
        """
        if len(self.ids) + room <= self._context:
            return
        ends = self.messages[1:] if keep_last else [*self.messages[1:], len(self.ids)]
        if ends:
            self._drop(self._first, self._cut_at(self._first, ends, room))
        if len(self.ids) + room > self._context and len(self.steps) > 1:
            self._drop(self.steps[0], self._cut_at(self.steps[0], self.steps[1:], room))
        if len(self.ids) + room > self._context:
            raise UserError(
                f"context: {room} tokens do not fit into the {self._context} that the model remembers; send shorter "
                "messages or use a shorter system prompt"
            )

    def _cut_at(self, first: int, ends: list[int], room: int) -> int:
        """The earliest of `ends` so that half of the context is free without [first, end), or at least enough."""
        for most in (self._context // 2 - room, self._context - room):
            for end in ends:
                if len(self.ids) - (end - first) <= most:
                    return end
        return ends[-1]

    def _drop(self, first: int, last: int) -> None:
        """Take the ids [first, last) out of the middle."""
        gone = last - first
        del self.ids[first:last]
        self.messages = [
            start - gone if start >= last else start for start in self.messages if not first <= start < last
        ]
        self.steps = [start - gone if start >= last else start for start in self.steps if not first <= start < last]
        self._read = self.memory.keep(0)
