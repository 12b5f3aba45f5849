"""Body landmarks of one person: MediaPipe Pose (full), tracked through the pictures of a crop.

Source: Bazarevsky et al. 2020, "BlazePose". Landmark smoothing is off: raw values are stored.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.mediapipe_graph import Graph

N_POSE = 33
LEFT_WRIST, RIGHT_WRIST = 15, 16
_UPPER_BODY = [0, 11, 12]  # nose and shoulders: what a seated person shows for certain


class Body(NamedTuple):
    """One person's pose in one picture.

    Attributes:
        landmarks_px: float32 [33, 3] in pixels of the picture given; z in the same scale, smaller is nearer.
        world_m: float32 [33, 3] metres, x right in the image, y down, z away from the camera, origin mid-hip.
        visibility: float32 [33] in [0, 1].
    """

    landmarks_px: NDArray[np.float32]
    world_m: NDArray[np.float32]
    visibility: NDArray[np.float32]


class PoseTracker:
    """Follows the most prominent person through a sequence of pictures."""

    def __init__(self, min_detection: float = 0.5, min_tracking: float = 0.5, still_pictures: bool = False) -> None:
        self._graph = Graph(
            "pose",
            "Pose",
            static_image_mode=still_pictures,
            model_complexity=1,
            smooth_landmarks=False,
            min_detection_confidence=min_detection,
            min_tracking_confidence=min_tracking,
        )

    def see(self, rgb: NDArray[np.uint8]) -> Body | None:
        """The person's pose in one picture, uint8 [H, W, 3] RGB; None where nobody is seen."""
        result = self._graph.process(rgb)
        if not result.pose_landmarks:
            return None
        height, width = rgb.shape[:2]
        flat = [(p.x, p.y, p.z, p.visibility) for p in result.pose_landmarks.landmark]
        world = [(p.x, p.y, p.z) for p in result.pose_world_landmarks.landmark]
        points = np.asarray(flat, np.float32)
        landmarks = points[:, :3] * np.asarray([width, height, width], np.float32)
        body = Body(landmarks, np.asarray(world, np.float32), np.clip(points[:, 3], 0.0, 1.0))
        return body if all(np.isfinite(part).all() for part in body) else None

    def reset(self) -> None:
        """Forgets the person; the next picture is searched anew."""
        self._graph.reset()

    def close(self) -> None:
        self._graph.close()


@lru_cache(maxsize=1)
def _still_tracker() -> PoseTracker:
    return PoseTracker(still_pictures=True)


def see_person(rgb: NDArray[np.uint8]) -> float:
    """How surely a picture shows a person, in [0, 1]: mean visibility of nose and shoulders, 0 if nobody is found."""
    body = _still_tracker().see(rgb)
    return 0.0 if body is None else float(body.visibility[_UPPER_BODY].mean())
