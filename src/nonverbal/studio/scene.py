"""Where people sit, where cameras stand, and which camera is on when: split screens, one wide shot, or cuts.

Room axes are those of a seat that faces the audience: x to the sitter's left (right in the picture), y up, z towards
the audience, metres. A seat's origin is where the chest's origin (between the collar joints) rests.

    split   a camera each, side by side:   | A | B |
    wide    one camera:                    |A     B|
    cuts    one picture at a time:         A, B or both, mostly whoever talks
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from nonverbal.motion.camera import Camera
from nonverbal.motion.rotations import F, apply, matrix_about, swing_between, unit
from nonverbal.studio.talk import PARTICIPANTS, Talk
from nonverbal.timeline import FPS
from nonverbal.types import Bool

Layout = Literal["split", "wide", "cuts"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)

BODY_TO_CAMERA = np.diag([1.0, -1.0, -1.0])
TALLER = 1.2
"""A close-up shows at least this much more upwards than across what it is framed for: hair above, hands below."""
HEAD_ABOVE_SEAT_M = 0.22
"""From a seat's origin up to the eyes of an average sitter."""

OPEN_M = 0.8
"""How far in front of the partner they look who share a camera."""

TABLE_M = -0.53
"""Height of the table, below which nobody is seen."""
_TABLE_DEPTH_M = 0.62

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels, half-open."""


@dataclass(frozen=True, slots=True, eq=False)
class Seat:
    """A chair: where it stands [3] and by how much it is turned to its sitter's left."""

    place_m: F
    yaw_rad: float

    @property
    def turn(self) -> F:
        """[3, 3] seat axes to room axes."""
        return matrix_about(1, np.array(self.yaw_rad))

    def to_room(self, points_m: F) -> F:
        """[..., 3] seat axes -> room axes."""
        return apply(self.turn, points_m) + self.place_m


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A camera and the part of the picture that it fills.

    Attributes:
        camera: its principal point is in pixels of the whole picture.
        place_m: [3] where it stands, room axes.
        turn: [3, 3] room axes to camera axes (x right, y down, z away).
        box_px: the part of the picture it fills.
        shows: the participants it is meant to show.
    """

    camera: Camera
    place_m: F
    turn: F
    box_px: Box
    shows: tuple[str, ...]

    def to_camera(self, points_m: F) -> F:
        """[..., 3] room axes -> camera axes."""
        return (points_m - self.place_m) @ self.turn.T


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A set with its cameras.

    Attributes:
        seats: by participant.
        views: all views; `shots` says which are on air.
        shots: [T] index into `on_air` for each frame.
        on_air: for each kind of shot, the views that are seen.
    """

    width_px: int
    height_px: int
    seats: dict[str, Seat]
    views: tuple[View, ...]
    on_air: tuple[tuple[int, ...], ...]
    shots: F

    def table(self, view: View) -> tuple[F, F]:
        """[4, 2] pixels of the corners of the table's top, and [2, 2] those of its front edge's ends at the floor.

        It starts below the sitters' shoulders and is as wide as a picture.
        """
        place = np.mean([self.seats[p].place_m for p in view.shows], axis=0)
        back, front, wide = 0.0, _TABLE_DEPTH_M, 2.0
        corners = np.array([(-wide, back), (wide, back), (wide, front), (-wide, front)])
        top = place + np.stack([corners[:, 0], np.full(4, TABLE_M), corners[:, 1]], axis=1)
        floor = top[2:] - np.array([0.0, 0.7, 0.0])
        return view.camera.project(view.to_camera(top)), view.camera.project(view.to_camera(floor))

    def partner_direction(self, participant: str) -> F:
        """[3] unit vector in seat axes from this participant's head to where the partner is looked at.

        In a split screen that is the partner's picture beside one's own camera. Who shares a camera turns halfway
        to it, as people on a stage do: two who look straight at each other would show it nothing but profiles.
        """
        seat, (other,) = self.seats[participant], [s for p, s in self.seats.items() if p != participant]
        head = seat.to_room(np.array([0.0, HEAD_ABOVE_SEAT_M, 0.0]))
        if len(self.views) == 2 and self.on_air == ((0, 1),):
            aside = 0.12 if participant == PARTICIPANTS[0] else -0.12
            return unit(self.camera_direction(participant) + np.array([aside, -0.04, 0.0]))
        return unit(apply(seat.turn.T, other.place_m + np.array([0.0, HEAD_ABOVE_SEAT_M, OPEN_M]) - head))

    def camera_direction(self, participant: str) -> F:
        """[3] unit vector in seat axes from this participant's head to the lens of the first view that shows them."""
        seat = self.seats[participant]
        head = seat.to_room(np.array([0.0, HEAD_ABOVE_SEAT_M, 0.0]))
        view = next(v for v in self.views if participant in v.shows)
        return unit(apply(seat.turn.T, view.place_m - head))


