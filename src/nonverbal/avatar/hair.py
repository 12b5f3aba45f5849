"""Hair: the scalp pushed out, cut at the hairline; with a curtain behind the ears or a knot where the style has one."""

from __future__ import annotations

import numpy as np

from nonverbal.avatar.atlas import SKIN_PARTS, place, skin_layout
from nonverbal.avatar.attach import base_points, still_anchors
from nonverbal.avatar.look import HairStyle, Look
from nonverbal.avatar.mesh import load_model
from nonverbal.avatar.pieces import Piece, affine_weights, clip, join, shares_of, tidy
from nonverbal.avatar.raster import I32
from nonverbal.avatar.regions import HEAD_AXIS_Z_M, scalp, smooth_step
from nonverbal.types import F32

_THICKNESS_M: dict[HairStyle, tuple[float, float]] = {
    "buzz": (0.0015, 0.002),
    "short": (0.005, 0.012),
    "full": (0.012, 0.030),
    "afro": (0.050, 0.055),
    "bob": (0.010, 0.016),
    "long": (0.010, 0.016),
    "tied": (0.004, 0.007),
}
"""At the sides and on top."""
_CURTAIN_END_M = {"bob": 0.645, "long": 0.50}
"""How far down the hair hangs, as a height on the base mesh."""
_EDGE_M = 0.0006
_START_M = 0.003
"""The shell begins this far behind the painted hairline."""
_CENTRE_M = (0.0, 0.745, HEAD_AXIS_Z_M)
_ROWS, _COLUMNS = 9, 37


def hair_piece(look: Look) -> Piece | None:
    """The hair of a look; None for the bald."""
    if look.hair_style == "bald":
        return None
    pieces = [_shell(look)]
    if look.hair_style in _CURTAIN_END_M:
        pieces.append(_curtain(_CURTAIN_END_M[look.hair_style]))
    if look.hair_style == "tied":
        pieces.append(_knot())
    return join(pieces)


def _shell(look: Look) -> Piece:
    model = load_model()
    points = base_points(model)
    faces = model.faces[skin_layout()[1] == SKIN_PARTS.index("head")]
    above = scalp(points, look.hairline_m)
    sides, top = _THICKNESS_M[look.hair_style]
    thickness = sides + (top - sides) * smooth_step(points[:, 1], 0.75, 0.83)
    around = np.degrees(np.arctan2(np.abs(points[:, 0]), points[:, 2] - HEAD_AXIS_Z_M))
    flat = (1 - smooth_step(around, 70, 115)) * (1 - smooth_step(points[:, 1], 0.76, 0.80))
    thickness = thickness * (1 - 0.7 * flat)  # sideburns lie close, or one would look under them from in front
    lift = _EDGE_M + thickness * smooth_step(above, _START_M, 0.012 + 0.6 * sides)
    identity = shares_of(np.arange(len(points))[:, None], np.ones((len(points), 1), np.float32), len(points))
    return tidy(clip(Piece(identity, lift.astype(np.float32), faces, _flat(points)[faces]), above - _START_M))


def _flat(points: F32) -> F32:
    """Texture coordinates: the head seen from above as if opened like an umbrella, so that hairs run outwards."""
    x, y, z = (points - np.array(_CENTRE_M, np.float32)).T
    down, around = np.arctan2(np.hypot(x, z), y), np.arctan2(x, z)
    radius = np.clip(down / np.pi, 0, 1) * 0.5
    return place("hair", np.stack([0.5 + radius * np.sin(around), 0.5 + radius * np.cos(around)], axis=-1))


def _curtain(end_m: float) -> Piece:
    """Hair that hangs from the sides and the back of the head, over the ears."""
    around = np.radians(np.linspace(64, 360 - 64, _COLUMNS))[None]
    down = np.linspace(0, 1, _ROWS)[:, None]
    height = 0.785 + (end_m - 0.785) * down
    out = np.interp(height, (0.50, 0.60, 0.70, 0.76, 0.79), (0.016, 0.014, 0.017, 0.015, 0.004))
    x = (0.078 + out) * np.sin(around)
    z = HEAD_AXIS_Z_M + (0.090 + out) * np.cos(around) - 0.02 * down * (np.cos(around) < 0)
    points = np.stack(np.broadcast_arrays(x, height, z), axis=-1).reshape(-1, 3).astype(np.float32)
    return _on_skull(points, _grid_faces(_ROWS, _COLUMNS), lined=True)


def _knot() -> Piece:
    """A knot at the back of the head."""
    turn, rise = np.linspace(0, 2 * np.pi, 13)[None], np.linspace(-np.pi / 2, np.pi / 2, 8)[:, None]
    ball = np.stack(np.broadcast_arrays(np.cos(rise) * np.sin(turn), np.sin(rise), np.cos(rise) * np.cos(turn)), -1)
    points = (np.array([0.0, 0.80, -0.062]) + 0.034 * ball.reshape(-1, 3)).astype(np.float32)
    return _on_skull(points, _grid_faces(8, 13)[:, ::-1], lined=False)


def _grid_faces(rows: int, columns: int) -> I32:
    """Triangles of a grid whose rows go down and whose columns go to the person's left, seen from inside."""
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    first = np.column_stack([corner, corner + columns, corner + columns + 1])
    second = np.column_stack([corner, corner + columns + 1, corner + 1])
    return np.concatenate([first, second]).astype(np.int32)


def _on_skull(points: F32, faces: I32, lined: bool) -> Piece:
    """A piece that moves with the skull; one that is lined is seen from inside too, by vertices of its own."""
    if lined:
        faces = np.concatenate([faces, faces[:, ::-1] + len(points)])
        points = np.concatenate([points, points])
    anchors = still_anchors()
    weights = affine_weights(points, base_points(load_model())[anchors])
    shares = shares_of(anchors, weights, len(load_model().kept))
    return Piece(shares, np.zeros(len(points), np.float32), np.ascontiguousarray(faces), _flat(points)[faces])
