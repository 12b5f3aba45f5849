"""What is measured: tokenizers, and the constants they must beat; each with the meters that sum up how it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from nonverbal.dataset.read import Dataset
from nonverbal.spaces import get_space, space_columns
from nonverbal.tokens.codebook_metrics import CodebookMeter
from nonverbal.tokens.config import column_groups
from nonverbal.tokens.evaluation import Measured, Rate
from nonverbal.tokens.metrics import ReconstructionMeter
from nonverbal.tokens.motion_set import motion_rows
from nonverbal.tokens.plot_material import I32, Rebuilt
from nonverbal.tokens.sparing_mesh import SparingMesh
from nonverbal.tokens.still import HeldMeter, SilentMeter, StillReport, hold
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.types import F32, Bool
from nonverbal.verdicts import UserError

MEAN_POSE = "mean pose"
"""The baseline that holds the mean of all valid frames that are measured: the best that a constant can do."""

FIRST_FRAME = "first frame"
"""The baseline that holds each participant's own first valid frame."""


class Contestant(Protocol):
    """Something that sends motion there and back."""

    @property
    def name(self) -> str: ...

    @property
    def spaces(self) -> tuple[str, ...]: ...

    def rebuild(self, values: F32, mask: Bool) -> tuple[F32, I32 | None]:
        """What comes back [T, D] of `values` [T, D] with the groups' `mask` [T, G], and the codes [L, K] if any."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A tokenizer."""

    name: str
    tokenizer: Tokenizer

    @property
    def spaces(self) -> tuple[str, ...]:
        return self.tokenizer.spaces

    def rebuild(self, values: F32, mask: Bool) -> tuple[F32, I32]:
        codes = self.tokenizer.encode(values, mask)
        return self.tokenizer.decode(codes, len(values)), codes


@dataclass(frozen=True, slots=True)
class MeanPose:
    """Holds one pose [D], whatever it is given."""

    spaces: tuple[str, ...]
    pose: F32
    name: str = MEAN_POSE

    def rebuild(self, values: F32, mask: Bool) -> tuple[F32, None]:
        return np.repeat(self.pose[None], len(values), axis=0), None


@dataclass(frozen=True, slots=True)
class FirstFrame:
    """Holds the first frame; rows of a tokenizer begin with each group's first valid frame (see `motion_rows`)."""

    spaces: tuple[str, ...]
    name: str = FIRST_FRAME

    def rebuild(self, values: F32, mask: Bool) -> tuple[F32, None]:
        return np.repeat(values[:1], len(values), axis=0), None


@dataclass(frozen=True, slots=True)
class Person:
    """A participant of a dialogue, of whom at most the first `frames` frames are measured."""

    dialogue_id: str
    participant: str
    frames: int


def mean_pose(dataset: Dataset, people: Sequence[Person], space: str, smooth: bool) -> MeanPose:
    """The mean of each column over its valid frames, zero where it has none; angles are averaged number by number.

    Raises:
        UserError: no frame is valid.
    """
    total, count = np.zeros(get_space(space).dim), np.zeros(get_space(space).dim)
    for person in people:
        values, mask = motion_rows(dataset.motion(person.dialogue_id, person.participant, smooth), (space,))
        seen = per_column(mask, (space,))[: person.frames]
        total += np.where(seen, values[: person.frames], 0.0).sum(axis=0, dtype=np.float64)
        count += seen.sum(axis=0)
    if not count.any():
        raise UserError(f"{dataset.root}: no valid frame of {space} to measure; choose another split with --split")
    return MeanPose((space,), (total / np.maximum(count, 1)).astype(np.float32))


def per_column(mask: Bool, spaces: tuple[str, ...]) -> Bool:
    """[T, G] -> [T, D]."""
    groups = column_groups(spaces)
    return np.repeat(mask, [group.columns.stop - group.columns.start for group in groups], axis=1)


