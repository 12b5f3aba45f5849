from __future__ import annotations

import numpy as np

from nonverbal.avatar.pieces import Piece, affine_weights, clip, join, shares_of, tidy


def sheet(count: int) -> tuple[Piece, np.ndarray]:
    """A unit square of `count` x `count` cells in the plane z = 0, on the vertices of an avatar that is the same."""
    line = np.linspace(0, 1, count + 1)
    points = np.stack([*np.meshgrid(line, line), np.zeros((count + 1, count + 1))], axis=-1).reshape(-1, 3)
    corner = (np.arange(count)[:, None] * (count + 1) + np.arange(count)).ravel()
    faces = np.concatenate([
        np.column_stack([corner, corner + 1, corner + count + 2]),
        np.column_stack([corner, corner + count + 2, corner + count + 1]),
    ]).astype(np.int32)  # fmt: skip
    identity = shares_of(np.arange(len(points))[:, None], np.ones((len(points), 1), np.float32), len(points))
    return Piece(identity, points[:, 0].astype(np.float32), faces, points[faces][..., :2].astype(np.float32)), points


def area(corners: np.ndarray) -> float:
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return float(0.5 * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum())  # signed: a flipped triangle would show


def test_clipping_keeps_exactly_what_lies_inside() -> None:
    piece, points = sheet(6)
    for normal, offset, kept in (((1.0, 0.0), 0.37, 0.63), ((0.6, 0.8), 0.5, None), ((-1.0, 0.0), -2.0, 1.0)):
        field = (points[:, :2] @ np.array(normal) - offset).astype(np.float32)
        part = tidy(clip(piece, field))
        placed = part.shares @ points
        assert (placed[:, :2] @ np.array(normal) - offset > -1e-5).all()
        fine = (np.stack(np.meshgrid(*[np.linspace(0, 1, 801)] * 2), axis=-1) @ np.array(normal) > offset).mean()
        assert abs(area(placed[part.faces]) - (kept or fine)) < 3e-3
        np.testing.assert_allclose(part.corners, placed[part.faces][..., :2], atol=1e-5)
        np.testing.assert_allclose(part.lift_m, placed[:, 0], atol=1e-5)


def test_the_edge_of_a_cut_is_shared_by_its_neighbours() -> None:
    piece, points = sheet(5)
    part = tidy(clip(piece, (points[:, 0] + 0.3 * points[:, 1] - 0.55).astype(np.float32)))
    placed = part.shares @ points
    assert len(np.unique(placed.round(6), axis=0)) == len(placed)


def test_affine_weights_follow_any_affine_motion() -> None:
    rng = np.random.default_rng(0)
    anchors, points = rng.normal(size=(30, 3)), rng.normal(size=(7, 3))
    weights = affine_weights(points.astype(np.float32), anchors.astype(np.float32))
    for _ in range(3):
        turn, shift = rng.normal(size=(3, 3)), rng.normal(size=3)
        np.testing.assert_allclose(weights @ (anchors @ turn + shift), points @ turn + shift, atol=1e-5)


def test_joined_pieces_keep_their_shapes() -> None:
    piece, points = sheet(2)
    both = join([piece, piece])
    assert abs(area((both.shares @ points)[both.faces]) - 2.0) < 1e-6
    assert len(tidy(both).lift_m) == 2 * len(piece.lift_m)
