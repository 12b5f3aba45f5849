"""Face coefficients, gaze and the head's turn by small networks that were fitted on rendered people.

The networks see landmarks in the head frame and how the head stands to the line of sight. For coefficients, landmarks
count against the person's calm face; for the head and the eyes, as they are:

    landmarks - calm, view          -> coefficients    a person's calm face is the median of what is seen of them
    landmarks, view                 -> turn of the head that the rigid fit misses
    eyes, eyes - calm, view, gaze by geometry   -> left yaw, left pitch, right yaw, right pitch

`nonverbal.fitting.face` makes the weights in ``fitted/face.safetensors`` and writes beside them how well each output
does on people never fitted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from safetensors import safe_open

from nonverbal.motion.head import HeadFit
from nonverbal.motion.rotations import F, axis_angle_from_matrix
from nonverbal.types import F32

WEIGHTS = Path(__file__).parent / "fitted" / "face.safetensors"

PRIOR_FRAMES = 12.0
"""Half a second of seeing a person weighs as much as the population's calm face."""

_CM = 100.0  # a landmark's move of a centimetre and a turn of half a radian are inputs of size one
_VIEW = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Two hidden layers beside a straight line: ``x @ skip + relu(relu(x @ first) @ second) @ last``, biases left out.

    Attributes:
        skip: [D, O], first [D, H], second [H, G], last [G, O]; biases [O], [H], [G].
    """

    skip: F32
    first: F32
    second: F32
    last: F32
    skip_bias: F32
    first_bias: F32
    second_bias: F32

    def __call__(self, x: F32) -> F32:
        """[N, D] -> [N, O]."""
        hidden = np.maximum(x @ self.first + self.first_bias, 0.0)
        hidden = np.maximum(hidden @ self.second + self.second_bias, 0.0)
        return np.asarray(x @ self.skip + hidden @ self.last + self.skip_bias, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class FaceNetworks:
    """All that was fitted.

    Attributes:
        ids: [K] the landmarks that are looked at.
        eyes: [E] which of these lie around the eyes.
        calm_m: [K, 3] the population's calm face, metres in the head frame.
        reliability: correlation of each coefficient with the truth on people never fitted, by name.
    """

    ids: F
    eyes: F
    calm_m: F32
    coefficients: Network
    head: Network
    gaze: Network
    reliability: Mapping[str, float]


@lru_cache(maxsize=1)
def load_networks() -> FaceNetworks:
    """The networks that ship with the package."""
    return read_networks(WEIGHTS)


def read_networks(path: Path) -> FaceNetworks:
    """The networks of a file made by `nonverbal.fitting.face`."""
    with safe_open(path, framework="numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a mapping
        scores = json.loads(file.metadata()["r"])
    networks = {
        part: Network(**{name: arrays[f"{part}.{name}"].astype(np.float32) for name in Network.__dataclass_fields__})
        for part in ("coefficients", "head", "gaze")
    }
    return FaceNetworks(
        ids=arrays["ids"].astype(np.intp),
        eyes=arrays["eyes"].astype(np.intp),
        calm_m=arrays["calm_m"].astype(np.float32),
        reliability=MappingProxyType(scores),
        **networks,
    )


def calm_face(points_m: F, population_m: F32) -> F32:
    """[K, 3] the person's own calm face from landmarks [N, K, 3], leaning on the population's where N is small."""
    if not len(points_m):
        return population_m
    share = len(points_m) / (len(points_m) + PRIOR_FRAMES)
    return np.asarray(share * np.median(points_m, axis=0) + (1.0 - share) * population_m, np.float32)


def view_of(fit: HeadFit) -> F32:
    """[N, 3] how the heads stand to the line of sight, axis-angle."""
    return axis_angle_from_matrix(fit.rotation).astype(np.float32)


def expression_inputs(points_m: F, calm_m: F32, view: F32) -> F32:
    """[N, 3 K + 3] from landmarks [N, K, 3] and the calm face [K, 3], metres in the head frame, and `view_of`."""
    moved = (np.asarray(points_m, np.float32) - calm_m).reshape(len(points_m), -1)
    return np.concatenate([4.0 * _CM * moved, _VIEW * view], axis=1)


def eye_inputs(eyes_m: F, calm_m: F32, view: F32, gaze_by_geometry: F) -> F32:
    """[N, 6 E + 7] from landmarks around the eyes [N, E, 3], those of the calm face [E, 3], metres in the head frame,
    `view_of` and `gaze.gaze_angles` [N, 4]."""
    eyes = np.asarray(eyes_m, np.float32)
    placed = (eyes - eyes.mean(axis=1, keepdims=True)).reshape(len(eyes), -1)
    moved = (eyes - calm_m).reshape(len(eyes), -1)
    return np.concatenate([_CM * placed, 4.0 * _CM * moved, _VIEW * view, gaze_by_geometry.astype(np.float32)], axis=1)


def shape_inputs(points_m: F, view: F32) -> F32:
    """[N, 3 K + 3] from landmarks [N, K, 3] in metres in the head frame and `view_of`."""
    points = np.asarray(points_m, np.float32).reshape(len(points_m), -1)
    return np.concatenate([_CM * points, _VIEW * view], axis=1)
