"""The small faces people make for no reason that their words would tell: licking lips, sniffing, pressing the mouth.

They come in shuffled rounds, so that each kind is seen every minute or less, and where they move the mouth they wait
for a moment in which the person says nothing.
"""

from __future__ import annotations

import numpy as np

from nonverbal.motion.rotations import F
from nonverbal.studio.acting.expressions import MIXTURES
from nonverbal.studio.acting.habits import Doing
from nonverbal.studio.acting.style import Style
from nonverbal.timeline import FPS

EVERY_S = 3.6
"""Mean time between two of them at fidget 1."""

QUIRKS: tuple[tuple[str, float, float], ...] = (
    ("lip_lick", 0.50, 0.30), ("sneer", 0.45, 0.25), ("mouth_left", 0.40, 0.45), ("mouth_right", 0.40, 0.45),
    ("lips_pressed", 0.45, 0.50), ("puff", 0.40, 0.35), ("chin_out", 0.35, 0.40), ("wide_eyes", 0.40, 0.35),
    ("mouth_shrug", 0.35, 0.45), ("grimace", 0.30, 0.35), ("squint", 0.40, 0.60), ("chew", 0.40, 0.20),
)  # fmt: skip
"""Expression, mean size, and seconds at full size."""

EYES_ONLY = frozenset(("wide_eyes", "squint"))
"""Those that the mouth's work does not hinder."""

_SEARCH_S = 6.0


def quirks(silent: F, style: Style, rng: np.random.Generator) -> list[Doing]:
    """The small faces of one person; `silent` [T] true where the person says nothing."""
    duration_s = len(silent) / FPS
    number = int(duration_s / EVERY_S * style.fidget)
    kinds = np.concatenate([rng.permutation(len(QUIRKS)) for _ in range(number // len(QUIRKS) + 1)])[:number]
    at_s = (np.arange(number) + rng.uniform(0.1, 0.9, number)) * duration_s / max(number, 1)
    sizes = np.clip(rng.normal(1.0, 0.2, number), 0.6, 1.5)
    free_s = np.append(np.flatnonzero(_quiet(silent)) / FPS, np.inf)
    found = []
    for kind, wish_s, factor in zip(kinds, at_s, sizes, strict=True):
        name, size, length_s = QUIRKS[int(kind)]
        start_s = wish_s if name in EYES_ONLY else free_s[np.searchsorted(free_s, wish_s - 1.0)]
        if start_s - wish_s < _SEARCH_S:
            found.append(Doing(name, float(start_s), float(start_s) + length_s, size * float(factor)))
    return found


def _quiet(silent: F) -> F:
    """[T] the next 0.8 s are silent."""
    ahead = int(0.8 * FPS)
    sums = np.concatenate([[0], np.cumsum(silent)])
    last = np.minimum(np.arange(len(silent)) + ahead, len(silent))
    return np.asarray(sums[last] - sums[:-1] >= ahead)


assert all(name in MIXTURES for name, *_ in QUIRKS)
