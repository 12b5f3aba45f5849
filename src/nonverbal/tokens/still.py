"""Whether a tokenizer is still where nothing happens: held poses come back without a tremble, and so do listeners."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nonverbal.tokens.meshes import Mesh
from nonverbal.tokens.metrics import STILL_ACCELERATION
from nonverbal.types import F32, Bool

HELD_S = 4.0
"""Seconds that a pose is held for the test."""

MAX_POSES = 8
"""Poses held, each of another participant as far as there are so many."""


@dataclass(frozen=True, slots=True)
class StillReport:
    """How still a tokenizer is.

    The acceleration of a column (or a vertex) at frame t is x[t-1] - 2 x[t] + x[t+1].

    Attributes:
        poses: how many poses were held for 4 s each; 0 where no frame of the data is valid in all groups.
        held_units_per_frame2: mean absolute acceleration over all columns and frames of what came back of them, in the
            space's own units; 0 is perfect.
        held_mm_per_frame2: mean length of the vertices' acceleration; None without a mesh.
        silent_frames: frames in the midst of three that are valid (in some group) and in which the person is silent.
        silent_acceleration_ratio: mean absolute acceleration of what came back over that of the truth (at least
            `metrics.STILL_ACCELERATION`), in these frames and the columns valid in all three; 1 is perfect, above 1
            trembles; None where there is no such frame.
    """

    poses: int
    held_units_per_frame2: float | None
    held_mm_per_frame2: float | None
    silent_frames: int
    silent_acceleration_ratio: float | None


@dataclass(eq=False)
class SilentMeter:
    """Sums the acceleration of truth and decoded motion over silent frames."""

    truth: float = 0.0
    decoded: float = 0.0
    frames: int = 0
    values: int = 0

    def add(self, truth: F32, decoded: F32, mask: Bool, speaking: np.ndarray) -> None:
        """Takes a participant: values [T, D], mask [T, D], speaking [T]."""
        counted = middle_of_three(mask & (speaking == 0)[:, None])
        self.truth += float(acceleration(truth)[counted].sum())
        self.decoded += float(acceleration(decoded)[counted].sum())
        self.frames += int(counted.any(axis=1).sum())
        self.values += int(counted.sum())

    @property
    def ratio(self) -> float | None:
        return self.decoded / max(self.truth, STILL_ACCELERATION * self.values) if self.values else None


@dataclass(eq=False)
class HeldMeter:
    """Sums the acceleration of what came back of held poses."""

    mesh: Mesh | None
    poses: int = 0
    _units: list[float] = field(default_factory=list)
    _mm: list[float] = field(default_factory=list)

    def add(self, decoded: F32) -> None:
        """Takes what came back [T, D] of one held pose."""
        self.poses += 1
        self._units.append(float(acceleration(decoded).mean()))
        if self.mesh is not None:
            vertices = self.mesh.vertices(decoded)
            self._mm.append(1000 * float(np.linalg.norm(np.diff(vertices, n=2, axis=0), axis=-1).mean()))

    @property
    def units_per_frame2(self) -> float | None:
        return float(np.mean(self._units)) if self._units else None

    @property
    def mm_per_frame2(self) -> float | None:
        return float(np.mean(self._mm)) if self._mm else None


def acceleration(values: F32) -> NDArray[np.float64]:
    """[T, D] -> [max(T - 2, 0), D] absolute second differences."""
    return np.abs(np.diff(values.astype(np.float64), n=2, axis=0))


def middle_of_three(seen: Bool) -> Bool:
    """[T, D] -> [max(T - 2, 0), D]: seen in this frame and both its neighbours."""
    return seen[:-2] & seen[1:-1] & seen[2:]


def pick_poses(values: F32, mask: Bool, count: int, seed: tuple[int, ...]) -> F32:
    """At most `count` frames [n, D] of `values` [T, D], from those whose groups are all valid: `mask` [T, G]."""
    whole = np.flatnonzero(mask.all(axis=1))
    chosen = np.random.default_rng(seed).permutation(whole)[:count]
    return values[np.sort(chosen)]


def hold(pose: F32, fps: float) -> F32:
    """[D] -> [T, D] the same for `HELD_S` seconds."""
    return np.repeat(pose[None], round(HELD_S * fps), axis=0)
