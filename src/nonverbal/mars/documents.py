"""What a model sees at once: windows of a conversation that begin at a message, cut anew every epoch.

    conversation   <system> | user 1 ........ | assistant 1 .... | user 2 .................... | assistant 2 ..
    document 0     <system> | user 1 ........ | assistant 1 .... |
    document 1     <system> | user 2 ............. (cut at a step)
    document 2     <system> | user .......... | assistant 2 ..     the header of the cut message once more

Documents are lists of pieces, each a slice of one of the arrays; the first of a conversation is of a random length, so
that every epoch cuts elsewhere. All follows from (seed, epoch).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nonverbal.mars.examples import OWN, STEP, Examples
from nonverbal.mars.rehearsal import Texts
from nonverbal.verdicts import UserError


class Piece(NamedTuple):
    """Tokens first..last-1 of one of the sources."""

    source: int
    first: int
    last: int

    @property
    def size(self) -> int:
        return self.last - self.first


class Source(NamedTuple):
    """Ids and marks that documents are made of."""

    ids: NDArray[np.int32]
    marks: NDArray[np.uint8]


@dataclass(frozen=True)
class Cutting:
    """How documents are cut."""

    context: int
    """Most tokens of a document."""
    typed_share: float = 0.0
    """Share of the partner's messages that are given as typed text, without steps."""
    rehearsal_ratio: float = 0.0
    """Share of all tokens that are those of plain texts."""


