"""Where a participant looks and when: fixations on the partner, the lens or nothing, with small saccades inside each.

Source: Kendon 1967, "Some functions of gaze-direction in social interaction": speakers look away as they begin and
back as they end; listeners look at the speaker most of the time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nonverbal.motion.rotations import F, unit
from nonverbal.studio.acting.style import Style
from nonverbal.studio.talk import Act, SpokenLine, Talk

State = Literal["opening", "direct", "thinking", "speaking", "closing", "listening"]

PARTNER, CAMERA, AWAY = 0, 1, 2

PARTNER_SHARE: dict[State, float] = {
    "opening": 0.30,
    "direct": 0.88,
    "thinking": 0.08,
    "closing": 0.92,
    "listening": 0.85,
}
"""Share of time on the partner by state; while ``speaking`` it is the style's `eye_contact`."""

DIRECT_ACTS: frozenset[Act] = frozenset(
    ("greet", "agree", "disagree", "blame", "exclaim", "comfort", "backchannel", "laugh", "part")
)
"""Acts that begin with the eyes on the partner; the others begin by looking away."""

OPENING_S = (0.6, 1.3)
CLOSING_S = 0.6
"""How long the looking away at a line's start lasts, and how long before its end the eyes come back."""

_ON_PARTNER_S: dict[State, float] = {"listening": 3.2}
_ON_PARTNER_USUAL_S = 1.8
_AWAY_S = 1.0
_SACCADE_EVERY_S = 0.45


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """K fixations in order of time: when each begins, what it is on, and where: [K, 2] yaw, pitch in seat axes."""

    start_s: F
    target: F
    direction: F

    def targets_at(self, times_s: F) -> F:
        """[N] what is looked at at each of `times_s`."""
        return np.asarray(self.target[np.searchsorted(self.start_s, times_s, side="right").clip(1) - 1])


def angles_of(direction: F) -> F:
    """[..., 3] directions -> [..., 2] yaw towards the person's left and pitch upwards, radians."""
    x, y, z = np.moveaxis(unit(np.asarray(direction, dtype=np.float64)), -1, 0)
    return np.stack([np.arctan2(x, z), np.arctan2(y, np.hypot(x, z))], axis=-1)


def looks(talk: Talk, participant: str, style: Style, towards: F, rng: np.random.Generator) -> Looks:
    """The fixations of `participant`; `towards` [2, 2] yaw and pitch of the partner and of the lens."""
    starts, targets, pitched = [], [], []
    for start_s, end_s, state in _states(talk, participant, rng):
        at_s = start_s
        while at_s < end_s:
            target, length_s = _fixation(state, style, at_s == start_s, rng)
            starts.append(at_s)
            targets.append(target)
            pitched.append(state == "thinking")
            at_s += length_s
    kinds = np.array(targets, dtype=np.int64)
    return Looks(np.array(starts), kinds, _directions(kinds, np.array(pitched), style, towards, rng))


def saccades(fixations: Looks, duration_s: float, rng: np.random.Generator) -> tuple[F, F]:
    """Start [N] and direction [N, 2] of every saccade: to each fixation, and about twice a second within it."""
    lengths_s = np.diff(np.append(fixations.start_s, max(duration_s, fixations.start_s[-1])))
    counts = np.maximum(1, np.rint(lengths_s / _SACCADE_EVERY_S)).astype(np.int64)
    of = np.repeat(np.arange(len(counts)), counts)
    index = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    late = np.where(index > 0, rng.uniform(-0.35, 0.35, len(of)), 0.0)
    start_s = fixations.start_s[of] + (index + late) / counts[of] * lengths_s[of]
    return start_s, fixations.direction[of] + np.radians([1.2, 0.8]) * rng.standard_normal((len(of), 2))


def _states(talk: Talk, participant: str, rng: np.random.Generator) -> Iterator[tuple[float, float, State]]:
    """Stretches of one state, covering the talk from 0 to its end without holes."""
    changes: list[tuple[float, State]] = [(0.0, "listening")]
    for spoken in talk.of(participant):
        changes.extend(_line_states(spoken, rng))
    changes.append((talk.duration_s, "listening"))
    ordered = sorted(changes, key=lambda change: change[0])
    for (start_s, state), (end_s, _) in itertools.pairwise(ordered):
        if min(end_s, talk.duration_s) > max(start_s, 0.0):
            yield max(start_s, 0.0), min(end_s, talk.duration_s), state


def _line_states(spoken: SpokenLine, rng: np.random.Generator) -> Iterator[tuple[float, State]]:
    opening_s = float(rng.uniform(*OPENING_S))
    begin_s, close_s = spoken.start_s - 0.15, spoken.end_s - CLOSING_S
    middle: State = "thinking" if spoken.line.act == "think" else "speaking"
    yield begin_s, "direct" if spoken.line.act in DIRECT_ACTS else ("thinking" if middle == "thinking" else "opening")
    if begin_s + opening_s < close_s:
        yield begin_s + opening_s, middle
    if close_s > begin_s + 0.2:
        yield close_s, "closing"
    yield max(spoken.end_s + 0.2, begin_s + 0.3), "listening"


def _fixation(state: State, style: Style, first: bool, rng: np.random.Generator) -> tuple[int, float]:
    """What is looked at and for how long; a state's first look falls as time does, later ones as looks do."""
    share = style.eye_contact if state == "speaking" else PARTNER_SHARE[state]
    partner_s = _ON_PARTNER_S.get(state, _ON_PARTNER_USUAL_S)
    chance = share if first else share * _AWAY_S / (share * _AWAY_S + (1.0 - share) * partner_s)
    on_partner, on_camera = rng.random(2) < (chance, min(1.0, 2.0 * style.camera_glances))
    length_s = (partner_s if on_partner else _AWAY_S) * float(rng.uniform(0.5, 1.5))
    return (PARTNER if on_partner else CAMERA if on_camera else AWAY), length_s


def _directions(target: F, thinking: F, style: Style, towards: F, rng: np.random.Generator) -> F:
    """[K, 2] for looks of each kind; those away go 10 to 26 degrees aside, up when thinking, mostly down otherwise."""
    count = len(target)
    side = np.where(rng.random(count) < 0.5 + 0.5 * style.away_side, 1.0, -1.0)
    yaw = side * rng.uniform(10.0, 26.0, count)
    upwards = rng.random(count) < np.where(thinking, 0.75, 0.35)
    pitch = np.where(upwards, rng.uniform(4.0, 14.0, count), rng.uniform(-16.0, -4.0, count))
    away = towards[0] + np.radians(np.stack([yaw, pitch], axis=1))
    return np.where((target == AWAY)[:, None], away, towards[np.minimum(target, CAMERA)])
