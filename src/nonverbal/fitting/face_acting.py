"""Faces to learn from: talk mixed with movements that no one would make, so that habits of talk do not become a crutch.

    talk    sounds drawn at random, blinks, smiles, brows; what goes together in nature does so, loosely
    free    any coefficient, alone or with a few others, as far as it goes

Nothing here is taken from the studio's script: which expression goes with which word must not be known to an estimator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nonverbal.motion.looks import look_coefficients
from nonverbal.motion.rotations import F
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.studio.acting.curves import drift, humps, moves
from nonverbal.studio.acting.visemes import VISEMES, close_lips, sounds, speak
from nonverbal.studio.talk import Phone
from nonverbal.timeline import FPS
from nonverbal.types import F32

_COLUMN = {name: i for i, name in enumerate(ARKIT52_NAMES)}
_LOOKS = [i for name, i in _COLUMN.items() if name.startswith("eyeLook")]
_FREE = [i for name, i in _COLUMN.items() if not name.startswith(("eyeLook", "mouthClose"))]

_TIED: tuple[tuple[float, dict[str, float]], ...] = (
    (5.0, {"eyeBlink": 1.0, "eyeSquint": 0.1}),
    (2.5, {"mouthSmile": 0.8, "cheekSquint": 0.4, "eyeSquint": 0.3, "mouthDimple": 0.2, "mouthUpperUp": 0.1}),
    (1.0, {"mouthSmile": 0.5, "mouthDimple": 0.2}),
    (1.5, {"browInnerUp": 0.8, "browOuterUp": 0.7, "eyeWide": 0.3}),
    (1.2, {"browInnerUp": 0.7, "browOuterUp": 0.1}),
    (0.7, {"browOuterUp": 0.8}),
    (1.8, {"browDown": 0.8, "eyeSquint": 0.3, "noseSneer": 0.1}),
    (0.5, {"browDown": 0.6, "browInnerUp": 0.4}),
    (0.5, {"browDown": 0.6, "noseSneer": 0.6, "mouthUpperUp": 0.4, "cheekSquint": 0.3}),
    (0.6, {"eyeWide": 0.7}),
    (0.6, {"eyeSquint": 0.7, "cheekSquint": 0.3}),
    (0.8, {"mouthFrown": 0.7, "mouthShrugLower": 0.4, "browInnerUp": 0.3}),
    (0.7, {"mouthPress": 0.7, "mouthRollLower": 0.3, "mouthRollUpper": 0.3}),
    (0.5, {"mouthPucker": 0.7, "mouthFunnel": 0.2}),
    (0.4, {"mouthFunnel": 0.7, "jawOpen": 0.2}),
    (0.4, {"mouthDimple": 0.6, "mouthPress": 0.3}),
    (0.4, {"mouthStretch": 0.6, "mouthLowerDown": 0.3}),
    (0.4, {"mouthLeft": 0.7}), (0.4, {"mouthRight": 0.7}),
    (0.4, {"jawLeft": 0.6}), (0.4, {"jawRight": 0.6}), (0.3, {"jawForward": 0.6}),
    (0.4, {"cheekPuff": 0.7}), (0.2, {"tongueOut": 0.7, "jawOpen": 0.25}),
    (0.4, {"mouthShrugUpper": 0.5, "mouthShrugLower": 0.6}),
    (0.6, {"jawOpen": 0.6}),
)  # fmt: skip
"""How often, relative to each other, faces do what goes together, and how far."""

_ONE_SIDED = 0.15
"""Share of expressions that are stronger on one side."""


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """One person's face over T frames, seat axes.

    Attributes:
        face: [T, 52] ``arkit52``.
        gaze: [T, 4] as in `types.Motion`.
        head: [T, 3] axis-angle of the head against the seat.
    """

    face: F32
    gaze: F32
    head: F32


def act(rng: np.random.Generator, count: int) -> Take:
    """A take of `count` frames at 25 fps."""
    size = float(rng.uniform(0.4, 1.3))
    face = _talk(rng, count) * size
    closed = _closures(rng, count)
    face += _tied(rng, count)
    free = _free(rng, count)
    share = _stage(rng, count)[:, None]
    face = (1.0 - share) * face + share * free
    face *= np.exp(0.25 * drift(count, rng, 1.5, face.shape[1]))
    face = np.clip(face, 0.0, 1.0)
    face[:, _COLUMN["mouthClose"]] = 0.0
    close_lips(face, np.maximum(closed, share[:, 0] * _closures(rng, count)))
    gaze = _gaze(rng, count)
    looks = look_coefficients(gaze)
    for name, values in looks.items():
        face[:, _COLUMN[name]] = values
    return Take(face.astype(np.float32), gaze.astype(np.float32), _head(rng, count).astype(np.float32))


def _stage(rng: np.random.Generator, count: int) -> F:
    """[count] 0 in talk, 1 where the face is free: a quarter of the time."""
    starts = np.arange(0.0, count / FPS, 6.0)
    starts = starts[rng.random(len(starts)) < 0.25]
    return np.clip(humps(count, starts, 0.3, rng.uniform(3.0, 6.0, len(starts)), 0.3).sum(axis=1), 0.0, 1.0)


def _talk(rng: np.random.Generator, count: int) -> F:
    """[count, 52] phrases of random sounds with silence between."""
    symbols, phones, strengths = tuple(VISEMES), [], []
    now_s = float(rng.uniform(0.0, 1.0))
    while now_s < count / FPS:
        strength = float(rng.uniform(0.6, 1.4))
        for _ in range(int(rng.integers(5, 35))):
            length_s = float(rng.gamma(6.0, 0.09 / 6.0)) + 0.02
            phones.append(Phone(symbols[int(rng.integers(len(symbols)))], now_s, now_s + length_s))
            strengths.append(strength)
            now_s += length_s
        now_s += float(rng.exponential(1.2))
    face, _ = speak(sounds(phones, strengths), count)
    return face


def _closures(rng: np.random.Generator, count: int) -> F:
    """[count] 0 to 1: lips that meet for a moment, whatever the jaw does."""
    number = int(rng.poisson(count / FPS * 1.2))
    start_s = rng.uniform(0.0, count / FPS, number)
    return np.clip(humps(count, start_s, 0.05, rng.exponential(0.12, number), 0.06).sum(axis=1), 0.0, 1.0)


def _tied(rng: np.random.Generator, count: int) -> F:
    """[count, 52] expressions of `_TIED`."""
    weights = np.array([weight for weight, _ in _TIED])
    number = int(rng.poisson(count / FPS * 0.9)) + 1
    chosen = rng.choice(len(_TIED), number, p=weights / weights.sum())
    start_s = rng.uniform(-1.0, count / FPS, number)
    attack_s, hold_s, release_s = (
        rng.uniform(low, high, number) for low, high in ((0.1, 0.6), (0.1, 2.5), (0.15, 0.8))
    )
    amounts = np.zeros((number, len(ARKIT52_NAMES)))
    for row, which in enumerate(chosen):
        strength = 0.1 + 1.2 * rng.random() ** 1.5  # small movements are the common ones
        sides = np.ones(2)
        if rng.random() < _ONE_SIDED:
            sides[int(rng.integers(2))] = rng.uniform(0.0, 0.6)
        for name, value in _TIED[which][1].items():
            value *= strength * rng.uniform(0.6, 1.3)
            for full, side in ((name, 1.0), (name + "Left", sides[0]), (name + "Right", sides[1])):
                if full in _COLUMN:
                    amounts[row, _COLUMN[full]] = value * side
        if which == 0:  # blinks are fast and mostly whole
            attack_s[row], hold_s[row], release_s[row] = 0.08, rng.exponential(0.05), rng.uniform(0.1, 0.2)
            amounts[row] *= rng.uniform(0.8, 1.0) / strength
    return np.asarray(humps(count, start_s, attack_s, hold_s, release_s) @ amounts)


def _free(rng: np.random.Generator, count: int) -> F:
    """[count, 52] any coefficients, two or three at a time, of any size."""
    number = int(count / FPS * 3.0)
    amounts = np.zeros((number, len(ARKIT52_NAMES)))
    for row in amounts:
        names = rng.choice(_FREE, int(rng.integers(1, 4)), replace=False)
        row[names] = rng.uniform(0.1, 1.0, len(names)) ** 0.7
        for column in names:  # twins move together half of the time
            twin = _twin(int(column))
            if rng.random() < 0.5:
                row[twin] = row[column] * rng.uniform(0.7, 1.0)
    start_s = rng.uniform(-0.5, count / FPS, number)
    spans = (rng.uniform(low, high, number) for low, high in ((0.1, 0.4), (0.0, 0.6), (0.1, 0.4)))
    return np.asarray(humps(count, start_s, *spans) @ amounts)


def _twin(column: int) -> int:
    """The same coefficient of the other side, or the column itself."""
    name = ARKIT52_NAMES[column]
    for side, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(side) and not name.startswith(("mouthLeft", "mouthRight", "jaw")):
            return _COLUMN[name.removesuffix(side) + other]
    return column


def _gaze(rng: np.random.Generator, count: int) -> F:
    """[count, 4] looks here and there around where a person mostly looks, both eyes nearly alike."""
    number = int(count / FPS * 1.5) + 1
    start_s = np.sort(rng.uniform(0.0, count / FPS, number))
    spread = np.radians([13.0, 8.0]) * rng.uniform(0.5, 1.3)
    middle = np.radians(rng.normal((0.0, -2.0), (6.0, 4.0)))
    targets = np.clip(rng.normal(0.0, 1.0, (number + 1, 2)) * spread + middle, -0.6, 0.6)
    targets[:, 1] = np.clip(targets[:, 1], -0.45, 0.35)
    both = moves(count, targets[0], start_s, np.full(number, 0.06), targets[1:])
    apart = np.zeros(4)
    apart[[0, 2]] = rng.uniform(0.0, 0.05) * np.array([-1.0, 1.0])
    return np.tile(both, 2) + apart


def _head(rng: np.random.Generator, count: int) -> F:
    """[count, 3] axis-angle in seat axes: wandering around where the person mostly looks, with nods and shakes."""
    middle = np.array([rng.normal(0.0, 5.0), rng.normal(0.0, 4.0), rng.normal(0.0, 3.0)])
    spread = np.array([6.0, 8.0, 5.0]) * rng.uniform(0.3, 1.5)
    return np.radians(np.clip(middle + spread * drift(count, rng, 1.2, 3), [-28, -35, -22], [28, 35, 22]))
