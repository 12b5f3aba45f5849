"""What Anny lacks and people have: eyeballs that are round, lashes and teeth."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nonverbal.avatar.atlas import SKIN_PARTS, place, skin_layout
from nonverbal.avatar.base_mesh import load_base
from nonverbal.avatar.mesh import Avatar, AvatarModel, load_model
from nonverbal.avatar.pieces import Piece, Shares, affine_weights, shares_of
from nonverbal.avatar.raster import I32
from nonverbal.types import F32, Bool

LASH_OUT, LASH_UP = 0.13, 0.035
"""How far lashes stand out, as parts of the way from the eyeball's centre and from the cheek below it."""
_MARGIN_STEPS = 3
EYE_EDGE_RAD = float(np.radians(105))
"""How far round eyeballs go, from their axis."""
_RINGS, _SECTORS = 12, 24
_STILL_ANCHORS, _JAW_ANCHORS = 60, 300
_STIFFNESS = 1e-6


def base_points(model: AvatarModel) -> F32:
    """[V, 3] the average person of the base mesh, metres, the base mesh's origin."""
    return load_base().points_m[model.base_vertices]


def vertices_of(part: str) -> NDArray[np.intp]:
    """The model's vertices that touch a part of `SKIN_PARTS`."""
    return np.unique(load_model().faces[skin_layout()[1] == SKIN_PARTS.index(part)]).astype(np.intp)


def eyeball(side: str) -> NDArray[np.intp]:
    """The model's vertices of one eyeball, "left" or "right"."""
    model = load_model()
    return np.flatnonzero(model.dominated_by(f"eye.{side[0].upper()}"))


def eyes(avatar: Avatar) -> tuple[Piece, ...]:
    """Both eyeballs: the front of a fine ball, with the iris around the axis of gaze.

    A person's eyeballs may be longer than wide; the iris is laid out by directions from their middle all the same.
    """
    pieces = []
    for side, (shares, triangles) in zip(("left", "right"), _balls(), strict=True):
        centre, _ = fit_sphere(avatar.rest_m[eyeball(side)])
        x, y, z = (shares @ avatar.rest_m - centre).T
        angle = np.minimum(np.arctan2(np.hypot(x, y), z), EYE_EDGE_RAD)
        out = 0.5 * angle / EYE_EDGE_RAD / np.maximum(np.hypot(x, y), 1e-9)
        corners = place("eye", 0.5 + np.column_stack([x, -y]) * out[:, None])[triangles]
        pieces.append(Piece(shares, np.zeros(len(x), np.float32), triangles, corners))
    return tuple(pieces)


@lru_cache(maxsize=1)
def _balls() -> tuple[tuple[Shares, I32], ...]:
    """Vertices and triangles of the fronts of both eyeballs."""
    angle = np.linspace(0, EYE_EDGE_RAD, _RINGS + 1)[1:, None]
    turn = np.linspace(0, 2 * np.pi, _SECTORS, endpoint=False)
    ball = np.stack(np.broadcast_arrays(np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)), -1)
    ball = np.concatenate([[[0.0, 0.0, 1.0]], ball.reshape(-1, 3)])
    faces = [(0, 1 + s, 1 + (s + 1) % _SECTORS) for s in range(_SECTORS)]
    for ring in range(_RINGS - 1):
        faces += _strip(1 + ring * _SECTORS, 1 + (ring + 1) * _SECTORS, _SECTORS)
    model = load_model()
    both = []
    for side in ("left", "right"):
        anchors = eyeball(side)
        points = base_points(model)[anchors]
        centre, radius = fit_sphere(points)
        weights = affine_weights((centre + radius * ball).astype(np.float32), points)
        both.append((shares_of(anchors, weights, len(model.kept)), np.array(faces, np.int32)))
    return tuple(both)


def _strip(inner: int, outer: int, count: int) -> list[tuple[int, int, int]]:
    """Triangles between two closed rings of `count` vertices that run counter-clockwise."""
    triangles = []
    for s in range(count):
        after = (s + 1) % count
        triangles += [(inner + s, outer + s, outer + after), (inner + s, outer + after, inner + after)]
    return triangles


def fit_sphere(points: F32) -> tuple[NDArray[np.float64], float]:
    """Centre [3] and radius of the sphere that fits points [N, 3] best."""
    system = np.column_stack([2 * points.astype(np.float64), np.ones(len(points))])
    solution = np.linalg.lstsq(system, (points.astype(np.float64) ** 2).sum(axis=1), rcond=None)[0]
    centre = solution[:3]
    return centre, float(np.sqrt(solution[3] + centre @ centre))


@lru_cache(maxsize=2)
def lid_edges(upper: bool) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The vertices of both upper or both lower lids' outer edges, where lashes grow, left eye first, in order of x."""
    return _lid_edge("left", upper), _lid_edge("right", upper)


def _lid_edge(side: str, upper: bool) -> NDArray[np.intp]:
    """A lid's edge is three steps over the mesh away from where the skin meets the eye socket."""
    model = load_model()
    points = base_points(model)
    rim = np.intersect1d(vertices_of(f"{side}_socket"), vertices_of("head"))
    corners = points[rim[[points[rim, 0].argmin(), points[rim, 0].argmax()]]]
    sign = 1.0 if upper else -1.0

    def beyond(vertices: NDArray[np.intp]) -> Bool:
        line = np.interp(points[vertices, 0], corners[:, 0], corners[:, 1])
        return np.asarray(sign * (points[vertices, 1] - line) >= 0)

    faces = model.faces[skin_layout()[1] == SKIN_PARTS.index("head")]
    seen, ring = rim, rim[beyond(rim)]
    for _ in range(_MARGIN_STEPS):
        ring = np.setdiff1d(faces[np.isin(faces, ring).any(axis=1)], seen)
        seen = np.union1d(seen, ring)
    ring = ring[beyond(ring)]
    return ring[np.argsort(points[ring, 0])].astype(np.intp)


