"""A conversation as one sequence of ids, and back: two pure functions that are inverse to each other.

    0.10 I   0.31 was   0.70 just          words of a turn, at 0.32 s a step
    I was <FACE_12> <BODY_7>               step 0, 0.00 to 0.32 s: the words that begin in it, then face and body
    <FACE_40> <BODY_7>                     step 1, in silence
    just <FACE_3> <BODY_81>                step 2

What the one who does not hold the floor says and does meanwhile follows after `<LISTENER>`, so that nothing said at the
same time is lost: ``just <FACE_3> <BODY_81> <LISTENER> yeah <FACE_5> <BODY_80>``. A part that nobody saw is
`<BODY_NONE>`, a whole person `<UNSEEN>`. Time is the number of steps since the conversation began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError

Role = Literal["user", "assistant"]
ROLES: tuple[Role, ...] = ("user", "assistant")
"""The partner, and the one whom the model plays."""

Codes = tuple[int, ...]
"""The codes of one part in one step, one a residual level; empty where the part is not seen."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one participant says and does in a step.

    Attributes:
        words: those that begin in it; none is empty or holds a blank.
        codes: one a part of the configuration.
    """

    words: tuple[str, ...]
    codes: tuple[Codes, ...]

    @property
    def seen(self) -> bool:
        return any(self.codes)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a message: who holds the floor, and what is told of the other."""

    holder: Side
    listener: Side | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One participant's turn: steps, or text without time.

    Attributes:
        closed: the turn is over; only the last message of a conversation may be open.
    """

    role: Role
    steps: tuple[Step, ...] = ()
    text: str = ""
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said and done, turn by turn."""

    messages: tuple[Message, ...]
    system: str = ""

    @property
    def n_steps(self) -> int:
        return sum(len(message.steps) for message in self.messages)


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """A conversation as ids.

    Attributes:
        ids: [L] int32.
        response: [L] bool, the tokens that the model is to say: its own words and motion, and the ends of its turns.
        messages: [M + 1] where each message begins; the last is L.
        steps: [S] where each step begins.
    """

    ids: NDArray[np.int32]
    response: NDArray[np.bool_]
    messages: NDArray[np.int64]
    steps: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)


def encode(conversation: Conversation, vocabulary: Vocabulary) -> Stream:
    """The ids of a conversation.

    Raises:
        UserError: a word is empty or holds a blank, a code is out of range, or an open message is not the last.
    """
    writer = _Writer(vocabulary)
    writer.system(conversation.system)
    last = len(conversation.messages) - 1
    for i, message in enumerate(conversation.messages):
        if i < last and not message.closed:
            raise UserError(f"message {i} is open, but {last - i} follow it: only the last one may be")
        writer.message(message)
    return writer.stream()


def decode(ids: Sequence[int] | NDArray[np.integer], vocabulary: Vocabulary) -> Conversation:
    """The conversation that the ids stand for.

    Raises:
        UserError: they are no stream of this vocabulary; the message says where it breaks off and what was expected.
    """
    return _Reader(np.asarray(ids, np.int64), vocabulary).conversation()


def header(role: Role, vocabulary: Vocabulary) -> NDArray[np.int32]:
    """The ids that a message of `role` begins with."""
    return np.array(vocabulary.format.open(role), np.int32)


class _Writer:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._ids: list[int] = list(vocabulary.format.begin)
        self._response: list[bool] = [False] * len(self._ids)
        self._messages: list[int] = []
        self._steps: list[int] = []

    def stream(self) -> Stream:
        ends = [*self._messages, len(self._ids)]
        response = np.array(self._response, np.bool_)
        return Stream(np.array(self._ids, np.int32), response, np.array(ends), np.array(self._steps, np.int64))

    def system(self, text: str) -> None:
        if text:
            opening, closing = self._vocabulary.system_frame
            self._add([*opening, *self._vocabulary.text.encode(text), *closing])

    def message(self, message: Message) -> None:
        if message.text and message.steps:
            raise UserError("a message has text and steps, expected one of them: words belong to their steps")
        chat, own = self._vocabulary.format, message.role == "assistant"
        self._messages.append(len(self._ids))
        self._add(chat.open(message.role))
        self._add(self._vocabulary.text.encode(message.text) if message.text else (), own)
        for step in message.steps:
            self._steps.append(len(self._ids))
            self._side(step.holder, own)
            if step.listener is not None:
                self._add((self._vocabulary.listener_id,))
                self._side(step.listener, not own)
        if message.closed:
            end, *rest = chat.close(message.role)
            self._add((end,), own)
            self._add(rest)

    def _side(self, side: Side, own: bool) -> None:
        words = self._words(side.words)
        if self._vocabulary.config.order == "text_first":
            self._add(words, own)
        self._motion(side.codes, own)
        if self._vocabulary.config.order == "motion_first":
            self._add(words, own)

    def _motion(self, codes: tuple[Codes, ...], own: bool) -> None:
        vocabulary = self._vocabulary
        parts = vocabulary.config.parts
        if len(codes) != len(parts):
            raise UserError(f"a step has codes of {len(codes)} parts, expected {len(parts)}")
        if not any(codes):
            self._add((vocabulary.unseen_id,))
            return
        for i, (part, row) in enumerate(zip(parts, codes, strict=True)):
            if not row:
                self._add((vocabulary.none_id(i),))
                continue
            if len(row) != part.levels or not all(0 <= code < part.codebook_size for code in row):
                raise UserError(
                    f"{part.part}: got the codes {row}, expected {part.levels} from 0 to {part.codebook_size - 1}; "
                    "they come from another tokenizer"
                )
            self._add([vocabulary.first_id(i, level) + code for level, code in enumerate(row)], own)

    def _words(self, words: tuple[str, ...]) -> list[int]:
        if not words:
            return []
        text = " ".join(words)
        if tuple(text.split()) != words:
            raise UserError(f"words: got {words!r}, expected words without blanks, none of them empty")
        return self._vocabulary.text.encode(f" {text}")

    def _add(self, ids: Sequence[int], response: bool = False) -> None:
        self._ids.extend(ids)
        self._response.extend([response] * len(ids))


