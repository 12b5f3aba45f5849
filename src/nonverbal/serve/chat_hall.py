"""All chats of one server: who is here, what was said, and for how long it is kept."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from nonverbal.chat.partner import Partner
from nonverbal.chat.reel import can_be_shown
from nonverbal.chat.typed import Order, Typed, read_typed
from nonverbal.mars.history import context_of
from nonverbal.mars.store import Mars
from nonverbal.mars.stream import Message, Step
from nonverbal.media.names import clean_text
from nonverbal.serve.chat_sampling import Knobs, sampling_of
from nonverbal.serve.chat_stage import Stage, is_shown
from nonverbal.serve.chat_talk import Talk
from nonverbal.serve.engine import Engine
from nonverbal.serve.errors import ApiError
from nonverbal.verdicts import UserError

_ID_BYTES = 18
_DIRECTION = re.compile(r"\s*\[([^\[\]]{1,40})\]\s*")
_MANNER_OF = {
    "smiles": "smiling", "smiles broadly": "delighted", "laughs": "laughing", "nods": "agreeing", "frowns": "angry",
    "shakes head": "disagreeing", "brows up": "surprised", "shrugs": "shrugging", "waves": "greeting",
    "thinks": "thinking", "asks": "asking", "sighs": "sad",
}  # fmt: skip


@dataclass(frozen=True)
class ChatLimits:
    """How many chats there are and how long they stay."""

    chats: int = 16
    """Chats at once, those over OpenAI's interface included."""
    idle_s: float = 1800.0
    """A chat in which nothing is said for so long is closed."""
    kept: int = 64
    """Chats that have ended whose answers can still be saved; the oldest go first."""
    kept_s: float = 900.0
    """How long after its end."""
    turns: int = 200
    """Answers of a chat that can be saved; the oldest go first."""
    context: int = 4096
    """Most tokens that a chat remembers."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise UserError(f"{name}={value}: expected more than 0")


@dataclass(frozen=True, slots=True)
class Turn:
    """A line and the answer to it, whole or until it was stopped."""

    text: str
    knobs: Knobs
    heard: Message
    said: Message
    reason: str


@dataclass(eq=False)
class ChatRoom:
    """One chat.

    Attributes:
        id: nobody can guess it.
        talk: what the model remembers; None once the chat is over.
        turns: what can be saved, by number.
        count: of turns so far.
    """

    id: str
    talk: Talk | None
    turns: dict[int, Turn] = field(default_factory=dict)
    count: int = 0
    ended_s: float = 0.0


class Hall:
    """The chats with one model.

    Attributes:
        mars: the model.
        engine: what runs it.
        shown: an avatar can perform what it does.
    """

    def __init__(self, mars: Mars, engine: Engine, limits: ChatLimits | None = None) -> None:
        self.mars, self.engine = mars, engine
        self.limits = limits or ChatLimits()
        self.config = mars.vocabulary.config
        self.shown = is_shown(mars)
        self._rooms: dict[str, ChatRoom] = {}
        self._open = 0
        self._unseen = Partner(mars.tokenizers, self.config, "unseen")
        spaces = {space for tokenizer in mars.tokenizers.values() for space in tokenizer.spaces}
        self._acted = Partner(mars.tokenizers, self.config, "acted") if can_be_shown(tuple(spaces)) else None

    @property
    def open(self) -> int:
        """How many chats there are."""
        return self._open

    @property
    def context(self) -> int:
        """How many tokens a chat remembers."""
        return context_of(self.mars.model, self.limits.context)

    def new_talk(self, system: str | None = None) -> Talk:
        """An empty conversation."""
        return Talk(self.mars, self.engine.memory(), self.limits.context, system)

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of the places for chats.

        Raises:
            ApiError: all are taken.
        """
        if self._open >= self.limits.chats:
            sentence = f"All {self.limits.chats} chats that this server allows at once are taken; try again shortly."
            raise ApiError(429, sentence, "too_many_chats", {"Retry-After": "5"})
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1

    @contextmanager
    def room(self) -> Iterator[ChatRoom]:
        """A chat; what was said in it can be saved for a while after its end.

        Raises:
            ApiError: there are too many.
        """
        with self.place():
            room = ChatRoom(secrets.token_urlsafe(_ID_BYTES), self.new_talk())
            self._sweep()
            self._rooms[room.id] = room
            try:
                yield room
            finally:
                room.talk, room.ended_s = None, time.monotonic()
                if not room.turns:
                    self._rooms.pop(room.id, None)

    def turn(self, chat: str, number: int) -> Turn:
        """What was said in a turn.

        Raises:
            ApiError: there is no such chat or turn, or it is not kept any more.
        """
        self._sweep()
        room = self._rooms.get(chat)
        if room is None or number not in room.turns:
            sentence = "There is no such answer; answers can be saved while a chat is open and a few minutes longer."
            raise ApiError(404, sentence, "no_such_answer")
        return room.turns[number]

    def keep(self, room: ChatRoom, number: int, turn: Turn) -> None:
        """Keep a turn so that it can be saved."""
        room.turns[number] = turn
        while len(room.turns) > self.limits.turns:
            del room.turns[min(room.turns)]

    def typed(self, text: object) -> Typed:
        """What a typed line says, and in brackets before it how: (smiling) or [smiles].

        Raises:
            UserError: it is empty, too long, or no text.
        """
        if not isinstance(text, str):
            raise UserError(f"text: got {type(text).__name__}, expected a string")
        found = _DIRECTION.match(text)
        if found and (told := _MANNER_OF.get(" ".join(found[1].lower().split()), found[1])):
            text = f"({told}) {text[found.end() :]}".rstrip()
        typed = read_typed(text)
        if typed is None:
            raise UserError("text: got nothing, expected what you say")
        return Typed(clean_text(text, len(text))) if isinstance(typed, Order) else typed

    def message(self, typed: Typed, number: int) -> Message:
        """The steps of a partner who says this: acted where the line says how, else heard but not seen.

        Takes some milliseconds, much longer where the studio has to act.

        Raises:
            UserError: the model's face and body are of spaces that cannot be acted.
        """
        if typed.manner and self._acted is None:
            raise UserError(f"({typed.manner}) cannot be shown to this model: its face and body are of other spaces")
        partner = self._acted if typed.manner and self._acted is not None else self._unseen
        return partner.message(typed, number)

    def warm_up(self) -> None:
        """Prepare what takes seconds the first time, by a short exchange with nobody; before the engine starts."""
        stage = Stage(self.mars) if self.shown else None
        sampling = replace(sampling_of(Knobs(), self.config.step_s), max_steps=2)
        for event in self.new_talk().exchange(self._unseen.message(Typed("Hello.")), sampling):
            if stage and isinstance(event, Step):
                stage.push(event.holder)

    def warm_up_acting(self) -> None:
        """Prepare what takes seconds the first time that somebody is acted."""
        if self._acted is not None:
            self._acted.message(Typed("Hello.", "smiling"))

    def _sweep(self) -> None:
        """Forget chats that ended long ago, and the oldest of too many."""
        ended = sorted((room for room in self._rooms.values() if room.talk is None), key=lambda room: room.ended_s)
        old = time.monotonic() - self.limits.kept_s
        for place, room in enumerate(ended):
            if room.ended_s < old or place < len(ended) - self.limits.kept:
                del self._rooms[room.id]
