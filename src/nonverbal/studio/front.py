"""One or two sitters, each straight in front of a camera of their own, side by side in the picture."""

from __future__ import annotations

import numpy as np

from nonverbal.motion.camera import Camera
from nonverbal.studio.grade import backdrop, lay_table
from nonverbal.studio.scene import Scene, Seat, View, look_at
from nonverbal.studio.talk import PARTICIPANTS
from nonverbal.types import U8

_TARGET_M, _LENS_M = np.array([0.0, 0.0, 0.05]), np.array([0.0, 0.12, 1.35])
_HIGH_M, _WIDE_M = 0.82, 0.72
"""How much of the set a picture shows at the chest, at least: from above the hair to the elbows; gestures reach it."""
_APART_M = 10.0


def front_scene(sitters: int, count: int, width_px: int, height_px: int) -> Scene:
    """A set for `count` frames of one or two sitters, who are called as `talk.PARTICIPANTS`."""
    names = PARTICIPANTS[:sitters]
    seats = {name: Seat(np.array([_APART_M * i, 0.0, 0.0]), 0.0) for i, name in enumerate(names)}
    edges = [round(width_px * i / len(names)) for i in range(len(names) + 1)]
    views = []
    for i, name in enumerate(names):
        left, right = edges[i], edges[i + 1]
        target = seats[name].place_m + _TARGET_M
        place = target + _LENS_M
        focal_px = min(height_px / _HIGH_M, (right - left) / _WIDE_M) * float(_LENS_M[2])
        camera = Camera(focal_px, 0.5 * (left + right), 0.5 * height_px)
        views.append(View(camera, place, look_at(place, target), (left, 0, right, height_px), (name,)))
    return Scene(width_px, height_px, seats, tuple(views), (tuple(range(len(names))),), np.zeros(count, np.int64))


def wall_behind(scene: Scene, view: View, rng: np.random.Generator) -> U8:
    """[H, W, 3] what a view shows behind its sitter: a wall and a table, as large as its box."""
    left, top, right, bottom = view.box_px
    corners, floor = scene.table(view)
    return lay_table(backdrop(rng, right - left, bottom - top), corners - (left, top), floor - (left, top), rng)
