"""Paints a person's texture: skin, lips, brows, eyes, teeth, hair and clothes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from nonverbal.avatar.atlas import SKIN_PARTS, block, unwrap
from nonverbal.avatar.look import Look


def paint(look, size):
    t = np.zeros((size, size, 3), np.uint8)
    u = unwrap(size)
    t[u.rows, u.columns] = look.skin
    m = (u.part == 2) | (u.part == 3)
    t[u.rows[m], u.columns[m]] = (90, 30, 30)
    e = block(t, "eye")
    n = len(e)
    yy, xx = np.mgrid[:n, : e.shape[1]]
    r = np.hypot(yy - n / 2 + 0.5, xx - n / 2 + 0.5) / (n / 2) * 105
    e[:] = (230, 225, 220)
    e[r < 23] = look.iris
    e[r < 9] = 10
    block(t, "teeth")[:] = (230, 225, 215)
    block(t, "lash")[:] = 30
    return t
