"""Faces people make, as mixtures of ARKit coefficients: the words of the face's language, and how mood colours them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nonverbal.motion.rotations import F
from nonverbal.spaces import ARKIT52_NAMES

EXPRESSIONS: Mapping[str, Mapping[str, float]] = {
    "brows_up": {"browInnerUp": 0.85, "browOuterUp": 1.0, "eyeWide": 0.25},
    "brows_worried": {"browInnerUp": 1.0, "browDown": 0.25, "mouthFrown": 0.15},
    "brows_down": {"browDown": 1.0, "eyeSquint": 0.35, "noseSneer": 0.12},
    "brow_left_up": {"browOuterUpLeft": 1.0, "browInnerUp": 0.35, "browDownRight": 0.45},
    "brow_right_up": {"browOuterUpRight": 1.0, "browInnerUp": 0.35, "browDownLeft": 0.45},
    "wide_eyes": {"eyeWide": 1.0, "browInnerUp": 0.45, "browOuterUp": 0.55},
    "smile": {"mouthSmile": 1.0, "cheekSquint": 0.6, "eyeSquint": 0.35, "mouthDimple": 0.22, "mouthUpperUp": 0.1},
    "laugh_face": {"mouthSmile": 1.0, "cheekSquint": 0.8, "eyeSquint": 0.7, "mouthUpperUp": 0.4, "browInnerUp": 0.15,
                   "mouthLowerDown": 0.2, "noseSneer": 0.22, "jawOpen": 0.38},
    "frown": {"mouthFrown": 1.0, "mouthShrugLower": 0.3, "browInnerUp": 0.15},
    "sneer": {"noseSneer": 1.0, "mouthUpperUp": 0.45, "browDown": 0.3},
    "lips_pressed": {"mouthPress": 1.0, "mouthRollLower": 0.5, "mouthRollUpper": 0.45, "mouthDimple": 0.25},
    "lips_rolled": {"mouthRollLower": 1.0, "mouthRollUpper": 0.9, "mouthPress": 0.3},
    "mouth_shrug": {"mouthShrugLower": 1.0, "mouthShrugUpper": 0.75, "mouthFrown": 0.55, "mouthPress": 0.2},
    "mouth_left": {"mouthLeft": 1.0, "jawLeft": 0.45, "mouthDimpleLeft": 0.5, "mouthPressLeft": 0.35,
                   "cheekSquintLeft": 0.2},
    "mouth_right": {"mouthRight": 1.0, "jawRight": 0.45, "mouthDimpleRight": 0.5, "mouthPressRight": 0.35,
                    "cheekSquintRight": 0.2},
    "pout": {"mouthPucker": 1.0, "mouthShrugLower": 0.35, "mouthFunnel": 0.15},
    "puff": {"cheekPuff": 1.0, "mouthPress": 0.4, "mouthPucker": 0.35},
    "chin_out": {"jawForward": 1.0, "mouthShrugLower": 0.45, "mouthFrown": 0.3},
    "lip_lick": {"tongueOut": 1.0, "jawOpen": 0.28, "mouthLowerDown": 0.25, "mouthRollUpper": 0.15},
    "chew": {"jawOpen": 0.75, "mouthClose": 0.75, "mouthPress": 0.2, "mouthShrugLower": 0.2},
    "squint": {"eyeSquint": 1.0, "browDown": 0.4, "cheekSquint": 0.3},
    "grimace": {"mouthStretch": 1.0, "mouthLowerDown": 0.35, "mouthFrown": 0.3, "browInnerUp": 0.2},
}  # fmt: skip
"""Name -> coefficient -> weight at size 1. A name without a side stands for both."""


def mixture(name: str) -> F:
    """[52] the weights of one expression.

    Raises:
        KeyError: no such expression, or a coefficient of it does not exist: a mistake in the tables.
    """
    row = np.zeros(len(ARKIT52_NAMES))
    for coefficient, weight in EXPRESSIONS[name].items():
        sides = (coefficient, coefficient + "Left", coefficient + "Right")
        columns = [ARKIT52_NAMES.index(side) for side in sides if side in ARKIT52_NAMES]
        if not columns:
            raise KeyError(coefficient)
        row[columns] = weight
    return row


MIXTURES = {name: mixture(name) for name in EXPRESSIONS}

MOOD_SMILE = 0.55
MOOD_FROWN = 0.40
MOOD_BROWS_DOWN = 0.35
"""Sizes at mood 1 and -1; in between they grow evenly with the mood's distance from 0."""


def mood_mixture(mood: float) -> F:
    """[52] what a mood from -1 to 1 puts on the face for as long as a line lasts."""
    if mood >= 0:
        return np.asarray(MOOD_SMILE * mood * MIXTURES["smile"])
    return np.asarray(-mood * (MOOD_FROWN * MIXTURES["frown"] + MOOD_BROWS_DOWN * MIXTURES["brows_down"]))


def side_gains(asymmetry: float) -> F:
    """[52] factors that make one half of the face stronger: ``1 + asymmetry`` on the left, ``1 - asymmetry`` right."""
    return np.array([_side_gain(name, asymmetry) for name in ARKIT52_NAMES])


def columns_of(names: Sequence[str]) -> list[int]:
    """Columns of ``arkit52`` whose names begin with one of `names`."""
    return [i for i, column in enumerate(ARKIT52_NAMES) if column.startswith(tuple(names))]


def _side_gain(name: str, asymmetry: float) -> float:
    if name.startswith(("eye", "jaw")) or name in ("mouthLeft", "mouthRight"):
        return 1.0
    return 1.0 + asymmetry * (name.endswith("Left") - name.endswith("Right"))
