"""How a person looks, shape aside: colours of skin, hair, eyes and clothes, hair style, neckline, sleeves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

Colour = tuple[int, int, int]
"""Red, green, blue in [0, 255]."""

HairStyle = Literal["bald", "buzz", "short", "full", "afro", "bob", "long", "tied"]
HAIR_STYLES: tuple[HairStyle, ...] = get_args(HairStyle)

Neckline = Literal["crew", "vee", "high", "scoop"]
NECKLINES: tuple[Neckline, ...] = get_args(Neckline)

Pattern = Literal["plain", "stripes", "check", "jacket", "buttons"]
PATTERNS: tuple[Pattern, ...] = get_args(Pattern)

_SKIN: tuple[Colour, ...] = (
    (232, 200, 182), (228, 190, 168), (222, 180, 152), (214, 168, 136), (202, 154, 118), (186, 136, 100),
    (164, 114, 80), (140, 94, 66), (118, 78, 56), (98, 66, 50), (84, 57, 45),
)  # fmt: skip
"""From the fairest to the darkest."""

_HAIR: tuple[tuple[Colour, float], ...] = (
    ((28, 24, 22), 0.34), ((52, 36, 26), 0.26), ((88, 60, 38), 0.16), ((140, 102, 62), 0.09), ((196, 162, 108), 0.06),
    ((128, 62, 32), 0.04), ((140, 138, 136), 0.05),
)  # fmt: skip
"""Colours and how many people have them."""

_IRIS: tuple[Colour, ...] = ((70, 42, 24), (92, 60, 34), (110, 88, 52), (96, 118, 84), (92, 128, 154), (122, 138, 146))
"""From dark brown over hazel and green to blue and grey."""


@dataclass(frozen=True, slots=True)
class Look:
    """The outside of one person."""

    skin: Colour = (220, 174, 140)
    """Mean colour of the skin in white light."""
    lips: Colour = (176, 98, 88)
    """Colour of the lips."""
    iris: Colour = (92, 60, 34)
    """Mean colour of the irises."""
    hair: Colour = (52, 36, 26)
    """Colour of the hair; brows and lashes are somewhat darker."""
    hair_style: HairStyle = "short"
    """Shape of the hair."""
    hairline_m: float = 0.0
    """How far the hairline stands back from the usual."""
    brow_width_m: float = 0.009
    """Height of the brows where they are widest."""
    brow_arch_m: float = 0.003
    """How far the middle of a brow stands above its ends."""
    beard: float = 0.0
    """0 shaved, 1 a full short beard; in between, stubble."""
    freckles: float = 0.0
    """0 none, 1 many."""
    shirt: Colour = (60, 80, 110)
    """Main colour of the shirt."""
    shirt_second: Colour = (225, 225, 220)
    """Colour of stripes, or of what shows under a jacket."""
    pattern: Pattern = "plain"
    """Pattern of the shirt."""
    neckline: Neckline = "crew"
    """Cut of the shirt at the neck."""
    sleeve: float = 1.0
    """How much of the arm the sleeves cover, down to the wrist at 1."""
    seed: int = 0
    """What mottles the skin and lays the hairs."""

    def __post_init__(self) -> None:
        for name, known in (("hair_style", HAIR_STYLES), ("neckline", NECKLINES), ("pattern", PATTERNS)):
            if getattr(self, name) not in known:
                raise ValueError(f"unknown {name} {getattr(self, name)!r}; known are {', '.join(known)}")


def random_look(rng: np.random.Generator, gender: float = 0.5) -> Look:
    """Somebody's look: all skin tones alike often, hair and eyes that go with them.

    Args:
        gender: 0 female, 1 male, as in Anny's phenotypes; long hair and beards hang on it.
    """
    tone = rng.uniform(0, len(_SKIN) - 1)
    skin = _between(_SKIN, tone) * rng.uniform(0.97, 1.03, 3)
    darkness = tone / (len(_SKIN) - 1)
    male = bool(rng.random() < gender)
    lips = skin * (0.86, 0.62, 0.62) + rng.uniform(-10, 10, 3)
    if not male and rng.random() < 0.35:
        lips = 0.4 * lips + 0.6 * np.array([168, 44, 58]) + rng.uniform(-20, 20, 3)
    colours, shares = zip(*_HAIR, strict=True)
    weights = np.array(shares) * np.where(np.arange(len(shares)) < 2, 1.0, max(1 - 1.6 * darkness, 0.0))
    weights[-1] = shares[-1]
    hair = np.array(colours[rng.choice(len(colours), p=weights / weights.sum())]) * rng.uniform(0.85, 1.15)
    iris = _between(_IRIS, rng.uniform(0, 1) * (len(_IRIS) - 1 if darkness < 0.4 else 0.8))
    style = rng.choice(HAIR_STYLES, p=_style_weights(male, darkness))
    shirt, second = _cloth(rng), _cloth(rng)
    return Look(
        skin=_colour(skin),
        lips=_colour(lips),
        iris=_colour(iris * rng.uniform(0.8, 1.2)),
        hair=_colour(hair),
        hair_style=style,
        hairline_m=float(rng.uniform(-0.006, 0.02 if male else 0.004)),
        brow_width_m=float(rng.uniform(0.008, 0.012) if male else rng.uniform(0.006, 0.009)),
        brow_arch_m=float(rng.uniform(0.001, 0.004) if male else rng.uniform(0.002, 0.006)),
        beard=float(
            rng.choice((0.0, rng.uniform(0.1, 0.5), rng.uniform(0.7, 1.0)), p=(0.55, 0.25, 0.2)) if male else 0
        ),
        freckles=float(max(rng.uniform(-1.5, 1.0) * (1 - 2 * darkness), 0.0)),
        shirt=shirt,
        shirt_second=second,
        pattern=rng.choice(PATTERNS, p=(0.5, 0.12, 0.1, 0.18, 0.1)),
        neckline=rng.choice(NECKLINES, p=(0.45, 0.25, 0.15, 0.15)),
        sleeve=float(rng.choice((rng.uniform(0.3, 0.42), rng.uniform(0.5, 0.75), 1.0), p=(0.35, 0.15, 0.5))),
        seed=int(rng.integers(2**31)),
    )


def _style_weights(male: bool, darkness: float) -> tuple[float, ...]:
    curly = 0.15 * max(2 * darkness - 0.8, 0.0)
    if male:
        weights = np.array([0.12, 0.2, 0.36, 0.22, curly, 0.02, 0.03, 0.05])
    else:
        weights = np.array([0.01, 0.03, 0.12, 0.1, curly, 0.24, 0.3, 0.2])
    return tuple(weights / weights.sum())


def _between(colours: tuple[Colour, ...], position: float) -> np.ndarray:
    table = np.array(colours, float)
    return np.array([np.interp(position, np.arange(len(table)), table[:, c]) for c in range(3)])


def _cloth(rng: np.random.Generator) -> Colour:
    """A colour as clothes have it: mostly muted, sometimes strong, often grey, white or navy."""
    brightness = rng.uniform(30, 225)
    tint = rng.normal(0.0, 1.0, 3)
    strength = rng.choice((0.05, 0.2, 0.5), p=(0.35, 0.4, 0.25))
    return _colour(brightness * (1 + strength * tint))


def _colour(values: np.ndarray) -> Colour:
    red, green, blue = (int(v) for v in np.clip(np.rint(values), 8, 250))
    return red, green, blue
