"""Long streams in pieces that a model can hold: each piece's fresh tokens behind as much of its past as fits.

    stream     head | message | message ............. | message ........ |
    window 1   head | message | message ...|            all of it fresh
    window 2   head |            <open> ...| ...... | message ..|        past, then the next fresh tokens

A window begins at a message or, within one, at a step; the message's header is then put before it again, so that each
window parses by itself. Every token of the stream is fresh in exactly one window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nonverbal.mars.stream import ROLES, Stream, header
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A piece of a stream.

    Attributes:
        ids: [n] int32.
        origin: [n] each token's place in the stream; -1 for a header that was put before again.
        fresh: where its fresh tokens begin.
    """

    ids: NDArray[np.int32]
    origin: NDArray[np.int64]
    fresh: int

    def __len__(self) -> int:
        return len(self.ids)


def windows(stream: Stream, vocabulary: Vocabulary, context: int, fresh: int) -> tuple[Window, ...]:
    """The windows of a stream, in order.

    Args:
        stream: as `stream.encode` gives it.
        vocabulary: its vocabulary.
        context: most tokens of a window; a single step that is longer is a window of its own all the same.
        fresh: most fresh tokens of one; less than `context`.

    Raises:
        UserError: the numbers leave no room.
    """
    first = int(stream.messages[0])
    room = context - first - max(len(vocabulary.format.open(role)) for role in ROLES)
    if not 0 < fresh <= room:
        raise UserError(
            f"context: got {context} tokens, of which {fresh} fresh; expected room for them after the {context - room} "
            "of the system prompt and a header: give a longer context or fewer fresh tokens"
        )
    cuts = np.unique(np.concatenate([stream.messages, stream.steps]))
    found, at = [], first
    while at < len(stream):
        after = cuts[(cuts > at) & (cuts <= at + fresh)]
        end = int(after[-1]) if len(after) else int(cuts[np.searchsorted(cuts, at, "right")])
        begin = min(int(cuts[np.searchsorted(cuts, end - room)]), at)
        found.append(_window(stream, vocabulary, begin, at, end))
        at = end
    return tuple(found)


def past(stream: Stream, vocabulary: Vocabulary, end: int, context: int) -> Window:
    """All that fits into `context` tokens of what comes before the token `end`, which begins a message or a step."""
    cuts = np.unique(np.concatenate([stream.messages, stream.steps]))
    room = context - int(stream.messages[0]) - max(len(vocabulary.format.open(role)) for role in ROLES)
    begin = min(int(cuts[np.searchsorted(cuts, end - room)]), end)
    return _window(stream, vocabulary, begin, end, end)


def _window(stream: Stream, vocabulary: Vocabulary, begin: int, at: int, end: int) -> Window:
    head = int(stream.messages[0])
    again = _header(stream, vocabulary, begin)
    ids = np.concatenate([stream.ids[:head], again, stream.ids[begin:end]])
    origin = np.concatenate([np.arange(head), np.full(len(again), -1), np.arange(begin, end)])
    return Window(ids, origin, 0 if at == head else head + len(again) + at - begin)


def _header(stream: Stream, vocabulary: Vocabulary, begin: int) -> NDArray[np.int32]:
    """The header of the message that `begin` lies in; nothing where it is the message's own beginning."""
    message = int(stream.messages[np.searchsorted(stream.messages, begin, "right") - 1])
    if message == begin:
        return np.zeros(0, np.int32)
    headers = [header(role, vocabulary) for role in ROLES]
    return next(h for h in headers if np.array_equal(stream.ids[message : message + len(h)], h))
