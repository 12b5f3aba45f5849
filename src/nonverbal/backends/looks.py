"""Models that tell by a picture of a person whether it is the one seen before, and what their numbers mean."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.requirements import Backend
from nonverbal.verdicts import UserError

F32 = NDArray[np.float32]

_STAGE, _SETTING = "watch", "identity_model"
DEFAULT = "appearance"


@dataclass(frozen=True, slots=True)
class Likenesses:
    """What a model's likenesses, -1 to 1, mean; measured for each model by ``benchmarks/identity.py``.

    Attributes:
        same: from here on two looks are surely one person.
        maybe: from here on a stray look may belong to one of the speakers.
        other: below, two looks that never met are surely two people.
        margin: by which a stray look must be more like that speaker than like the other.
    """

    same: float
    maybe: float
    other: float
    margin: float


class LookModel(Protocol):
    """Tells people apart by their looks; a model's weights load when it first describes somebody.

    Attributes:
        name: how the settings call it.
        likenesses: what its numbers mean.
    """

    name: str
    likenesses: Likenesses

    def describe(self, rgb: NDArray[np.uint8], landmarks_px: F32) -> F32:
        """float32 [E] of unit length from one picture, uint8 [H, W, 3], and the face mesh [478, 3] in it; may be
        called from several threads at once. Zeros where the face lies outside of the picture."""
        ...

    def likeness(self, a: F32, b: F32) -> float:
        """How alike two looks of any length are, -1 to 1; 0 where there is nothing to compare."""
        ...


CHOICES: tuple[Backend, ...] = (
    Backend(
        DEFAULT, _STAGE, _SETTING, "colours and edges of the person", "hand-made, in nonverbal", "MIT", default=True
    ),
)
"""Every model of looks, the default first."""

_MAKERS = {"appearance": "nonverbal.backends.appearance:Appearance"}


def backend_of(name: str) -> Backend:
    """The entry of `CHOICES` called `name`.

    Raises:
        UserError: there is none.
    """
    for choice in CHOICES:
        if choice.name == name:
            return choice
    known = ", ".join(choice.name for choice in CHOICES)
    raise UserError(f"{_SETTING} is {name!r}, expected one of: {known}")


@lru_cache
def look_model(name: str) -> LookModel:
    """The model called `name`, the same one whenever asked.

    Raises:
        UserError: there is none.
    """
    module, maker = _MAKERS[backend_of(name).name].split(":")
    model: LookModel = getattr(importlib.import_module(module), maker)()
    return model
