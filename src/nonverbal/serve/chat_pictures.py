"""JPEG pictures of strangers: their size is read before anything is decoded, so that none can fill the memory."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from nonverbal.verdicts import UserError

MOST_PX = 1920 * 1080
_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers that the size of the picture follows."""


def read_picture(data: bytes) -> NDArray[np.uint8]:
    """uint8 [H, W, 3] RGB of a JPEG.

    Raises:
        UserError: it is none, is damaged, or has more pixels than `MOST_PX`.
    """
    width, height = jpeg_size(data)
    if min(width, height) < 16 or width * height > MOST_PX:
        raise UserError(f"picture: got {width} x {height} pixels, expected 16 x 16 to 1920 x 1080")
    try:
        import cv2
    except ImportError as error:
        raise UserError("OpenCV is missing: pip install 'nonverbal[serve]'") from error
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if found is None or found.shape[0] * found.shape[1] > MOST_PX:
        raise UserError("picture: got a damaged JPEG; send it again")
    return np.ascontiguousarray(found[:, :, ::-1])


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Width and height as a JPEG's header says.

    Raises:
        UserError: it is no JPEG, or its header is cut short.
    """
    at = 2
    if data[:2] == bytes((0xFF, _START)):
        while at + 9 <= len(data) and data[at] == 0xFF:
            marker = data[at + 1]
            if marker in _FRAMES:
                height, width = struct.unpack_from(">HH", data, at + 5)
                return width, height
            if marker in (_END, _SCAN):
                break
            at += 1 if marker == 0xFF else 2 + struct.unpack_from(">H", data, at + 2)[0]
    raise UserError("picture: got no JPEG, expected one such as a canvas makes")
