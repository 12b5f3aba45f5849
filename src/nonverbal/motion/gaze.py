"""Gaze from the irises: where the camera's ray through an iris meets the eyeball.

The eyeball sits at a fixed place in the head, so a turned head does not look like a turned gaze, and the iris
landmark's own depth, the least certain thing about it, is not used.
"""

from __future__ import annotations

import numpy as np

from nonverbal.motion.camera import meet_sphere
from nonverbal.motion.head import HeadFit
from nonverbal.motion.rotations import F

LEFT_EYE_IDS = (473, 362, 263)
RIGHT_EYE_IDS = (468, 133, 33)
"""Iris centre, inner corner, outer corner."""

IRIS_RADIUS_M = 0.0106
"""From the eyeball's centre to the plane of the iris's rim (adult eyeball 12 mm, the rim 5.9 mm from the axis)."""

LEFT_EYEBALL_M = np.array([0.0008, -0.0018, 0.0085])
"""From the middle of the left eye's corners to the eyeball's centre, head frame; the right eye mirrors it.

Outwards because the inner corner holds the caruncle: without it both eyes seem to look 4 degrees outwards. Upwards
because the pupil rests above the line between the corners: without it eyes that look ahead seem to look 10 degrees up.
"""

_MIRROR = np.array([-1.0, 1.0, 1.0])


def gaze_angles(landmarks_px: F, fit: HeadFit) -> F:
    """[N, 4] left yaw, left pitch, right yaw, right pitch in radians relative to the head.

    Yaw grows towards the person's left, pitch upwards. `landmarks_px` is [N, 478, 3].
    """
    eyes = ((LEFT_EYE_IDS, LEFT_EYEBALL_M), (RIGHT_EYE_IDS, LEFT_EYEBALL_M * _MIRROR))
    return np.concatenate([_eye(landmarks_px, fit, ids, offset) for ids, offset in eyes], axis=1)


def _eye(landmarks_px: F, fit: HeadFit, ids: tuple[int, int, int], offset_m: F) -> F:
    """[N, 2] yaw, pitch of one eye."""
    iris = fit.rays(np.asarray(landmarks_px[:, ids[:1]], dtype=np.float64))[:, 0]
    corners = fit.to_view(np.asarray(landmarks_px[:, ids[1:]], dtype=np.float64)).mean(axis=1)
    centre = corners + np.einsum("nij,j->ni", fit.rotation, offset_m)
    near, _ = meet_sphere(iris, centre, IRIS_RADIUS_M)
    x, y, z = np.moveaxis(np.einsum("nij,ni->nj", fit.rotation, near - centre), -1, 0)
    return np.stack([np.arctan2(x, -z), np.arctan2(-y, np.hypot(x, z))], axis=1)
