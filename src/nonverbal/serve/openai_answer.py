"""One completion: the model's steps as pieces of text and motion, until it ends, is full, or says a stop text."""

from __future__ import annotations

import asyncio
import base64
import secrets
import time
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from nonverbal.chat.reel import timed
from nonverbal.chat.typed import LONGEST, Typed
from nonverbal.mars.stream import Message, Side, Step
from nonverbal.serve.chat_hall import Hall
from nonverbal.serve.chat_sampling import sampling_of
from nonverbal.serve.chat_stage import Stage, words_of
from nonverbal.serve.chat_talk import Event, Heard, Listened, Talk
from nonverbal.serve.engine import Job
from nonverbal.serve.openai_request import Said, Wish
from nonverbal.serve.wire import Chunk, pack, unpack
from nonverbal.verdicts import UserError

MOTION_FORMAT = "nvmo1"
_ID_BYTES = 12


@dataclass(frozen=True, slots=True)
class Piece:
    """What a step brings: text, words with their seconds, a chunk of motion (docs/wire_format.md); any may be empty."""

    text: str
    words: list[tuple[str, float, float]]
    motion: bytes


@dataclass(eq=False)
class Completion:
    """One answer under way.

    Attributes:
        prompt_tokens: of all that came before the answer.
        tokens: of the answer: text, face and body.
        reason: why it ended, in OpenAI's words.
    """

    wish: Wish
    hall: Hall
    model: str
    staging: Executor
    talk: Talk
    message: Message
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_urlsafe(_ID_BYTES)}")
    created: int = field(default_factory=lambda: int(time.time()))
    prompt_tokens: int = 0
    tokens: int = 0
    reason: str = "stop"
    _pieces: list[Piece] = field(default_factory=list)

    @classmethod
    async def of(cls, wish: Wish, hall: Hall, model: str, staging: Executor) -> Completion:
        """The answer to a request, about to begin.

        Raises:
            UserError: the system prompt is too long for the model, or words cannot be held by it.
        """
        talk, message = await asyncio.to_thread(_prepared, wish, hall)
        return cls(wish, hall, model, staging, talk, message)

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """What the answer brings, as it is made."""
        sampling = sampling_of(self.wish.knobs, self.hall.config.step_s)
        stage = Stage(self.hall.mars, tells=False) if self.wish.motion and self.hall.shown else None
        text, index = _Text(self.wish.stops), 0
        job: Job[Event] = self.hall.engine.submit(self.talk.session, self.talk.exchange(self.message, sampling))
        try:
            async for event in job:
                if isinstance(event, Heard):
                    self.prompt_tokens = event.tokens
                if isinstance(event, Heard | Listened):
                    continue
                cost = self._cost(event.holder)
                if index and self.tokens + cost > self.wish.most_tokens:
                    self.reason = "length"
                    break
                self.tokens += cost
                said = words_of(event.holder, index, self.hall.config)
                new = text.add([word[0] for word in said])
                motion = await self._staged(stage.push, event.holder) if stage else b""
                index += 1
                yield self._kept(Piece(new, said, motion))
                if text.stopped:
                    break
            else:
                self.reason = "length" if index >= sampling.max_steps else "stop"
        finally:
            await asyncio.shield(job.stop())
        motion = await self._staged(stage.flush) if stage else b""
        rest = text.rest()
        if rest or motion:
            yield self._kept(Piece(rest, [], motion))

    def whole(self) -> dict[str, object]:
        """The answer in one piece."""
        message: dict[str, object] = {
            "role": "assistant",
            "content": "".join(piece.text for piece in self._pieces),
            "refusal": None,
        }
        if self.wish.motion and self.hall.shown:
            message["motion"] = _motion(
                _joined([piece.motion for piece in self._pieces if piece.motion]),
                [word for piece in self._pieces for word in piece.words],
            )
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.reason}
        return self._head("chat.completion") | {"choices": [choice], "usage": self._usage()}

    def first(self) -> dict[str, object]:
        """The first chunk of a stream."""
        return self._chunk({"role": "assistant", "content": ""})

    def chunk(self, piece: Piece) -> dict[str, object]:
        """A chunk of a stream."""
        delta: dict[str, object] = {"content": piece.text} if piece.text else {}
        if piece.motion or (piece.words and self.wish.motion):
            delta["motion"] = _motion(piece.motion, piece.words)
        return self._chunk(delta)

    def last(self) -> list[dict[str, object]]:
        """The last chunks of a stream."""
        found = [self._chunk({}, self.reason)]
        if self.wish.counted:
            found.append(self._head("chat.completion.chunk") | {"choices": [], "usage": self._usage()})
        return found

    def _chunk(self, delta: dict[str, object], reason: str | None = None) -> dict[str, object]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return self._head("chat.completion.chunk") | {"choices": [choice]}

    def _head(self, kind: str) -> dict[str, object]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def _usage(self) -> dict[str, int]:
        total = self.prompt_tokens + self.tokens
        return {"prompt_tokens": self.prompt_tokens, "completion_tokens": self.tokens, "total_tokens": total}

    def _cost(self, side: Side) -> int:
        """How many tokens a step of the answer has."""
        text = self.hall.mars.vocabulary.text
        return sum(map(len, side.codes)) + (len(text.encode(" " + " ".join(side.words))) if side.words else 0)

    async def _staged(self, make: Any, *given: Side) -> bytes:
        chunk, _ = await asyncio.get_running_loop().run_in_executor(self.staging, make, *given)
        assert isinstance(chunk, bytes)
        return chunk

    def _kept(self, piece: Piece) -> Piece:
        if not self.wish.stream:
            self._pieces.append(piece)
        return piece


