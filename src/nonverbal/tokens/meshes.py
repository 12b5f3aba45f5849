"""From parameters to points in space, on which reconstructions are measured in millimetres: which meshes there are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from nonverbal.spaces import get_space
from nonverbal.tokens.mesh_anny import anny_mesh
from nonverbal.tokens.mesh_licensed import flame_mesh, smplx_mesh
from nonverbal.tokens.mesh_skeleton import SkeletonMesh
from nonverbal.types import F32
from nonverbal.verdicts import UserError

MeshKind = Literal["auto", "anny", "skeleton", "flame", "smplx"]

_SPACES_OF = {"anny": ("arkit52", "smplx117"), "skeleton": ("smplx117",), "flame": ("flame53",), "smplx": ("smplx117",)}
"""Which spaces each kind of mesh can show."""


class Mesh(Protocol):
    """Points that parameters of one space move. The same parameters always give the same points."""

    @property
    def name(self) -> str:
        """What tables call it."""

    @property
    def space(self) -> str:
        """The space whose rows it reads."""

    @property
    def n_vertices(self) -> int: ...

    @property
    def groups(self) -> NDArray[np.intp]:
        """[V] index of the group of columns (`config.column_groups` of the space) that places a vertex besides group 0.

        Group 0 places every vertex: a hand hangs on the arm. A vertex counts where both groups are valid.
        """

    def vertices(self, values: F32) -> F32:
        """[T, D] rows of the space -> [T, V, 3] metres. The caller keeps T small: nothing is cut up here."""


@dataclass(frozen=True, slots=True)
class MeshFiles:
    """The user's own licensed models: .npz or .safetensors, never a pickle (docs/metrics.md says how to convert)."""

    flame: Path | None = None
    """FLAME, generic: 5,023 vertices, at least 50 expression components."""
    smplx: Path | None = None
    """SMPL-X, neutral: 10,475 vertices, 55 joints."""
    hands_from_mean: bool = False
    """The data's hands are counted from SMPL-X's mean hand, as OSX's are and so VENUS's, instead of from flat ones."""


def mesh_of(space: str, kind: MeshKind = "auto", files: MeshFiles | None = None) -> Mesh | None:
    """The mesh that shows a space.

    `auto` takes the user's files where they show the space, else Anny where it is installed, else for bodies the
    skeleton; it is the only kind that may find nothing (None): numbers of a face then come from parameters alone.

    Raises:
        UserError: there is no such kind, it cannot show the space, its package or its file is missing or unfit.
    """
    get_space(space)
    files = files or MeshFiles()
    if kind not in get_args(MeshKind):
        raise UserError(f"unknown mesh {kind!r}; the meshes are {', '.join(get_args(MeshKind))}")
    if kind == "auto":
        return _best(space, files)
    if space not in _SPACES_OF[kind]:
        fitting = [name for name, spaces in _SPACES_OF.items() if space in spaces]
        raise UserError(f"the mesh {kind!r} shows {' and '.join(_SPACES_OF[kind])}, not {space}; take {fitting[0]}")
    if kind == "flame":
        return flame_mesh(_given(files.flame, "flame"))
    if kind == "smplx":
        return smplx_mesh(_given(files.smplx, "smplx"), files.hands_from_mean)
    return anny_mesh(space) if kind == "anny" else SkeletonMesh()


def _best(space: str, files: MeshFiles) -> Mesh | None:
    if space == "flame53":
        return flame_mesh(files.flame) if files.flame else None
    if space == "smplx117" and files.smplx:
        return smplx_mesh(files.smplx, files.hands_from_mean)
    try:
        return anny_mesh(space)
    except UserError:  # Anny is not installed: the mesh's name in the report tells
        return SkeletonMesh() if space == "smplx117" else None


def _given(path: Path | None, kind: str) -> Path:
    if path is None:
        raise UserError(f"the mesh {kind!r} needs your own model file: give it by --{kind} FILE.npz (docs/metrics.md)")
    return path
