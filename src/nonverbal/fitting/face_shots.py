"""Films a face: seat, camera, light and the flaws of a picture, all drawn by chance, and what is true of each frame.

Only the crop that a tracker would look at is drawn; its pixels are those of the whole picture it stands in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from nonverbal.avatar.dress import Dressed, Lighting, render
from nonverbal.avatar.mesh import Avatar
from nonverbal.avatar.pose import Posed, pose
from nonverbal.avatar.raster import Canvas
from nonverbal.fitting.face_acting import Take
from nonverbal.motion.camera import Camera
from nonverbal.motion.rotations import F, apply, matrix_from_axis_angle, swing_between
from nonverbal.spaces import SMPLX117_JOINTS
from nonverbal.studio.acting.curves import drift
from nonverbal.types import F32, U8

BODY_TO_CAMERA = np.diag([1.0, -1.0, -1.0])
PICTURE_PX = (1280, 720)
FACE_M = 0.16
"""Mean of width and height of the landmarks' box."""
CROP = 2.6
"""Side of the tracker's crop in face sizes."""

_ARMS_DOWN_RAD = 1.25
_FORWARD = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True, slots=True)
class Shot:
    """How one take is filmed.

    Attributes:
        camera: the true camera; its principal point is in pixels of the whole picture.
        distance_m: from the lens to between the eyes.
        at_px: where the face stands in the picture.
        seat_yaw_rad, camera_pitch_rad, camera_roll_rad: how the seat is turned to its sitter's left, and the camera
            looks down on the face and is tilted.
    """

    camera: Camera
    distance_m: float
    at_px: tuple[float, float]
    seat_yaw_rad: float
    camera_pitch_rad: float
    camera_roll_rad: float

    @property
    def face_px(self) -> float:
        return FACE_M * self.camera.focal_px / self.distance_m


@dataclass(frozen=True, slots=True)
class Flaws:
    """What is wrong with the pictures: blur and noise in pixels and grey levels, JPEG quality 0 to 100, gamma."""

    blur_px: float
    noise: float
    quality: int
    gamma: float


@dataclass(frozen=True, slots=True, eq=False)
class Filmed:
    """What is true of N frames of a take.

    Attributes:
        vertices: [N, V, 3] camera axes, metres.
        head: [N, 3, 3] the head against the line of sight, as in `types.Motion`.
        crop_px: left, top, side of the crop in the whole picture.
    """

    vertices: F32
    head: F
    crop_px: tuple[int, int, int]


def random_shot(rng: np.random.Generator) -> Shot:
    """A shot as podcasts have them, and some as they do not."""
    face_px = float(np.exp(rng.uniform(np.log(45.0), np.log(190.0))))
    focal_px = float(np.exp(rng.uniform(np.log(650.0), np.log(1900.0))))
    across, down = PICTURE_PX
    centre = 0.5 * across + float(rng.choice((-0.25, 0.0, 0.25))) * across, 0.5 * down
    at = centre[0] + float(rng.normal(0.0, 0.12)) * across, centre[1] - float(rng.normal(0.1, 0.1)) * down
    return Shot(
        camera=Camera(focal_px, *centre),
        distance_m=max(FACE_M * focal_px / face_px, 0.4),
        at_px=at,
        seat_yaw_rad=float(np.clip(rng.normal(0.0, 0.30), -0.6, 0.6)),
        camera_pitch_rad=float(np.clip(rng.normal(0.05, 0.10), -0.25, 0.35)),
        camera_roll_rad=float(rng.normal(0.0, 0.04)),
    )


def random_flaws(rng: np.random.Generator, face_px: float) -> Flaws:
    """From a clean picture to a poor one; small faces are not blurred away."""
    return Flaws(
        blur_px=float(rng.uniform(0.0, 0.012) * face_px * (rng.random() < 0.5)),
        noise=float(rng.uniform(0.0, 8.0) * (rng.random() < 0.6)),
        quality=int(rng.integers(35, 96)),
        gamma=float(rng.uniform(0.75, 1.3)),
    )


