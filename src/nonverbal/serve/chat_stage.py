"""Steps of the model as a client gets them: words in time, names of tokens, stage directions, chunks of motion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nonverbal.chat.clip import gaze_of
from nonverbal.chat.describe import LOOK_BACK_S, Running
from nonverbal.chat.reel import can_be_shown
from nonverbal.mars.config import StreamConfig
from nonverbal.mars.conversation import timed_words
from nonverbal.mars.generate import MotionStream
from nonverbal.mars.store import Mars
from nonverbal.mars.stream import Message, Side, Step
from nonverbal.media.names import clean_text
from nonverbal.motion.skeleton import resting_body
from nonverbal.serve.wire import Chunk, pack
from nonverbal.spaces import ARKIT52_NAMES, space_columns
from nonverbal.timeline import FPS
from nonverbal.types import F32

DELAY_STEPS = 1
"""Motion of a step comes with the next one where the tokenizers look ahead (`mars.generate.MotionStream`)."""


def is_shown(mars: Mars) -> bool:
    """Whether an avatar can perform what the model does."""
    parts = mars.vocabulary.config.parts
    return bool(parts) and all(can_be_shown(mars.tokenizers[part.part].spaces) for part in parts)


class Stage:
    """Makes the motion of one answer, or of one stretch of listening, from its steps as they come.

    Attributes:
        frames: how many were given.
    """

    def __init__(self, mars: Mars, tells: bool = True) -> None:
        """Args:
        tells: say what the motion makes plain, which takes a quarter of the time.

        Raises:
            UserError: no avatar can perform the model's motion.
        """
        self._mars, self._tells = mars, tells
        self._fps = FPS
        self._stream = MotionStream(mars.vocabulary.config, mars.tokenizers, delay=DELAY_STEPS)
        self._running = Running()
        self._face = np.zeros((0, len(ARKIT52_NAMES)), np.float32)
        self._body = np.zeros((0, len(resting_body())), np.float32)
        self.frames = 0

    def push(self, side: Side) -> tuple[bytes, tuple[str, ...]]:
        """What is ready after one more step: a chunk of motion, empty for none, and what it makes plain."""
        return self._given(self._stream.push(side).motion)

    def flush(self) -> tuple[bytes, tuple[str, ...]]:
        """The frames that waited for what comes next; the answer is over."""
        return self._given(self._stream.flush().motion)

    def _given(self, motion: Mapping[str, F32]) -> tuple[bytes, tuple[str, ...]]:
        count = max(len(values) for values in motion.values())
        if not count:
            return b"", ()
        spaces: dict[str, F32] = {}
        for part, values in motion.items():
            spaces |= {name: values[:, own] for name, own in space_columns(self._mars.tokenizers[part].spaces).items()}
        face = np.clip(spaces.get("arkit52", np.zeros((count, len(ARKIT52_NAMES)), np.float32)), 0.0, 1.0)
        body = spaces.get("smplx117", np.tile(resting_body(), (count, 1)))
        chunk = pack(Chunk(self.frames, self._fps, face, body, gaze_of(face)))
        self.frames += count
        return chunk, self._directions(face, body) if self._tells else ()

    def _directions(self, face: F32, body: F32) -> tuple[str, ...]:
        back = round(LOOK_BACK_S * self._fps)
        self._face, self._body = (
            np.concatenate([old, new])[-back:] for old, new in ((self._face, face), (self._body, body))
        )
        return self._running.look(self._face, self._body, (self.frames - len(self._face)) / self._fps)


def words_of(side: Side, index: int, config: StreamConfig) -> list[tuple[str, float, float]]:
    """The words of step `index` with their seconds from the first step, without characters that nobody can see."""
    words = timed_words(Message("assistant", (Step(side),)), index, config)[0]
    found = [(clean_text(word.word), round(word.start_s, 3), round(word.end_s, 3)) for word in words]
    return [word for word in found if word[0]]


def tokens_of(side: Side, config: StreamConfig) -> list[tuple[str, int]]:
    """The names and numbers of a side's codes, such as FACE 12 and FACE1 3."""
    return [
        (part.part.upper() + (str(level) if level else ""), code)
        for part, row in zip(config.parts, side.codes, strict=True)
        for level, code in enumerate(row)
    ]


def step_message(step: Step, turn: int, index: int, config: StreamConfig) -> dict[str, Any]:
    """A step as JSON, but for what its motion shows."""
    return {
        "type": "step",
        "turn": turn,
        "index": index,
        "start_s": round(index * config.step_s, 3),
        "words": words_of(step.holder, index, config),
        "tokens": tokens_of(step.holder, config),
        "directions": [],
    }
