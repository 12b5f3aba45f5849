"""Named distances and offsets on a face, in millimetres of an average-sized face, in the head's rigid frame.

Axes of a measure: X grows to the person's own outside (left for a left place, right for a right one; to the left for a
place in the middle), Y upwards, Z out of the face. Left and right are the person's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from nonverbal.motion.rotations import F

SIDES = ("Left", "Right")

_PLACES: Mapping[str, tuple[int, ...]] = {
    "lidUpperLeft": (385, 386, 387), "lidUpperRight": (158, 159, 160),
    "lidLowerLeft": (380, 374, 373), "lidLowerRight": (153, 145, 144),
    "eyeCornersLeft": (362, 263), "eyeCornersRight": (133, 33),
    "browOuterLeft": (276, 300, 293), "browOuterRight": (46, 70, 63),
    "browMiddleLeft": (282, 334), "browMiddleRight": (52, 105),
    "browInnerLeft": (285, 336), "browInnerRight": (55, 107),
    "cheekLeft": (330, 347, 280), "cheekRight": (101, 118, 50),
    "puffLeft": (425, 427, 411), "puffRight": (205, 207, 187),
    "noseWingLeft": (278, 294), "noseWingRight": (48, 64), "noseBase": (2, 164),
    "cornerLeft": (291,), "cornerRight": (61,),
    "upperOuter": (0, 37, 267), "upperInner": (13, 82, 312), "lowerInner": (14, 87, 317), "lowerOuter": (17, 84, 314),
    "upperOuterLeft": (269, 270), "upperOuterRight": (39, 40),
    "upperInnerLeft": (311, 310), "upperInnerRight": (81, 80),
    "lowerInnerLeft": (402, 318), "lowerInnerRight": (178, 88),
    "lowerOuterLeft": (405, 321), "lowerOuterRight": (181, 91),
    "chinDent": (200, 199, 18), "chin": (152, 148, 377, 175),
}  # fmt: skip
"""Places on the face, each the mean of some of the 478 landmarks: three together are calmer than one."""

_WEIGHTS = np.zeros((len(_PLACES), 478))
for _row, _ids in enumerate(_PLACES.values()):
    _WEIGHTS[_row, list(_ids)] = 1.0 / len(_ids)

USED_IDS = np.flatnonzero(_WEIGHTS.any(axis=0))
"""The landmarks that measures are made of; the others need not be carried into the head frame."""

NEUTRALS: Mapping[str, tuple[float, float]] = MappingProxyType({
    "open": (8.3, 0.75), "lidUpper": (4.6, 0.5), "lidLower": (-2.9, 0.3),
    "browInner": (18.6, 0.35), "browMiddle": (22.3, 0.35), "browOuter": (17.3, 0.35),
    "cheek": (-24.0, 0.35), "puff": (43.9, 0.5), "wing": (-33.5, 0.35), "smile": (23.7, 0.3),
    "cornerX": (25.1, 0.4), "cornerY": (-62.8, 0.5), "cornerRelative": (0.0, 0.5), "cornerZ": (7.1, 0.5),
    "upperLift": (-14.7, 0.3), "lipThickness": (9.8, 0.6),
    "drop": (28.4, 0.15), "chinY": (-108.2, 0.85), "chinX": (0.0, 0.5), "chinZ": (8.3, 0.5),
    "mouthX": (0.0, 0.5), "width": (52.1, 0.5), "upperThickness": (8.1, 0.6), "lowerThickness": (9.1, 0.6),
    "lipsZ": (-2.7, 0.5), "lowerToDent": (13.3, 0.4),
})  # fmt: skip
"""Measure -> the value of a calm face in millimetres (median of six recorded people) and the quantile of a person's own
frames that counts as calm: people close their eyes, raise brows, smile and open the mouth for short times, so what is
at rest lies off the median, to the side the movement does not go to."""

_PRIOR_FRAMES = 50.0  # two seconds of seeing a person weigh as much as the population's value


def measure_face(points_m: F) -> dict[str, F]:
    """Measures, each [N], from landmarks [N, len(USED_IDS), 3] in metres in the head frame (y down, z backwards)."""
    places = np.einsum("pk,nkc->pnc", _WEIGHTS[:, USED_IDS], np.asarray(points_m, dtype=np.float64))
    places = places * np.array([1e3, -1e3, -1e3])
    place = dict(zip(_PLACES, places, strict=True))
    measures = _measure_middle(place)
    for side, outside in zip(SIDES, (1.0, -1.0), strict=True):
        measures |= {name + side: value for name, value in _measure_side(place, measures, side, outside).items()}
    return measures


def _distance(place: Mapping[str, F], a: str, b: str) -> F:
    return np.linalg.norm(place[a] - place[b], axis=1)


def _measure_middle(place: Mapping[str, F]) -> dict[str, F]:
    corners = 0.5 * (place["cornerLeft"] + place["cornerRight"])
    wings = 0.5 * (place["noseWingLeft"] + place["noseWingRight"])
    lips = 0.5 * (place["upperOuter"] + place["lowerOuter"])
    return {
        "gap": _distance(place, "upperInner", "lowerInner"),
        "drop": wings[:, 1] - place["lowerInner"][:, 1],
        "chinX": place["chin"][:, 0],
        "chinY": place["chin"][:, 1],
        "chinZ": place["chin"][:, 2],
        "mouthX": corners[:, 0],
        "width": _distance(place, "cornerLeft", "cornerRight"),
        "upperThickness": _distance(place, "upperOuter", "upperInner"),
        "lowerThickness": _distance(place, "lowerInner", "lowerOuter"),
        "lipsZ": lips[:, 2] - place["noseBase"][:, 2],
        "lowerToDent": place["lowerOuter"][:, 1] - place["chinDent"][:, 1],
        "lipsY": 0.5 * (place["upperInner"] + place["lowerInner"])[:, 1],
    }


def _measure_side(place: Mapping[str, F], middle: Mapping[str, F], side: str, outside: float) -> dict[str, F]:
    eye, corner = place["eyeCorners" + side], place["corner" + side]
    upper_outer, lower_outer = place["upperOuter" + side], place["lowerOuter" + side]
    upper_inner, lower_inner = place["upperInner" + side], place["lowerInner" + side]
    relative = corner[:, 1] - middle["lipsY"]
    return {
        "open": _distance(place, "lidUpper" + side, "lidLower" + side),
        "lidUpper": (place["lidUpper" + side] - eye)[:, 1],
        "lidLower": (place["lidLower" + side] - eye)[:, 1],
        "browInner": place["browInner" + side][:, 1],
        "browMiddle": place["browMiddle" + side][:, 1],
        "browOuter": place["browOuter" + side][:, 1],
        "cheek": place["cheek" + side][:, 1],
        "puff": outside * place["puff" + side][:, 0],
        "wing": place["noseWing" + side][:, 1],
        "cornerX": outside * corner[:, 0],
        "cornerY": corner[:, 1],
        "cornerRelative": relative,
        "cornerZ": corner[:, 2],
        "smile": 0.35 * middle["width"] + 0.3 * outside * corner[:, 0] + 0.4 * relative,
        "upperLift": (upper_outer - place["noseBase"])[:, 1],
        "gap": upper_inner[:, 1] - lower_inner[:, 1],
        "lipThickness": (upper_outer - upper_inner + lower_inner - lower_outer)[:, 1],
    }


def neutral_of(measures: Mapping[str, F]) -> dict[str, float]:
    """The person's own calm face, from all frames given, leaning on the population's where there are few.

    Measures without an entry in `NEUTRALS` (the gaps) are zero when calm.
    """
    neutral = dict.fromkeys(measures, 0.0)
    for name, values in measures.items():
        known = NEUTRALS.get(name.removesuffix("Left").removesuffix("Right"))
        if known is not None and len(values):
            population, quantile = known
            own = float(np.quantile(values, quantile))
            neutral[name] = (len(values) * own + _PRIOR_FRAMES * population) / (len(values) + _PRIOR_FRAMES)
    return neutral