@dataclass(frozen=True, slots=True)
class Run:
    """A participant's rows for one contestant: values [T, D], mask [T, G], speaking [T]."""

    values: F32
    mask: Bool
    speaking: np.ndarray


class Trial:
    """One contestant with its meters."""

    def __init__(self, contestant: Contestant, meshes: Mapping[str, SparingMesh | None], seed: int, fps: float) -> None:
        self.contestant = contestant
        self._tokenizer = one = contestant.tokenizer if isinstance(contestant, Learned) else None
        self._codes = CodebookMeter(one.codebook_size, one.num_codebooks) if one else None
        self._fps = fps
        self._columns = space_columns(contestant.spaces)
        self._groups: dict[str, slice] = {}
        group = 0
        for space in contestant.spaces:
            self._groups[space] = slice(group, group := group + len(get_space(space).groups))
        self._meshes = [mesh for s in contestant.spaces if (mesh := meshes[s]) is not None]
        self._meters = {s: ReconstructionMeter(s, meshes[s], seed) for s in contestant.spaces}
        self._silent = {s: SilentMeter() for s in contestant.spaces}
        self._held = {s: HeldMeter(meshes[s]) for s in contestant.spaces}

    def add(self, run: Run, observer: Callable[[Rebuilt], None] | None) -> None:
        """Measures one participant; what a baseline poses of the truth is kept for the trials after it."""
        for mesh in self._meshes:
            mesh.keeps = self.is_baseline
        decoded, codes = self.contestant.rebuild(run.values, run.mask)
        if self._codes is not None and codes is not None:
            self._codes.add(codes)
        seen = per_column(run.mask, self.contestant.spaces)
        for space, columns in self._columns.items():
            truth, back = run.values[:, columns], decoded[:, columns]
            self._meters[space].add(truth, back, run.mask[:, self._groups[space]])
            self._silent[space].add(truth, back, seen[:, columns], run.speaking)
        if observer is not None:
            observer(self._rebuilt(run, decoded, seen, codes))

    def forget(self) -> None:
        """No other trial follows with the same participant."""
        for mesh in self._meshes:
            mesh.forget()

    def hold(self, poses: F32) -> None:
        """Sends each of `poses` [n, D], held, there and back."""
        for pose in poses:
            held = hold(pose, self._fps)
            decoded, _ = self.contestant.rebuild(held, np.ones((len(held), len(column_groups(self.spaces))), bool))
            for space, columns in self._columns.items():
                self._held[space].add(decoded[:, columns])

    @property
    def spaces(self) -> tuple[str, ...]:
        return self.contestant.spaces

    @property
    def is_baseline(self) -> bool:
        return self._tokenizer is None

    def result(self) -> Measured:
        """Everything measured so far."""
        one, tokenizer, codes = self.contestant, self._tokenizer, self._codes
        return Measured(
            name=one.name,
            method=tokenizer.config.method if tokenizer else "baseline",
            spaces=one.spaces,
            hash=tokenizer.hash if tokenizer else "",
            rate=Rate.of(tokenizer) if tokenizer else Rate(),
            reconstruction={space: meter.report() for space, meter in self._meters.items()},
            still={space: self._still(space) for space in one.spaces},
            codes=codes.report() if codes else None,
            code_counts=tuple(tuple(level.tolist()) for level in codes.counts) if codes else (),
        )

    def _still(self, space: str) -> StillReport:
        held, quiet = self._held[space], self._silent[space]
        return StillReport(held.poses, held.units_per_frame2, held.mm_per_frame2, quiet.frames, quiet.ratio)

    def _rebuilt(self, run: Run, decoded: F32, seen: Bool, codes: I32 | None) -> Rebuilt:
        one = self.contestant
        size = self._tokenizer.frames_per_token if self._tokenizer else 0
        return Rebuilt(one.name, one.spaces, self._fps, size, run.values, decoded, seen, codes)
