"""Between where the eyes look and ARKit's eyeLook coefficients."""

from __future__ import annotations

import numpy as np

from nonverbal.motion.ramp import ramp
from nonverbal.motion.rotations import F

FULL_YAW_RAD = 0.42
FULL_UP_RAD = 0.35
FULL_DOWN_RAD = 0.45
"""Eye rotations at which an eyeLook coefficient is 1 (regression on learned blendshapes: 20 to 29 degrees of yaw)."""


def look_coefficients(gaze: F) -> dict[str, F]:
    """Name of each of the eight eyeLook coefficients -> its values [N], from gaze [N, 4] as in `types.Motion`."""
    left_yaw, left_pitch, right_yaw, right_pitch = np.moveaxis(np.asarray(gaze, dtype=np.float64), 1, 0)
    looks = {
        "eyeLookOutLeft": ramp(left_yaw, 0.0, FULL_YAW_RAD),
        "eyeLookInLeft": ramp(-left_yaw, 0.0, FULL_YAW_RAD),
        "eyeLookInRight": ramp(right_yaw, 0.0, FULL_YAW_RAD),
        "eyeLookOutRight": ramp(-right_yaw, 0.0, FULL_YAW_RAD),
    }
    for side, pitch in zip(("Left", "Right"), (left_pitch, right_pitch), strict=True):
        looks["eyeLookUp" + side] = ramp(pitch, 0.0, FULL_UP_RAD)
        looks["eyeLookDown" + side] = ramp(-pitch, 0.0, FULL_DOWN_RAD)
    return looks
