"""Performances in front of cameras: pictures one after the other, and what of each person is in them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import local

import numpy as np

from nonverbal.avatar.dress import Dressed, Lighting, render
from nonverbal.avatar.mesh import AvatarModel
from nonverbal.avatar.pose import head_frames, pose, pose_bones
from nonverbal.avatar.raster import Canvas
from nonverbal.avatar.rest import FINGER_BONES
from nonverbal.motion.arkit import eyes_are_open
from nonverbal.motion.rotations import F, apply
from nonverbal.studio.grade import Recorder
from nonverbal.studio.scene import Scene, View
from nonverbal.studio.talk import Performance
from nonverbal.studio.truth import Filmed
from nonverbal.types import F32, PARTS, U8, Bool

_BLOCK_FRAMES = 50  # posed at once: 2 s of one person's vertices are 6 MB
_FACE_INSIDE, _HAND_INSIDE = 0.85, 0.5  # share of the points that must be in the picture to count as seen
_PROFILE_COSINE = np.cos(np.radians(75.0))  # beyond, only one side of a face shows


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """One participant on the set."""

    performance: Performance
    dressed: Dressed


def film(
    cast: Sequence[Cast], scene: Scene, backdrops: Sequence[U8], lightings: Sequence[Lighting], recorder: Recorder
) -> Iterator[U8]:
    """The pictures [H, W, 3] of a podcast in order; two are drawn at a time.

    Args:
        cast: the participants.
        backdrops: for each view, a picture the size of its box.
        lightings: for each view.
    """
    desk = local()

    def draw(frame: int, vertices: Sequence[F32]) -> U8:
        if not hasattr(desk, "canvas"):
            desk.canvas = Canvas(scene.width_px, scene.height_px)
        picture = np.zeros((scene.height_px, scene.width_px, 3), np.uint8)
        for index in scene.on_air[int(scene.shots[frame])]:
            _draw_view(picture, desk.canvas, scene, index, cast, vertices, backdrops[index], lightings[index])
        return recorder.record(picture, frame)

    with ThreadPoolExecutor(2) as pool:
        waiting: deque[Future[U8]] = deque()
        for start in range(0, len(scene.shots), _BLOCK_FRAMES):
            posed = [_pose(c, scene, start) for c in cast]
            for row in range(len(posed[0])):
                waiting.append(pool.submit(draw, start + row, [vertices[row] for vertices in posed]))
                if len(waiting) > 4:
                    yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _pose(cast: Cast, scene: Scene, start: int) -> F32:
    """[N, V, 3] the avatar's vertices in a block of frames, room axes."""
    act, rows = cast.performance, slice(start, start + _BLOCK_FRAMES)
    shown = pose(cast.dressed.avatar, act.face[rows], act.gaze[rows], act.body[rows], act.chest[rows], act.sway_m[rows])
    seat = scene.seats[act.participant]
    return np.asarray(shown.vertices @ seat.turn.T.astype(np.float32) + seat.place_m.astype(np.float32))


def _draw_view(
    picture: U8, canvas: Canvas, scene: Scene, index: int, cast: Sequence[Cast], vertices: Sequence[F32],
    backdrop: U8, lighting: Lighting,
) -> None:  # fmt: skip
    view = scene.views[index]
    left, top, right, bottom = view.box_px
    picture[top:bottom, left:right] = backdrop
    there = [(c, v) for c, v in zip(cast, vertices, strict=True) if c.performance.participant in view.shows]
    seen = [(c, view.to_camera(v).astype(np.float32)) for c, v in there]
    for c, v in sorted(seen, key=lambda item: -float(item[1][:, 2].mean())):  # from the farthest to the nearest
        render(c.dressed, v, view.camera, picture, canvas, lighting, view.box_px)


def film_log(cast: Cast, scene: Scene) -> Filmed:
    """Which view shows the participant in each frame, and what of them is inside its edges and turned to it.

    What a hand or an arm hides counts as seen: it is in the picture for whoever knows bodies.
    """
    act = cast.performance
    count = len(act.face)
    view_of = np.full(count, -1)
    seen = np.zeros((count, len(PARTS)), np.bool_)
    for kind, on_air in enumerate(scene.on_air):
        for index in on_air:
            if act.participant in scene.views[index].shows:
                view_of[scene.shots == kind] = index
    for start in range(0, count, 10 * _BLOCK_FRAMES):
        rows = np.arange(start, min(start + 10 * _BLOCK_FRAMES, count))
        for index, view in enumerate(scene.views):
            here = rows[view_of[rows] == index]
            if len(here):
                seen[here] = _in_view(cast, scene, view, here)
    return Filmed(act, cast.dressed.avatar, view_of, seen)


def _in_view(cast: Cast, scene: Scene, view: View, rows: F) -> Bool:
    """[N, 6] columns as in `PARTS`."""
    act, seat, model = cast.performance, scene.seats[cast.performance.participant], cast.dressed.avatar.model
    avatar, body, chest, sway_m = cast.dressed.avatar, act.body[rows], act.chest[rows], act.sway_m[rows]
    heads, _ = pose_bones(avatar, act.gaze[rows], body, chest, sway_m)
    turn, eyes_m = head_frames(avatar, body, chest, sway_m)
    to_camera = seat.to_room(eyes_m) - view.place_m
    facing = -np.sum(apply(seat.turn @ turn, np.array([0.0, 0.0, 1.0])) * to_camera, axis=1)
    facing /= np.linalg.norm(to_camera, axis=1)

    def inside(points_m: F) -> F:
        px = view.camera.project(view.to_camera(seat.to_room(points_m)))
        left, top, right, bottom = view.box_px
        return np.asarray(((px >= (left, top)) & (px < (right, bottom))).all(axis=-1).mean(axis=-1))

    corners = np.array([(x, y, 0.0) for x in (-0.06, 0.06) for y in (0.03, -0.10)])
    face = (inside(eyes_m[:, None] + np.einsum("nij,kj->nki", turn, corners)) >= _FACE_INSIDE) & (
        facing > _PROFILE_COSINE
    )
    lids = eyes_are_open(act.face[rows])
    shoulders = inside(heads[:, [model.bone(f"upperarm01.{s}") for s in "LR"]]) == 1
    hands = [inside(heads[:, _hand_bones(model, side)]) >= _HAND_INSIDE for side in ("left", "right")]
    return np.stack([face, face, face & lids, shoulders, *hands], axis=1)


def _hand_bones(model: AvatarModel, side: str) -> list[int]:
    """The wrist and the last bone of each finger."""
    letter = side[0].upper()
    return [model.bone(f"wrist.{letter}"), *(model.bone(f"{bone}-3.{letter}") for bone in FINGER_BONES.values())]
