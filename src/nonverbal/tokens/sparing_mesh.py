"""A mesh that poses nothing twice if it can help it: posing bodies is most of an evaluation's time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nonverbal.tokens.meshes import Mesh
from nonverbal.types import F32

_KEPT_BYTES = 1 << 28
"""Most memory of what is kept: of Anny's body that is 100 seconds; of longer motion the rest is posed anew."""


@dataclass(eq=False)
class SparingMesh:
    """A mesh that poses rows which are all the same once, as held ones are, and that can keep what it has posed.

    Attributes:
        mesh: what poses.
        keeps: what is posed from now on will be asked for again: the truth, once for each tokenizer.
    """

    mesh: Mesh
    keeps: bool = False
    _kept: dict[bytes, F32] = field(default_factory=dict)
    _bytes: int = 0

    @property
    def name(self) -> str:
        return self.mesh.name

    @property
    def space(self) -> str:
        return self.mesh.space

    @property
    def n_vertices(self) -> int:
        return self.mesh.n_vertices

    @property
    def groups(self) -> NDArray[np.intp]:
        return self.mesh.groups

    def vertices(self, values: F32) -> F32:
        """[T, D] -> [T, V, 3] metres, the caller's own."""
        if len(values) > 1 and not (values != values[0]).any():
            return np.repeat(self.mesh.vertices(values[:1]), len(values), axis=0)
        key = values.tobytes()
        if key in self._kept:
            return self._kept[key].copy()
        posed = self.mesh.vertices(values)
        if self.keeps and self._bytes + posed.nbytes <= _KEPT_BYTES:
            self._kept[key] = posed.copy()
            self._bytes += posed.nbytes
        return posed

    def forget(self) -> None:
        """Lets go of all that was kept."""
        self._kept.clear()
        self._bytes = 0