def build_scene(layout: Layout, talk: Talk, rng: np.random.Generator, width_px: int, height_px: int) -> Scene:
    """A set for a talk; seats, lenses, framing and cuts vary with `rng`."""
    count = round(talk.duration_s * FPS)
    if layout == "split":
        return _split(rng, count, width_px, height_px)
    toward = rng.uniform(0.30, 0.55)
    half_m = rng.uniform(0.46, 0.56)
    seats = {
        "A": Seat(np.array([-half_m, 0.0, 0.0]), toward + rng.normal(0.0, 0.03)),
        "B": Seat(np.array([half_m, 0.0, 0.0]), -toward + rng.normal(0.0, 0.03)),
    }
    whole = (0, 0, width_px, height_px)
    middle = np.array([rng.normal(0.0, 0.03), rng.uniform(-0.14, -0.08), 0.0])
    wide = _aim(middle, rng, rng.uniform(1.9, 2.2), 2 * half_m + 0.95, whole, PARTICIPANTS)
    if layout == "wide":
        return Scene(width_px, height_px, seats, (wide,), ((0,),), np.zeros(count, np.int64))
    close = tuple(_close_up(rng, seats[p], p, whole) for p in PARTICIPANTS)
    return Scene(width_px, height_px, seats, (*close, wide), ((0,), (1,), (2,)), _cuts(talk, rng, count))


def _split(rng: np.random.Generator, count: int, width_px: int, height_px: int) -> Scene:
    half = width_px // 2
    boxes = ((0, 0, half, height_px), (half, 0, width_px, height_px))
    seats = {p: Seat(np.array([10.0 * i, 0.0, 0.0]), rng.normal(0.0, 0.10)) for i, p in enumerate(PARTICIPANTS)}
    views = tuple(_close_up(rng, seats[p], p, box) for p, box in zip(PARTICIPANTS, boxes, strict=True))
    return Scene(width_px, height_px, seats, views, ((0, 1),), np.zeros(count, np.int64))


def _close_up(rng: np.random.Generator, seat: Seat, participant: str, box: Box) -> View:
    """Head and hands of one sitter; `across_m` is what the narrower side of the picture shows at the chest."""
    target = seat.to_room(np.array([rng.normal(0.0, 0.02), rng.uniform(-0.20, -0.13), 0.05]))
    return _aim(target, rng, rng.uniform(1.15, 1.75), rng.uniform(0.92, 1.06), box, (participant,))


def _aim(
    target_m: F, rng: np.random.Generator, away_m: float, across_m: float, box: Box, shows: tuple[str, ...]
) -> View:
    """A camera in front of the set, about at the height of eyes, that looks at `target_m`."""
    place = target_m + np.array([rng.normal(0.0, 0.06), rng.uniform(0.14, 0.36), away_m])
    turn = look_at(place, target_m)
    left, top, right, bottom = box
    side = right - left if len(shows) > 1 else min(right - left, (bottom - top) / TALLER)
    camera = Camera(side * away_m / across_m, 0.5 * (left + right), 0.5 * (top + bottom))
    return View(camera, place, turn, box, shows)


def look_at(place_m: F, target_m: F) -> F:
    """[3, 3] room axes to the axes of a camera at `place_m` [3] that looks at `target_m` [3], as upright as can be."""
    towards = apply(BODY_TO_CAMERA, unit(target_m - place_m))
    return swing_between(towards, np.array([0.0, 0.0, 1.0])) @ BODY_TO_CAMERA


def _cuts(talk: Talk, rng: np.random.Generator, count: int) -> F:
    """[T] 0 A, 1 B, 2 both: shots of 3 to 8 seconds on whoever talks most in them, now and then on the other or both.

    The first shots show each participant once.
    """
    talking = np.stack([_talks(talk, p, count) for p in PARTICIPANTS])
    shots = np.zeros(count, np.int64)
    start, number = 0, 0
    while start < count:
        end = min(count, start + round(rng.uniform(3.0, 8.0) * FPS))
        main = int(talking[:, start:end].sum(axis=1).argmax())
        choice = int(rng.choice([main, 1 - main, 2], p=[0.66, 0.12, 0.22]))
        shots[start:end] = number if number < len(PARTICIPANTS) else choice
        start, number = end, number + 1
    return shots


def _talks(talk: Talk, participant: str, count: int) -> Bool:
    """[T] whether a line of the participant is heard."""
    middles = (np.arange(count) + 0.5) / FPS
    spans = np.array([(line.start_s, line.end_s) for line in talk.of(participant)]).reshape(-1, 2)
    return np.asarray(((middles[:, None] >= spans[:, 0]) & (middles[:, None] < spans[:, 1])).any(axis=1))