class _Text:
    """Text that grows by words and ends before a stop text; what may be the beginning of one waits.

    Attributes:
        stopped: a stop text was said.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = stops
        self._whole = ""
        self._given = 0
        self.stopped = False

    def add(self, words: Sequence[str]) -> str:
        """The text that is certain after more words."""
        self._whole += "".join((" " if self._whole or i else "") + word for i, word in enumerate(words))
        places = [at for stop in self._stops if (at := self._whole.find(stop)) >= 0]
        if places:
            self._whole, self.stopped = self._whole[: min(places)], True
        return self._upto(len(self._whole) if self.stopped else len(self._whole) - self._held())

    def rest(self) -> str:
        """What waited, as nothing more comes."""
        return self._upto(len(self._whole))

    def _held(self) -> int:
        """How many of the last characters may be the beginning of a stop text."""
        return max(
            (n for stop in self._stops for n in range(1, len(stop)) if self._whole.endswith(stop[:n])),
            default=0,
        )

    def _upto(self, end: int) -> str:
        new, self._given = self._whole[self._given : max(end, self._given)], max(end, self._given)
        return new


def _prepared(wish: Wish, hall: Hall) -> tuple[Talk, Message]:
    """A conversation in which all was said but the last message, and that."""
    talk = hall.new_talk(wish.system)
    for said in wish.said[:-1]:
        talk.session.recall(_told(said, hall))
    last = wish.said[-1]
    if len(last.text) > LONGEST:
        return talk, _told(last, hall)
    try:
        typed = hall.typed(last.text)
    except UserError:  # such as a word in brackets that is no manner, which may be said all the same
        typed = Typed(last.text)
    return talk, hall.message(typed, 0)


def _told(said: Said, hall: Hall) -> Message:
    """A message of before: its words in the time that reading them out takes; nobody is seen."""
    config = hall.config
    message = timed(Message("assistant" if said.role == "assistant" else "user", text=said.text), config)
    if said.role == "assistant" or not config.listener:
        return message
    unseen = Side((), config.unseen)
    return replace(message, steps=tuple(Step(step.holder, unseen) for step in message.steps))


def _joined(chunks: list[bytes]) -> bytes:
    """Chunks that follow each other as one."""
    found = [unpack(chunk) for chunk in chunks]
    if not found:
        return b""
    face, body = np.concatenate([c.face for c in found]), np.concatenate([c.body for c in found])
    gaze = np.concatenate([c.gaze for c in found if c.gaze is not None])
    return pack(Chunk(0, found[0].fps, face, body, gaze))


def _motion(chunk: bytes, words: list[tuple[str, float, float]]) -> dict[str, object]:
    return {"format": MOTION_FORMAT, "data": base64.b64encode(chunk).decode(), "words": words}
