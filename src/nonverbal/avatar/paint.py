"""Paints a person: skin with lips, brows, beard and hairline, and the pictures of eyes, teeth, hair and shirt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from nonverbal.avatar import regions
from nonverbal.avatar.atlas import RECTANGLES, SKIN_PARTS, Unwrapped, block, unwrap
from nonverbal.avatar.attach import EYE_EDGE_RAD, base_points, lid_edges
from nonverbal.avatar.cloth import shirt_picture
from nonverbal.avatar.look import Colour, Look
from nonverbal.avatar.mesh import load_model
from nonverbal.avatar.noise import noise
from nonverbal.avatar.raster import vertex_normals
from nonverbal.types import F32, Bool

U8 = NDArray[np.uint8]
IRIS_RAD = float(np.radians(23.0))
"""Half the angle that the iris takes of the eyeball: 11.7 mm of it."""
_PUPIL = 0.36
_TEETH = 14


def paint(look: Look, size: int) -> U8:
    """The texture [size, size, 3] of a look, laid out as in `atlas`."""
    rng = np.random.default_rng(look.seed)
    canvas = np.zeros((size, size, 3), np.float32)
    canvas[:] = look.skin
    shown = unwrap(size)
    canvas[shown.rows, shown.columns] = _skin(look, shown, rng)
    pictures = {
        "eye": _eye, "teeth": _teeth, "hair": _hair, "lash": _lash, "shirt_front": shirt_picture,
        "shirt_back": shirt_picture,
    }  # fmt: skip
    for name in RECTANGLES:
        area = block(canvas, name)
        area[:] = pictures[name](look, name, area.shape[:2], np.random.default_rng(look.seed))
    return np.clip(np.rint(canvas), 0, 255).astype(np.uint8)


def mix(colours: F32, other: Colour | F32, strength: F32) -> F32:
    """[N, 3] colours moved towards another by a strength [N] in [0, 1]."""
    return np.asarray(colours + strength[:, None] * (np.asarray(other, np.float32) - colours), np.float32)


def _skin(look: Look, shown: Unwrapped, rng: np.random.Generator) -> F32:
    """[K, 3] the colours of all skin."""
    points = shown.points_m
    colours = np.tile(np.array(look.skin, np.float32), (len(points), 1))
    mottle = 0.018 * noise(points, 0.012, rng) + 0.014 * noise(points, 0.003, rng) + 0.012 * noise(points, 0.0012, rng)
    colours *= (1 + mottle)[:, None]
    colours = _blush(colours, points)
    spots = np.clip(noise(points, 0.0022, rng) - (1.05 - 0.35 * look.freckles), 0, None) * 6 * bool(look.freckles)
    cheeks = regions.blob(points, (0.03, 0.70, 0.13), (0.025, 0.018, 0.05))
    colours = mix(colours, np.array(look.skin, np.float32) * (0.72, 0.6, 0.5), np.clip(spots * cheeks, 0, 0.7))
    head = shown.part == SKIN_PARTS.index("head")
    colours[head] = _head(look, colours[head], points[head], rng)
    hands = np.isin(shown.part, [SKIN_PARTS.index("left_hand"), SKIN_PARTS.index("right_hand")])
    colours[hands] = _hands(look, colours[hands], shown, hands)
    _inside(look, colours, shown)
    return colours


def _hands(look: Look, colours: F32, shown: Unwrapped, hands: Bool) -> F32:
    """Palms, which are paler and redder, and nails."""
    model = load_model()
    normals = vertex_normals(base_points(model), model.faces)[shown.corners[hands]]
    facing = np.einsum("kc,kcx->kx", shown.shares[hands], normals)
    facing[:, 0] *= np.sign(shown.points_m[hands][:, 0])
    palm = regions.smooth_step(facing @ np.array(regions.PALM, np.float32), -0.1, 0.5)
    colours = mix(colours, np.array([222, 166, 144], np.float32), 0.45 * palm)
    nail = regions.nails(shown.points_m[hands], facing)
    return mix(colours, 0.6 * np.array(look.skin, np.float32) + (98, 78, 72), 0.75 * nail)


def _blush(colours: F32, points: F32) -> F32:
    """Redder cheeks, nose, ears and knuckles, darker eye sockets."""
    red = 0.5 * regions.blob(points, (0.045, 0.692, 0.120), (0.016, 0.014, 0.03))
    red += 0.5 * regions.blob(points, (0.0, 0.688, 0.168), (0.012, 0.012, 0.02))
    red += 0.6 * regions.blob(points, (0.082, 0.71, 0.045), (0.008, 0.03, 0.025))
    red += 0.3 * regions.blob(points, (0.0, 0.632, 0.150), (0.016, 0.012, 0.03))
    colours = colours * (1 + np.clip(red, 0, 1)[:, None] * np.array([0.02, -0.10, -0.09], np.float32))
    dark = 0.5 * regions.blob(points, (0.018, 0.733, 0.135), (0.007, 0.010, 0.02))
    dark += 0.45 * regions.blob(points, (0.031, 0.7365, 0.137), (0.016, 0.006, 0.02))
    dark += 0.35 * regions.blob(points, (0.030, 0.716, 0.137), (0.014, 0.006, 0.02))
    dark += 1.2 * regions.blob(points, (0.0085, 0.6835, 0.153), (0.0045, 0.0032, 0.006))
    return np.asarray(colours * (1 - np.clip(dark, 0, 0.9)[:, None] * np.array([0.30, 0.36, 0.34], np.float32)))


def _head(look: Look, colours: F32, points: F32, rng: np.random.Generator) -> F32:
    """Lips, brows, beard, hairline and the edges of the lids over plain skin."""
    inside = regions.lips(points)
    ragged = 0.0006 * noise(points, 0.003, rng)
    strands = noise(points, (0.0011, 0.006, 0.006), rng)
    lip = np.array(look.lips, np.float32) * (1 + 0.05 * noise(points, (0.0012, 0.008, 0.01), rng))[:, None]
    border = np.exp(-((inside / 0.0009) ** 2))
    colours = mix(colours, lip, regions.smooth_step(inside + ragged, -0.0004, 0.0010))
    colours *= (1 - 0.14 * border)[:, None]
    line = np.exp(-(((points[:, 1] - 0.6616) / 0.0011) ** 2)) * (inside > 0)
    colours *= (1 - 0.45 * line)[:, None]
    hair = np.array(look.hair, np.float32)
    if look.beard > 0:
        grown = regions.beard(points) * np.clip(0.55 + 0.45 * look.beard + 0.35 * strands, 0, 1)
        colours = mix(colours, 0.8 * hair, np.clip(grown * (0.15 + 0.75 * look.beard), 0, 0.92))
    brow, along = regions.brows(points, look.brow_width_m, look.brow_arch_m)
    slanted = points @ np.array([[1.0, 0.0], [0.6, 0.5], [0.0, 0.2]], np.float32)
    hairs = noise(slanted, (0.0009, 0.006), rng)
    browned = np.minimum(0.62 * hair + 4, 0.5 * np.array(look.skin, np.float32))  # brows stay dark when hair goes grey
    colours = mix(colours, browned, np.clip(brow * (0.92 + 0.22 * hairs - 0.15 * along), 0, 0.96))
    if look.hair_style != "bald":
        above = regions.scalp(points, look.hairline_m) + 0.004 * strands
        colours = mix(colours, 0.85 * hair, 0.95 * regions.smooth_step(above, -0.003, 0.004))
    return _lids(look, colours, points)


def _lids(look: Look, colours: F32, points: F32) -> F32:
    """Dark edges where lashes grow."""
    dark = 0.35 * np.array(look.hair, np.float32) + 8
    for upper, strength, reach_m in ((True, 0.9, 0.0011), (False, 0.35, 0.0008)):
        near = np.flatnonzero(regions.blob(points, (0.031, 0.728, 0.135), (0.012, 0.006, 0.012)) > 0.01)
        away = _edge_tree(upper).query(points[near])[0]
        colours[near] = mix(colours[near], dark, strength * np.exp(-((away / reach_m) ** 2)).astype(np.float32))
    return colours


def _edge_tree(upper: bool) -> cKDTree:
    """Finds distances to the edges of the upper or the lower lids."""
    points = base_points(load_model())
    dense = []
    for edge in lid_edges(upper):
        line = points[edge]
        steps = np.linspace(0, len(line) - 1, 20 * len(line))
        dense.append(np.stack([np.interp(steps, np.arange(len(line)), line[:, axis]) for axis in range(3)], axis=-1))
    return cKDTree(np.concatenate(dense))


def _inside(look: Look, colours: F32, shown: Unwrapped) -> None:
    """Eye sockets, mouth and tongue, in place."""
    for name, colour in (("mouth", (88, 34, 34)), ("tongue", (168, 84, 82))):
        chosen = shown.part == SKIN_PARTS.index(name)
        depth = regions.smooth_step(shown.points_m[chosen][:, 2], 0.08, 0.145)
        colours[chosen] = np.array(colour, np.float32) * (0.35 + 0.65 * depth)[:, None]
    for side in ("left", "right"):
        chosen = shown.part == SKIN_PARTS.index(f"{side}_socket")
        colours[chosen] = np.array(look.skin, np.float32) * (0.62, 0.42, 0.40)


def _grid(shape: tuple[int, ...]) -> tuple[F32, F32]:
    """Rows and columns of a picture, both from 0 to 1."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return (rows + 0.5) / shape[0], (columns + 0.5) / shape[1]


