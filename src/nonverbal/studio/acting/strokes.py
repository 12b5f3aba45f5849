"""Where arms go: the ways of resting them, and the poses of each gesture. Arms are told as in `reaching.Pose`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from nonverbal.motion.rotations import F
from nonverbal.studio.acting.reaching import Pose
from nonverbal.studio.acting.style import Rest
from nonverbal.studio.talk import Gesture

REST_POSES: Mapping[Rest, tuple[Pose, Pose]] = MappingProxyType(
    {
        "lap": (
            Pose((0.085, -0.335, 0.255), (-0.35, -0.3, -0.9), "relaxed", 10, 0),
            Pose((0.105, -0.360, 0.230), (-0.2, 0.5, -0.85), "cupped", 8, 0),
        ),
        "table": (
            Pose((0.125, -0.285, 0.360), (-0.15, -1.0, 0.0), "relaxed", 0, 0, 3),
            Pose((0.135, -0.285, 0.340), (-0.15, -1.0, 0.0), "relaxed", 0, 0, 3),
        ),
        "clasped": (
            Pose((0.075, -0.275, 0.300), (-1.0, -0.3, -0.2), "folded", 6, 4, 2),
            Pose((0.085, -0.290, 0.290), (-1.0, -0.1, -0.3), "folded", 6, 4, 2),
        ),
        "armrests": (
            Pose((0.215, -0.285, 0.285), (-0.4, -0.9, 0.0), "relaxed", 12, 0, 2, 0.6),
            Pose((0.215, -0.285, 0.285), (-0.4, -0.9, 0.0), "relaxed", 12, 0, 2, 0.6),
        ),
        "steeple": (
            Pose((0.090, -0.235, 0.270), (-1.0, -0.1, -0.1), "cupped", -8, 16, 2, 0.4),
            Pose((0.090, -0.235, 0.270), (-1.0, -0.1, -0.1), "cupped", -8, 16, 2, 0.4),
        ),
        "wrist_held": (
            Pose((0.070, -0.325, 0.265), (-0.3, -0.7, -0.6), "curled", 12, 0, 0),
            Pose((0.090, -0.345, 0.235), (-0.6, -0.1, -0.8), "curled", 8, 0, 0),
        ),
    }
)
"""Rest -> the leading arm's pose and the other's. Hands stay clear of the trunk and of each other."""

READY = Pose((0.135, -0.215, 0.300), (-0.75, -0.35, 0.0), "beat", -6, 4, 2, 0.3)
"""Where a hand hovers between the beats of a stretch of talk."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """What a gesture does.

    Attributes:
        lead: the leading arm when the stroke lands.
        other: the other arm, where it takes part.
        windup: [3] metres from the stroke's wrist to where the stroke sets out.
        hold_s: how long the pose is kept after the stroke has landed.
        to_line_end: it is kept until the line ends, if that is longer.
        wave_deg: side to side bending of the wrist while held.
    """

    lead: Pose
    other: Pose | None = None
    windup: tuple[float, float, float] = (-0.02, 0.05, -0.05)
    hold_s: float = 0.35
    to_line_end: bool = False
    wave_deg: float = 0.0


_BIG = Pose((0.300, -0.130, 0.310), (-0.95, -0.15, 0.15), "open", -8, 6, 3, 0.5)
_SHRUG = Pose((0.285, -0.200, 0.285), (0.1, 1.0, 0.35), "open", -14, 0, 15, 0.35)
_TOGETHER = Pose((0.070, -0.195, 0.290), (-1.0, -0.2, -0.1), "folded", 4, 6, 3, 0.35)
_COUNT = Pose((0.190, -0.060, 0.285), (-0.35, 0.0, 0.9), "one", 0, 4, 3, 0.35)

_STROKES: Mapping[Gesture, Stroke] = MappingProxyType(
    {
        "palm_up": Stroke(Pose((0.205, -0.215, 0.345), (-0.25, 1.0, 0.2), "cupped", -8, 0, 2), hold_s=0.5),
        "point_self": Stroke(Pose((0.135, -0.165, 0.195), (-0.1, -0.1, -1.0), "flat", 8, 0, 2, 0.7),
                             windup=(0.04, -0.03, 0.08), hold_s=0.4),
        "point_away": Stroke(Pose((0.400, -0.080, 0.190), (-0.3, -1.0, 0.3), "pointing", 6, 10, 4, -0.3),
                             windup=(-0.12, -0.05, -0.03), hold_s=0.5),
        "big": Stroke(_BIG, _BIG, windup=(-0.17, -0.03, 0.0), hold_s=0.5),
        "small": Stroke(Pose((0.115, -0.090, 0.290), (-0.8, 0.0, 0.6), "pinch", 0, 8, 2, 0.35),
                        windup=(0.03, -0.04, -0.04), hold_s=0.6),
        "count": Stroke(_COUNT, windup=(0.0, 0.04, -0.03), hold_s=0.5),
        "shrug": Stroke(_SHRUG, _SHRUG, windup=(-0.08, -0.06, 0.02), hold_s=0.55),
        "wave": Stroke(Pose((0.270, 0.060, 0.240), (-0.1, 0.0, 1.0), "open", -6, 0, 4, 0.5),
                       windup=(0.03, -0.05, 0.0), hold_s=1.0, wave_deg=24.0),
        "stop": Stroke(Pose((0.165, -0.055, 0.360), (0.0, 0.1, 1.0), "flat", -50, 0, 3, 0.4),
                       windup=(0.0, -0.02, -0.10), hold_s=0.55),
        "cross_arms": Stroke(Pose((-0.065, -0.195, 0.245), (-0.2, -0.6, -0.8), "curled", 6, 0, 2, 0.35),
                             Pose((-0.055, -0.235, 0.200), (-0.2, -0.4, -0.9), "curled", 6, 0, 2, 0.35),
                             windup=(0.10, -0.04, 0.05), hold_s=1.6, to_line_end=True),
        "hand_to_chin": Stroke(Pose((0.050, 0.020, 0.185), (-0.5, 0.3, -0.8), "curled", 14, 0, 2, 0.25),
                               windup=(0.03, -0.07, 0.06), hold_s=1.2, to_line_end=True),
        "hands_together": Stroke(_TOGETHER, _TOGETHER, windup=(0.07, -0.01, 0.0), hold_s=0.8),
    }
)  # fmt: skip

COUNTED = ("one", "two", "three", "four", "five")
BEAT_M = 0.075
"""How far a beat falls at gesture size 1."""


def stroke_of(gesture: Gesture, partner: F, nth: int) -> Stroke:
    """What `gesture` does; not for ``beat``, which starts from wherever the hand is.

    Args:
        partner: [3] unit direction of the partner in the chest's axes, x out to the leading arm's side.
        nth: how many things this line has counted before, for ``count``.
    """
    if gesture == "point_you":
        return _point_at(partner)
    if gesture == "count":
        return replace(_STROKES[gesture], lead=replace(_COUNT, shape=COUNTED[min(nth, len(COUNTED) - 1)]))
    return _STROKES[gesture]


def moved(pose: Pose, by: F | tuple[float, float, float]) -> Pose:
    """`pose` with its wrist elsewhere, never nearer to the trunk than 17 cm in front of the chest's origin."""
    x, y, z = (float(a + b) for a, b in zip(pose.wrist, by, strict=True))
    return replace(pose, wrist=(x, y, max(z, 0.17)))


def _point_at(partner: F) -> Stroke:
    x, y, z = (float(a) for a in partner)
    wrist = (
        float(np.clip(0.15 + 0.42 * x, -0.05, 0.33)),
        -0.02 + 0.42 * (min(y, 0.0) - 0.22),
        float(np.clip(0.42 * z, 0.22, 0.40)),
    )
    lead = Pose(wrist, (-0.5, -0.8, 0.0), "pointing", -4, 0, 3, 0.35)
    return Stroke(lead, windup=(0.0, -0.03, -0.10), hold_s=0.5)
