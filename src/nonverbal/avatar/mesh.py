"""Anny's mesh, skeleton and facial actions as arrays, and people of many shapes made from them.

Axes are those of ``smplx117``: x to the person's left, y up, z forward, metres; the origin is the point between the
collar joints. Legs and feet are left out: people sit behind tables here.

Source: Brégier et al. 2025, "Human Mesh Modeling for Anny Body" (package `anny`, Apache-2.0, MakeHuman data CC0). Its
``smplx`` and ``smpl`` topologies are never asked for, since they download data under a non-commercial licence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonverbal.avatar.rest import align_rest
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import F32
from nonverbal.verdicts import UserError
from nonverbal.weights import cache_folder

I32 = NDArray[np.int32]

PHENOTYPES = ("gender", "age", "muscle", "weight", "height", "proportions", "african", "asian", "caucasian")
"""Anny's sliders of the whole body, each in [0, 1]; age 2/3 is a young adult, 1 is old."""

_PAIRED = (
    "cheek-volume-incr", "cheek-bones-incr", "eye-scale-incr", "eye-height2-incr", "eye-trans-out", "eye-trans-up",
    "eye-corner2-up", "eye-bag-incr", "eye-epicanthus-out", "hand-fingers-length-incr", "hand-scale-incr",
    "ear-scale-incr",
)  # fmt: skip
_SINGLE = (
    "chin-jaw-drop-incr", "chin-height-incr", "chin-prominent-incr", "chin-bones-incr", "chin-width-incr",
    "eyebrows-angle-up", "eyebrows-trans-up", "eyebrows-trans-forward", "forehead-scale-vert-incr",
    "forehead-trans-forward", "forehead-temple-incr", "head-angle-out", "head-fat-incr", "head-scale-vert-incr",
    "head-scale-horiz-incr", "head-scale-depth-incr", "head-age-incr", "mouth-scale-horiz-incr",
    "mouth-scale-vert-incr", "mouth-upperlip-height-incr", "mouth-upperlip-volume-incr", "mouth-lowerlip-height-incr",
    "mouth-lowerlip-volume-incr", "mouth-trans-up", "mouth-trans-forward", "mouth-angles-up",
    "mouth-philtrum-volume-incr", "nose-scale-vert-incr", "nose-scale-horiz-incr", "nose-scale-depth-incr",
    "nose-trans-up", "nose-volume-incr", "nose-hump-incr", "nose-point-up", "nose-point-width-incr",
    "nose-nostrils-width-incr", "nose-base-up", "nose-width2-incr", "neck-scale-vert-incr", "neck-scale-horiz-incr",
    "measure-shoulder-dist-incr",
)  # fmt: skip
FEATURES = _SINGLE + _PAIRED
"""Anny's local changes that vary, each in [-1, 1]; paired ones move both sides alike."""

_LABELS = _SINGLE + tuple(f"{side}-{name}" for name in _PAIRED for side in "lr")
_LEGS = ("upperleg", "lowerleg", "foot", "toe")


@dataclass(frozen=True, slots=True)
class Identity:
    """The shape of one person: `PHENOTYPES` in [0, 1] and `FEATURES` in [-1, 1]; what is missing is average."""

    phenotypes: Mapping[str, float] = field(default_factory=dict, hash=False)
    features: Mapping[str, float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, eq=False)
class AvatarModel:
    """What all avatars share. V vertices, F triangles, U texture coordinates, B bones.

    Attributes:
        faces: [F, 3] vertices of each triangle, counter-clockwise seen from outside.
        uv: [U, 2] texture coordinates, v upwards; `uv_faces` [F, 3] those of each triangle's corners.
        bones: names of the bones; parents stand before their children.
        parents: [B] index of each bone's parent, -1 for the root.
        weights: [V, K] and `weight_bones` [V, K]: how much which bone moves a vertex; rows sum to one.
        action_start: [V + 1], `action_ids` and `action_m` [n], [n, 3]: the facial actions of vertex v are the entries
            ``action_start[v]:action_start[v + 1]``: a column of ``arkit52`` and how far coefficient 1 moves it.
        base_vertices: [V] index of each vertex in MakeHuman's base mesh, which names groups of vertices.
        kept: [V] index of each vertex in Anny's own mesh.
    """

    faces: I32
    uv: F32
    uv_faces: I32
    bones: tuple[str, ...]
    parents: tuple[int, ...]
    weights: F32
    weight_bones: I32
    action_start: I32
    action_ids: I32
    action_m: F32
    base_vertices: I32
    kept: I32

    def bone(self, name: str) -> int:
        return self.bones.index(name)

    def dominated_by(self, *prefixes: str) -> NDArray[np.bool_]:
        """[V] whether the bone that moves a vertex most has a name that starts with one of `prefixes`."""
        strongest = np.take_along_axis(self.weight_bones, self.weights.argmax(axis=1)[:, None], axis=1)[:, 0]
        chosen = np.array([name.startswith(prefixes) for name in self.bones])
        return np.asarray(chosen[strongest])


@dataclass(frozen=True, slots=True, eq=False)
class Avatar:
    """One person's shape.

    Attributes:
        rest_m: [V, 3] vertices in Anny's rest pose, which is neither T nor A.
        bone_heads_m: [B, 3] where each bone starts.
        align: [B, 3, 3] turns each bone from the rest pose to the T-pose that ``smplx117`` counts from.
    """

    model: AvatarModel
    identity: Identity
    rest_m: F32
    bone_heads_m: F32
    align: NDArray[np.float64]