def _eye(look: Look, _name: str, shape: tuple[int, ...], rng: np.random.Generator) -> F32:
    """An eyeball seen from the front, flattened so that distance from the middle is the angle from its axis."""
    rows, columns = _grid(shape)
    x, y = 2 * columns - 1, 2 * rows - 1
    angle = np.hypot(x, y) * EYE_EDGE_RAD
    iris = angle / IRIS_RAD
    white = np.array([232, 228, 222], np.float32) * (1 - 0.10 * regions.smooth_step(angle, 0.5, 1.2))[..., None]
    white[..., 1:] *= (1 - 0.06 * regions.smooth_step(angle, 0.6, 1.2))[..., None]
    fibres = noise(np.column_stack([(np.arctan2(y, x).ravel() + np.pi), iris.ravel()]), (0.07, 0.8), rng).reshape(shape)
    colour = np.array(look.iris, np.float32) * (1.1 + 0.25 * fibres - 0.15 * iris)[..., None]
    colour = colour * (1 - 0.55 * regions.smooth_step(iris, 0.78, 1.0))[..., None]
    edge = regions.smooth_step(iris, 0.97, 1.08)[..., None]
    picture = colour + edge * (white - colour)
    pupil = regions.smooth_step(iris, _PUPIL - 0.04, _PUPIL + 0.05)[..., None]
    return np.asarray(12 + pupil * (picture - 12), np.float32)


