"""478 landmarks of one face: MediaPipe Face Mesh with irises, tracked through the pictures of a crop.

Source: Kartynnik et al. 2019, "Real-time Facial Surface Geometry"; Grishchenko et al. 2020, "Attention Mesh".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.face_models import Face
from nonverbal.backends.mediapipe_graph import Graph

N_LANDMARKS = 478
MOUTH_RIGHT, MOUTH_LEFT = 61, 291
"""Mouth corners of the person's right and left; the right one lies left in the picture."""
EYE_RIGHT, EYE_LEFT = 33, 263
"""Outer eye corners."""
LIP_UPPER, LIP_LOWER = 13, 14
"""Middle of the inner lips."""


class MeshTracker:
    """Follows one face through a sequence of pictures of the same size and place."""

    centred = False
    learned = False

    def __init__(self, min_detection: float = 0.5, min_tracking: float = 0.5) -> None:
        self._graph = Graph(
            "face_mesh",
            "FaceMesh",
            max_num_faces=1,
            refine_landmarks=True,
            min_detection_confidence=min_detection,
            min_tracking_confidence=min_tracking,
        )

    def see(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """float32 [478, 3] in pixels of the picture (z in the same scale), or None where no face is seen."""
        faces = self._graph.process(rgb).multi_face_landmarks
        if not faces:
            return None
        height, width = rgb.shape[:2]
        points = np.asarray([(p.x, p.y, p.z) for p in faces[0].landmark], np.float32)
        points *= np.asarray([width, height, width], np.float32)
        return points if np.isfinite(points).all() else None

    def see_face(self, rgb: NDArray[np.uint8]) -> Face | None:
        """The landmarks of `see`."""
        points = self.see(rgb)
        return None if points is None else Face(points)

    def reset(self) -> None:
        """Forgets the face; the next picture is searched anew."""
        self._graph.reset()

    def close(self) -> None:
        self._graph.close()