@dataclass(frozen=True, eq=False)
class Documents:
    """Documents in the order they were cut.

    Attributes:
        sources: what pieces are slices of.
        pieces: [P, 3] source, first token, token after the last.
        bounds: [D + 1] where the pieces of each document begin.
        lengths: [D] tokens of each.
    """

    sources: tuple[Source, ...]
    pieces: NDArray[np.int64]
    bounds: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lengths)

    def gather(self, number: int) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Ids [L] and marks [L] of one document."""
        pieces = self.pieces[self.bounds[number] : self.bounds[number + 1]].tolist()
        slices = [(self.sources[source], first, last) for source, first, last in pieces]
        return (
            np.concatenate([source.ids[first:last] for source, first, last in slices]),
            np.concatenate([source.marks[first:last] for source, first, last in slices]),
        )


def cut(examples: Sequence[Examples], texts: Texts | None, cutting: Cutting, seed: int, epoch: int | None) -> Documents:
    """The documents of an epoch; those in which the model has nothing to say are left out.

    Args:
        examples: sets of conversations.
        texts: plain texts to rehearse.
        cutting: how.
        seed: with `epoch` it decides where conversations are cut, what is typed, and which texts come.
        epoch: None for documents that are always the same, without typed messages.

    Raises:
        UserError: the context is too short for a step, or nothing is left.
    """
    sources: list[Source] = []
    found: list[list[Piece]] = []
    for number, one in enumerate(examples):
        rng = None if epoch is None else np.random.default_rng((seed, epoch, number))
        sources += [Source(one.ids, one.marks), Source(one.typed, np.zeros(len(one.typed), np.uint8))]
        found += _Cutter(one, len(sources) - 2, cutting, rng).documents()
    if texts is not None and cutting.rehearsal_ratio:
        rng = np.random.default_rng((seed, epoch or 0, len(examples)))
        sources.append(Source(texts.ids, texts.marks))
        tokens = sum(piece.size for document in found for piece in document)
        wanted = tokens * cutting.rehearsal_ratio / (1 - cutting.rehearsal_ratio) if found else len(texts.ids)
        found += _rehearsed(texts, len(sources) - 1, cutting.context, wanted, rng)
    if not found:
        raise UserError("the data has no document with anything to learn: nobody speaks or is seen; add data")
    return _documents(sources, found)


def whole_texts(texts: Texts, context: int) -> Documents:
    """Every text once, in order."""
    pieces = [
        [Piece(0, *chunk) for chunk in chunks] for i in range(len(texts)) for chunks in _chunks(texts, i, context)
    ]
    return _documents([Source(texts.ids, texts.marks)], pieces)


def _documents(sources: list[Source], found: list[list[Piece]]) -> Documents:
    pieces = np.array([piece for document in found for piece in document], np.int64).reshape(-1, 3)
    bounds = np.cumsum([0, *(len(document) for document in found)])
    lengths = np.add.reduceat(pieces[:, 2] - pieces[:, 1], bounds[:-1])
    return Documents(tuple(sources), pieces, bounds, lengths)


class _Cutter:
    """Cuts the conversations of one set; its ids are source `source`, its typed messages the next."""

    def __init__(self, examples: Examples, source: int, cutting: Cutting, rng: np.random.Generator | None) -> None:
        self._examples, self._source, self._context, self._rng = examples, source, cutting.context, rng
        there = examples.typed_bounds[:, 1] > examples.typed_bounds[:, 0]
        self._typed = (
            np.zeros(len(there), np.bool_) if rng is None else there & (rng.random(len(there)) < cutting.typed_share)
        )

    def documents(self) -> Iterator[list[Piece]]:
        """Those with something to learn."""
        for begin, first, last in self._examples.streams.tolist():
            for document in self._conversation(begin, first, last):
                if any(self._learns(piece) for piece in document):
                    yield document

    def _learns(self, piece: Piece) -> bool:
        return piece.source == self._source and bool((self._examples.marks[piece.first : piece.last] & OWN).any())

    def _conversation(self, begin: int, first: int, last: int) -> Iterator[list[Piece]]:
        prefix = Piece(self._source, begin, int(self._examples.messages[first, 0]))
        room = self._context - prefix.size
        left = room if self._rng is None else int(self._rng.integers(1, max(room, 1) + 1))
        document: list[Piece] = []
        for message in range(first, last):
            whole = self._message(message)
            if left < whole.size <= room:
                if document:
                    yield [prefix, *_joined(document)]
                document, left = [], room
            for number, part in enumerate(self._parts(message, whole, left, room)):
                if number and document:
                    yield [prefix, *_joined(document)]
                    document = []
                document += part
                left = room if number else left
                left -= sum(piece.size for piece in part)
        if document:
            yield [prefix, *_joined(document)]

    def _message(self, message: int) -> Piece:
        if self._typed[message]:
            return Piece(self._source + 1, *self._examples.typed_bounds[message].tolist())
        return Piece(self._source, *self._examples.messages[message, :2].tolist())

    def _parts(self, message: int, whole: Piece, left: int, room: int) -> Iterator[list[Piece]]:
        """The message as one part, or cut at steps: the first part has at most `left` tokens, the others `room`."""
        if whole.size <= left:
            yield [whole]
            return
        if whole.source != self._source:
            raise self._short(whole.size + self._context - room)
        start, end, length = self._examples.messages[message].tolist()
        header = Piece(self._source, start, start + length)
        steps = start + np.flatnonzero(self._examples.marks[start:end] & STEP)
        at, limit = header.last, left
        while at < end:
            reach = at + limit - length
            stop = end if end <= reach else int(steps[steps <= reach].max(initial=at))
            if stop > at:
                yield [header, Piece(self._source, at, stop)]
                at = stop
            elif limit < room:
                yield []
            else:
                following = [*steps[steps > at], end][0]
                raise self._short(int(following) - at + length + self._context - room)
            limit = room

    def _short(self, needed: int) -> UserError:
        return UserError(
            f"context: got {self._context} tokens, expected at least {needed}, as long as a step with what begins a "
            "document; give a longer --context, or a shorter --system"
        )


def _joined(pieces: list[Piece]) -> list[Piece]:
    """The same tokens in as few pieces as can be."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1].source == piece.source and joined[-1].last == piece.first:
            joined[-1] = Piece(piece.source, joined[-1].first, piece.last)
        else:
            joined.append(piece)
    return joined


def _rehearsed(
    texts: Texts, source: int, context: int, wanted: float, rng: np.random.Generator
) -> Iterator[list[Piece]]:
    """Texts in random order, again and again, until there are `wanted` tokens."""
    tokens = 0
    while True:
        for number in rng.permutation(len(texts)).tolist():
            for chunks in _chunks(texts, number, context):
                if tokens >= wanted:
                    return
                document = [Piece(source, *chunk) for chunk in chunks]
                tokens += sum(piece.size for piece in document)
                yield document


def _chunks(texts: Texts, number: int, context: int) -> Iterator[list[tuple[int, int]]]:
    """A text in documents of at most `context` tokens, each with what the text begins with."""
    start, end = texts.bounds[number].tolist()
    room = context - texts.begin
    for first in range(start + texts.begin, end, room):
        last = min(first + room, end)
        yield [(start, last)] if first == start + texts.begin else [(start, start + texts.begin), (first, last)]
