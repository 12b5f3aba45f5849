"""Motion as raters see it: the same stretch of every condition, on one avatar, in chunks of equal size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.formats.motion_file import read_motion
from nonverbal.formats.open import open_takes
from nonverbal.formats.take import Take
from nonverbal.media.names import printable
from nonverbal.serve.wire import Chunk, pack
from nonverbal.spaces import get_space
from nonverbal.study.conditions import Condition, Place
from nonverbal.study.design import Alteration, Item, Side
from nonverbal.study.sound import find_sounds, sound_of
from nonverbal.study.stimulus import Stimulus, altered_order, hash_of
from nonverbal.ticks import Tick, silent
from nonverbal.types import F32, Word
from nonverbal.verdicts import RejectedError, UserError

_FACE, _BODY = "arkit52", "smplx117"
_SHORTEST_S = 1.0
MOTION_TYPE = "application/octet-stream"


class MotionStimuli:
    """Motion of all conditions, each cut to what is shown of it.

    Args:
        conditions: with the same clips.
        seconds: longest stretch shown; of a longer clip the one in which most words fall, where words are known.
        seed: of shuffled copies.
        sounds: folder of recordings that are played with the motion, one for each clip.
        tick: told how many clips are read.

    Raises:
        UserError: a clip is damaged, too short, of other spaces than an avatar has, or of another rate than its like.
    """

    def __init__(
        self,
        conditions: Sequence[Condition],
        seconds: float,
        seed: int,
        sounds: Path | None = None,
        tick: Tick = silent,
    ) -> None:
        self._seed = seed
        self._chunks: dict[tuple[int, int], Chunk] = {}
        self._words: list[tuple[Word, ...]] = []
        items, names = [], list(conditions[0].clips)
        opened = lru_cache(len(conditions))(open_dataset)
        for index, name in enumerate(names):
            tick("clips of motion", index, len(names))
            takes = [_take(condition.clips[name], opened) for condition in conditions]
            first, count, fps = _stretch(takes, seconds, name)
            for k, take in enumerate(takes):
                self._chunks[index, k] = _chunk(take, first, count)
            told = next((take.words for take in takes if take.words), ())
            self._words.append(_within(told, first / fps, (first + count) / fps))
            hashes = tuple(_hash(condition.clips[name], opened) for condition in conditions)
            items.append(Item(name, first / fps, count / fps, hashes))
        self.items: Sequence[Item] = tuple(items)
        found = find_sounds(sounds, self.items) if sounds is not None else ()
        self._sounds = [sound_of(path, item) for path, item in zip(found, self.items, strict=bool(found))]

    def get(self, item: int, side: Side) -> Stimulus:
        chunk = self._chunks[item, side.condition]
        order = altered_order(chunk.n_frames, chunk.fps, side.alteration, self._seed)
        gaze = None if chunk.gaze is None else chunk.gaze[order]
        return Stimulus(MOTION_TYPE, pack(Chunk(0, chunk.fps, chunk.face[order], chunk.body[order], gaze)))

    def words(self, item: int) -> tuple[Word, ...]:
        return self._words[item]

    def sound(self, item: int) -> Stimulus | None:
        return self._sounds[item] if self._sounds else None

    def has_sound(self) -> bool:
        return bool(self._sounds) or all(self._words)

    def alter(self, wanted: Sequence[tuple[int, Alteration]], tick: Tick = silent) -> None:
        """Nothing is made beforehand: reordering frames takes no time."""

    def close(self) -> None:
        self._chunks.clear()


def _take(place: Place, opened: Callable[[Path], Dataset]) -> Take:
    try:
        if not place.dialogue:
            return read_motion(place.path)
        return open_takes(place.path, place.dialogue, place.participant)[0]
    except RejectedError as error:
        raise UserError(error.reject.message) from error


def _hash(place: Place, opened: Callable[[Path], Dataset]) -> str:
    return hash_of(place, opened(place.path).content_hash) if place.dialogue else hash_of(place)


def _stretch(takes: Sequence[Take], seconds: float, name: str) -> tuple[int, int, float]:
    """First frame, frames and rate of what is shown of an item in all conditions."""
    rates = sorted({take.fps for take in takes})
    if len(rates) > 1:
        told = " and ".join(f"{rate:g}" for rate in rates)
        raise UserError(f"{printable(name)}: {told} frames a second in different conditions; expected one rate for all")
    fps, shortest = rates[0], min(take.n_frames for take in takes)
    if shortest < _SHORTEST_S * fps:
        raise UserError(
            f"{printable(name)}: {shortest / fps:.2f} s in one condition; expected {_SHORTEST_S:g} s or more"
        )
    count = min(shortest, round(seconds * fps))
    words = next((take.words for take in takes if take.words), ())
    said = np.zeros(shortest + 1)
    for word in words:
        first, last = (min(round(at * fps), shortest) for at in (word.start_s, word.end_s))
        said[first:last] = 1
    sums = np.concatenate([[0.0], np.cumsum(said[:shortest])])
    covered = sums[count:] - sums[: shortest - count + 1]
    return int(np.argmax(covered)), count, fps


def _chunk(take: Take, first: int, count: int) -> Chunk:
    """What an avatar needs of a take; what it does not tell is at rest, so that every chunk has the same size."""
    part = slice(first, first + count)
    for what, space, known in (("face", take.face_space, _FACE), ("body", take.body_space, _BODY)):
        if space not in (None, known):
            raise UserError(
                f"{printable(take.name)}: its {what} is {space}; an avatar shows {known}, so convert it first"
            )
    face = np.zeros((count, get_space(_FACE).dim), np.float32) if take.face is None else take.face[part]
    body = np.tile(_rest(), (count, 1)) if take.body is None else take.body[part]
    gaze = take.gaze[part] if take.gaze is not None else _gaze(face)
    return Chunk(0, take.fps, np.ascontiguousarray(face), np.ascontiguousarray(body), np.ascontiguousarray(gaze))


def _rest() -> F32:
    from nonverbal.chat.reel import resting_body  # torch comes along, and most takes have a body

    return resting_body()


def _gaze(face: F32) -> F32:
    from nonverbal.chat.clip import gaze_of  # compilers come along, and most takes have a gaze

    return gaze_of(face)


def _within(words: Sequence[Word], start_s: float, end_s: float) -> tuple[Word, ...]:
    """The words that begin in a stretch, counted from its beginning."""
    kept = (word for word in words if start_s <= word.start_s < end_s)
    return tuple(Word(w.word, w.start_s - start_s, min(w.end_s, end_s) - start_s, w.prob) for w in kept)
