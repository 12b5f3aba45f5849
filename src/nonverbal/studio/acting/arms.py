"""Arms and hands in motion: the plan's poses joined by smooth reaches, idle fingers, waving, and laughter's shaking."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nonverbal.motion.rotations import F
from nonverbal.spaces import SMPLX117_JOINTS
from nonverbal.studio.acting.curves import drift, moves, ripples
from nonverbal.studio.acting.gesturing import ArmPlan, HandsPlan, Made
from nonverbal.studio.acting.handshapes import FINGERS_BEND
from nonverbal.studio.acting.reaching import ARM_CONTROLS, arm_axis_angles, controls

WAVE_HZ = 2.2
SHAKE_RAD = np.radians(2.5)
"""How far the collars go up and down in laughter."""

_MIRROR = np.array([1.0, -1.0, -1.0])
_SIDES = ("left", "right")
_ARM_JOINTS = ("collar", "shoulder", "elbow", "wrist")
_IDLE_RAD = np.radians([0.3, 0.3, 0.3, 0.5, 0.5, 0.5, 0.8, 1.2, 1.2, 1.2])


def arms_body(plan: HandsPlan, shake: F, count: int, rng: np.random.Generator) -> F:
    """[count, 39, 3] axis-angle of every joint but the head, which stays zero.

    Args:
        shake: [count] laughter's shaking, -1 to 1.
    """
    body = np.zeros((count, len(SMPLX117_JOINTS), 3))
    for index, arm in enumerate(plan.arms):
        left = (index == 0) != plan.style.right_handed
        values = _controls_over_time(arm, count, rng)
        values[:, 2] += SHAKE_RAD * shake
        if index == 0:
            values += _waving(plan.made, count)
        _place(body, values, _SIDES[0 if left else 1])
    return body


def _controls_over_time(arm: ArmPlan, count: int, rng: np.random.Generator) -> F:
    """[count, 55] controls of one arm, its keys joined and a little life added."""
    solved = controls([arm.start, *(key.pose for key in arm.keys)])
    start_s = np.array([key.start_s for key in arm.keys])
    duration_s = np.array([key.duration_s for key in arm.keys])
    values = moves(count, solved[0], start_s, duration_s, solved[1:])
    values[:, :ARM_CONTROLS] += _IDLE_RAD * drift(count, rng, 1.5, ARM_CONTROLS)
    fingers = np.repeat(np.radians(2.5) * drift(count, rng, 0.9, 5), 9, axis=1)
    values[:, ARM_CONTROLS:] += FINGERS_BEND * fingers
    return values


def _waving(made: Sequence[Made], count: int) -> F:
    """[count, 55] what waves add to the leading arm: the wrist goes from side to side."""
    waves = [m for m in made if m.wave_deg]
    added = np.zeros((count, ARM_CONTROLS + len(FINGERS_BEND)))
    if waves:
        start_s = np.array([m.landing_s for m in waves]) - 0.1
        cycles = np.maximum(2.0, np.rint(1.3 * WAVE_HZ * (np.array([m.until_s for m in waves]) - start_s)))
        size = np.radians([m.wave_deg for m in waves])
        added[:, 8] = ripples(count, start_s, cycles, WAVE_HZ) @ size
    return added


def _place(body: F, values: F, side: str) -> None:
    sign = np.ones(3) if side == "left" else _MIRROR
    arm = arm_axis_angles(values[:, :ARM_CONTROLS]).reshape(len(values), 4, 3)
    for joint, name in enumerate(_ARM_JOINTS):
        body[:, SMPLX117_JOINTS.index(f"{side}_{name}")] = arm[:, joint] * sign
    first = SMPLX117_JOINTS.index(f"{side}_index1")
    body[:, first : first + 15] = values[:, ARM_CONTROLS:].reshape(len(values), 15, 3) * sign
