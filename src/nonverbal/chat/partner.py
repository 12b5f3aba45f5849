"""Typed words as a partner who is heard and seen: given times by a model of speech, acted, and turned into tokens.

acted    the studio acts the line, and the model's own tokenizers make the codes of face and body of it
unseen   the words with their times; nobody is seen
text     the words alone, without time
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nonverbal.chat.reel import Tokenizers
from nonverbal.chat.typed import MANNERS, Typed, default_manner
from nonverbal.mars.config import StreamConfig
from nonverbal.mars.stream import Codes, Message, Side, Step
from nonverbal.motion.smooth import smooth_motion
from nonverbal.studio.acting.act import act
from nonverbal.studio.acting.style import random_style
from nonverbal.studio.casting import streams
from nonverbal.studio.scene import build_scene
from nonverbal.studio.speech.rhythm import time_talk
from nonverbal.studio.talk import PARTICIPANTS, Act, Cue, Line, Performance, Talk
from nonverbal.timeline import FPS
from nonverbal.tokens.motion_set import motion_rows
from nonverbal.types import PARTS, Motion
from nonverbal.verdicts import UserError

Seen = Literal["acted", "unseen", "text"]
SEEN: tuple[Seen, ...] = get_args(Seen)

_WHO = PARTICIPANTS[1]
_SPACES = ("arkit52", "smplx117")
_AFTER_S = 0.3
"""How long the partner keeps the floor after the last word: faces outlast words."""
_EXPRESSIVENESS = 1.3
"""That of the studio's most expressive people, as manners are given to be seen."""


class Partner:
    """Whoever sits at the keyboard, as the model lives through them.

    Args:
        tokenizers: the model's.
        config: what its stream tells.
        seen: what becomes of the words, as above.
        seed: decides pace and manner; equal seeds and lines give equal messages.

    Raises:
        UserError: the studio cannot act what the model's tokenizers know.
    """

    def __init__(self, tokenizers: Tokenizers, config: StreamConfig, seen: Seen = "acted", seed: int = 0) -> None:
        self._tokenizers, self._config, self._seed = tokenizers, config, seed
        foreign = {space for t in tokenizers.values() for space in t.spaces} - set(_SPACES)
        if seen == "acted" and foreign:
            raise UserError(
                f"the model's tokenizers are of {', '.join(sorted(foreign))}, expected {' and '.join(_SPACES)} to act "
                "what you type; use --partner unseen"
            )
        self.seen = seen
        self._frames = round(config.step_s * FPS)

    def message(self, typed: Typed, number: int = 0) -> Message:
        """The turn of the partner; `number` tells it from other turns with the same words.

        Raises:
            UserError: a package is missing, or a manner is asked for of somebody who is not seen.
        """
        if self.seen != "acted" and typed.manner:
            raise UserError(f"({typed.manner}) cannot be seen with --partner {self.seen}; leave it out or use acted")
        if self.seen == "text":
            return Message("user", text=typed.text)
        talk = _talk(typed, (self._seed, number))
        line = talk.lines[0]
        first = max(int(line.start_s / self._config.step_s) - 1, 0)  # a step to draw breath in
        count = int((line.end_s + _AFTER_S) / self._config.step_s) + 1 - first
        codes = self._codes(talk, first, count, number) if self.seen == "acted" else self._nothing(count)
        words: list[list[str]] = [[] for _ in range(count)]
        for word, spoken in zip(typed.text.split(), line.words, strict=False):
            words[int(spoken.start_s / self._config.step_s) - first].append(word)
        return Message("user", tuple(Step(Side(tuple(w), c)) for w, c in zip(words, codes, strict=True)))

    def _nothing(self, count: int) -> list[tuple[Codes, ...]]:
        return [self._config.unseen] * count

    def _codes(self, talk: Talk, first: int, count: int, number: int) -> list[tuple[Codes, ...]]:
        rows = slice(first * self._frames, (first + count) * self._frames)
        motion = _motion(_perform(talk, self._seed, number), rows)
        parts = []
        for part in self._config.parts:
            tokenizer = self._tokenizers[part.part]
            codes = tokenizer.encode(*motion_rows(motion, tokenizer.spaces))[:count, : part.levels]
            parts.append([tuple(row) for row in codes.tolist()])
        return list(zip(*parts, strict=True)) if parts else self._nothing(count)


def _talk(typed: Typed, seed: tuple[int, int]) -> Talk:
    """The line alone in a talk."""
    manner = MANNERS[typed.manner or default_manner(typed.text)]
    words = [_sayable(word) for word in typed.text.split()]
    what: Act = manner.act if words else "laugh"
    cues = (Cue(min(1, len(words) - 1), manner.gesture),) if manner.gesture and words else ()
    line = Line(_WHO, " ".join(words), what, manner.mood, 0.0, cues=cues)
    return time_talk([line], int(np.random.default_rng(seed).integers(2**31)))


def _sayable(word: str) -> str:
    """The word, or for signs that have no sound, such as a dash or a smiley, a short hum."""
    return word if any(c.isascii() and c.isalnum() for c in word) else "hm"


def _perform(talk: Talk, seed: int, number: int) -> Performance:
    sets, manner = streams(seed, "scene", f"style {_WHO}")
    scene = build_scene("split", talk, sets, 1280, 720)
    towards = scene.partner_direction(_WHO), scene.camera_direction(_WHO)
    style = replace(random_style(manner), expressiveness=_EXPRESSIVENESS)
    return act(talk, _WHO, style, *towards, seed + number)


def _motion(acted: Performance, rows: slice) -> Motion:
    """A stretch of a performance, smoothed as motion is read for tokens, and held where it is over too soon."""
    at = np.minimum(np.arange(rows.start, rows.stop), len(acted.face) - 1)

    def zeros(width: int) -> NDArray[np.float32]:
        return np.zeros((len(at), width), np.float32)

    seen = np.ones((len(at), len(PARTS)), np.uint8)
    motion = Motion(
        participant=_WHO, face_space="arkit52", body_space="smplx117", fps=FPS, face=acted.face[at],
        body=acted.body[at], validity=seen, confidence=seen.astype(np.float32), head_pose=zeros(6), gaze=acted.gaze[at],
        bbox=zeros(4), speaking=acted.speaking[at].astype(np.uint8),
    )  # fmt: skip
    return smooth_motion(motion)
