"""One conversation with the model as work for the engine: hear a line, listen to it, answer."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

from nonverbal.mars.sampling import SamplingConfig
from nonverbal.mars.session import Session
from nonverbal.mars.shared import SharedMemory
from nonverbal.mars.store import Mars
from nonverbal.mars.stream import Message, Side, Step

LISTENED_STEPS = 6
"""Of a long line, the model listens to the last two seconds as it would to somebody who speaks, step by step; what
came before is read in one go, the own side unseen, so that the answer to a long line comes as soon."""


@dataclass(frozen=True, slots=True)
class Listened:
    """What the model does while its partner speaks."""

    own: Side


@dataclass(frozen=True, slots=True)
class Heard:
    """The partner has finished; so many tokens are remembered by now."""

    tokens: int


Event = Listened | Heard | Step
"""What an exchange brings, in this order; a `Step` is one of the answer's."""


class Talk:
    """What the model remembers of one conversation.

    Attributes:
        session: the model's side of it.
        messages: of the last exchange: what was heard and what was said, whole or until it was broken off.
        turns: how many exchanges there were; equal seeds give other numbers in each.
    """

    def __init__(self, mars: Mars, memory: SharedMemory, context: int | None, system: str | None = None) -> None:
        """Args:
        memory: of this conversation.
        context: most tokens to remember; all that the model can for None.
        system: what the conversation begins with; what the model was trained with for None.
        """
        self._config = mars.vocabulary.config
        self.session = Session(mars.model, mars.vocabulary, system=system, context=context, memory=memory)
        self.messages: list[Message] = []
        self.turns = 0

    def exchange(self, message: Message, sampling: SamplingConfig) -> Generator[Event | None, None, None]:
        """The partner's message and the answer to it; whoever closes it keeps what was heard and said until then.

        Args:
            message: of the partner.
            sampling: how listening and answer are drawn.
        """
        self.messages = []
        self.turns += 1
        self.session.sample(sampling, self.turns)
        if message.steps:
            yield from self._listen(message.steps)
        else:
            self.messages.append(message)
            yield from self.session.hearing(message)
        yield Heard(len(self.session.history.ids))
        yield from self._answer()

    def _listen(self, steps: Sequence[Step]) -> Generator[Event | None, None, None]:
        unseen = Side((), self._config.unseen) if self._config.listener else None
        heard = [Step(step.holder, unseen) for step in steps[:-LISTENED_STEPS]]
        try:
            if heard:
                self.session.recall(Message("user", tuple(heard), closed=False))
            for step in steps[-LISTENED_STEPS:]:
                own = yield from self.session.listening(step.holder)
                heard.append(Step(step.holder, own))
                if own is not None:
                    yield Listened(own)
            yield from self.session.ending()
        finally:
            self._keep(Message("user", tuple(heard)))

    def _answer(self) -> Generator[Event | None, None, None]:
        said: list[Step] = []
        try:
            with closing(self.session.replying()) as coming:
                for step in coming:
                    if step is not None:
                        said.append(step)
                    yield step
        finally:
            self._keep(Message("assistant", tuple(said)))

    def _keep(self, message: Message) -> None:
        if message.steps:
            self.messages.append(message)
