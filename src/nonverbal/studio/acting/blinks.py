"""Blinks: when they come and how lids move, left a touch apart from right."""

from __future__ import annotations

import numpy as np

from nonverbal.motion.rotations import F
from nonverbal.studio.acting.curves import humps

REFRACTORY_S = 0.45
AT_PHRASE_END = 0.30
WITH_GAZE_SHIFT = 0.12
"""Chance of a blink at the end of an own phrase, and with a jump of gaze of `SHIFT_RAD` or more."""

SHIFT_RAD = np.radians(12.0)
CLOSE_S = (0.07, 0.10)
SHUT_S = (0.045, 0.075)
OPEN_S = (0.13, 0.19)
"""Together five to eight frames, the longest part the opening; shut for longer than a frame, so that one shows it."""


def blink_times_s(duration_s: float, per_min: float, attracted_s: F, rng: np.random.Generator) -> F:
    """[N] when lids begin to close: at the drawn times `attracted_s` and at random, `per_min` a minute in all."""
    wanted = per_min / 60.0 * duration_s
    keep = min(1.0, 0.7 * wanted / max(len(attracted_s), 1))
    chosen = attracted_s[rng.random(len(attracted_s)) < keep]
    free = rng.uniform(0.0, duration_s, rng.poisson(max(wanted * 1.12 - len(chosen), 0.0)))
    times_s = np.sort(np.concatenate([chosen, free]))
    return times_s[np.diff(times_s, prepend=-1.0) > REFRACTORY_S]


def lids(count: int, start_s: F, rng: np.random.Generator) -> F:
    """[count, 2] closure of the left and right lid, 0 open to 1 shut; one frame at least of each blink is shut."""
    number = len(start_s)
    close_s, shut_s, open_s = (rng.uniform(*span, number) for span in (CLOSE_S, SHUT_S, OPEN_S))
    sides = []
    for _ in range(2):
        late = rng.uniform(0.0, 0.004, number)
        full = 1.0 - 0.05 * rng.random(number) ** 2
        sides.append(humps(count, start_s + late, close_s, shut_s, open_s * rng.uniform(0.95, 1.1, number)) @ full)
    return np.clip(np.stack(sides, axis=1), 0.0, 1.0)


def lids_following(gaze: F) -> F:
    """[T, 2] how far lids sink because the eyes look down; `gaze` [T, 4] as in `Motion`."""
    return 0.4 * np.clip(-gaze[:, [1, 3]], 0.0, 0.5) + 0.04


def attracted(phrase_end_s: F, shift_s: F, rng: np.random.Generator) -> F:
    """[N] the phrase ends and gaze shifts that draw a blink, in order."""
    ends = phrase_end_s[rng.random(len(phrase_end_s)) < AT_PHRASE_END] + 0.05
    shifts = shift_s[rng.random(len(shift_s)) < WITH_GAZE_SHIFT]
    return np.sort(np.concatenate([ends, shifts]))


def count_blinks(lid: F) -> int:
    """How often a lid [T] shuts: rises through 0.7."""
    return int(np.sum((lid[1:] >= 0.7) & (lid[:-1] < 0.7)))
