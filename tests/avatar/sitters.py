"""Pictures of avatars as a camera in front of them takes them."""

from __future__ import annotations

import numpy as np

from nonverbal.avatar.dress import Dressed, Lighting, dress, render
from nonverbal.avatar.look import random_look
from nonverbal.avatar.mesh import make_avatar, random_identity
from nonverbal.avatar.pose import pose
from nonverbal.avatar.raster import Canvas
from nonverbal.motion.camera import Camera
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS

WIDTH, HEIGHT = 640, 720
GREY = (96, 104, 110)


def person(seed: int) -> Dressed:
    """Somebody."""
    rng = np.random.default_rng(seed)
    identity = random_identity(rng)
    return dress(make_avatar(identity), random_look(rng, identity.phenotypes["gender"]))


def hands_up() -> np.ndarray:
    """[1, 117] upper arms down, forearms up, palms to the camera."""
    body = np.zeros((1, len(SMPLX117_JOINTS), 3))
    for sign, side in ((-1.0, "left"), (1.0, "right")):
        body[0, SMPLX117_JOINTS.index(f"{side}_shoulder")] = (0.0, 0.0, 1.2 * sign)
        body[0, SMPLX117_JOINTS.index(f"{side}_elbow")] = (0.0, 2.2 * sign, 0.0)
    return body.reshape(1, -1)


def vertices_of(dressed: Dressed, actions: dict[str, float], gaze: tuple[float, float], body: np.ndarray) -> np.ndarray:
    """[V, 3] seat axes."""
    face = np.zeros((1, len(ARKIT52_NAMES)), np.float32)
    for name, value in actions.items():
        face[0, ARKIT52_NAMES.index(name)] = value
    still = np.zeros((1, 3))
    return pose(dressed.avatar, face, np.array([[*gaze, *gaze]]), body, still, still).vertices[0]


def photograph(
    dressed: Dressed, actions: dict[str, float] | None = None, gaze: tuple[float, float] = (0.0, 0.0),
    yaw_rad: float = 0.0,
) -> np.ndarray:  # fmt: skip
    """[720, 640, 3] head, chest and hands; the face is about 130 pixels high."""
    points = vertices_of(dressed, actions or {}, gaze, hands_up())
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    points = points @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]]) * (1, -1, -1) + (0, 0, 1.4)
    picture = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
    camera = Camera(WIDTH * 1.4 / 0.85, WIDTH / 2, HEIGHT / 2)
    render(dressed, points.astype(np.float32), camera, picture, Canvas(WIDTH, HEIGHT), Lighting())
    return picture
