"""Pictures of made-up people who perform takes, each in front of a camera of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from nonverbal.avatar.dress import Dressed, dress
from nonverbal.formats.glb import performed
from nonverbal.formats.take import Take
from nonverbal.studio.casting import cast_person, random_lighting, streams
from nonverbal.studio.film import Cast, film
from nonverbal.studio.front import front_scene, wall_behind
from nonverbal.studio.grade import Grade, Recorder
from nonverbal.studio.talk import PARTICIPANTS, Performance
from nonverbal.types import U8

_SHARPEST = Grade(noise=0.0, softness_px=0.0, gain=(1.0, 1.0, 1.0), crf=21)


def avatar_pictures(takes: Sequence[Take], width_px: int, height_px: int, person: int) -> Iterator[U8]:
    """The pictures [H, W, 3] of takes of equal length at 25 frames a second, one or two people.

    Args:
        person: decides who performs, in which room and light.

    Raises:
        UserError: a face is of another space than ``arkit52``, or the package `anny` is missing.
    """
    acts = [_act(take, name) for take, name in zip(takes, PARTICIPANTS, strict=False)]
    scene = front_scene(len(acts), takes[0].n_frames, width_px, height_px)
    cast = [Cast(act, _dressed(person, act.participant)) for act in acts]
    walls, lamps = streams(person, "backdrops", "light")
    backdrops = [wall_behind(scene, view, walls) for view in scene.views]
    lightings = [random_lighting(lamps) for _ in scene.views]
    return film(cast, scene, backdrops, lightings, Recorder(_SHARPEST, person, width_px, height_px))


def _act(take: Take, participant: str) -> Performance:
    act, still = performed(take), np.zeros((take.n_frames, 3), np.float32)
    assert act.gaze is not None  # `performed` finds it in the face
    return Performance(participant, act.face, act.gaze, act.body, still, still, np.zeros(take.n_frames, np.bool_))


@lru_cache(maxsize=len(PARTICIPANTS))
def _dressed(seed: int, participant: str) -> Dressed:
    """Who performs; painting somebody takes longer than a second of film."""
    person = cast_person(seed, participant)
    return dress(person.avatar, person.look)
