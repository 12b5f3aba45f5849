"""Motion as raters see it: the same stretch of every condition, on one avatar, in chunks of equal size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.formats.motion_file import read_motion
from nonverbal.formats.open import words_of
from nonverbal.formats.sampling import held
from nonverbal.formats.take import Take
from nonverbal.media.names import printable
from nonverbal.motion.skeleton import resting_body
from nonverbal.records import from_plain
from nonverbal.serve.wire import Chunk, pack
from nonverbal.spaces import get_space
from nonverbal.study.conditions import Condition, Place
from nonverbal.study.design import Alteration, Item, Side
from nonverbal.study.sound import find_sounds, sound_of
from nonverbal.study.stimulus import Stimulus, altered_order, hash_of
from nonverbal.ticks import Tick, silent
from nonverbal.types import F32, Turn, Word
from nonverbal.verdicts import RejectedError, UserError

_FACE, _BODY = "arkit52", "smplx117"
_SHORTEST_S = 1.0
MOTION_TYPE = "application/octet-stream"


class MotionStimuli:
    """Motion of all conditions, each cut to what is shown of it.

    Args:
        conditions: with the same clips.
        seconds: longest stretch shown; of a longer clip the one in which most is said and seen.
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
    """The take at a place, with gaps held; words that a dataset marks as harmful are left out."""
    try:
        return held(_of_dataset(opened(place.path), place) if place.dialogue else read_motion(place.path))
    except RejectedError as error:
        raise UserError(error.reject.message) from error


def _of_dataset(dataset: Dataset, place: Place) -> Take:
    motion = dataset.motion(place.dialogue, place.participant)
    turns = from_plain(tuple[Turn, ...], dataset.row(place.dialogue)["turns"])
    words = words_of(turn for turn in turns if turn.participant == place.participant and not turn.harmful)
    name = f"{place.dialogue} {place.participant}"
    spaces = motion.face_space, motion.face, motion.body_space, motion.body
    return Take(name, motion.fps, *spaces, motion.gaze, words, motion.validity)


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
    worth = _worth(takes, shortest, fps)
    sums = np.concatenate([[0.0], np.cumsum(worth)])
    return int(np.argmax(sums[count:] - sums[: shortest - count + 1])), count, fps


def _worth(takes: Sequence[Take], count: int, fps: float) -> NDArray[np.float64]:
    """[count] how much each frame is worth showing: what of it was seen, where somebody speaks ten times as much."""
    seen = np.ones(count)
    for take in takes:
        if take.validity is not None:
            seen = np.minimum(seen, take.validity[:count].mean(axis=1))
    said = np.full(count, 0.1)
    for word in next((take.words for take in takes if take.words), ()):
        said[round(word.start_s * fps) : round(word.end_s * fps)] = 1.0
    return seen * said


def _chunk(take: Take, first: int, count: int) -> Chunk:
    """What an avatar needs of a take; what it does not tell is at rest, so that every chunk has the same size."""
    part = slice(first, first + count)
    for what, space, known in (("face", take.face_space, _FACE), ("body", take.body_space, _BODY)):
        if space not in (None, known):
            raise UserError(
                f"{printable(take.name)}: its {what} is {space}; an avatar shows {known}, so convert it first"
            )
    face = np.zeros((count, get_space(_FACE).dim), np.float32) if take.face is None else take.face[part]
    body = np.tile(resting_body(), (count, 1)) if take.body is None else take.body[part]
    gaze = take.gaze[part] if take.gaze is not None else _gaze(face)
    return Chunk(0, take.fps, np.ascontiguousarray(face), np.ascontiguousarray(body), np.ascontiguousarray(gaze))


def _gaze(face: F32) -> F32:
    from nonverbal.chat.clip import gaze_of  # compilers come along, and most takes have a gaze

    return gaze_of(face)


def _within(words: Sequence[Word], start_s: float, end_s: float) -> tuple[Word, ...]:
    """The words that begin in a stretch, counted from its beginning."""
    kept = (word for word in words if start_s <= word.start_s < end_s)
    return tuple(Word(w.word, w.start_s - start_s, min(w.end_s, end_s) - start_s, w.prob) for w in kept)
