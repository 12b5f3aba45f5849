"""How far decoded points lie from the true ones, and how differently they move: VMSE, millimetres, LVD.

Formulas, with d[t, v, x] the decoded minus the true coordinate x of vertex v at frame t, in metres:

    vmse_release     = mean over t and x of ( sum over v of d[t, v, x]^2 )^(1/2)
    vertex_rms_mm    = 1000 ( mean over t, v and x of d[t, v, x]^2 )^(1/2)
    vertex_mean_mm   = 1000 mean over t and v of ( sum over x of d[t, v, x]^2 )^(1/2)
    lvd_mm_per_frame = 1000 mean over t, v and x of | d[t + 1, v, x] - d[t, v, x] |

The last one is the L1 distance of velocities, since (decoded' - decoded) - (true' - true) = d' - d.

Source: VMSE as the evaluation code of MARS computes it; LVD as EMAGE's (Liu et al. 2024, ``LVDFace``).
Differs: EMAGE divides by the number of frames, where there is one velocity fewer; here the mean is over velocities, so
that the length of a sequence does not matter, and in millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nonverbal.tokens.meshes import Mesh
from nonverbal.types import F32, Bool

_CHUNK_NUMBERS = 1 << 21
"""Coordinates made at a time: 8 MB each for truth and decoded; more would leave the cache, fewer cost calls."""


@dataclass(frozen=True, slots=True)
class VertexErrors:
    """See the module for the formulas; NaN is never in here, None stands where nothing was measured."""

    vmse_release: float
    vertex_rms_mm: float
    vertex_mean_mm: float
    lvd_mm_per_frame: float | None
    mean_mm_by_group: tuple[float | None, ...]


class VertexMeter:
    """Sums over sequences; vertices exist for a few frames at a time only."""

    def __init__(self, mesh: Mesh, n_groups: int) -> None:
        self.mesh = mesh
        member = np.eye(n_groups, dtype=np.float32)[mesh.groups]
        self._member = member
        """[V, G] 1 for the group of each vertex. Sums over groups are products with it, which is several times as fast
        as picking vertices."""
        self._member_axis = np.kron(member, np.eye(3, dtype=np.float32))
        """[V * 3, G * 3] the same for coordinates, axis by axis."""
        self._sizes = member.sum(axis=0, dtype=np.float64)
        self._frames = 0
        self._norms = 0.0
        # Per group: squares, distances, their frames; velocity differences, their pairs of frames.
        self._squares, self._distances, self._counts, self._speeds, self._pairs = np.zeros((5, n_groups))

    def add(self, truth: F32, decoded: F32, mask: Bool) -> None:
        """Rows [T, D] of one sequence and [T, G] which groups are valid; frames without group 0 are left out."""
        frames = np.flatnonzero(mask[:, 0])
        step = max(1, _CHUNK_NUMBERS // (3 * self.mesh.n_vertices))
        for start in range(0, len(frames), step):
            here = frames[start : start + step + 1]  # one more, for the velocity that leads into the next chunk
            apart = self.mesh.vertices(decoded[here])
            apart -= self.mesh.vertices(truth[here])
            self._add_places(apart[:step], mask[here[:step]])
            self._add_velocities(apart, mask[here], np.diff(here) == 1)

    def errors(self) -> VertexErrors | None:
        """None if no frame was valid."""
        if not self._frames:
            return None
        numbers, moves = float(self._counts @ self._sizes), float(self._pairs @ self._sizes)
        by_group = [
            float(1000 * distance / (count * size)) if count * size else None
            for distance, count, size in zip(self._distances, self._counts, self._sizes, strict=True)
        ]
        return VertexErrors(
            vmse_release=self._norms / self._frames,
            vertex_rms_mm=1000 * float(np.sqrt(self._squares.sum() / (3 * numbers))),
            vertex_mean_mm=1000 * float(self._distances.sum()) / numbers,
            lvd_mm_per_frame=1000 * float(self._speeds.sum()) / (3 * moves) if moves else None,
            mean_mm_by_group=tuple(by_group),
        )

    def _add_places(self, apart: F32, mask: Bool) -> None:
        """Differences [n, V, 3] of frames with a valid group 0, and [n, G] which groups are."""
        counts, n = mask.astype(np.float64), len(apart)
        square = apart * apart
        squares = self._by_group(square) * counts[:, :, None]
        distances = np.sqrt(square[:, :, 0] + square[:, :, 1] + square[:, :, 2]) @ self._member
        self._squares += squares.sum(axis=(0, 2))
        self._distances += (distances * counts).sum(axis=0)
        self._counts += counts.sum(axis=0)
        # A norm over fewer vertices is smaller: where a hand does not count, the others stand for it.
        whole = squares.sum(axis=1) * (self.mesh.n_vertices / (counts @ self._sizes))[:, None]
        self._norms += float(np.sqrt(whole).mean(axis=1).sum())
        self._frames += n

    def _add_velocities(self, apart: F32, mask: Bool, follows: Bool) -> None:
        """As above; `follows` [n - 1] whether a frame is the one right after the frame before it here."""
        counts = (follows[:, None] & mask[1:] & mask[:-1]).astype(np.float64)
        moves = apart[1:] - apart[:-1]
        np.abs(moves, out=moves)
        speeds = self._by_group(moves).sum(axis=2)
        self._speeds += (speeds * counts).sum(axis=0)
        self._pairs += counts.sum(axis=0)

    def _by_group(self, numbers: F32) -> F32:
        """[n, V, 3] -> [n, G, 3] sums over the vertices of each group; n may be 0."""
        flat = numbers.reshape(len(numbers), len(self._member_axis))
        return (flat @ self._member_axis).reshape(len(numbers), len(self._sizes), 3)
