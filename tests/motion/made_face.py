"""A made-up face whose places can be moved, seen by a camera: landmarks with a known truth."""

from collections.abc import Mapping

import numpy as np

from nonverbal.motion.camera import Camera
from nonverbal.motion.face_measures import _PLACES
from nonverbal.motion.gaze import IRIS_RADIUS_M, LEFT_EYEBALL_M
from nonverbal.motion.head import RIGID_IDS, TEMPLATE_M

CAMERA = Camera.from_field_of_view(1280, 720, 60.0)

_CALM_LEFT_MM: Mapping[str, tuple[float, float, float]] = {
    "lidUpper": (31, 4, 3), "lidLower": (31, -4, 3), "browOuter": (42, 18, 5), "browMiddle": (30, 22, 9),
    "browInner": (13, 17, 10), "cheek": (35, -25, 6), "puff": (44, -45, 5), "noseWing": (15, -36, 25),
    "corner": (25, -64, 5), "upperOuter": (8, -58, 24), "upperInner": (8, -63, 22), "lowerInner": (8, -63.5, 22),
    "lowerOuter": (8, -74, 20),
}  # fmt: skip
_CALM_MIDDLE_MM: Mapping[str, tuple[float, float, float]] = {
    "noseBase": (0, -45, 33), "upperOuter": (0, -58, 25), "upperInner": (0, -63, 22), "lowerInner": (0, -63.5, 22),
    "lowerOuter": (0, -75, 20), "chinDent": (0, -90, 15), "chin": (0, -110, 5),
}  # fmt: skip
"""Millimetres: x to the person's left, y up, z out of the face."""


def face_points(moved_mm: Mapping[str, tuple[float, float, float]] | None = None, gaze: tuple[float, float] = (0, 0)):
    """[478, 3] metres in the head frame; `moved_mm` shifts places by name, x growing to the person's left.

    `gaze` is yaw and pitch in radians of both eyes.
    """
    points = np.zeros((478, 3))
    places = dict(_CALM_MIDDLE_MM)
    for name, (x, y, z) in _CALM_LEFT_MM.items():
        places |= {name + "Left": (x, y, z), name + "Right": (-x, y, z)}
    for name, place in places.items():
        shifted = np.add(place, (moved_mm or {}).get(name, (0, 0, 0)))
        points[list(_PLACES[name])] = shifted * [1e-3, -1e-3, -1e-3]
    points[RIGID_IDS] = TEMPLATE_M
    yaw, pitch = gaze
    look = np.array([np.cos(pitch) * np.sin(yaw), -np.sin(pitch), -np.cos(pitch) * np.cos(yaw)])
    for iris, corners, outside in ((473, (362, 263), 1.0), (468, (133, 33), -1.0)):
        eyeball = points[list(corners)].mean(axis=0) + LEFT_EYEBALL_M * [outside, 1, 1]
        points[iris] = eyeball + IRIS_RADIUS_M * look
    return points


def landmarks_px(points_m: np.ndarray, rotation: np.ndarray, origin_m: np.ndarray) -> np.ndarray:
    """[N, 478, 3] what a landmark network tells of heads [N, 478, 3] turned by [N, 3, 3] against the line of sight.

    The network sees a crop: the head [N, 3] metres away, seen straight on, drawn where it stands in the picture. z is
    in pixels of the same scale.
    """
    distance_m = np.linalg.norm(origin_m, axis=1)
    seen_m = np.einsum("nij,nkj->nki", rotation, points_m)
    seen_m = seen_m - seen_m[:, RIGID_IDS].mean(axis=1, keepdims=True)
    seen_m[..., 2] += distance_m[:, None]
    z_px = (seen_m[..., 2] - distance_m[:, None]) * (CAMERA.focal_px / distance_m)[:, None]
    centre_px = np.array([CAMERA.centre_x_px, CAMERA.centre_y_px])
    place_px = CAMERA.project(seen_m) - centre_px + CAMERA.project(origin_m)[:, None]
    return np.concatenate([place_px, z_px[..., None]], axis=-1).astype(np.float32)
