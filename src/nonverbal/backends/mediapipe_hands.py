"""21 landmarks of up to two hands of one person: MediaPipe Hands (full), tracked through the pictures of a crop.

The model's own left/right label is not used: it assumes a mirrored picture and errs on crossed hands.

Source: Zhang et al. 2020, "MediaPipe Hands".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.mediapipe_graph import Graph

N_HAND = 21


class Hand(NamedTuple):
    """One hand: float32 [21, 3] in pixels of the picture (z in the same scale) and a confidence in [0, 1]."""

    landmarks_px: NDArray[np.float32]
    score: float


class HandTracker:
    """Follows up to two hands through a sequence of pictures of the same size and place."""

    def __init__(self, min_detection: float = 0.5, min_tracking: float = 0.5) -> None:
        self._graph = Graph(
            "hands",
            "Hands",
            max_num_hands=2,
            model_complexity=1,
            min_detection_confidence=min_detection,
            min_tracking_confidence=min_tracking,
        )

    def see(self, rgb: NDArray[np.uint8]) -> list[Hand]:
        """The hands in one picture, uint8 [H, W, 3] RGB."""
        result = self._graph.process(rgb)
        height, width = rgb.shape[:2]
        scale = np.asarray([width, height, width], np.float32)
        hands: list[Hand] = []
        for marks, label in zip(result.multi_hand_landmarks or (), result.multi_handedness or (), strict=True):
            points = np.asarray([(p.x, p.y, p.z) for p in marks.landmark], np.float32) * scale
            if np.isfinite(points).all():
                hands.append(Hand(points, min(float(label.classification[0].score), 1.0)))
        return hands

    def reset(self) -> None:
        """Forgets the hands; the next picture is searched anew."""
        self._graph.reset()

    def close(self) -> None:
        self._graph.close()
