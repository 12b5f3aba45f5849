"""Pictures of FLAME and SMPL-X meshes from the user's own files, plainly shaded, drawn without any system GL."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from safetensors import SafetensorError, safe_open

from nonverbal.avatar.dress import Lighting, illuminate
from nonverbal.avatar.raster import I32, Canvas, Surface, draw, vertex_normals
from nonverbal.formats.take import Take
from nonverbal.media.names import printable
from nonverbal.studio.front import front_scene
from nonverbal.studio.scene import Scene
from nonverbal.tokens.mesh_licensed import LicensedMesh, flame_mesh, smplx_mesh
from nonverbal.types import F32, U8
from nonverbal.verdicts import UserError

MeshKind = Literal["flame", "smplx"]

_CLAY, _GREY = (186, 172, 160), (70, 76, 84)
_BLOCK_FRAMES = 25
_COLLARS = (13, 14)
"""Joints of SMPL-X between which our origin lies."""
_HEAD_HIGH_M = 0.50
"""A head fills this much of what the camera was set up to show."""


@dataclass(frozen=True, slots=True, eq=False)
class ShownMesh:
    """A licensed mesh and how it is put in front of a camera.

    Attributes:
        mesh: moves by rows of its space.
        faces: [F, 3] counter-clockwise seen from outside.
        middle_m: [3] the point of the mesh that goes to the seat's origin.
        scale: a head alone is drawn larger than one on a body.
    """

    mesh: LicensedMesh
    faces: I32
    middle_m: F32
    scale: float

    def vertices(self, rows: F32) -> F32:
        """[N, V, 3] seat axes."""
        return np.asarray((self.mesh.vertices(rows) - self.middle_m) * np.float32(self.scale))


def mesh_pictures(
    takes: Sequence[Take], kind: MeshKind, model_file: Path, width_px: int, height_px: int
) -> Iterator[U8]:
    """The pictures [H, W, 3] of takes of equal length, one or two people, who all have the model's mean shape.

    Raises:
        UserError: a take has nothing in the model's space, the file is no such model or has no triangles, or the
            package `smplx` is missing.
    """
    shown = open_mesh(kind, model_file)
    values = [_values(take, shown.mesh.space) for take in takes]
    return _draw_all(shown, values, front_scene(len(takes), takes[0].n_frames, width_px, height_px))


def open_mesh(kind: MeshKind, model_file: Path) -> ShownMesh:
    """A model ready to be drawn; errors as for `mesh_pictures`."""
    mesh = flame_mesh(model_file) if kind == "flame" else smplx_mesh(model_file)
    faces = _faces(model_file, mesh.n_vertices)
    template = mesh.arrays["v_template"]
    if kind == "smplx":
        return ShownMesh(mesh, faces, (mesh.arrays["J_regressor"][list(_COLLARS)] @ template).mean(axis=0), 1.0)
    low, high = template.min(axis=0), template.max(axis=0)
    return ShownMesh(mesh, faces, 0.5 * (low + high), _HEAD_HIGH_M / max(float(high[1] - low[1]), 1e-3))


def _values(take: Take, space: str) -> F32:
    for name, values in ((take.face_space, take.face), (take.body_space, take.body)):
        if name == space and values is not None:
            return values
    held = " and ".join(name for name in (take.face_space, take.body_space) if name)
    raise UserError(f"{take.name}: holds {held}, but the mesh moves by {space}; take another --mesh")


def _faces(path: Path, n_vertices: int) -> I32:
    """[F, 3] the array ``f`` of a model's file, which the model's reader does not need."""
    name = printable(path)
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, framework="np") as file:
                found = file.get_tensor("f") if "f" in file.keys() else None  # noqa: SIM118 - no mapping
        else:
            with np.load(path, allow_pickle=False) as archive:
                found = archive["f"] if "f" in archive.files else None
    except (OSError, ValueError, SafetensorError, zipfile.BadZipFile) as error:
        raise UserError(f"{name}: its triangles cannot be read ({error}); copy or convert it again") from error
    if found is None:
        raise UserError(f"{name}: has no array f of triangles, without which nothing can be drawn; convert it with f")
    if found.ndim != 2 or found.shape[1] != 3 or found.dtype.kind not in "iu" or not len(found):
        raise UserError(f"{name}: f is {found.dtype} {list(found.shape)}, expected whole numbers [F, 3]")
    if int(found.min()) < 0 or int(found.max()) >= n_vertices:
        raise UserError(f"{name}: f names vertex {found.max()}, expected 0 to {n_vertices - 1}; is it the right model?")
    return np.ascontiguousarray(found, np.int32)


def _draw_all(shown: ShownMesh, values: Sequence[F32], scene: Scene) -> Iterator[U8]:
    canvas = Canvas(scene.width_px, scene.height_px)
    clay = np.full((2, 2, 3), _CLAY, np.uint8)
    surface = Surface(shown.faces, np.full((len(shown.faces), 6), 0.5, np.float32), clay)
    for start in range(0, len(scene.shots), _BLOCK_FRAMES):
        posed = [shown.vertices(rows[start : start + _BLOCK_FRAMES]) for rows in values]
        for row in range(len(posed[0])):
            picture = np.full((scene.height_px, scene.width_px, 3), _GREY, np.uint8)
            for index, vertices in enumerate(posed):
                _draw(picture, canvas, surface, scene, index, vertices[row])
            yield picture


def _draw(picture: U8, canvas: Canvas, surface: Surface, scene: Scene, index: int, vertices: F32) -> None:
    view, seat = scene.views[index], list(scene.seats.values())[index]
    points = view.to_camera(seat.to_room(vertices))
    light = illuminate(
        vertex_normals(points.astype(np.float32), surface.faces), np.ones(len(points), np.float32), Lighting()
    )
    pixels = view.camera.project(points)
    draw(picture, canvas, surface, np.column_stack([pixels, points[:, 2]]).astype(np.float32), light, view.box_px)
