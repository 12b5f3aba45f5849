"""The face mesh and MediaPipe's Face Landmarker on the same face: landmarks of one, what the other learned.

Our own estimator of coefficients was fitted on the mesh's landmarks and does worse on the Face Landmarker's, so that a
blend takes both models.
"""

from __future__ import annotations

from dataclasses import replace

from nonverbal.backends.face_landmarker import FaceLandmarker
from nonverbal.backends.face_models import Face
from nonverbal.backends.mediapipe_mesh import MeshTracker
from nonverbal.types import U8


class FaceBlend:
    """Follows one face through square pictures around it, by two models.

    Raises:
        UserError: MediaPipe or the weights are missing, or the file is not the right one.
    """

    centred = True
    learned = True

    def __init__(self) -> None:
        self._learned = FaceLandmarker()
        self._mesh = MeshTracker()

    def see_face(self, rgb: U8) -> Face | None:
        """The face in uint8 [S, S, 3], which should stand in its middle; None where either model finds none."""
        points, face = self._mesh.see(rgb), self._learned.see_face(rgb)
        return None if points is None or face is None else replace(face, landmarks_px=points)

    def reset(self) -> None:
        """Forgets the face."""
        self._mesh.reset()
        self._learned.reset()

    def close(self) -> None:
        """Ends both models; a second call does nothing."""
        self._mesh.close()
        self._learned.close()
