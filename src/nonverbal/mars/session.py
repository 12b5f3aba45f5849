"""A live conversation with a model: hear, listen and reply, step by step, with one memory for all of it.

Example::

    session = Session(mars.model, mars.vocabulary, SamplingConfig(seed=1))
    session.hear(Message("user", text="How are you?"))
    for step in session.reply():          # each 0.32 s of words, face and body as soon as it is there
        avatar.play(step.holder)
    own = session.listen(side)            # the partner's next 0.32 s; what the model does meanwhile
    session.end_partner_turn()

Several sessions can share a model that reads for all of them in one go: `hearing`, `listening`, `ending` and `replying`
do the same as generators that pause with None whenever the model has to read what stands in `history.unread`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import TypeVar

import numpy as np
from torch import Tensor
from transformers import PreTrainedModel

from nonverbal.mars.history import History, Memory, context_of, told
from nonverbal.mars.sampling import NO_TEXT, Chooser, Dice, SamplingConfig
from nonverbal.mars.stream import Conversation, Message, Role, Side, Step, decode, encode
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError

_ROOM_FOR_WORDS = 64

T = TypeVar("T")
Pausing = Generator[None, None, T]
"""Work that pauses whenever the model has to read; who goes on at once lets it read by itself."""


class Session:
    """One conversation.

    Whatever is said is read by the model once. When its context is full, the oldest messages are dropped; the system
    prompt stays.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        vocabulary: Vocabulary,
        sampling: SamplingConfig | None = None,
        system: str | None = None,
        context: int | None = None,
        memory: Memory | None = None,
    ) -> None:
        """Args:
        model: whose vocabulary holds all of `vocabulary`.
        sampling: how turns are drawn.
        system: what the conversation begins with; the configuration's when left out.
        context: most tokens to remember; all that the model can when left out.
        memory: what the model keeps of this conversation; one of its own when left out.
        """
        self._model = model
        self._vocabulary = vocabulary
        self._config = vocabulary.config
        self._grammar = vocabulary.grammar
        self.sample(sampling or SamplingConfig())
        system = self._config.system if system is None else system
        self._history = History(model, vocabulary, system, context_of(model, context), memory)
        self._room = 4 * self._config.tokens_per_step + _ROOM_FOR_WORDS
        self._open: Role | None = None
        self._state = self._grammar.begin
        self._ahead: int | None = None
        self._turn = 0

    @property
    def ids(self) -> tuple[int, ...]:
        """The stream of all that is remembered."""
        return tuple(self._history.ids)

    @property
    def history(self) -> History:
        """What is remembered, and what the model has yet to read."""
        return self._history

    @property
    def conversation(self) -> Conversation:
        """All that is remembered."""
        return decode(self._history.ids, self._vocabulary)

    def sample(self, sampling: SamplingConfig, row: int = 0) -> None:
        """From now on draw so, beginning with the first numbers of the seed; each `row` has numbers of its own."""
        self._chooser = Chooser(self._vocabulary, sampling, self._model.device)
        self._dice = Dice(sampling.seed, (row,))

    def hear(self, message: Message) -> None:
        """Take in a whole message of the partner's; a reply that is under way is broken off.

        Of a message longer than the model's context the newest steps are kept.

        Raises:
            UserError: the message is not the partner's, or text longer than the model's context.
        """
        _through(self.hearing(message))

    def hearing(self, message: Message) -> Pausing[None]:
        """`hear` with pauses."""
        if message.role != "user":
            raise UserError(f"message: got the role {message.role}, expected user: the model's own come from reply")
        self.recall(message)
        yield from self._scores()

    def recall(self, message: Message) -> None:
        """Take in a message of before, the model's own too; it is read with what comes next.

        An open message of the partner's goes on with what is listened to next.

        Raises:
            UserError: it is text longer than the model's context.
        """
        self._close()
        ids, steps = self._ids_of(Message(message.role, self._told(message), message.text, message.closed))
        ids, steps = self._newest(ids, steps)
        self._history.make_room(len(ids) + self._room, keep_last=False)
        self._history.open(ids)
        start = self._history.messages[-1]
        self._history.steps = [start + step for step in steps]
        if not message.closed:
            self._open, self._state = message.role, self._grammar.begin
            for token in ids[len(self._vocabulary.format.open(message.role)) :]:
                self._state = self._grammar.step(self._state, token)

    def listen(self, side: Side, words: Sequence[str] | None = None) -> Side | None:
        """Take in one step of the partner's; what the model does and says meanwhile, None where it was never told.

        Args:
            side: the partner's words and codes.
            words: the model's own words in this step; it chooses them itself when left out.
        """
        return _through(self.listening(side, words))

    def listening(self, side: Side, words: Sequence[str] | None = None) -> Pausing[Side | None]:
        """`listen` with pauses."""
        if self._open != "user":
            self._begin("user")
        before = self._begin_step()
        try:
            ids, steps = self._ids_of(Message("user", (Step(told(side, self._config)),), closed=False))
            self._walk(ids[steps[0] :])
            if not self._config.listener and not words:
                return None
            self._walk([self._vocabulary.listener_id])
            if self._config.listener:
                own = yield from self._side(words, may_end=True, more=True)
                assert own is not None
                self._ahead = None  # what follows is the partner's to say
                return own
            own = Side(tuple(words or ()), self._config.unseen)
            ids, steps = self._ids_of(Message("user", (Step(own),), closed=False))
            self._walk(ids[steps[0] :])
            return own
        except BaseException:
            self._take_back(before)
            raise

    def end_partner_turn(self) -> None:
        """The partner has finished; a message without any step is left out."""
        _through(self.ending())

    def ending(self) -> Pausing[None]:
        """`end_partner_turn` with pauses."""
        if self._open == "user":
            self._close()
            yield from self._scores()

    def reply(self, words: Iterable[Sequence[str]] | None = None) -> Iterator[Step]:
        """The model's turn, step by step, each as soon as its last token is there.

        Closing the iterator, or hearing and listening before it is through, ends the turn after the last step given.

        Args:
            words: the words of each step, from a transcript or a speech synthesiser; only the motion is the model's
                own then, and the turn has as many steps. It is asked for one step at a time.
        """
        with closing(self.replying(words)) as coming:
            yield from (step for step in coming if step is not None)

    def replying(self, words: Iterable[Sequence[str]] | None = None) -> Generator[Step | None, None, None]:
        """`reply` with pauses between the steps."""
        self._begin("assistant")
        turn = self._turn
        most = self._chooser.sampling.max_steps
        script = None if words is None else iter(words)
        try:
            done = 0
            while turn == self._turn and (script is not None or done < most):
                given = None if script is None else next(script, None)
                if script is not None and given is None:
                    break
                side = yield from self._own_step(given, done, most)
                if side is None:
                    break
                done += 1
                yield Step(side)
        finally:
            if turn == self._turn:
                self._close()

    def _own_step(self, words: Sequence[str] | None, done: int, most: int) -> Pausing[Side | None]:
        before = self._begin_step()
        try:
            side = yield from self._side(
                words, may_end=done > 0 and words is None, more=words is not None or done + 1 < most
            )
        except BaseException:
            self._take_back(before)
            raise
        if side is None:
            self._history.steps.pop()
        return side

    def _side(self, words: Sequence[str] | None, may_end: bool, more: bool) -> Pausing[Side | None]:
        """The model's own side of a step; None where it ends its turn instead."""
        spoken: list[int] = []
        codes: list[list[int]] = [[] for _ in self._config.parts]
        words_first = self._config.order == "text_first"
        given = None if words is None else self._spoken(words)
        if given is not None and words_first:
            self._walk(given)
        complete = False
        while not complete:
            token = yield from self._next(spoken if given is None and words_first else None, may_end, True)
            if token == self._vocabulary.format.end_id:
                return None
            kind = int(self._grammar.classes[token])
            place = self._grammar.code_place(kind)
            if place is not None:
                codes[place[0]].append(token - self._vocabulary.first_id(*place))
            self._walk([token])
            if kind == self._grammar.TEXT:
                spoken.append(token)
            else:
                complete = self._state in self._grammar.complete
        if not words_first:
            yield from self._words_after(spoken, given, more)
        said = tuple(self._vocabulary.text.decode(spoken).split()) if spoken else ()
        return Side(said if words is None else tuple(words), tuple(tuple(row) for row in codes))

    def _words_after(self, spoken: list[int], given: list[int] | None, more: bool) -> Pausing[None]:
        """The words of a step that come after its motion; the first token that is none of them waits."""
        if given is not None:
            self._walk(given)
            return
        while True:
            token = yield from self._next(spoken, True, more)
            if self._grammar.classes[token] != self._grammar.TEXT:
                self._ahead = token
                return
            spoken.append(token)
            self._walk([token])

    def _next(self, spoken: list[int] | None, may_end: bool, more: bool) -> Pausing[int]:
        """The next token; `spoken` are the text tokens of the step, None where no text may follow."""
        if self._ahead is not None:
            token, self._ahead = self._ahead, None
            return token
        text = np.array([NO_TEXT])
        if spoken is not None:
            words = int(self._grammar.word_starts[spoken].sum()) if spoken else 0
            text = self._chooser.text_left(np.array([words]), np.array([len(spoken)]))
        states, flags = np.array([self._state]), (np.array([may_end]), np.array([more]))
        scores = yield from self._scores()
        return int(self._chooser.choose(scores, states, text, *flags, self._dice.roll())[0])

    def _scores(self) -> Pausing[Tensor]:
        yield
        return self._history.logits()

    def _walk(self, ids: Sequence[int]) -> None:
        for token in ids:
            self._state = self._grammar.step(self._state, int(token))
        self._history.add([int(token) for token in ids])

    def _begin(self, role: Role) -> None:
        """Open a message, after closing the one that is open."""
        self._close()
        self._turn += 1
        self._history.open(self._vocabulary.format.open(role))
        self._open, self._state, self._ahead = role, self._grammar.begin, None

    def _close(self) -> None:
        """End the message that is open; without a step it never was."""
        if self._open is not None:
            if self._history.steps:
                self._history.add(self._vocabulary.format.close(self._open))
            else:
                self._history.cut(self._history.messages[-1])
        self._open, self._ahead = None, None
        self._turn += 1

    def _begin_step(self) -> tuple[int, int]:
        """Begin a step; where it begins and in which state, for `_take_back`."""
        self._history.make_room(self._room)
        self._history.begin_step()
        return len(self._history.ids), self._state

    def _take_back(self, mark: tuple[int, int]) -> None:
        """Undo a step that was broken off."""
        length, self._state = mark
        self._ahead = None
        self._history.cut(length)

    def _told(self, message: Message) -> tuple[Step, ...]:
        """The steps of a message as the configuration tells them."""
        if message.role == "assistant":
            return message.steps
        return tuple(Step(told(step.holder, self._config), step.listener) for step in message.steps)

    def _spoken(self, words: Sequence[str]) -> list[int]:
        """The ids of a step's words."""
        ids, steps = self._ids_of(Message("user", (Step(Side(tuple(words), self._config.unseen)),), closed=False))
        return [i for i in ids[steps[0] :] if i != self._vocabulary.unseen_id]

    def _ids_of(self, message: Message) -> tuple[list[int], list[int]]:
        """The ids of one message, and where its steps begin in them."""
        stream = encode(Conversation((message,)), self._vocabulary)
        start = int(stream.messages[0])
        return stream.ids[start:].tolist(), (stream.steps - start).tolist()

    def _newest(self, ids: list[int], steps: list[int]) -> tuple[list[int], list[int]]:
        """A message without the oldest steps that an empty memory has no room for."""
        over = len(ids) + self._room - self._history.most
        at = next((step for step in steps if step - steps[0] >= over), None)
        if over <= 0 or at is None:
            return ids, steps
        gone = at - steps[0]
        return ids[: steps[0]] + ids[at:], [step - gone for step in steps if step >= at]


def _through(work: Pausing[T]) -> T:
    """What work comes to whose pauses nobody uses."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            found: T = end.value
            return found
