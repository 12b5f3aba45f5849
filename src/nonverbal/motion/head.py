"""Head pose from face landmarks: a rigid fit of an average face that knows about perspective.

The head frame has its origin midway between the four eye corners and the axes of the camera frame when the head looks
straight into the camera: x to the person's left, y down, z to the back of the head.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nonverbal.motion.camera import Camera
from nonverbal.motion.rotations import F, procrustes

MIDLINE_MM = (
    (10, -55.0, -14.7), (151, -38.8, -18.3), (9, -21.2, -20.8), (8, -12.5, -19.6), (168, -4.8, -19.2), (6, 3.1, -23.5),
    (197, 10.3, -28.4), (195, 17.0, -33.9), (5, 24.2, -39.5), (4, 32.8, -41.8),
)  # fmt: skip
"""Landmark, y, z of points that do not move with expressions, on the midline of the average face."""

PAIRS_MM = (
    (33, 263, 44.5, -0.8, 2.6), (133, 362, 17.2, 0.8, -2.6), (127, 356, 68.1, 2.4, 51.4), (234, 454, 67.7, 17.1, 55.9),
    (162, 389, 66.8, -12.9, 41.5), (21, 251, 63.7, -25.2, 28.9), (54, 284, 57.9, -36.7, 16.9),
    (103, 332, 48.5, -45.7, 4.3), (67, 297, 34.1, -51.6, -6.7), (109, 338, 18.5, -54.4, -13.1),
    (122, 351, 5.7, 4.7, -21.1), (193, 417, 7.6, -3.8, -15.0), (245, 465, 10.1, 3.9, -11.6),
    (130, 359, 47.2, -0.7, 3.7), (143, 372, 60.8, 2.9, 16.7), (34, 264, 66.5, 3.5, 31.4),
)  # fmt: skip
"""Landmark on the person's right, its mirror on the left, and x, y, z of the left one.

Both tables are the mean of six recorded faces, aligned to each other, made symmetric, scaled to the adult mean of
63 mm between the irises. Symmetry leaves the tilt free; it was set so that the mean pitch over those faces equals that
of MediaPipe's face geometry (`benchmarks/cues.py` measures what is left).
"""

RIGID_IDS = np.array([i for i, *_ in MIDLINE_MM] + [i for i, *_ in PAIRS_MM] + [j for _, j, *_ in PAIRS_MM])
TEMPLATE_M = 1e-3 * np.array(
    [(0.0, y, z) for _, y, z in MIDLINE_MM]
    + [(-x, y, z) for _, _, x, y, z in PAIRS_MM]
    + [(x, y, z) for _, _, x, y, z in PAIRS_MM]
)
"""[42, 3] metres in the head frame, rows as in `RIGID_IDS`."""

_ROUNDS = 4  # the depth used for perspective and the scale found with it settle to under 0.01 degrees in four


@dataclass(frozen=True, slots=True, eq=False)
class HeadFit:
    """Where N heads are.

    Attributes:
        rotation: [N, 3, 3] takes head-frame vectors into the camera frame.
        origin_m: [N, 3] the head frame's origin in the camera frame.
        px_per_m: [N] pixels a metre covers at the depth of the face.
        depth_m: [N] depth of the face's rigid points on average.
        z_mean_px: [N] the landmark z that lies at `depth_m`.
        residual_m: [N] root mean square distance between the rigid landmarks and the fitted average face.
    """

    rotation: F
    origin_m: F
    px_per_m: F
    depth_m: F
    z_mean_px: F
    residual_m: F

    def to_camera(self, points_px: F, camera: Camera) -> F:
        """[N, K, 3] landmarks (z in pixels) -> metres in the camera frame."""
        depth_m = self.depth_m[:, None] + (points_px[..., 2] - self.z_mean_px[:, None]) / self.px_per_m[:, None]
        return camera.back_project(points_px, depth_m)

    def to_head(self, points_px: F, camera: Camera) -> F:
        """[N, K, 3] landmarks (z in pixels) -> metres in the head frame."""
        return np.einsum("nij,nki->nkj", self.rotation, self.to_camera(points_px, camera) - self.origin_m[:, None])


def fit_heads(landmarks_px: F, camera: Camera) -> HeadFit:
    """Fits the average face to [N, 478, 3] landmarks.

    Similarity Procrustes against `TEMPLATE_M`, alternating with perspective back-projection at the depth that the
    scale of the last round implies. Without the back-projection a face at the picture's edge seems turned.
    """
    points_px = np.asarray(landmarks_px[:, RIGID_IDS], dtype=np.float64)
    z_mean_px = points_px[..., 2].mean(axis=1)
    points = points_px
    px_per_m = np.ones(len(points))
    for _ in range(_ROUNDS):
        rotation, scale, residual = procrustes(TEMPLATE_M, points)
        px_per_m = px_per_m * scale
        depth_m = camera.focal_px / px_per_m
        z_m = depth_m[:, None] + (points_px[..., 2] - z_mean_px[:, None]) / px_per_m[:, None]
        points = camera.back_project(points_px, z_m)
    origin_m = points.mean(axis=1) - np.einsum("nij,j->ni", rotation, TEMPLATE_M.mean(axis=0))
    return HeadFit(rotation, origin_m, px_per_m, depth_m, z_mean_px, residual / scale)
