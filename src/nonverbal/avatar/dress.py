"""Dressed avatars and their pictures: skin and pieces as one surface, light, camera."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from nonverbal.avatar.atlas import skin_layout
from nonverbal.avatar.attach import eyes, lashes, teeth, vertices_of
from nonverbal.avatar.base_mesh import load_base
from nonverbal.avatar.clothes import covered, shirt_piece
from nonverbal.avatar.hair import hair_piece
from nonverbal.avatar.look import Look
from nonverbal.avatar.mesh import Avatar
from nonverbal.avatar.openness import openness
from nonverbal.avatar.paint import paint
from nonverbal.avatar.pieces import join
from nonverbal.avatar.raster import Canvas, Surface, Window, draw, vertex_normals
from nonverbal.motion.camera import Camera
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import F32

_SHINE = 14
"""The higher, the smaller highlights are."""
_OPEN_JAW = np.float32(0.6)
"""How far the mouth is open when the light in it is found out."""
_FLOOR = np.float32(0.3)
"""Light that hair and cloth let through or throw at each other."""
_MOUTH_FLOOR, _TEETH_FLOOR = np.float32(0.2), np.float32(0.55)
"""Light that teeth and tongue throw at each other."""
_EYE_OPENNESS = np.float32(0.8)


@dataclass(frozen=True, slots=True)
class Lighting:
    """A key light, a fill light from elsewhere and light from all around; directions point to the lights, camera axes.

    Colours multiply the texture; 1 is white light that leaves it unchanged where it falls straight.
    """

    key_direction: tuple[float, float, float] = (-0.5, -0.6, -0.65)
    """Towards the key light: x right, y down, z away from the camera."""
    key_colour: tuple[float, float, float] = (0.62, 0.60, 0.57)
    """Red, green and blue of the key light."""
    fill_direction: tuple[float, float, float] = (0.7, -0.1, -0.7)
    """Towards the fill light."""
    fill_colour: tuple[float, float, float] = (0.20, 0.22, 0.25)
    """Red, green and blue of the fill light."""
    ambient_colour: tuple[float, float, float] = (0.40, 0.40, 0.41)
    """Red, green and blue of the light from all around."""
    sheen: float = 0.10
    """How much of the key light smooth skin throws back like a mirror, on the same scale."""


@dataclass(frozen=True, slots=True, eq=False)
class Dressed:
    """An avatar ready to be drawn: V vertices of its own, N of its pieces.

    Attributes:
        surface: triangles over V + N vertices, with their texture.
        shares: [N, V] and `lift_m` [N]: where the pieces are, see `Piece`.
        gloss: [V + N] the mirrored light's strength against the colour of the surface it falls on.
        openness: [V + N] how much of the light from all around reaches each vertex, in [0, 1].
    """

    avatar: Avatar
    look: Look
    surface: Surface
    shares: csr_matrix
    lift_m: F32
    gloss: F32
    openness: F32

    def complete(self, vertices: F32) -> F32:
        """[V, 3] posed vertices of the avatar -> [V + N, 3] with those of the pieces."""
        normals = vertex_normals(vertices, self.avatar.model.faces)
        pieces = self.shares @ vertices + self.lift_m[:, None] * (self.shares @ normals)
        return np.concatenate([vertices, pieces])


def dress(avatar: Avatar, look: Look, texture_size: int = 1024) -> Dressed:
    """Gives an avatar its look."""
    corners, part = skin_layout()
    hair = hair_piece(look)
    pieces = join([*teeth(avatar), *eyes(avatar), *lashes(), shirt_piece(look), *([hair] if hair else [])])
    count = len(avatar.rest_m)
    skin = (part >= 0) & ~covered(look)[avatar.model.faces].all(axis=1)
    faces = np.concatenate([avatar.model.faces[skin], pieces.faces + count]).astype(np.int32)
    texels = np.concatenate([corners[skin], pieces.corners]).reshape(-1, 6) * texture_size - 0.5
    surface = Surface(faces, texels.astype(np.float32), paint(look, texture_size))
    gloss = np.zeros(count + len(pieces.lift_m), np.float32)
    gloss[:count] = 255 / np.mean(look.skin)
    bare = Dressed(avatar, look, surface, pieces.shares, pieces.lift_m, gloss, np.zeros(0, np.float32))
    return replace(bare, openness=_openness(bare))


def _openness(dressed: Dressed) -> F32:
    """As `Dressed.openness`, where skin counts as unclothed, or the shade under a hem would show beside it.

    Teeth and mouth count as they are when it is open; eyeballs, which turn, alike all over.
    """
    avatar, faces, count = dressed.avatar, dressed.surface.faces, len(dressed.avatar.rest_m)
    share = _FLOOR + (1 - _FLOOR) * openness(dressed.complete(avatar.rest_m), faces)
    share[:count] = openness(avatar.rest_m, avatar.model.faces)
    moves = load_base().moves_m[ARKIT52_NAMES.index("jawOpen")][avatar.model.base_vertices]
    opened = openness(dressed.complete(avatar.rest_m + _OPEN_JAW * moves), faces)
    rows_of_teeth, balls = (len(join(group).lift_m) for group in (teeth(avatar), eyes(avatar)))
    for inside, floor in (
        (np.concatenate([vertices_of("mouth"), vertices_of("tongue")]), _MOUTH_FLOOR),
        (count + np.arange(rows_of_teeth), _TEETH_FLOOR),
    ):
        share[inside] = floor + (1 - floor) * opened[inside]
    share[count + rows_of_teeth : count + rows_of_teeth + balls] = _EYE_OPENNESS
    return share


def render(
    dressed: Dressed, vertices: F32, camera: Camera, picture: NDArray[np.uint8], canvas: Canvas,
    lighting: Lighting, window: Window | None = None,
) -> None:  # fmt: skip
    """Draws a dressed avatar over a picture.

    Args:
        vertices: [V, 3] the posed avatar in camera axes, metres.
        picture: [H, W, 3] RGB, changed in place.
        canvas: working memory, one for each thread; at least as large as the window.
        window: left, top, right, bottom in pixels; nothing outside is touched.
    """
    points = dressed.complete(np.ascontiguousarray(vertices, np.float32))
    normals = vertex_normals(points, dressed.surface.faces)
    light = illuminate(normals, dressed.openness, lighting)
    light += _mirrored(normals, dressed.gloss * dressed.openness, lighting)
    scale = camera.focal_px / np.maximum(points[:, 2:], 1e-3)
    placed = np.concatenate([points[:, :2] * scale + (camera.centre_x_px, camera.centre_y_px), points[:, 2:]], axis=1)
    draw(picture, canvas, dressed.surface, placed.astype(np.float32), light, window)


def illuminate(normals: F32, openness: F32, lighting: Lighting) -> F32:
    """[V, 3] normals in camera axes and [V] openness -> [V, 3] red, green and blue light."""
    light = openness[:, None] * np.array(lighting.ambient_colour, np.float32)
    for direction, colour in (
        (lighting.key_direction, lighting.key_colour),
        (lighting.fill_direction, lighting.fill_colour),
    ):
        towards = np.array(direction, np.float32) / np.float32(np.linalg.norm(direction))
        facing = np.clip((normals @ towards + 0.2) / 1.2, 0.0, None)  # light wraps a little around soft skin
        light += (facing * np.sqrt(openness))[:, None] * np.array(colour, np.float32)
    return light


def _mirrored(normals: F32, gloss: F32, lighting: Lighting) -> F32:
    """[V, 3] light that bounces towards a camera straight ahead: highlights, which skin of any colour has in white."""
    towards = np.array(lighting.key_direction, np.float32) / np.float32(np.linalg.norm(lighting.key_direction))
    half = towards + np.array([0.0, 0.0, -1.0], np.float32)
    facing = np.clip(normals @ (half / np.float32(np.linalg.norm(half))), 0.0, None)
    strength = np.float32(lighting.sheen) * gloss * facing**_SHINE
    return strength[:, None] * np.array(lighting.key_colour, np.float32)
