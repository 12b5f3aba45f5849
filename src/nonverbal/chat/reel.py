"""What a conversation looks and sounds like: the model's face and body frame by frame, and all words in time.

Codes become motion here, in one go, so that a film has no seam where one turn ends and the next begins. Where the
model's own side was not told, the nearest motion is held, and where there is none at all, somebody sits still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nonverbal.mars.config import StreamConfig
from nonverbal.mars.conversation import timed_words
from nonverbal.mars.generate import codes_of
from nonverbal.mars.stream import Conversation, Message, Side, Step
from nonverbal.media.names import clean_text
from nonverbal.motion.skeleton import resting_body
from nonverbal.spaces import get_space, space_columns
from nonverbal.timeline import FPS
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.types import F32, Word
from nonverbal.verdicts import UserError

Tokenizers = Mapping[str, Tokenizer]
"""A tokenizer for each part of a model's stream."""

_READ_S = 0.34
"""Seconds a word of text without time takes: about 175 words a minute."""


@dataclass(frozen=True, slots=True, eq=False)
class Reel:
    """A conversation as it is seen and heard: T frames at 25 a second.

    Attributes:
        face: [T, 52] ``arkit52`` of the model's own side.
        body: [T, 117] ``smplx117`` of it.
        own: its words, seconds from the first frame.
        partner: those of the other.
    """

    face: F32
    body: F32
    own: tuple[Word, ...]
    partner: tuple[Word, ...]

    @property
    def n_frames(self) -> int:
        return len(self.face)

    @property
    def duration_s(self) -> float:
        return self.n_frames / FPS


def reel_of(conversation: Conversation, tokenizers: Tokenizers, config: StreamConfig) -> Reel:
    """The reel of a conversation, from its first step to its last.

    Raises:
        UserError: a part has no tokenizer, or one of other spaces than an avatar has.
    """
    messages = [timed(message, config) for message in conversation.messages]
    words: dict[str, list[Word]] = {"user": [], "assistant": []}
    own: list[Side | None] = []
    for message in messages:
        holder, listener = timed_words(message, len(own), config)
        words[message.role] += holder
        words["assistant" if message.role == "user" else "user"] += listener
        own += [step.holder if message.role == "assistant" else step.listener for step in message.steps]
    face, body = motion_of(own, tokenizers, config)
    return Reel(face, body, _readable(words["assistant"]), _readable(words["user"]))


def _readable(words: Sequence[Word]) -> tuple[Word, ...]:
    """Words in order of time without characters that cannot be drawn or spoken; what holds nothing else is left out."""
    found = (replace(word, word=clean_text(word.word)) for word in sorted(words, key=lambda w: w.start_s))
    return tuple(word for word in found if word.word)


def timed(message: Message, config: StreamConfig) -> Message:
    """The message in steps: text without time gets that of somebody who reads it out, unseen."""
    if not message.text:
        return message
    words = message.text.split()
    at = [int(i * _READ_S / config.step_s) for i in range(len(words))]
    steps = []
    for number in range(at[-1] + 1 if at else 0):
        said = tuple(word for word, step in zip(words, at, strict=True) if step == number)
        steps.append(Step(Side(said, config.unseen)))
    return Message(message.role, tuple(steps), closed=message.closed)


def motion_of(sides: Sequence[Side | None], tokenizers: Tokenizers, config: StreamConfig) -> tuple[F32, F32]:
    """[T, 52] face and [T, 117] body of somebody in steps that follow each other; None is a step nothing is told of.

    Raises:
        UserError: as for `reel_of`.
    """
    frames = round(config.step_s * FPS) * len(sides)
    found: dict[str, F32] = {}
    nobody = Side((), config.unseen)
    for part, codes in codes_of([side or nobody for side in sides], config).items():
        if part not in tokenizers:
            raise UserError(f"no tokenizer of the {part}: got those of {', '.join(tokenizers) or 'nothing'}")
        _known(tokenizers[part].spaces)
        if (codes >= 0).any():
            values = tokenizers[part].decode(codes, frames)
            found |= {name: values[:, own] for name, own in space_columns(tokenizers[part].spaces).items()}
    face = np.clip(found.get("arkit52", np.zeros((frames, get_space("arkit52").dim), np.float32)), 0.0, 1.0)
    return face, found.get("smplx117", np.tile(resting_body(), (frames, 1)))


def can_be_shown(spaces: Sequence[str]) -> bool:
    """Whether an avatar can perform motion of these spaces, and words tell of it."""
    return set(spaces) <= {"arkit52", "smplx117"}


def _known(spaces: tuple[str, ...]) -> None:
    if not can_be_shown(spaces):
        raise UserError(
            f"the model's tokenizers are of {'+'.join(spaces)}, expected arkit52 and smplx117: no open avatar can "
            "show them; train on a dataset of the open spaces to see and describe the motion"
        )
