"""The region of a face that networks for active speaker detection look at: mouth and chin, grey, 112 x 112."""

from __future__ import annotations

import cv2
import numpy as np

from nonverbal.types import U8
from nonverbal.venus.tracking import Box, centre

FACE_SIDE = 112
_HALF = 0.7  # half the region's side, in halves of the longer side of the face box
_BELOW = 0.4  # how far the region's centre lies below the box's, in the same
_BEYOND = 110  # grey of what lies outside the picture


def talking_face(rgb: U8, box: Box) -> U8:
    """[112, 112] grey around the mouth of the face in `box`.

    Source: Liao et al. 2023, "A Light Weight Model for Active Speaker Detection": a region of 2.8 half sides of the
    face box, from one half side above its centre to 1.8 below, of which the middle half is used.
    """
    reach = 0.5 * max(box[2] - box[0], box[3] - box[1])
    x, y = centre(box)
    half, y = _HALF * reach, y + _BELOW * reach
    scale = FACE_SIDE / max(2.0 * half, 1e-3)
    warp = np.asarray([[scale, 0.0, -scale * (x - half)], [0.0, scale, -scale * (y - half)]], np.float32)
    cut = cv2.warpAffine(rgb, warp, (FACE_SIDE, FACE_SIDE), borderValue=(_BEYOND,) * 3)
    return cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY)