def _teeth(_look: Look, _name: str, shape: tuple[int, ...], rng: np.random.Generator) -> F32:
    """Upper teeth in the upper half of the picture, lower teeth in the lower half, with gums at the outer edges."""
    rows, columns = _grid(shape)
    white = np.array([236, 230, 216], np.float32) * rng.uniform(0.92, 1.0)
    gap = np.abs((columns * _TEETH + 0.5) % 1 - 0.5)
    crown = white * (0.80 + 0.20 * regions.smooth_step(gap, 0.0, 0.12))[..., None]
    root = np.where(rows < 0.5, rows * 2, 2 - rows * 2)
    gum = regions.smooth_step(root + 0.05 * np.cos(2 * np.pi * columns * _TEETH), 0.40, 0.48)[..., None]
    return np.asarray((1 - gum) * np.array([176, 98, 92], np.float32) + gum * crown, np.float32)


def _hair(look: Look, _name: str, shape: tuple[int, ...], rng: np.random.Generator) -> F32:
    """Strands that run outwards from the crown, some lighter, some darker."""
    rows, columns = _grid(shape)
    x, y = columns - 0.5, rows - 0.5
    places = np.column_stack([np.arctan2(y, x).ravel() + np.pi, np.hypot(x, y).ravel()])
    strands = 0.6 * noise(places, (0.03, 0.25), rng) + 0.4 * noise(places, (0.10, 0.15), rng)
    shine = np.exp(-(((np.hypot(x, y) - 0.17) / 0.05) ** 2))
    light = 1.0 + 0.30 * strands.reshape(shape) + 0.18 * shine
    return np.asarray(np.array(look.hair, np.float32) * light[..., None] + 4, np.float32)


def _lash(look: Look, _name: str, shape: tuple[int, ...], _rng: np.random.Generator) -> F32:
    return np.broadcast_to(0.4 * np.array(look.hair, np.float32) + 14, (*shape, 3))
