"""Motion of other people laid over held-out turns: at random, or of the training turns with the nearest words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nonverbal.dataset.read import Dataset
from nonverbal.dataset.rows import Row
from nonverbal.mars.baselines import Played, luck
from nonverbal.mars.config import StreamConfig
from nonverbal.mars.conversation import stretches
from nonverbal.mars.held_out import Person
from nonverbal.spaces import get_space
from nonverbal.tokens.motion_set import motion_rows
from nonverbal.types import F32
from nonverbal.verdicts import UserError

_OPEN_MOTIONS = 64  # of training participants: 4 MB each for 4 minutes


@dataclass(frozen=True, slots=True)
class Bout:
    """A stretch in which one of the two holds the floor, as one participant lives through it.

    Attributes:
        first, last: frames ``[first, last)`` of the dialogue.
        speaks: the participant holds the floor.
        text: the words of whoever does.
    """

    first: int
    last: int
    speaks: bool
    text: str


def bouts(row: Row, who: str, config: StreamConfig, frames_per_step: int) -> tuple[Bout, ...]:
    """The bouts of a dialogue, harmful turns left out."""
    found: list[Bout] = []
    n_steps = math.ceil(row["duration_s"] / config.step_s - 1e-6)
    unseen = {part.part: np.full((n_steps, part.levels), -1, np.int32) for part in config.parts}
    for stretch in stretches(row, {who: unseen}, who, config):
        at = stretch.first_step
        for message in stretch.conversation.messages:
            text = " ".join(word for step in message.steps for word in step.holder.words)
            end = at + len(message.steps)
            found.append(Bout(at * frames_per_step, end * frames_per_step, message.role == "assistant", text))
            at = end
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Takes:
    """Bouts of many participants, with the motion to lay over others.

    Attributes:
        places: dialogue and participant of each.
        bouts: the bouts.
    """

    dataset: Dataset
    spaces: tuple[str, ...]
    places: tuple[tuple[str, str], ...]
    bouts: tuple[Bout, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rows", lru_cache(_OPEN_MOTIONS)(self._read))

    @classmethod
    def of(
        cls, dataset: Dataset, ids: Sequence[str], spaces: Sequence[str], config: StreamConfig, frames_per_step: int
    ) -> Takes:
        """All bouts of both participants of the dialogues."""
        places: list[tuple[str, str]] = []
        found: list[Bout] = []
        for dialogue_id in ids:
            row = dataset.row(dialogue_id)
            for who in row["participants"]:
                own = bouts(row, who, config, frames_per_step)
                places += [(dialogue_id, who)] * len(own)
                found += own
        return cls(dataset, tuple(spaces), tuple(places), tuple(found))

    def lay(self, number: int, space: str, n_frames: int) -> F32:
        """[n_frames, D] the motion from the bout's start on, beyond its end too; its dialogue's last frame is held."""
        rows: F32 = self._rows(*self.places[number])[space]  # type: ignore[attr-defined]
        return rows[np.minimum(self.bouts[number].first + np.arange(n_frames), len(rows) - 1)]

    def _read(self, dialogue_id: str, who: str) -> dict[str, F32]:
        motion = self.dataset.motion(dialogue_id, who, smooth=True)
        return {space: motion_rows(motion, (space,))[0] for space in self.spaces}


class Choice(Protocol):
    """Says whose motion is laid over each bout."""

    def choose(self, person: Person, own: Sequence[Bout]) -> Sequence[int]:
        """The number of the take for each of the person's bouts."""


@dataclass(frozen=True)
class Ground:
    """What motion is laid over: bouts on the grid of a model's steps."""

    takes: Takes
    config: StreamConfig
    frames_per_step: int

    def lay(self, person: Person, choice: Choice) -> Played:
        """Other people's motion, laid over each bout from its start."""
        found = {space: np.zeros((person.n_frames, get_space(space).dim), np.float32) for space in self.takes.spaces}
        own = bouts(person.row, person.participant, self.config, self.frames_per_step)
        for bout, number in zip(own, choice.choose(person, own), strict=True):
            last = min(bout.last, person.n_frames)
            for space, rows in found.items():
                rows[bout.first : last] = self.takes.lay(number, space, max(last - bout.first, 0))
        return found


class Shuffled:
    """Random bouts of the same kind, of other dialogues."""

    name = "shuffled"

    def __init__(self, takes: Takes, config: StreamConfig, frames_per_step: int, seed: int) -> None:
        self._takes, self._ground = takes, Ground(takes, config, frames_per_step)
        self._seed = seed

    def play(self, person: Person) -> Played:
        return self._ground.lay(person, self)

    def choose(self, person: Person, own: Sequence[Bout]) -> Sequence[int]:
        rng = luck(person, self._seed)
        apart = np.array([i != person.dialogue_id for i, _ in self._takes.places])
        speaks = np.array([bout.speaks for bout in self._takes.bouts])
        found = []
        for bout in own:
            there = np.flatnonzero(apart & (speaks == bout.speaks))
            if not len(there):
                raise UserError("shuffled: got one dialogue, expected two at least, as motion is taken from others")
            found.append(int(rng.choice(there)))
        return found


class Nearest:
    """The training bout of the same kind whose words are nearest by TF-IDF of words and pairs of words (cosine).

    Source: the nearest neighbour of Ng et al. 2022, "Learning to Listen", by text as in Ng et al. 2023.
    """

    name = "nearest neighbour"

    def __init__(self, takes: Takes, config: StreamConfig, frames_per_step: int) -> None:
        self._ground = Ground(takes, config, frames_per_step)
        speaks = np.array([bout.speaks for bout in takes.bouts])
        self._numbers = {kind: np.flatnonzero(speaks == kind) for kind in (True, False)}
        self._index = {
            kind: TextIndex([takes.bouts[i].text for i in numbers])
            for kind, numbers in self._numbers.items()
            if len(numbers)
        }

    def play(self, person: Person) -> Played:
        return self._ground.lay(person, self)

    def choose(self, person: Person, own: Sequence[Bout]) -> Sequence[int]:
        missing = {bout.speaks for bout in own} - set(self._index)
        if missing:
            raise UserError("nearest neighbour: the training data has no turns to choose from; add data")
        return [int(self._numbers[b.speaks][self._index[b.speaks].nearest([b.text])[0]]) for b in own]


class TextIndex:
    """Texts to look up by their words."""

    def __init__(self, texts: Sequence[str]) -> None:
        try:
            from sklearn.feature_extraction.text import TfidfVectorizer
        except ModuleNotFoundError as error:
            raise UserError("the nearest neighbour needs scikit-learn: pip install 'nonverbal[lm]'") from error
        pattern = r"(?u)\b\w+(?:'\w+)?\b|[?!]"
        self._vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=pattern)
        self._known: Any = self._vectors.fit_transform([text or "?" for text in texts])

    def nearest(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """[N] the number of the most similar text; the first of equals."""
        likeness = self._vectors.transform(texts) @ self._known.T
        return np.asarray(likeness.argmax(axis=1), np.int64).reshape(-1)
