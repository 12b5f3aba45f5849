"""The picture of a shirt: fabric, folds, stripes, checks, buttons, or a jacket over something else."""

from __future__ import annotations

import numpy as np

from nonverbal.avatar.clothes import BOX_M
from nonverbal.avatar.look import Look
from nonverbal.avatar.noise import noise
from nonverbal.types import F32

_STRIPE_M, _CHECK_M, _BUTTON_M = 0.05, 0.04, 0.085


def shirt_picture(look: Look, name: str, shape: tuple[int, ...], rng: np.random.Generator) -> F32:
    """[H, W, 3] the front or the back ("shirt_front", "shirt_back") of a shirt as `clothes` lays it out."""
    (left, top), (right, bottom) = BOX_M
    x = np.linspace(left, right, shape[1], dtype=np.float32)[None] * np.ones((shape[0], 1), np.float32)
    y = np.linspace(top, bottom, shape[0], dtype=np.float32)[:, None] * np.ones((1, shape[1]), np.float32)
    first, second = np.array(look.shirt, np.float32), np.array(look.shirt_second, np.float32)
    share = _second_share(look, name, x, y)[..., None]
    picture = first + share * (second - first)
    if look.pattern in ("jacket", "buttons") and name == "shirt_front":
        picture = _front_edge(look, picture, x, y)
    places = np.column_stack([x.ravel(), y.ravel()])
    folds = 0.05 * noise(places, (0.06, 0.045), rng) + 0.03 * noise(places, (0.025, 0.03), rng)
    fabric = 1 + folds.reshape(shape) + 0.02 * rng.normal(0.0, 1.0, shape)
    return np.asarray(picture * fabric[..., None], np.float32)


def _second_share(look: Look, name: str, x: F32, y: F32) -> F32:
    """How much of the second colour is seen where."""
    if look.pattern == "stripes":
        return (y % _STRIPE_M < 0.4 * _STRIPE_M).astype(np.float32)
    if look.pattern == "check":
        bands = (x % _CHECK_M < 0.5 * _CHECK_M).astype(np.float32) + (y % _CHECK_M < 0.5 * _CHECK_M)
        return np.asarray(0.4 * bands, np.float32)
    if look.pattern == "jacket" and name == "shirt_front":
        return (np.abs(x) < _opening(y)).astype(np.float32)
    return np.zeros_like(x)


def _opening(y: F32) -> F32:
    """Half the width of what an open jacket leaves free."""
    return np.asarray(0.035 + 0.06 * np.clip((y - 0.30) / 0.3, 0, 1), np.float32)


def _front_edge(look: Look, picture: F32, x: F32, y: F32) -> F32:
    """The dark edge of a jacket, or a row of buttons."""
    if look.pattern == "jacket":
        edge = np.exp(-(((np.abs(x) - _opening(y)) / 0.004) ** 2))
        return np.asarray(picture * (1 - 0.5 * edge)[..., None], np.float32)
    button = np.hypot(x - 0.008, y % _BUTTON_M - 0.5 * _BUTTON_M) < 0.006
    seam = np.exp(-((x / 0.0025) ** 2)) * 0.35
    picture = picture * (1 - seam)[..., None]
    picture[button] = 0.35 * picture[button] + 0.65 * np.array([235, 232, 225], np.float32)
    return picture
