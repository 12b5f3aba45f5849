"""Renders people, each in a few takes, and tracks their faces: landmarks with their truth, a file a person.

A person's file depends on the seed and the person's number alone, so a stopped run goes on where it was.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nonverbal.avatar.dress import Dressed, dress
from nonverbal.avatar.look import random_look
from nonverbal.avatar.mesh import make_avatar, random_identity
from nonverbal.avatar.raster import Canvas
from nonverbal.backends.mediapipe_mesh import MeshTracker
from nonverbal.fitting.face_acting import Take, act
from nonverbal.fitting.face_shots import film, pictures, random_flaws, random_shot
from nonverbal.motion.rotations import axis_angle_from_matrix
from nonverbal.types import F32

FIRST_SEED = 1000
"""Seeds below are the studio's: what is measured there must not have been seen here."""

_CANVAS_PX = 1024
_TEXTURE_PX = 1024


@dataclass(frozen=True, slots=True)
class Plan:
    """What is rendered."""

    seed: int = FIRST_SEED
    """From 1000 on."""
    people: int = 300
    """How many people."""
    takes: int = 2
    """Takes of each person, each with a camera, a light and flaws of its own."""
    seconds: float = 22.0
    """Length of a take."""
    stride: int = 7
    """One frame in so many is rendered: neighbours teach little."""

    def __post_init__(self) -> None:
        if self.seed < FIRST_SEED:
            raise ValueError(f"seed is {self.seed}, expected {FIRST_SEED} or more: lower ones belong to the studio")


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """N frames of one person in which a face was seen.

    Attributes:
        landmarks_px: [N, 478, 3] as in `types.Track`.
        face: [N, 52], gaze [N, 4], head [N, 3] axis-angle: the truth, as in `types.Motion`.
        take: [N] which take a frame is from.
    """

    landmarks_px: F32
    face: F32
    gaze: F32
    head: F32
    take: F32


def render_people(plan: Plan, folder: Path, workers: int) -> Iterator[Person]:
    """All people of the plan, those missing in `folder` rendered first."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{plan.seed}_{number:04d}.npz" for number in range(plan.people)]
    missing = [number for number, path in enumerate(paths) if not path.exists()]
    columns = (TextColumn("rendering people"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress, ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        bar = progress.add_task("", total=len(paths), completed=len(paths) - len(missing))
        for done in as_completed([pool.submit(render_to, plan, number, paths[number]) for number in missing]):
            done.result()
            progress.advance(bar)
    for path in paths:
        with np.load(path, allow_pickle=False) as arrays:
            yield Person(**arrays)


def render_to(plan: Plan, number: int, path: Path) -> None:
    """Renders one person into a file; a run that stops leaves no half of one."""
    person = render_person(plan, number)
    half = path.with_suffix(".part.npz")
    np.savez(half, **{name: getattr(person, name) for name in Person.__dataclass_fields__})
    os.replace(half, path)


def render_person(plan: Plan, number: int) -> Person:
    """One person of the plan."""
    rng = np.random.default_rng([plan.seed, number])
    identity = random_identity(rng)
    dressed = dress(make_avatar(identity), random_look(rng, identity.phenotypes["gender"]), _TEXTURE_PX)
    takes = [_render_take(dressed, plan, index, rng) for index in range(plan.takes)]
    return Person(*(np.concatenate(arrays) for arrays in zip(*takes, strict=True)))


def _render_take(dressed: Dressed, plan: Plan, index: int, rng: np.random.Generator) -> tuple[F32, F32, F32, F32, F32]:
    """The fields of `Person` for one take."""
    tracker = _tracker()
    tracker.reset()
    whole = act(rng, round(plan.seconds * 25))
    take = Take(whole.face[:: plan.stride], whole.gaze[:: plan.stride], whole.head[:: plan.stride])
    shot = random_shot(rng)
    filmed = film(dressed.avatar, take, shot, rng)
    left, top, _ = filmed.crop_px
    landmarks = np.zeros((len(take.face), 478, 3), np.float32)
    seen = np.zeros(len(take.face), bool)
    for frame, picture in enumerate(pictures(dressed, filmed, shot, random_flaws(rng, shot.face_px), _canvas(), rng)):
        points = tracker.see(picture)
        if points is not None:
            landmarks[frame], seen[frame] = points + np.array([left, top, 0], np.float32), True
    head = axis_angle_from_matrix(filmed.head[seen]).astype(np.float32)
    return landmarks[seen], take.face[seen], take.gaze[seen], head, np.full(int(seen.sum()), index, np.float32)


@lru_cache(maxsize=1)
def _tracker() -> MeshTracker:
    return MeshTracker()


@lru_cache(maxsize=1)
def _canvas() -> Canvas:
    return Canvas(_CANVAS_PX, _CANVAS_PX)
