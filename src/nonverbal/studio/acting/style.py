"""What makes one person move unlike another: sizes, rates and habits, drawn once per person."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args

import numpy as np

from nonverbal.verdicts import UserError

Rest = Literal["lap", "table", "clasped", "armrests", "steeple", "wrist_held"]
RESTS: tuple[Rest, ...] = get_args(Rest)


@dataclass(frozen=True, slots=True)
class Style:
    """How a participant moves.

    Raises:
        UserError: a value outside its range.
    """

    expressiveness: float = 1.0
    """Size of facial expressions, from 0.4 (still) to 1.6 (theatrical)."""
    articulation: float = 1.0
    """Size of mouth shapes in speech, 0.5 to 1.5."""
    blinks_per_min: float = 16.0
    """Blinks a minute, 10 to 25."""
    gesture_rate: float = 0.5
    """Share of stressed words that get a beat of the hand, 0 to 1."""
    gesture_size: float = 1.0
    """Size of beats and of how far hands leave the body, 0.6 to 1.4."""
    right_handed: bool = True
    """Which hand leads."""
    head_motion: float = 1.0
    """Size of nods, shakes and of the head's drift, 0.4 to 1.6."""
    smile_bias: float = 0.05
    """Smile that is there without a reason, 0 to 0.25."""
    eye_contact: float = 0.5
    """Share of time spent looking at the partner while speaking, 0.3 to 0.7."""
    camera_glances: float = 0.06
    """Share of looks that go to the lens, 0 to 0.3."""
    away_side: float = 0.0
    """Which side looks away go to: -1 always to the person's right, 1 always to the left."""
    asymmetry: float = 0.0
    """How much stronger the left half of the face is, -0.2 to 0.2."""
    fidget: float = 1.0
    """Rate of small faces, posture shifts and changes of the hands' resting place, 0.5 to 2."""
    rest: Rest = "lap"
    """Where the hands mostly rest."""

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise UserError(f"a style's {name} is {value!r}; expected a number from {low} to {high}")
        if self.rest not in RESTS:
            raise UserError(f"a style's rest is {self.rest!r}; expected one of {', '.join(RESTS)}")


_LIMITS: dict[str, tuple[float, float]] = {
    "expressiveness": (0.4, 1.6),
    "articulation": (0.5, 1.5),
    "blinks_per_min": (10.0, 25.0),
    "gesture_rate": (0.0, 1.0),
    "gesture_size": (0.6, 1.4),
    "head_motion": (0.4, 1.6),
    "smile_bias": (0.0, 0.25),
    "eye_contact": (0.3, 0.7),
    "camera_glances": (0.0, 0.3),
    "away_side": (-1.0, 1.0),
    "asymmetry": (-0.2, 0.2),
    "fidget": (0.5, 2.0),
}
assert set(_LIMITS) <= {f.name for f in fields(Style)}


def random_style(rng: np.random.Generator) -> Style:
    """A person drawn from the middle of every range."""
    return Style(
        expressiveness=float(rng.uniform(0.75, 1.3)),
        articulation=float(rng.uniform(0.8, 1.2)),
        blinks_per_min=float(rng.uniform(11.0, 24.0)),
        gesture_rate=float(rng.uniform(0.3, 0.8)),
        gesture_size=float(rng.uniform(0.8, 1.2)),
        right_handed=bool(rng.random() < 0.88),
        head_motion=float(rng.uniform(0.7, 1.3)),
        smile_bias=float(rng.uniform(0.0, 0.12)),
        eye_contact=float(rng.uniform(0.42, 0.6)),
        camera_glances=float(rng.uniform(0.02, 0.12)),
        away_side=float(rng.uniform(-0.7, 0.7)),
        asymmetry=float(rng.uniform(-0.12, 0.12)),
        fidget=float(rng.uniform(0.7, 1.4)),
        rest=RESTS[int(rng.integers(len(RESTS)))],
    )
