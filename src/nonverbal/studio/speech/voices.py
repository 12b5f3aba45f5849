"""Voices: whatever turns a line into sound with the time of each word and speech sound in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from nonverbal.studio.talk import Line, SpokenWord
from nonverbal.types import F32
from nonverbal.verdicts import UserError

DEFAULT_VOICES = ("joe:0.9", "joe:1.2")
"""The neural voice with a larger and with a smaller throat: two speakers for machines, too."""


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """The sound of one line: [S] mono samples in [-1, 1]; the words' times are seconds from the first sample."""

    samples: F32
    rate_hz: int
    words: tuple[SpokenWord, ...]

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.rate_hz


class Voice(Protocol):
    """Says lines. The same line and generator state give the same bytes."""

    @property
    def name(self) -> str: ...

    def say(self, line: Line, rng: np.random.Generator) -> Spoken: ...


def open_voices(names: tuple[str, ...]) -> tuple[Voice, ...]:
    """The voices of these names.

    Args:
        names: each ``joe`` (the neural voice), ``joe:1.2`` (the same voice with pitch and formants times that factor),
            an espeak-ng voice such as ``en-us+f3``, or a folder with recordings and their ``lines.jsonl``.

    Raises:
        UserError: a name is none of these, or a folder is not as described.
    """
    return tuple(_open(name) for name in names)


def _open(name: str) -> Voice:
    from nonverbal.backends import espeak
    from nonverbal.studio.speech.recordings import open_recordings
    from nonverbal.studio.speech.voice_espeak import EspeakVoice
    from nonverbal.studio.speech.voice_piper import PiperVoice

    head, _, factor = name.partition(":")
    if head == "joe":
        return PiperVoice(_factor(name, factor))
    if name and Path(name).is_dir():
        return open_recordings(Path(name))
    if espeak.has_voice(name):
        return EspeakVoice(name)
    raise UserError(f"there is no voice {name!r}; expected joe, joe:FACTOR, an espeak voice like en-us+f3 or a folder")


def _factor(name: str, told: str) -> float:
    try:
        factor = float(told or 1.0)
    except ValueError:
        factor = 0.0
    if not 0.7 <= factor <= 1.5:
        raise UserError(f"the voice {name!r} asks for a factor of {told!r}; expected a number from 0.7 to 1.5")
    return factor
