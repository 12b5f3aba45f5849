"""What a tokenizer loses: all numbers of a reconstruction, added up sequence by sequence over valid frames only.

docs/metrics.md holds every formula. A meter is for one space; of a joint tokenizer's rows, each space gets its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nonverbal.spaces import get_space
from nonverbal.tokens.config import column_groups
from nonverbal.tokens.diversity import FrameSample
from nonverbal.tokens.meshes import Mesh
from nonverbal.tokens.moments import Cloud, Spread, frechet_distance
from nonverbal.tokens.vertex_errors import VertexMeter
from nonverbal.types import F32, Bool
from nonverbal.verdicts import UserError

MOVES_STD = 0.01
"""A column moves if its standard deviation over the truth is above this (its own unit: a 100th, or 0.6 degrees). What
moves less cannot be seen, and a ratio of two such variances would drown the others."""

STILL_ACCELERATION = 1e-4
"""Least true acceleration that the acceleration ratio divides by (the columns' unit per frame squared), about what
nobody can see: a perfectly still truth asks for a decoded motion below it, rather than for division by zero."""


@dataclass(frozen=True, slots=True)
class ReconstructionReport:
    """How far decoded motion is from the truth, over all sequences given. None: there was nothing to measure it on."""

    space: str
    """The parameter space of the rows."""
    mesh: str | None
    """Name of the mesh behind the vertex numbers; numbers of different meshes do not compare."""
    n_vertices: int
    """Vertices of that mesh; 0 without one."""
    sequences: int
    """Sequences given."""
    frames: int
    """Frames whose first group (the face, or the upper body) is valid."""
    complete_frames: int
    """Frames in which every group is valid: those that diversity and Frechet distance are taken on."""
    vmse_release: float | None
    """VMSE as the paper's code has it: mean over frames and axes of the L2 norm over vertices, in metres; it grows with
    the square root of the number of vertices."""
    vertex_rms_mm: float | None
    """Root mean square of the error along one axis, in millimetres: vmse_release without the number of vertices."""
    vertex_mean_mm: float | None
    """Mean distance of a decoded vertex from its true place, in millimetres."""
    vertex_mean_mm_by_group: dict[str, float | None]
    """vertex_mean_mm of the vertices that hang on each group of columns (upper_body, left_hand, right_hand)."""
    lvd_mm_per_frame: float | None
    """L1 difference of vertex velocities: mean over frames, vertices and axes, in millimetres per frame."""
    parameter_mse: float
    """Mean squared error of the parameters, in their own unit squared."""
    parameter_mae: float
    """Mean absolute error of the parameters, in their own unit."""
    parameter_mae_by_group: dict[str, float | None]
    """parameter_mae of each group of columns."""
    diversity_true: float | None
    """Mean L2 distance between the parameters of two random true frames (1,000 pairs, 10 times)."""
    diversity_decoded: float | None
    """The same of the decoded frames, for the same pairs."""
    frechet_distance: float | None
    """Frechet distance (squared) between true and decoded parameters as normal distributions."""
    variance_ratio: float | None
    """Variance of the decoded over that of the true, mean over the columns that move; 1 is as lively as the truth."""
    moving_columns: int
    """Columns that move in the truth (standard deviation above 0.01)."""
    acceleration_true: float | None
    """Mean absolute second difference of the true parameters, their unit per frame squared."""
    acceleration_decoded: float | None
    """The same of the decoded parameters."""
    acceleration_ratio: float | None
    """acceleration_decoded / max(acceleration_true, 0.0001): above 1 is jitter, below 1 is motion smoothed away."""


class ReconstructionMeter:
    """Adds up true and decoded rows of one space, sequence by sequence, in any order.

    Velocities and accelerations never cross the end of a sequence or an invalid frame. A column counts where its group
    is valid; a vertex where the first group and its own are. Memory does not grow with the number of frames.
    """

    def __init__(self, space: str, mesh: Mesh | None, seed: int = 0) -> None:
        """A meter without sequences.

        Args:
            space: parameter space of the rows.
            mesh: what shows the space, from `meshes.mesh_of`; None leaves the vertex numbers out.
            seed: decides the random pairs of frames of the diversity.

        Raises:
            UserError: there is no such space, or the mesh shows another.
        """
        self.space, self.groups, self.mesh = get_space(space), column_groups((space,)), mesh
        if mesh is not None and mesh.space != space:
            raise UserError(f"the mesh {mesh.name!r} shows {mesh.space}, not {space}; ask mesh_of for a fitting one")
        self._group_of = np.repeat(
            np.arange(len(self.groups)), [group.columns.stop - group.columns.start for group in self.groups]
        )
        self._vertices = VertexMeter(mesh, len(self.groups)) if mesh else None
        self._spreads = Spread(self.space.dim), Spread(self.space.dim)
        self._clouds = Cloud(self.space.dim), Cloud(self.space.dim)
        self._sample = FrameSample(seed)
        self._squares, self._errors, self._counts = np.zeros((3, self.space.dim))
        self._accelerations, self._accelerated = np.zeros(2), 0
        self._sequences = self._frames = 0

    def add(self, truth: F32, decoded: F32, mask: Bool | None = None) -> None:
        """One unbroken sequence.

        Args:
            truth: [T, D] rows of the space.
            decoded: [T, D] what came out for them.
            mask: [T, G] which groups (`config.column_groups` of the space) are valid in the truth; all if None.

        Raises:
            UserError: shapes do not fit, or a valid number is not finite.
        """
        truth, decoded, mask = self._checked(truth, decoded, mask)
        counts = mask[:, self._group_of]
        complete = np.asarray(mask.all(axis=1))
        self._sequences += 1
        self._frames += int(mask[:, 0].sum())
        error = decoded.astype(np.float64) - truth
        self._squares += (error**2).sum(axis=0)
        self._errors += np.abs(error).sum(axis=0)
        self._counts += counts.sum(axis=0)
        for rows, spread, cloud in zip((truth, decoded), self._spreads, self._clouds, strict=True):
            spread.add(rows, counts)
            cloud.add(rows[complete])
        self._sample.add(truth, decoded, complete)
        self._add_accelerations(truth, decoded, counts)
        if self._vertices:
            self._vertices.add(truth, decoded, mask)

    def report(self) -> ReconstructionReport:
        """All numbers.

        Raises:
            UserError: no valid frame was given.
        """
        total = float(self._counts.sum())
        if not total:
            raise UserError(f"nothing to measure: {self._sequences} sequences of {self.space.name}, no valid frame")
        diversities = self._sample.diversities() or (None, None)
        variance_ratio, moving = self._variance_ratio()
        return ReconstructionReport(
            space=self.space.name,
            sequences=self._sequences,
            frames=self._frames,
            complete_frames=self._clouds[0].count,
            parameter_mse=float(self._squares.sum()) / total,
            parameter_mae=float(self._errors.sum()) / total,
            parameter_mae_by_group={group.name: self._mae(group.columns) for group in self.groups},
            diversity_true=diversities[0],
            diversity_decoded=diversities[1],
            frechet_distance=frechet_distance(*self._clouds) if self._clouds[0].count > 1 else None,
            variance_ratio=variance_ratio,
            moving_columns=moving,
            **self._vertex_numbers(),
            **self._acceleration_numbers(),
        )

    def _checked(self, truth: F32, decoded: F32, mask: Bool | None) -> tuple[F32, F32, Bool]:
        """Arrays of one kind; what is not valid becomes zero in both, so that it is no error anywhere."""
        shape = np.shape(truth)
        if len(shape) != 2 or shape[1] != self.space.dim or np.shape(decoded) != shape:
            raise UserError(
                f"{self.space.name}: got truth {list(shape)} and decoded {list(np.shape(decoded))}, expected "
                f"[T, {self.space.dim}] for both"
            )
        valid = np.ones((shape[0], len(self.groups)), bool) if mask is None else np.asarray(mask)
        if valid.shape != (shape[0], len(self.groups)) or valid.dtype != bool:
            raise UserError(
                f"{self.space.name}: got a mask {list(valid.shape)} of {valid.dtype}, expected "
                f"[{shape[0]}, {len(self.groups)}] of bool: {', '.join(group.name for group in self.groups)}"
            )
        counts = valid[:, self._group_of]
        rows = [np.where(counts, np.asarray(values, np.float32), np.float32(0)) for values in (truth, decoded)]
        for name, values in zip(("truth", "decoded"), rows, strict=True):
            if not np.isfinite(values).all():
                frame = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
                raise UserError(f"{self.space.name}: {name} is not finite at frame {frame}, which is said to be valid")
        return rows[0], rows[1], valid

    def _add_accelerations(self, truth: F32, decoded: F32, counts: Bool) -> None:
        if len(truth) < 3:
            return
        three = counts[2:] & counts[1:-1] & counts[:-2]
        for which, rows in enumerate((truth, decoded)):
            self._accelerations[which] += float((np.abs(np.diff(rows.astype(np.float64), n=2, axis=0)) * three).sum())
        self._accelerated += int(three.sum())

    def _vertex_numbers(self) -> dict[str, Any]:
        mesh = {"mesh": self.mesh.name if self.mesh else None, "n_vertices": self.mesh.n_vertices if self.mesh else 0}
        errors = self._vertices.errors() if self._vertices else None
        if errors is None:
            nothing = dict.fromkeys(("vmse_release", "vertex_rms_mm", "vertex_mean_mm", "lvd_mm_per_frame"))
            return mesh | nothing | {"vertex_mean_mm_by_group": {}}
        names = [group.name for group in self.groups]
        return mesh | {
            "vmse_release": errors.vmse_release,
            "vertex_rms_mm": errors.vertex_rms_mm,
            "vertex_mean_mm": errors.vertex_mean_mm,
            "lvd_mm_per_frame": errors.lvd_mm_per_frame,
            "vertex_mean_mm_by_group": dict(zip(names, errors.mean_mm_by_group, strict=True)),
        }

    def _acceleration_numbers(self) -> dict[str, Any]:
        names = ("acceleration_true", "acceleration_decoded", "acceleration_ratio")
        if not self._accelerated:
            return dict.fromkeys(names)
        true, decoded = (self._accelerations / self._accelerated).tolist()
        return dict(zip(names, (true, decoded, decoded / max(true, STILL_ACCELERATION)), strict=True))

    def _variance_ratio(self) -> tuple[float | None, int]:
        true, decoded = (spread.variance() for spread in self._spreads)
        moves = true > MOVES_STD**2
        return (float((decoded[moves] / true[moves]).mean()) if moves.any() else None), int(moves.sum())

    def _mae(self, columns: slice) -> float | None:
        number = float(self._counts[columns].sum())
        return float(self._errors[columns].sum()) / number if number else None