def film(avatar: Avatar, take: Take, shot: Shot, rng: np.random.Generator) -> Filmed:
    """Places a take in front of the camera."""
    posed = _posed(avatar, take, rng)
    model = avatar.model
    eyes = 0.5 * (posed.bone_heads[:, model.bone("eye.L")] + posed.bone_heads[:, model.bone("eye.R")])
    sight = shot.camera.ray(np.array(shot.at_px))
    turn = swing_between(_FORWARD, sight) @ _room_to_view(shot)
    place = shot.distance_m * sight - turn @ eyes.mean(axis=0)
    vertices = (posed.vertices @ turn.T.astype(np.float32) + place.astype(np.float32)).astype(np.float32)
    between = apply(turn, eyes) + place
    straight = np.swapaxes(swing_between(_FORWARD, between), -1, -2)
    head = straight @ turn @ posed.bone_turns[:, model.bone("head")] @ BODY_TO_CAMERA
    side = max(round(CROP * shot.face_px * rng.uniform(0.88, 1.12)), 64)
    middle = np.array(shot.at_px) + rng.uniform(-0.06, 0.06, 2) * side
    left, top = (round(x - 0.5 * side) for x in middle)
    return Filmed(vertices, head, (left, top, side))


def _room_to_view(shot: Shot) -> F:
    yaw, pitch, roll = (
        matrix_from_axis_angle(angle * np.eye(3)[axis])
        for axis, angle in ((1, shot.seat_yaw_rad), (0, shot.camera_pitch_rad), (2, shot.camera_roll_rad))
    )
    return np.asarray(BODY_TO_CAMERA @ roll @ pitch @ yaw)


def _posed(avatar: Avatar, take: Take, rng: np.random.Generator) -> Posed:
    count = len(take.face)
    body = np.zeros((count, len(SMPLX117_JOINTS), 3), np.float32)
    body[:, SMPLX117_JOINTS.index("head")] = take.head
    body[:, SMPLX117_JOINTS.index("left_shoulder"), 2] = -_ARMS_DOWN_RAD
    body[:, SMPLX117_JOINTS.index("right_shoulder"), 2] = _ARMS_DOWN_RAD
    sway_m = 0.008 * drift(count, rng, 1.5, 3)
    return pose(avatar, take.face, take.gaze, body.reshape(count, -1), np.zeros((count, 3)), sway_m)


def random_lighting(rng: np.random.Generator) -> Lighting:
    """A key light from the front, a weaker one from the other side, light from all around, a little coloured."""
    side = float(rng.choice((-1.0, 1.0)))
    key, fill, around = rng.uniform(0.25, 0.8), rng.uniform(0.0, 0.3), rng.uniform(0.25, 0.55)
    return Lighting(
        key_direction=(side * rng.uniform(0.0, 1.0), -rng.uniform(0.0, 0.9), -rng.uniform(0.3, 1.0)),
        key_colour=_tinted(rng, key),
        fill_direction=(-side * rng.uniform(0.3, 1.0), -rng.uniform(-0.2, 0.6), -rng.uniform(0.3, 1.0)),
        fill_colour=_tinted(rng, fill),
        ambient_colour=_tinted(rng, around),
    )


def _tinted(rng: np.random.Generator, brightness: float) -> tuple[float, float, float]:
    red, green, blue = (float(x) for x in brightness * rng.uniform(0.88, 1.08, 3))
    return red, green, blue


def pictures(
    dressed: Dressed, filmed: Filmed, shot: Shot, flaws: Flaws, canvas: Canvas, rng: np.random.Generator
) -> Iterator[U8]:
    """The crop of each frame, [side, side, 3] RGB."""
    left, top, side = filmed.crop_px
    camera = Camera(shot.camera.focal_px, shot.camera.centre_x_px - left, shot.camera.centre_y_px - top)
    lighting, wall = random_lighting(rng), _wall(rng, side)
    for vertices in filmed.vertices:
        picture = wall.copy()
        render(dressed, vertices, camera, picture, canvas, lighting)
        yield spoil(picture, flaws, rng)


def _wall(rng: np.random.Generator, side: int) -> U8:
    """[side, side, 3] something soft and coloured behind the sitter."""
    rough = rng.uniform(20.0, 220.0) + rng.normal(0.0, 25.0, (5, 5, 1)) + rng.normal(0.0, 10.0, (5, 5, 3))
    soft = cv2.resize(rough.astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(soft, 0, 255).astype(np.uint8)


def spoil(picture: U8, flaws: Flaws, rng: np.random.Generator) -> U8:
    """The picture as a poor camera and codec leave it."""
    if flaws.blur_px > 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), flaws.blur_px)
    values = 255.0 * (picture.astype(np.float32) / 255.0) ** flaws.gamma
    if flaws.noise > 0:
        values += rng.normal(0.0, flaws.noise, values.shape).astype(np.float32)
    coded = cv2.imencode(".jpg", np.clip(values, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, flaws.quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
