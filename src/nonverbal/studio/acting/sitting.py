"""How the trunk sits: turned towards the partner, breathing, swaying, leaning, shifting its weight now and then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nonverbal.motion.rotations import F
from nonverbal.studio.acting.curves import drift, frame_centres_s, humps, moves
from nonverbal.studio.acting.facing import LAUGH_HZ
from nonverbal.studio.acting.habits import Doing
from nonverbal.studio.acting.style import Style

TURN_SHARE = 0.35
TURN_LIMIT_RAD = np.radians(18.0)
"""Share of the partner's direction that the chest turns to, and at most how far."""

SHIFT_EVERY_S = (25.0, 60.0)
HIP_TO_CHEST_M = 0.36
"""The chest's origin above the hips, about which a seated trunk leans."""


def home_yaw_rad(towards: F) -> float:
    """Where the chest faces at rest; `towards` [2, 2] yaw and pitch of the partner and of the lens."""
    return float(np.clip(TURN_SHARE * towards[0, 0], -TURN_LIMIT_RAD, TURN_LIMIT_RAD))


def chest_angles(acts: Sequence[Doing], style: Style, towards: F, count: int, rng: np.random.Generator) -> F:
    """[count, 3] yaw, pitch, roll of the chest in seat axes; leaning in is pitch below zero."""
    angles = _shifts(style, count, rng)
    angles[:, 0] += home_yaw_rad(towards)
    angles += np.radians([0.8, 0.6, 0.7]) * drift(count, rng, 3.5, 3)
    angles[:, 1] += np.radians(0.35) * np.sin(_breath(count, rng))
    mine = [act for act in acts if act.does in ("lean_in", "lean_back")]
    way = np.array([-act.size if act.does == "lean_in" else act.size for act in mine])
    start_s, end_s = np.array([act.start_s for act in mine]), np.array([act.end_s for act in mine])
    slow = 0.8
    angles[:, 1] += humps(
        count, start_s - 0.3, slow, np.clip(end_s - start_s - 0.3, 0.3, 8.0), 1.5 * slow
    ) @ np.radians(way)
    laughs = [act for act in acts if act.does == "laugh_face"]
    angles[:, 1] += np.radians(0.6) * laugh_shake(laughs, count)
    return angles


def sway(angles: F, rng: np.random.Generator) -> F:
    """[T, 3] metres the chest's origin is off its resting place, as a trunk leaning from the hips takes it along."""
    lean, roll = angles[:, 1], angles[:, 2]
    place = np.stack([-np.sin(roll), np.zeros(len(angles)), -np.sin(lean)], axis=1) * HIP_TO_CHEST_M
    return place + np.array([0.004, 0.0015, 0.004]) * drift(len(angles), rng, 2.5, 3)


def laugh_shake(laughs: Sequence[Doing], count: int) -> F:
    """[count] -1 to 1: the shaking of each laugh, fading towards its end."""
    start_s = np.array([act.start_s for act in laughs])
    length_s = np.array([act.end_s for act in laughs]) - start_s
    size = np.array([act.size for act in laughs])
    wave = np.sin(2.0 * np.pi * LAUGH_HZ * frame_centres_s(count))
    return wave * np.clip(humps(count, start_s, 0.15, 0.4 * length_s, 0.6 * length_s) @ size, 0.0, 1.0)


def _shifts(style: Style, count: int, rng: np.random.Generator) -> F:
    """[count, 3] new ways of sitting, a few degrees apart, taken up every half minute or so."""
    number = 1 + int(count / 25.0 * style.fidget / SHIFT_EVERY_S[0])
    start_s = np.cumsum(rng.uniform(*SHIFT_EVERY_S, number) / style.fidget)
    targets = np.radians([3.5, 2.0, 2.0]) * np.clip(rng.standard_normal((number + 1, 3)), -1.6, 1.6)
    return moves(count, targets[0], start_s, rng.uniform(0.9, 1.6, number), targets[1:])


def _breath(count: int, rng: np.random.Generator) -> F:
    """[count] the phase of breathing, about 15 a minute and never quite even."""
    rate_hz = 0.25 + 0.03 * drift(count, rng, 6.0, 1)[:, 0]
    return rng.uniform(0.0, 2.0 * np.pi) + 2.0 * np.pi * np.cumsum(rate_hz) / 25.0
