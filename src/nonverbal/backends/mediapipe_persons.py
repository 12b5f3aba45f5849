"""People in a picture by MediaPipe: faces, and where there is none, a body."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.mediapipe_faces import detect_faces
from nonverbal.backends.mediapipe_pose import see_person
from nonverbal.backends.person_detectors import People


class MediaPipePersons:
    """Counts faces; the body network sees one person at most."""

    def see(self, rgb: NDArray[np.uint8], min_score: float) -> People:
        """See `PersonDetector`."""
        scores = [score for *_, score in detect_faces(rgb, min_score)]
        if scores:
            return People(len(scores), len(scores), max(scores))
        score = float(see_person(rgb))
        return People(0, int(score >= min_score), score)
