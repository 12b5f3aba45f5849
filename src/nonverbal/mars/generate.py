"""Steps of a conversation as motion: all at once, or chunk by chunk while an avatar waits.

step          0        1        2        3        end of the turn
frames given  -        0..7     8..15    16..23   24..31           a decoder that looks ahead, with a delay of 1 step
              0..7     8..15    16..23   24..31   -                a causal one
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nonverbal.mars.config import StreamConfig
from nonverbal.mars.conversation import timed_words
from nonverbal.mars.stream import Message, Side, Step
from nonverbal.tokens.tokenizer import StreamDecoder, Tokenizer
from nonverbal.types import F32, Word
from nonverbal.verdicts import UserError

LOOK_BACK = 8
"""Steps before the one wanted that a decoder which looks ahead is given."""


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """What somebody says and does.

    Attributes:
        words: with times from the beginning, spread evenly over the step that they begin in.
        motion: [T, D] of each part, in the units of its tokenizer's spaces.
    """

    words: tuple[Word, ...]
    motion: Mapping[str, F32]

    @property
    def face(self) -> F32 | None:
        return self.motion.get("face")

    @property
    def body(self) -> F32 | None:
        return self.motion.get("body")


def codes_of(sides: Sequence[Side], config: StreamConfig) -> dict[str, NDArray[np.int32]]:
    """Part -> [L, K] codes, -1 in steps in which the part is not seen."""
    found = {}
    for i, part in enumerate(config.parts):
        rows = [side.codes[i] or (-1,) * part.levels for side in sides]
        found[part.part] = np.array(rows, np.int32).reshape(len(sides), part.levels)
    return found


def decode_sides(
    sides: Sequence[Side], config: StreamConfig, tokenizers: Mapping[str, Tokenizer], first_step: int = 0
) -> Decoded:
    """Words and motion of steps in a row; a part that is not seen keeps the pose before, or takes the one after.

    Args:
        sides: what one participant says and does, step by step.
        config: of their stream.
        tokenizers: of the parts.
        first_step: when the first of them is.
    """
    _check(config, tokenizers)
    motion = {part: tokenizers[part].decode(codes) for part, codes in codes_of(sides, config).items()}
    return Decoded(_words(sides, first_step, config), motion)


class MotionStream:
    """Motion of steps as they come.

    A causal tokenizer gives each step's frames at once, the same as `decode_sides` in the end. One that looks ahead
    gives them `delay` steps later, from a window of the last steps, which is not quite what `decode_sides` gives:
    on 48 s of studio truth, in tokens of 2 levels, frames changed at the seams by 0.072 of the face's and 0.044 of the
    body's units with a delay of 1 (0.074 and 0.049 with 2) where the whole changes by 0.074 and 0.051; without a delay,
    by 0.29 and 0.22.
    """

    def __init__(
        self, config: StreamConfig, tokenizers: Mapping[str, Tokenizer], delay: int = 1, look_back: int = LOOK_BACK
    ) -> None:
        """Args:
        config: of the stream.
        tokenizers: of its parts.
        delay: steps that a decoder which looks ahead waits for; more are smoother and later.
        look_back: steps before the one wanted that it is given.
        """
        _check(config, tokenizers)
        if delay < 0 or look_back < 0:
            raise UserError(f"delay, look_back: got {delay} and {look_back}, expected 0 or more")
        self._config = config
        causal = all(tokenizers[part.part].config.causal for part in config.parts)
        wait = 0 if causal else delay
        self._decoders = {p.part: _decoder(tokenizers[p.part], wait, look_back) for p in config.parts}
        self._pushed = 0

    def push(self, side: Side) -> Decoded:
        """What is ready after one more step: its words, and the frames of the step `delay` steps before."""
        codes = codes_of([side], self._config)
        motion = {part: decoder.push(codes[part]) for part, decoder in self._decoders.items()}
        self._pushed += 1
        return Decoded(_words([side], self._pushed - 1, self._config), motion)

    def flush(self) -> Decoded:
        """The frames that were waiting for what comes next; the stream is over."""
        return Decoded((), {part: decoder.flush() for part, decoder in self._decoders.items()})


class _Causal:
    """The frames of each token at once."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._stream: StreamDecoder = tokenizer.stream()
        self._begun = False

    def push(self, codes: NDArray[np.int32]) -> F32:
        known = self._begun or bool((codes >= 0).all())
        self._begun = True
        return self._stream.push(codes if known else np.zeros_like(codes))

    def flush(self) -> F32:
        return self._stream.push(np.zeros((0, 1), np.int32))


class _Windowed:
    """The frames of each token when `delay` more are known, from a window of the tokens around it.

    A window changes what the one before said of the next token, so the first half of each token fades over.
    """

    def __init__(self, tokenizer: Tokenizer, delay: int, look_back: int) -> None:
        self._tokenizer, self._delay, self._look_back = tokenizer, delay, look_back
        self._window = np.zeros((0, tokenizer.num_codebooks), np.int32)
        self._ready = 0
        self._expected = np.zeros((0, tokenizer.config.dim), np.float32)

    def push(self, codes: NDArray[np.int32]) -> F32:
        self._window = np.concatenate([self._window[:, : codes.shape[1]], codes])
        return self._give(max(len(self._window) - self._delay, self._ready))

    def flush(self) -> F32:
        return self._give(len(self._window))

    def _give(self, until: int) -> F32:
        """The frames of the tokens of the window from those given up to `until`."""
        if until == self._ready:
            return np.zeros((0, self._tokenizer.config.dim), np.float32)
        size = self._tokenizer.frames_per_token
        decoded = self._tokenizer.decode(self._window)
        frames = decoded[self._ready * size : until * size]
        known = self._expected[: size // 2]
        share = (np.arange(len(known), dtype=np.float32)[:, None] + 1) / (len(known) + 1)
        frames[: len(known)] = known + share * (frames[: len(known)] - known)
        self._expected = decoded[until * size :]
        drop = max(until - self._look_back, 0)
        self._window, self._ready = self._window[drop:], until - drop
        return frames


def _decoder(tokenizer: Tokenizer, delay: int, look_back: int) -> _Causal | _Windowed:
    """A causal tokenizer's frames wait as long as those of the others, so that the parts stay together."""
    if tokenizer.config.causal and not delay:
        return _Causal(tokenizer)
    return _Windowed(tokenizer, delay, look_back)


def _words(sides: Sequence[Side], first_step: int, config: StreamConfig) -> tuple[Word, ...]:
    return timed_words(Message("assistant", tuple(Step(side) for side in sides)), first_step, config)[0]


def _check(config: StreamConfig, tokenizers: Mapping[str, Tokenizer]) -> None:
    missing = [part.part for part in config.parts if part.part not in tokenizers]
    if missing:
        raise UserError(
            f"tokenizers: got {', '.join(tokenizers) or 'none'}, expected one of {', '.join(missing)} too; load the "
            "model's own folder"
        )
