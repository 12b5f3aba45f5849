"""Smooth curves at 25 fps from lists of events: humps, moves, ripples and drift, without a loop over frames.

Each function samples on frame centres. Events are columns of a sparse [T, K] matrix, so that thousands of them cost one
product: ``humps(...) @ amounts`` with amounts [K, D] gives [T, D].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy  # loads its parts when they are used
from numpy.typing import NDArray

from nonverbal.motion.rotations import F
from nonverbal.timeline import FPS

Sparse = Any
"""A scipy sparse array [T, K]."""


def frame_centres_s(count: int) -> F:
    """[count] seconds at which frames are half shown."""
    return (np.arange(count) + 0.5) / FPS


def ease(u: F) -> F:
    """0 to 1 with the least jerk as `u` goes from 0 to 1; flat outside.

    Source: Flash and Hogan 1985, "The coordination of arm movements", equation 7.
    """
    u = np.clip(u, 0.0, 1.0)
    return u * u * u * (10.0 + u * (6.0 * u - 15.0))


def humps(count: int, start_s: F, attack_s: F | float, hold_s: F | float, release_s: F | float) -> Sparse:
    """[count, K] each column rises from 0 to 1 in `attack_s`, stays there for `hold_s` and falls in `release_s`.

    Times are [K] or one for all; a time of zero stands for a quarter of a frame. An event that lies wholly between
    two frame centres leaves nothing.
    """
    start_s, attack_s, hold_s, release_s = _columns(start_s, attack_s, hold_s, release_s)
    attack_s, release_s = np.maximum(attack_s, 0.01), np.maximum(release_s, 0.01)
    fall_s = start_s + attack_s + np.maximum(hold_s, 0.0)
    event, frame, first = _spread(count, start_s, fall_s + release_s)
    t = (frame + 0.5) / FPS
    values = ease((t - start_s[event]) / attack_s[event]) * (1.0 - ease((t - fall_s[event]) / release_s[event]))
    return _matrix(count, values, frame, first)


def ripples(count: int, start_s: F, cycles: F | float, hz: F | float) -> Sparse:
    """[count, K] each column is a sine of `cycles` periods of `hz` under a window that opens fast and closes slowly."""
    return _waves(count, start_s, cycles, hz, lambda u, phase: ease(u / 0.2) * _fading(u) * np.sin(phase))


def dips(count: int, start_s: F, cycles: F | float, hz: F | float) -> Sparse:
    """[count, K] each column goes from 0 towards 1 and back `cycles` times, `hz` times a second, less far each time."""
    return _waves(count, start_s, cycles, hz, lambda u, phase: _fading(u) * (1.0 - np.cos(phase)) / 2.0)


def moves(count: int, start: F, start_s: F, duration_s: F, targets: F) -> F:
    """[count, D] from `start` [D] to each of `targets` [K, D] in turn, every move easing in and out.

    A move that begins before the last one ended is added to what is left of it, as people correct a reach, so neither
    place nor speed ever jumps. `start_s`, rising, and `duration_s` are [K].

    Source: Flash and Henis 1991, "Arm trajectory modifications during reaching towards visual targets".
    """
    start_s, duration_s = _columns(start_s, duration_s)
    duration_s = np.maximum(duration_s, 0.01)
    steps = np.diff(np.concatenate([np.reshape(start, (1, -1)), targets]), axis=0)
    event, frame, first = _spread(count, start_s, start_s + duration_s, reach=1)
    after = ease(((frame + 0.5) / FPS - start_s[event]) / duration_s[event])
    before = ease(((frame - 0.5) / FPS - start_s[event]) / duration_s[event])
    increments = _matrix(count, after - np.where(frame == 0, 0.0, before), frame, first) @ steps
    return np.asarray(start) + np.cumsum(increments, axis=0)


def drift(count: int, rng: np.random.Generator, knot_s: float, width: int) -> F:
    """[count, width] aimless smooth wandering of unit variance that changes its mind every `knot_s` seconds.

    A uniform cubic B-spline through normal control points, so accelerations are continuous.
    """
    at = frame_centres_s(count) / knot_s
    knots = rng.standard_normal((int(at[-1] if count else 0) + 5, width))
    whole = at.astype(np.int64)
    u = (at - whole)[:, None]
    weights = ((1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3)
    mixed = sum(weight * knots[whole + i] for i, weight in enumerate(weights))
    return np.asarray(mixed) / (6.0 * _SPLINE_STD)


_SPLINE_STD = 0.69  # mean standard deviation of a uniform cubic B-spline whose control points have deviation 1


def _fading(u: F) -> F:
    return 1.0 - ease((u - 0.3) / 0.7)


def _waves(count: int, start_s: F, cycles: F | float, hz: F | float, shape: Callable[[F, F], F]) -> Sparse:
    """[count, K] of `shape`, a function of the share of the event that has passed and of the phase in radians."""
    start_s, cycles, hz = _columns(start_s, cycles, hz)
    length_s = cycles / hz
    event, frame, first = _spread(count, start_s, start_s + length_s)
    u = np.clip(((frame + 0.5) / FPS - start_s[event]) / length_s[event], 0.0, 1.0)
    return _matrix(count, shape(u, 2.0 * np.pi * cycles[event] * u), frame, first)


def _columns(*values: F | float) -> list[F]:
    return [np.array(a, dtype=np.float64) for a in np.broadcast_arrays(*(np.atleast_1d(v) for v in values))]


def _spread(count: int, start_s: F, end_s: F, reach: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64], F]:
    """Event and frame of every (event, frame) pair whose centre lies in ``[start_s, end_s]``, event by event, and where
    each event begins among them. With `reach` 1 the first frame past the end belongs too, at least frame 0."""
    first = np.clip(np.ceil(start_s * FPS - 0.5), 0, count).astype(np.int64)
    last = np.ceil(end_s * FPS - 0.5).astype(np.int64) + reach
    last = np.clip(np.maximum(last, first + reach), first, count)
    lengths = last - first
    begins = np.concatenate([[0], np.cumsum(lengths)])
    event = np.repeat(np.arange(len(lengths)), lengths)
    return event, np.arange(begins[-1]) - begins[event] + first[event], begins


def _matrix(count: int, values: F, frame: NDArray[np.int64], begins: F) -> Sparse:
    return scipy.sparse.csc_array((values, frame, begins), shape=(count, len(begins) - 1))
