"""A dressed avatar as meshes that any viewer can move: four bones a vertex at most, and moves of the face.

Shirt, hair, teeth and eyes are weighted sums of skin's vertices, some pushed out along its normals; here each of their
vertices gets bones and moves of its own (`gltf_weights` says how).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nonverbal.avatar.dress import Dressed
from nonverbal.avatar.gltf_weights import four_bones
from nonverbal.avatar.mesh import AvatarModel
from nonverbal.avatar.raster import I32, vertex_normals
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import F32, Bool

LEAST_MOVE_M = 2e-5
"""Moves smaller than this are left out."""
_LEFT_OUT = ("pelvis", "upperleg", "lowerleg", "foot", "toe")
"""Bones that no motion turns and that a picture of an upper body does not show; the root stands in for them."""


@dataclass(frozen=True, slots=True, eq=False)
class Skeleton:
    """The B bones that are kept.

    Attributes:
        names: [B] parents before children.
        parents: [B] index of each bone's parent, -1 for the root.
        rows: [B] index of each bone in the model's own list.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    rows: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class SkinnedMesh:
    """Triangles in Anny's rest pose, M vertices, each with one place in the texture.

    Attributes:
        sources: [M] row of each vertex in `Dressed.complete`.
        points_m: [M, 3]; `normals` [M, 3]; `uv` [M, 2] in [0, 1], v downwards; `openness` [M] as in `Dressed`.
        bones: [M, 4] and `weights` [M, 4]: which bones of the skeleton move a vertex how much; rows sum to one.
        faces: [F, 3] counter-clockwise seen from outside.
        moves_m: [52, M, 3] what each coefficient of ``arkit52`` adds at 1, or None for a mesh that none moves.
    """

    sources: NDArray[np.intp]
    points_m: F32
    normals: F32
    uv: F32
    openness: F32
    bones: NDArray[np.uint8]
    weights: F32
    faces: I32
    moves_m: F32 | None


def kept_skeleton(model: AvatarModel) -> Skeleton:
    """The model's bones without the legs'."""
    rows = np.array([i for i, name in enumerate(model.bones) if not name.startswith(_LEFT_OUT)])
    new = {int(row): i for i, row in enumerate(rows)}
    parents = tuple(new.get(model.parents[row], -1) for row in rows)
    return Skeleton(tuple(model.bones[row] for row in rows), parents, rows)


@lru_cache(maxsize=2)
def skinned_meshes(dressed: Dressed) -> tuple[SkinnedMesh, SkinnedMesh]:
    """What the face moves, and all the rest: two meshes, so that a viewer need not ask every shirt for its smile."""
    skeleton = kept_skeleton(dressed.avatar.model)
    points = dressed.complete(dressed.avatar.rest_m)
    normals = vertex_normals(points, dressed.surface.faces)
    bones, weights = four_bones(dressed, skeleton.rows, _weights(dressed, skeleton))
    moves = _moves(dressed, points)
    moved = np.asarray(moves.any(axis=(0, 2)), np.bool_)
    alive = np.asarray(moved[dressed.surface.faces].any(axis=1), np.bool_)
    whole = SkinnedMesh(
        np.arange(len(points)), points, normals, np.zeros((0, 2), np.float32), dressed.openness, bones, weights,
        dressed.surface.faces, moves,
    )  # fmt: skip
    return _part(whole, dressed, alive), _part(whole, dressed, ~alive)


def _part(whole: SkinnedMesh, dressed: Dressed, faces: Bool) -> SkinnedMesh:
    """Some of the triangles; a vertex with several places in the texture becomes several."""
    surface = dressed.surface
    corners = surface.texels[faces].reshape(-1, 2)
    uv = ((corners + 0.5) / len(surface.texture)).astype(np.float32)
    keys = np.column_stack([surface.faces[faces].reshape(-1), np.rint(corners * 64).astype(np.int64)])
    _, first, index = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    own = surface.faces[faces].reshape(-1)[first].astype(np.intp)
    moves = None if whole.moves_m is None else whole.moves_m[:, own]
    if moves is not None and not moves.any():
        moves = None
    return SkinnedMesh(
        own, whole.points_m[own], _unit(whole.normals[own]), uv[first], whole.openness[own], whole.bones[own],
        whole.weights[own], np.asarray(index, np.int32).reshape(-1, 3), moves,
    )  # fmt: skip


def _unit(normals: F32) -> F32:
    """Normals of length one also where a vertex has none: viewers divide by it."""
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.where(length > 0.5, normals, np.array([0.0, 0.0, 1.0], np.float32)).astype(np.float32)


def _weights(dressed: Dressed, skeleton: Skeleton) -> F32:
    """[V + N, B] how much each bone moves each vertex."""
    model = dressed.avatar.model
    column = np.zeros(len(model.bones), np.intp)
    column[skeleton.rows] = np.arange(len(skeleton.rows))
    weights = np.zeros((len(model.weights), len(skeleton.rows)), np.float32)
    np.add.at(weights, (np.arange(len(weights))[:, None], column[model.weight_bones]), model.weights)
    return np.concatenate([weights, dressed.shares @ weights]).astype(np.float32)


def _moves(dressed: Dressed, points: F32) -> F32:
    """[52, V + N, 3] how far coefficient 1 moves each vertex."""
    model, rest = dressed.avatar.model, dressed.avatar.rest_m
    vertex = np.repeat(np.arange(len(rest)), np.diff(model.action_start))
    moves = np.zeros((len(ARKIT52_NAMES), len(points), 3), np.float32)
    for action in range(len(moves)):
        own = model.action_ids == action
        moved = rest.copy()
        moved[vertex[own]] += model.action_m[own]
        moves[action] = dressed.complete(moved) - points
    moves[np.linalg.norm(moves, axis=2) < LEAST_MOVE_M] = 0
    return moves
