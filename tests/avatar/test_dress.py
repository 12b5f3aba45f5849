from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy.spatial import ConvexHull
from sitters import GREY, person, photograph, vertices_of

from nonverbal.avatar.atlas import SKIN_PARTS, block, place, skin_layout, unwrap
from nonverbal.avatar.attach import EYE_EDGE_RAD, eyeball, eyes, fit_sphere, lashes, teeth
from nonverbal.avatar.base_mesh import load_base
from nonverbal.avatar.dress import Dressed, dress
from nonverbal.avatar.hair import hair_piece
from nonverbal.avatar.look import HAIR_STYLES, Look
from nonverbal.avatar.mesh import AVERAGE, load_model, make_avatar
from nonverbal.avatar.openness import openness
from nonverbal.avatar.paint import paint
from nonverbal.spaces import ARKIT52_NAMES

pytest.importorskip("anny", reason="avatars need the package anny")

STILL = np.zeros((1, 117))


@lru_cache(maxsize=1)
def somebody() -> Dressed:
    return person(11)


@lru_cache(maxsize=1)
def average() -> Dressed:
    return dress(make_avatar(AVERAGE), Look())


def placed(pieces: tuple, dressed: Dressed, vertices: np.ndarray) -> list[np.ndarray]:
    return [piece.shares @ vertices for piece in pieces]


@pytest.mark.parametrize("gaze", [(0.0, 0.0), (0.35, 0.0), (-0.35, 0.1), (0.0, -0.25)])
def test_the_iris_sits_on_the_axis_of_gaze(gaze: tuple[float, float]) -> None:
    yaw, pitch = gaze
    axis = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    vertices = vertices_of(somebody(), {}, gaze, STILL)
    middle = place("eye", np.array([0.5, 0.5]))
    half = place("eye", np.array([1.0, 0.5]))[0] - middle[0]
    for piece, side in zip(eyes(somebody().avatar), ("left", "right"), strict=True):
        centre, _ = fit_sphere(vertices[eyeball(side)])
        points = (piece.shares @ vertices - centre)[piece.faces]
        actual = np.arccos(np.clip(points @ axis / np.linalg.norm(points, axis=2), -1, 1))
        painted = np.linalg.norm(piece.corners - middle, axis=2) / half * EYE_EDGE_RAD
        near = painted < np.radians(40)
        assert near.any()
        assert np.degrees(np.abs(actual - painted)[near]).max() < 0.5


def test_the_pupil_is_painted_in_the_middle_of_the_eye() -> None:
    picture = block(paint(Look(), 1024).astype(np.float32), "eye").mean(axis=2)
    height, width = picture.shape
    rows, columns = np.mgrid[:height, :width]
    dark = picture < 40
    assert abs(columns[dark].mean() - (width - 1) / 2) < 0.3
    assert abs(rows[dark].mean() - (height - 1) / 2) < 0.3
    assert picture[:, 2].mean() > 180  # the white


@pytest.mark.parametrize("action", ARKIT52_NAMES)
def test_teeth_follow_skull_and_jaw_alone(action: str) -> None:
    base, dressed = load_base(), somebody()
    rows = teeth(dressed.avatar)
    rest = placed(rows, dressed, dressed.avatar.rest_m)
    moves = base.moves_m[ARKIT52_NAMES.index(action)]
    model = dressed.avatar.model
    moved = placed(rows, dressed, dressed.avatar.rest_m + moves[model.base_vertices])
    for row, before, after in zip(("upper", "lower"), rest, moved, strict=True):
        wanted = moves[np.unique(base.groups[f"helper-{row}-teeth"])]
        assert np.abs(after - before - wanted).max() < 0.0006


def test_teeth_stay_behind_closed_lips_and_show_in_an_open_mouth() -> None:
    def white(actions: dict[str, float]) -> int:
        picture = photograph(average(), actions).astype(int)[180:290, 260:380]
        return int(((picture.min(axis=2) > 90) & (np.ptp(picture, axis=2) < 40)).sum())

    wide = {"jawOpen": 0.5, "mouthUpperUpLeft": 0.8, "mouthUpperUpRight": 0.8}
    assert white(wide) > white({}) + 30


def test_lashes_go_down_with_the_lid() -> None:
    for piece, side in zip(lashes(), ("Left", "Right"), strict=True):
        opened, closed = (vertices_of(somebody(), {f"eyeBlink{side}": s}, (0.0, 0.0), STILL) for s in (0.0, 1.0))
        before, after = piece.shares @ opened, piece.shares @ closed
        middle = np.abs(before[:, 0] - before[:, 0].mean()) < 0.006
        assert (before[middle, 1] - after[middle, 1]).mean() > 0.005


def test_every_part_of_the_texture_has_its_own_place() -> None:
    corners, part = skin_layout()
    assert set(part.tolist()) == {-1, *range(len(SKIN_PARTS))}
    eyes_left_out = np.isin(load_model().faces[part < 0], np.concatenate([eyeball("left"), eyeball("right")]))
    assert eyes_left_out.all()
    assert corners[part >= 0].min() > 0
    assert corners[part >= 0].max() < 1
    shown = unwrap(1024)
    taken = np.zeros((1024, 1024), np.float32)
    taken[shown.rows, shown.columns] = 1
    for name in ("eye", "shirt_front", "shirt_back", "hair", "teeth", "lash"):
        area = block(taken, name)
        assert not area.any(), name
        area[:] = 1


@pytest.mark.parametrize("style", [s for s in HAIR_STYLES if s != "bald"])
def test_hair_stands_off_the_skull(style: str) -> None:
    avatar = average().avatar
    piece = hair_piece(replace(Look(), hair_style=style))  # type: ignore[arg-type]
    assert piece is not None
    assert np.isfinite(piece.shares @ avatar.rest_m).all()
    assert (piece.lift_m >= 0).all()
    np.testing.assert_allclose(np.asarray(piece.shares.sum(axis=1)).ravel(), 1, atol=1e-3)
    assert hair_piece(replace(Look(), hair_style="bald")) is None


def test_no_skin_shows_through_a_shirt() -> None:
    blue = dress(average().avatar, replace(Look(), shirt=(20, 30, 200), neckline="high", hair_style="bald"))
    picture = photograph(blue, {}).astype(int)
    chest = picture[430:640, 260:380]
    assert (chest[..., 2] > chest[..., 0] + 20).mean() > 0.999


def test_the_inside_of_a_box_is_darker_than_its_outside() -> None:
    rng = np.random.default_rng(0)
    ball = rng.normal(size=(400, 3))
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    faces = ConvexHull(ball).simplices
    a, b, c = (ball[faces[:, corner]] for corner in range(3))
    inwards = np.einsum("fx,fx->f", np.cross(b - a, c - a), a) < 0
    faces[inwards] = faces[inwards][:, ::-1]
    small = 0.5 * ball
    points = np.concatenate([ball, small]).astype(np.float32)
    light = openness(points, np.concatenate([faces, faces + 400]).astype(np.int32))
    assert light[:400].mean() > 0.95
    assert light[400:].max() < 0.05


def test_the_same_person_gives_the_same_bytes_and_another_gives_others() -> None:
    first, again, other = photograph(somebody()), photograph(person(11)), photograph(person(12))
    assert first.tobytes() == again.tobytes()
    assert np.abs(first.astype(int) - other).mean() > 3
    assert (first != GREY).any(axis=2).mean() > 0.2
    assert (first[:40, :40] == GREY).all()