@lru_cache(maxsize=1)
def lashes() -> tuple[Piece, ...]:
    """The upper lashes: strips that stand out from the lid's edge, away from the eyeball's centre and upwards."""
    return tuple(_lash(edge, eyeball(side)) for edge, side in zip(lid_edges(True), ("left", "right"), strict=True))


def _lash(edge: NDArray[np.intp], ball: NDArray[np.intp]) -> Piece:
    model = load_model()
    points = base_points(model)
    middle = fit_sphere(points[ball])[0]
    centre = affine_weights(middle[None].astype(np.float32), points[ball])[0]
    cheek = middle + np.array([0.0, -0.023, 0.006])
    below = np.linalg.norm(points - cheek, axis=1).argmin()
    count, total = len(edge), len(model.kept)
    taper = np.sin(np.linspace(0.5, np.pi - 0.5, count))[:, None]
    out, up = LASH_OUT * taper, LASH_UP * taper
    identity = np.eye(count)
    tips = np.hstack([identity * (1 + out + up), -out * centre, -up])
    roots = np.hstack([identity, np.zeros((count, len(ball) + 1))])
    shares = shares_of(np.concatenate([edge, ball, [below]]), np.vstack([roots, tips]), total)
    quads = [q for i in range(count - 1) for q in ((i, i + 1, count + i + 1), (i, count + i + 1, count + i))]
    faces = np.array([*quads, *(q[::-1] for q in quads)], np.int32)
    corners = np.broadcast_to(place("lash", np.array([0.5, 0.5])), (*faces.shape, 2)).astype(np.float32)
    return Piece(shares, np.zeros(2 * count, np.float32), faces, corners)


def teeth(avatar: Avatar) -> tuple[Piece, ...]:
    """Upper teeth, fixed to the skull, and lower teeth, which go with the jaw."""
    return tuple(_row_of_teeth(avatar, row) for row in ("upper", "lower"))


def _row_of_teeth(avatar: Avatar, row: str) -> Piece:
    base, model = load_base(), avatar.model
    ids, faces = np.unique(base.groups[f"helper-{row}-teeth"], return_inverse=True)
    triangles = faces.reshape(-1, 3).astype(np.int32)
    mouth = vertices_of("mouth")
    fit = affine_weights(base.points_m[ids], base_points(model)[mouth])
    rest = (fit @ avatar.rest_m[mouth]).astype(np.float32)
    anchors = _jaw_anchors()
    weights = _follow(avatar.rest_m[anchors], base.moves_m[:, model.base_vertices[anchors]], rest, base.moves_m[:, ids])
    points = base.points_m[ids]
    around = np.arctan2(points[:, 0], points[:, 2] - points[:, 2].min())
    low, high = points.min(axis=0), points.max(axis=0)
    flat = np.stack([0.5 + 0.98 * around / np.pi, (high[1] - points[:, 1]) / (high[1] - low[1])], axis=-1)
    flat[:, 1] = 0.5 * flat[:, 1] + (0.0 if row == "upper" else 0.5)
    corners = place("teeth", flat)[triangles]
    return Piece(shares_of(anchors, weights, len(model.kept)), np.zeros(len(ids), np.float32), triangles, corners)


@lru_cache(maxsize=1)
def still_anchors() -> I32:
    """Some vertices that move with the head alone and that no action touches."""
    reach, head = _reach_and_head()
    return _some(np.flatnonzero(head & (reach < 1e-5)), _STILL_ANCHORS)


@lru_cache(maxsize=1)
def _jaw_anchors() -> I32:
    """`still_anchors` and some vertices of the lower face."""
    reach, head = _reach_and_head()
    points = base_points(load_model())
    low = np.flatnonzero(head & (reach > 1e-3) & (points[:, 1] < 0.70) & (points[:, 2] > 0.05))
    return np.concatenate([still_anchors(), _some(low, _JAW_ANCHORS)])


def _reach_and_head() -> tuple[F32, Bool]:
    """[V] how far actions move each vertex at most, and whether the head alone carries it."""
    model = load_model()
    reach = np.linalg.norm(load_base().moves_m[:, model.base_vertices], axis=2).max(axis=0)
    head = ((model.weight_bones == model.bone("head")) * model.weights).sum(axis=1) > 0.999
    return reach, head


def _some(vertices: NDArray[np.intp], count: int) -> I32:
    """`count` of the vertices, evenly through their order."""
    return vertices[np.linspace(0, len(vertices) - 1, count).astype(np.intp)].astype(np.int32)


def _follow(anchors: F32, anchor_moves: F32, points: F32, moves: F32) -> NDArray[np.float64]:
    """[N, m] weights of anchors [m, 3] that give points [N, 3], and under every action [52, N, 3] their moves."""
    unit_m = 0.05  # the row that makes weights sum to one, on the scale of the others
    middle = anchors.mean(axis=0)
    one = np.full((1, len(anchors)), unit_m)
    system = np.concatenate([(anchors - middle).T, one, anchor_moves.transpose(0, 2, 1).reshape(-1, len(anchors))])
    one = np.full((1, len(points)), unit_m)
    wanted = np.concatenate([(points - middle).T, one, moves.transpose(0, 2, 1).reshape(-1, len(points))])
    gram = system.astype(np.float64) @ system.T + _STIFFNESS * np.eye(len(system))
    return np.asarray((system.T @ np.linalg.solve(gram, wanted.astype(np.float64))).T)