class _Reader:
    """Walks along the ids with the grammar's machine."""

    def __init__(self, ids: NDArray[np.int64], vocabulary: Vocabulary) -> None:
        vocabulary.check(ids)
        self._ids = ids.tolist()
        self._vocabulary = vocabulary
        self._grammar = vocabulary.grammar
        self._at = 0

    def conversation(self) -> Conversation:
        self._skip(self._vocabulary.format.begin, "the beginning")
        system = self._system()
        messages = []
        while self._at < len(self._ids):
            messages.append(self._message())
        return Conversation(tuple(messages), system)

    def _system(self) -> str:
        opening, closing = self._vocabulary.system_frame
        if not self._ahead(opening):
            return ""
        self._at += len(opening)
        start = self._at
        while self._at < len(self._ids) and self._ids[self._at] != closing[0]:
            self._at += 1
        text = self._vocabulary.text.decode(self._ids[start : self._at])
        self._skip(closing, "the end of the system prompt")
        return text

    def _message(self) -> Message:
        chat = self._vocabulary.format
        role = next((role for role in ROLES if self._ahead(chat.open(role))), None)
        if role is None:
            raise self._fault("expected the beginning of a message")
        self._at += len(chat.open(role))
        body = _Body(self._vocabulary)
        state = self._grammar.begin
        while self._at < len(self._ids) and self._ids[self._at] != chat.end_id:
            state = self._next(state)
            body.take(self._ids[self._at], state)
            self._at += 1
        closed = self._at < len(self._ids)
        if state not in self._grammar.whole:
            self._next(state)  # says what is missing, if it is the end that comes too early
            raise self._fault(f"it breaks off within a step, expected {self._grammar.expected(state)}")
        if closed:
            self._next(state)
            self._skip(chat.close(role), "the end of a message")
        return body.message(role, closed)

    def _next(self, state: int) -> int:
        if self._at == len(self._ids):
            return state
        try:
            return self._grammar.step(state, self._ids[self._at])
        except UserError as error:
            raise self._fault(str(error)) from error

    def _ahead(self, ids: tuple[int, ...]) -> bool:
        return tuple(self._ids[self._at : self._at + len(ids)]) == tuple(ids)

    def _skip(self, ids: tuple[int, ...], what: str) -> None:
        if not self._ahead(ids):
            raise self._fault(f"expected {what}, the ids {list(ids)}")
        self._at += len(ids)

    def _fault(self, what: str) -> UserError:
        return UserError(f"the stream does not parse at token {self._at} of {len(self._ids)}: {what}")


class _Body:
    """The sides of a message as its tokens come in; words wait for their motion, or follow it, as the order is."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary, self._grammar = vocabulary, vocabulary.grammar
        self._words_first = vocabulary.config.order == "text_first"
        self._waiting: list[int] = []
        self._codes: list[list[int]] = [[] for _ in vocabulary.config.parts]
        self._sides: list[tuple[bool, list[int], tuple[Codes, ...]]] = []

    def take(self, token: int, state: int) -> None:
        """One more token, after which the machine is in `state`."""
        grammar, kind = self._grammar, int(self._grammar.classes[token])
        if kind == grammar.TEXT:
            last = self._waiting if self._words_first or not self._sides else self._sides[-1][1]
            last.append(token)
            return
        place = grammar.code_place(kind)
        if place is not None:
            self._codes[place[0]].append(token - self._vocabulary.first_id(*place))
        if kind != grammar.LISTENER and state in grammar.complete:
            codes = tuple(tuple(row) for row in self._codes)
            self._sides.append((state == grammar.both, self._waiting, codes))
            self._waiting, self._codes = [], [[] for _ in self._codes]

    def message(self, role: Role, closed: bool) -> Message:
        """What the tokens say."""
        if not self._sides:
            return Message(role, text=self._vocabulary.text.decode(self._waiting), closed=closed)
        steps: list[Step] = []
        for listens, ids, codes in self._sides:
            words = tuple(self._vocabulary.text.decode(ids).split()) if ids else ()
            side = Side(words, codes)
            if listens:
                steps[-1] = Step(steps[-1].holder, side)
            else:
                steps.append(Step(side))
        return Message(role, tuple(steps), closed=closed)
