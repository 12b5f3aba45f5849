"""Where the camera stands that looks at one seated person: more lenses, angles and framings than the studio has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nonverbal.motion.camera import Camera
from nonverbal.motion.rotations import F, matrix_about, matrix_from_axis_angle
from nonverbal.studio.scene import BODY_TO_CAMERA, look_at

_SIZES = ((640, 720), (640, 720), (1280, 720), (1280, 720), (640, 360), (960, 540))
_SHARE_ASIDE = 0.5
"""Share of broad pictures in which the person sits on one side, as two do who share a camera."""


@dataclass(frozen=True, slots=True, eq=False)
class SeatView:
    """A camera before a seat.

    Attributes:
        place_m: [3] where it stands and `turn` [3, 3] from seat axes to camera axes.
        territory: the part of the picture that is this person's: left, top, right, bottom in pixels.
    """

    width_px: int
    height_px: int
    camera: Camera
    place_m: F
    turn: F
    territory: tuple[int, int, int, int]

    def to_camera(self, points_m: F) -> F:
        """[..., 3] seat axes -> camera axes."""
        return (points_m - self.place_m) @ self.turn.T

    def chest_in_view(self, chest: F) -> F:
        """[N, 3, 3] body axes of the camera, from the chest's axis-angle [N, 3] in seat axes."""
        return np.asarray(BODY_TO_CAMERA @ self.turn @ matrix_from_axis_angle(chest))


def random_view(rng: np.random.Generator) -> SeatView:
    """A camera that has head and hands of an average sitter in its picture, most of the time."""
    width, height = _SIZES[int(rng.integers(len(_SIZES)))]
    aside = 0.0
    if width > height and rng.random() < _SHARE_ASIDE:
        aside = float(rng.choice((-1.0, 1.0)))
    yaw = -aside * rng.uniform(0.15, 0.6) if aside else rng.normal(0.0, 0.22)
    away = rng.uniform(1.7, 2.4) if aside else rng.uniform(1.0, 2.0)
    across = rng.uniform(1.7, 2.2) if aside else rng.uniform(0.75, 1.15)
    side = width if aside else min(width, height)
    target = np.array([rng.normal(0.0, 0.02), rng.uniform(-0.14, 0.0), 0.05])
    place = target + np.array([rng.normal(0.0, 0.08), rng.uniform(-0.05, 0.30), away])
    turn = look_at(place, target)
    sideways = np.array([aside * rng.uniform(0.42, 0.58), 0.0, 0.0])
    seat = matrix_about(1, np.asarray(yaw))
    camera = Camera(side * away / across, 0.5 * width, 0.5 * height)
    half = (0, 0, width, height) if not aside else (0, 0, width // 2, height)
    if aside > 0:
        half = (width // 2, 0, width, height)
    return SeatView(width, height, camera, seat.T @ (place - sideways), turn @ seat, half)
