"""A chat, turn by turn: typed lines go in step by step, answers come out as they are made, and all is kept."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import cast

from nonverbal.chat.describe import LOOK_BACK_S, Running, describe, directions
from nonverbal.chat.partner import Partner
from nonverbal.chat.reel import can_be_shown, motion_of
from nonverbal.chat.typed import Typed
from nonverbal.mars.conversation import timed_words
from nonverbal.mars.sampling import SamplingConfig
from nonverbal.mars.session import Session
from nonverbal.mars.store import Mars
from nonverbal.mars.stream import Conversation, Message, Side, Step
from nonverbal.types import F32


@dataclass(frozen=True, slots=True)
class Shown:
    """What a step of the model's shows: the words that begin in it, and the directions that it makes plain."""

    words: tuple[str, ...]
    directions: tuple[str, ...]


@dataclass(slots=True)
class Pace:
    """How fast a turn went: seconds to take the partner's in, then to the first and the last of the answer's steps."""

    heard_s: float = 0.0
    first_s: float = 0.0
    wall_s: float = 0.0
    steps: int = 0

    def real_time(self, step_s: float) -> float:
        """Seconds of behaviour made in a second."""
        return self.steps * step_s / max(self.wall_s, 1e-9)


class Exchange:
    """One conversation with a model.

    Attributes:
        messages: all that was said and done; the model itself may have forgotten the oldest.
        pace: of the last turns.
    """

    def __init__(self, mars: Mars, partner: Partner, sampling: SamplingConfig) -> None:
        self._mars, self._partner, self._sampling = mars, partner, sampling
        self.config = mars.vocabulary.config
        self._visible = all(can_be_shown(mars.tokenizers[part.part].spaces) for part in self.config.parts)
        self.reset()

    def reset(self) -> None:
        """Forget everything: the next turn begins a conversation of its own."""
        self._session = Session(self._mars.model, self._mars.vocabulary, self._sampling)
        self.messages: list[Message] = []
        self.pace = Pace()

    @property
    def conversation(self) -> Conversation:
        return Conversation(tuple(self.messages), self.config.system)

    def hear(self, typed: Typed) -> str:
        """Takes in the partner's turn; what the model does and says meanwhile, in one line.

        If it is interrupted, the turn ends after the last step that was heard.

        Raises:
            UserError: it does not fit into the model's context, or cannot be acted.
        """
        started_s, self.pace = time.monotonic(), Pace()
        message = self._partner.message(typed, len(self.messages))
        if not message.steps:
            self._session.hear(message)
            self.messages.append(message)
            self.pace.heard_s = time.monotonic() - started_s
            return ""
        heard: list[Step] = []
        try:
            for step in message.steps:
                own = self._session.listen(step.holder)
                heard.append(Step(step.holder, own))
            self._session.end_partner_turn()
        finally:
            self._keep("user", heard)
            self.pace.heard_s = time.monotonic() - started_s
        return self.described(self.messages[-1], listener=True)

    def reply(self) -> Generator[Shown, None, None]:
        """The model's turn while it is made. Whoever stops reading ends it after the last step read."""
        steps: list[Step] = []
        running, started_s, pace = Running(), time.monotonic(), self.pace
        pace.first_s, pace.wall_s, pace.steps = 0.0, 0.0, 0
        coming = cast("Generator[Step, None, None]", self._session.reply())
        try:
            for step in coming:
                steps.append(step)
                shown = Shown(step.holder.words, self._look(running, steps))
                pace.steps, pace.wall_s = len(steps), time.monotonic() - started_s
                pace.first_s = pace.first_s or pace.wall_s
                yield shown
        finally:
            coming.close()
            self._keep("assistant", steps)

    def described(self, message: Message, listener: bool = False) -> str:
        """What one side says and does in a message: words with stage directions."""
        words = timed_words(message, 0, self.config)[listener]
        if not message.steps:
            return "" if listener else message.text
        sides = [step.listener if listener else step.holder for step in message.steps]
        return describe(words, directions(*self._motion(sides)) if self._visible else ())

    def _keep(self, role: str, steps: list[Step]) -> None:
        if steps:
            self.messages.append(Message("user" if role == "user" else "assistant", tuple(steps)))

    def _look(self, running: Running, steps: list[Step]) -> tuple[str, ...]:
        if not self._visible:
            return ()
        first = max(len(steps) - round(LOOK_BACK_S / self.config.step_s), 0)
        face, body = self._motion([step.holder for step in steps[first:]])
        return running.look(face, body, first * self.config.step_s)

    def _motion(self, sides: list[Side | None]) -> tuple[F32, F32]:
        return motion_of(sides, self._mars.tokenizers, self.config)