def random_identity(rng: np.random.Generator) -> Identity:
    """A grown-up of any sex, build and descent; faces differ about as much as people's do."""
    african, asian, caucasian = rng.dirichlet((0.5, 0.5, 0.5))
    phenotypes = {
        "gender": float(np.clip(rng.choice((0.08, 0.92)) + rng.normal(0.0, 0.12), 0.0, 1.0)),
        "age": float(rng.uniform(0.6, 0.92)),
        "muscle": float(rng.uniform(0.25, 0.75)),
        "weight": float(rng.uniform(0.25, 0.75)),
        "height": float(rng.uniform(0.35, 0.75)),
        "proportions": float(rng.uniform(0.3, 0.9)),
        "african": float(african),
        "asian": float(asian),
        "caucasian": float(caucasian),
    }
    features = {name: float(np.clip(rng.normal(0.0, 0.3), -0.8, 0.8)) for name in FEATURES}
    return Identity(phenotypes, features)


def make_avatar(identity: Identity) -> Avatar:
    """The avatar of a person."""
    model, anny = load_model(), _anny()
    labels = {}
    for name, value in identity.features.items():
        if name not in FEATURES:
            raise UserError(f"unknown feature {name!r}; the features are {', '.join(FEATURES)}")
        labels.update(dict.fromkeys([f"l-{name}", f"r-{name}"] if name in _PAIRED else [name], value))
    coefficients = anny.get_phenotype_blendshape_coefficients(**identity.phenotypes, local_changes=labels)
    shape = coefficients.detach().numpy()[0]
    rest = _to_body(anny.template_vertices, anny.blendshapes, shape)[model.kept]
    heads = _to_body(anny.template_bone_heads, anny.bone_heads_blendshapes, shape)
    origin = 0.5 * (heads[model.bone("clavicle.L")] + heads[model.bone("clavicle.R")])
    heads = heads - origin
    align = align_rest({name: heads[i] for i, name in enumerate(model.bones)}, model.bones)
    return Avatar(model, identity, (rest - origin).astype(np.float32), heads.astype(np.float32), align)


@lru_cache(maxsize=1)
def load_model() -> AvatarModel:
    """The arrays that all avatars share. The first call on a machine takes about a minute.

    Raises:
        UserError: the package `anny` is missing.
    """
    anny = _anny()
    bones = tuple(anny.bone_labels)
    weights = anny.vertex_bone_weights.numpy()
    weight_bones = anny.vertex_bone_indices.numpy()
    strongest = np.take_along_axis(weight_bones, weights.argmax(axis=1)[:, None], axis=1)[:, 0]
    keep = ~np.array([name.startswith(_LEGS) for name in bones])[strongest]
    kept = np.flatnonzero(keep)
    new = np.cumsum(keep) - 1
    whole = keep[anny.faces.numpy()].all(axis=1)
    start, ids, offsets = _sparse_actions(anny, kept)
    return AvatarModel(
        faces=new[anny.faces.numpy()[whole]].astype(np.int32),
        uv=anny.texture_coordinates.numpy().astype(np.float32),
        uv_faces=anny.face_texture_coordinate_indices.numpy()[whole].astype(np.int32),
        bones=bones,
        parents=tuple(int(p) for p in anny.bone_parents),
        weights=weights[kept].astype(np.float32),
        weight_bones=weight_bones[kept].astype(np.int32),
        action_start=start,
        action_ids=ids,
        action_m=offsets,
        base_vertices=anny.base_mesh_vertex_indices.numpy()[kept].astype(np.int32),
        kept=kept.astype(np.int32),
    )


def _sparse_actions(anny: Any, kept: NDArray[np.intp]) -> tuple[I32, I32, F32]:
    """The facial actions vertex by vertex. What they do to the eyeballs is left out: those turn with the gaze."""
    names = [label.removeprefix("facial_action:") for label in anny.blendshape_labels]
    rows = [names.index(name) for name in ARKIT52_NAMES]
    moves = _axes(anny.blendshapes.numpy()[rows])[:, kept].astype(np.float32)
    eyes = [anny.bone_labels.index(f"eye.{side}") for side in "LR"]
    eyeball = (np.isin(anny.vertex_bone_indices.numpy(), eyes) * anny.vertex_bone_weights.numpy()).sum(axis=1) > 0.5
    moves[:, eyeball[kept]] = 0.0
    vertex, action = np.nonzero(np.abs(moves).max(axis=2).T > 1e-6)
    start = np.searchsorted(vertex, np.arange(len(kept) + 1))
    return start.astype(np.int32), action.astype(np.int32), np.ascontiguousarray(moves[action, vertex])


def _axes(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """[..., 3] Anny's axes (z up, y to the back) to ours (y up, z forward)."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], axis=-1)


def _to_body(template: Any, blendshapes: Any, shape: NDArray[np.float64]) -> NDArray[np.float64]:
    return _axes(template.numpy() + np.tensordot(shape, blendshapes.numpy(), axes=1))


@lru_cache(maxsize=1)
def _anny() -> Any:
    """Anny with all actions and our features, from a cache of ours that holds nothing but what is used."""
    try:
        from anny.models import Anny
        from anny.paths import set_anny_cache_path
    except ImportError as error:
        raise UserError(f"avatars need the package anny ({error}): pip install 'nonverbal[studio]'") from error
    folder = cache_folder() / "anny"
    set_anny_cache_path(folder)
    model = Anny(facial_actions="all", local_changes=list(_LABELS), phenotypes="all", skinning_method="lbs")
    _drop_intermediate(folder)
    return model


def _drop_intermediate(folder: Path) -> None:
    """Anny keeps 800 MB of steps on the way to the 170 MB that are read again."""
    for path in (*folder.rglob("load_data_*"), *folder.rglob("build_model_data_*")):
        path.unlink(missing_ok=True)


AVERAGE = Identity(MappingProxyType({"age": 0.7}))
"""Nobody in particular."""
