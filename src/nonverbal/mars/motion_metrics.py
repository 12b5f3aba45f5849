"""Generated beside true motion of the same stretch of talk: how far, how alike, how lively, how well in time.

Frechet distance, diversity, variance, VMSE and LVD are those of `tokens.metrics` (docs/metrics.md), with the generated
motion in place of a decoded one. What is added here, energy, strokes on words and events a minute, is written down in
docs/behaviour_metrics.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonverbal.motion.events import Events
from nonverbal.timeline import FPS, FRAMES_PER_STEP
from nonverbal.tokens.config import column_groups
from nonverbal.tokens.meshes import Mesh
from nonverbal.tokens.metrics import ReconstructionMeter, ReconstructionReport
from nonverbal.types import F32, Bool
from nonverbal.verdicts import UserError

F = NDArray[Any]

BEAT_STD_S = 0.1
"""Standard deviation of the bell by which a stroke off its word is forgiven."""

BEAT_REACH_S = 0.5
"""A stroke farther from every word than this goes with none and does not count."""

_LEAST_STEPS = 8
"""Motion steps in a row (2.56 s) that a correlation takes at least."""


@dataclass(frozen=True, slots=True)
class MotionReport:
    """Numbers of one space. None: there was nothing to measure it on."""

    parameters: ReconstructionReport
    """Frechet distance, diversities, variance ratio, VMSE, LVD and errors; "decoded" is the generated motion."""
    energy_correlation: float | None
    """Mean over stretches of Pearson's correlation of true and generated energy by step; 0 where the generated does not
    vary, left out where the truth does not."""
    energy_true: float | None
    """Mean energy of the truth: L2 norm of the rows' velocity, their unit per second."""
    energy_generated: float | None
    """The same of the generated motion."""
    stretches: int
    """Stretches that the correlation is a mean of."""


class MotionMeter:
    """Adds up true and generated rows of one space, stretch by stretch, in any order."""

    def __init__(self, space: str, mesh: Mesh | None, seed: int = 0, fps: float = FPS) -> None:
        """A meter without stretches; arguments as of `tokens.metrics.ReconstructionMeter`.

        Raises:
            UserError: there is no such space, or the mesh shows another.
        """
        self._parameters = ReconstructionMeter(space, mesh, seed)
        self._columns = [group.columns for group in column_groups((space,))]
        self._fps = fps
        self._correlations: list[float] = []
        self._energies, self._steps = np.zeros(2), 0

    def add(self, truth: F32, generated: F32, mask: Bool | None = None) -> None:
        """One unbroken stretch: a turn, or a whole dialogue.

        Args:
            truth: [T, D] rows of the space.
            generated: [T, D] what stands in for them.
            mask: [T, G] which groups of columns are valid in the truth (`motion_set.motion_rows`); all if None.

        Raises:
            UserError: shapes do not fit, or a valid number is not finite.
        """
        self._parameters.add(truth, generated, mask)
        valid = np.ones((len(truth), len(self._columns)), bool) if mask is None else mask
        rows = np.stack([np.asarray(truth, np.float64), np.asarray(generated, np.float64)])
        for group, columns in enumerate(self._columns):
            rows[:, ~valid[:, group], columns] = 0.0
        energies = [energy_by_step(values, valid, self._columns, self._fps) for values in rows]
        self._steps += len(energies[0])
        self._energies += [values.sum() for values in energies]
        correlation = pearson(*energies)
        if correlation is not None:
            self._correlations.append(correlation)

    def report(self) -> MotionReport:
        """All numbers.

        Raises:
            UserError: no valid frame was given.
        """
        true, generated = (self._energies / self._steps).tolist() if self._steps else (None, None)
        mean = float(np.mean(self._correlations)) if self._correlations else None
        return MotionReport(self._parameters.report(), mean, true, generated, len(self._correlations))


def energy_by_step(rows: F, valid: Bool, columns: list[slice], fps: float = FPS) -> F:
    """[S] mean over each whole motion step of the L2 norm of the velocity, the rows' unit per second.

    Args:
        rows: [T, D], finite.
        valid: [T, G] which groups count; a velocity from or to a frame that does not is none. A step in which nothing
            counts is left out, the same ones for truth and generated motion.
        columns: the columns of each group.
    """
    both = valid[1:] & valid[:-1]
    squares = np.diff(rows, axis=0) ** 2
    total = sum(squares[:, where].sum(axis=1) * both[:, group] for group, where in enumerate(columns))
    steps = len(both) // FRAMES_PER_STEP
    shape = (steps, FRAMES_PER_STEP)
    speed = fps * np.sqrt(np.broadcast_to(total, len(both)))[: steps * FRAMES_PER_STEP].reshape(shape)
    counts = np.asarray(both.any(axis=1))[: steps * FRAMES_PER_STEP].reshape(shape)
    number = counts.sum(axis=1)
    return np.asarray((speed * counts).sum(axis=1)[number > 0] / number[number > 0])


def pearson(truth: F, other: F) -> float | None:
    """Correlation of two series [N]; 0 where the other does not vary; None where the truth does not or N < 8."""
    if len(truth) < _LEAST_STEPS or np.ptp(truth) <= 1e-9:
        return None
    if np.ptp(other) <= 1e-9:
        return 0.0
    a, b = truth - truth.mean(), other - other.mean()
    return float((a @ b) / np.sqrt((a @ a) * (b @ b)))


@dataclass(frozen=True, slots=True)
class Beats:
    """How strokes of the hands fall on words; add up over dialogues with ``+``."""

    closeness: float
    """Sum over strokes of exp( -d² / (2 · 0.1² s²) ), d from the stroke's peak to the nearest beginning of a word."""
    strokes: int
    """Strokes within 0.5 s of a word's beginning."""

    @property
    def alignment(self) -> float | None:
        """Mean closeness, 0 to 1; None without strokes."""
        return self.closeness / self.strokes if self.strokes else None

    def __add__(self, other: Beats) -> Beats:
        return Beats(self.closeness + other.closeness, self.strokes + other.strokes)


def beat_alignment(strokes: Events, words_s: F) -> Beats:
    """Strokes against the beginnings [N] of the same person's words.

    Source: Li et al. 2021, "AI Choreographer" (AIST++), section 5.2, Beat Alignment Score, with words for beats.
    """
    if not len(strokes) or not len(words_s):
        return Beats(0.0, 0)
    words_s = np.sort(words_s)
    after = np.searchsorted(words_s, strokes.peak_s)
    nearest = np.stack([words_s[np.maximum(after - 1, 0)], words_s[np.minimum(after, len(words_s) - 1)]])
    apart_s = np.abs(strokes.peak_s - nearest).min(axis=0)
    apart_s = apart_s[apart_s <= BEAT_REACH_S]
    return Beats(float(np.exp(-(apart_s**2) / (2 * BEAT_STD_S**2)).sum()), len(apart_s))


def events_per_min(events: Mapping[str, Events], duration_s: float) -> dict[str, float]:
    """How often each kind comes: blinks a minute and so on.

    Raises:
        UserError: the duration is not above 0.
    """
    if not duration_s > 0:
        raise UserError(f"events a minute: got a duration of {duration_s} s, expected more than 0")
    return {kind: 60.0 * len(found) / duration_s for kind, found in events.items()}
