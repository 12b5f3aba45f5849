"""What a model must beat, and what bounds it: motion for the same held-out turns that took little or no learning.

mean pose         the mean of the training frames, held
shuffled          other held-out turns of the same kind, speaking or listening, at random (`retrieval.py`)
nearest           the training turn with the most similar words (`retrieval.py`)
unigram           each token drawn from all tokens of the training data
bigram            each token drawn from those that follow its predecessor in the training data
true tokens       the true codes decoded: the best that a model of these tokenizers can do
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nonverbal.dataset.read import Dataset
from nonverbal.mars.conversation import PartCodes
from nonverbal.mars.held_out import Person, codes_of, decoded
from nonverbal.ticks import Tick, silent
from nonverbal.tokens import contestants
from nonverbal.tokens.motion_set import motion_rows
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.types import F32
from nonverbal.verdicts import UserError

Played = Mapping[str, F32]
"""Parameter space -> [T, D] rows."""


class Contestant(Protocol):
    """Something that gives motion for a held-out participant."""

    @property
    def name(self) -> str: ...

    def play(self, person: Person) -> Played:
        """[T, D] rows by space, T the person's frames; all finite."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What truly happened."""

    dataset: Dataset
    spaces: tuple[str, ...]
    name: str = "truth"

    def play(self, person: Person) -> Played:
        motion = self.dataset.motion(person.dialogue_id, person.participant, smooth=True)
        return {space: motion_rows(motion, (space,))[0] for space in self.spaces}


@dataclass(frozen=True, eq=False)
class TrueTokens:
    """The true codes, decoded."""

    tokenizers: Mapping[str, Tokenizer]
    levels: Mapping[str, int]
    name: str = "true tokens"

    def play(self, person: Person) -> Played:
        codes = {part: codes[:, : self.levels[part]] for part, codes in person.codes.items()}
        return decoded(codes, self.tokenizers, person.n_frames)


@dataclass(frozen=True, eq=False)
class MeanPose:
    """One pose by space, held."""

    poses: Mapping[str, F32]
    name: str = "mean pose"

    @classmethod
    def of(cls, dataset: Dataset, ids: Sequence[str], spaces: Sequence[str]) -> MeanPose:
        """The mean over all valid frames of the dialogues."""
        people = [
            contestants.Person(i, who, len(dataset.column(i, who, "speaking")))
            for i in ids
            for who in dataset.row(i)["participants"]
        ]
        return cls({s: contestants.mean_pose(dataset, people, s, smooth=True).pose for s in spaces})

    def play(self, person: Person) -> Played:
        return {space: np.repeat(pose[None], person.n_frames, axis=0) for space, pose in self.poses.items()}


@dataclass(frozen=True, eq=False)
class Unigram:
    """Tokens drawn from those of the training data, whatever came before.

    Attributes:
        pool: part -> [N, K] tokens.
    """

    pool: PartCodes
    tokenizers: Mapping[str, Tokenizer]
    seed: int
    name: str = "unigram codes"

    def play(self, person: Person) -> Played:
        rng = luck(person, self.seed)
        drawn = {p: pool[rng.integers(0, len(pool), len(person.codes[p]))] for p, pool in self.pool.items()}
        return decoded(drawn, self.tokenizers, person.n_frames)


class Bigram:
    """Tokens drawn from those that follow the one before, told by its coarsest code, in the training data."""

    name = "bigram codes"

    def __init__(
        self,
        pairs: Mapping[str, tuple[NDArray[np.int32], NDArray[np.int32]]],
        tokenizers: Mapping[str, Tokenizer],
        seed: int,
    ) -> None:
        """Args:
        pairs: part -> [N, K] tokens and [N, K] what follows each.
        """
        self._tokenizers, self._seed = tokenizers, seed
        self._next: dict[str, tuple[NDArray[np.int64], NDArray[np.int32]]] = {}
        for part, (before, after) in pairs.items():
            order = np.argsort(before[:, 0], kind="stable")
            first = np.searchsorted(before[order, 0], np.arange(tokenizers[part].codebook_size + 1))
            self._next[part] = first, after[order]

    def play(self, person: Person) -> Played:
        rng = luck(person, self._seed)
        drawn = {part: self._chain(part, len(person.codes[part]), rng) for part in self._next}
        return decoded(drawn, self._tokenizers, person.n_frames)

    def _chain(self, part: str, length: int, rng: np.random.Generator) -> NDArray[np.int32]:
        first, after = self._next[part]
        numbers, chain = rng.random(length), np.zeros((length, after.shape[1]), np.int32)
        token = after[rng.integers(len(after))]
        for i, number in enumerate(numbers):
            begin, end = first[token[0]], first[token[0] + 1]
            if begin == end:  # a code that only ever came last
                begin, end = 0, len(after)
            token = chain[i] = after[begin + int(number * (end - begin))]
        return chain


@dataclass(frozen=True, eq=False)
class TrainingCodes:
    """Tokens of training participants, one after the other.

    Attributes:
        pool: part -> [N, K] all tokens that were seen.
        pairs: part -> [M, K] tokens and [M, K] what follows each.
    """

    pool: PartCodes
    pairs: Mapping[str, tuple[NDArray[np.int32], NDArray[np.int32]]]

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        ids: Sequence[str],
        tokenizers: Mapping[str, Tokenizer],
        levels: Mapping[str, int],
        tick: Tick = silent,
    ) -> TrainingCodes:
        """Both participants of the dialogues, encoded anew; `levels` of each part."""
        rows: list[PartCodes] = []
        for number, i in enumerate(ids):
            tick("baselines: training dialogues", number, len(ids))
            rows += [
                codes_of(dataset.motion(i, who, smooth=True), tokenizers) for who in dataset.row(i)["participants"]
            ]
        pool, pairs = {}, {}
        for part in tokenizers:
            codes = [row[part][:, : levels[part]] for row in rows]
            both = [(c[:-1] >= 0).all(axis=1) & (c[1:] >= 0).all(axis=1) for c in codes]
            pool[part] = np.concatenate([c[(c >= 0).all(axis=1)] for c in codes])
            pairs[part] = (
                np.concatenate([c[:-1][b] for c, b in zip(codes, both, strict=True)]),
                np.concatenate([c[1:][b] for c, b in zip(codes, both, strict=True)]),
            )
            if not len(pairs[part][0]):
                raise UserError(f"baselines: nobody's {part} is seen in the training data, expected motion; add data")
        return cls(pool, pairs)


def luck(person: Person, seed: int) -> np.random.Generator:
    """Random numbers that depend on the person and the seed alone."""
    return np.random.default_rng([seed, zlib.crc32(f"{person.dialogue_id}/{person.participant}".encode())])
