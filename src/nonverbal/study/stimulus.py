"""What is sent for one clip, and how a clip is altered so that anybody who looks tells it from itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nonverbal.study.conditions import Place
from nonverbal.study.design import Alteration, Item, Side
from nonverbal.ticks import Tick, silent
from nonverbal.types import Word

_BLOCK_S, _REACH_S = 0.2, 2.0
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Stimulus:
    """Bytes, or a file of them, and their media type; nothing in them names a condition."""

    media_type: str
    data: bytes | None = None
    path: Path | None = None


class Stimuli(Protocol):
    """Everything that a study shows."""

    items: Sequence[Item]

    def get(self, item: int, side: Side) -> Stimulus:
        """A clip, of the same number of bytes whatever its condition."""
        ...

    def words(self, item: int) -> tuple[Word, ...]:
        """What is said, seconds from the beginning of what is shown; empty where it is not known."""
        ...

    def sound(self, item: int) -> Stimulus | None:
        """What is played with both clips of an item; None where films bring their own sound, or there is none."""
        ...

    def alter(self, wanted: Sequence[tuple[int, Alteration]], tick: Tick = silent) -> None:
        """Makes ready altered copies of the first condition's clips; only these can be got altered."""
        ...

    def has_sound(self) -> bool:
        """Whether what is said can be heard or read in all clips."""
        ...

    def close(self) -> None:
        """Removes what was made for the study alone."""
        ...


def altered_order(count: int, fps: float, alteration: Alteration, seed: int) -> NDArray[np.int64]:
    """[count] which frame of a clip stands where in its altered copy.

    frozen: the middle frame all the time. shuffled: pieces of 0.2 s in another order within each 2 s, which jerks.
    """
    if alteration == "frozen":
        return np.full(count, count // 2, np.int64)
    if alteration == "":
        return np.arange(count)
    block, reach = max(1, round(_BLOCK_S * fps)), max(2, round(_REACH_S * fps))
    dice, order = np.random.default_rng(seed), []
    for first in range(0, count, reach):
        blocks = [
            np.arange(at, min(at + block, count, first + reach))
            for at in range(first, min(first + reach, count), block)
        ]
        order += [blocks[i] for i in dice.permutation(len(blocks))]
    return np.concatenate(order) if order else np.zeros(0, np.int64)


def hash_of(place: Place, *more: str) -> str:
    """sha256 of a clip's file, or of what says which part of a dataset it is."""
    digest = hashlib.sha256()
    if place.dialogue:
        digest.update("\0".join((place.dialogue, place.participant, *more)).encode())
        return digest.hexdigest()
    with place.path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
