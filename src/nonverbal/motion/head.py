"""Head pose from face landmarks: a rigid fit of an average face that knows about perspective.

The head frame has its origin midway between the four eye corners; its axes are those of the camera when the head looks
straight into it: x to the person's left, y down, z to the back of the head.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nonverbal.motion.camera import Camera
from nonverbal.motion.rotations import F, apply, procrustes, swing_between, unit

MIDLINE_MM = (
    (10, -55.8, -11.0), (151, -40.0, -15.6), (9, -22.6, -19.3), (8, -13.7, -18.7), (168, -6.0, -18.8), (6, 1.5, -23.7),
    (197, 8.4, -29.0), (195, 14.7, -34.9), (5, 21.5, -41.1), (4, 29.9, -43.8),
)  # fmt: skip
"""Landmark, y, z of points that do not move with expressions, on the midline of the average face."""

PAIRS_MM = (
    (33, 263, 44.5, -0.6, 2.6), (133, 362, 17.2, 0.6, -2.6), (127, 356, 68.1, 5.8, 51.1), (234, 454, 67.7, 20.8, 54.6),
    (162, 389, 66.8, -10.1, 42.3), (21, 251, 63.7, -23.2, 30.5), (54, 284, 57.9, -35.5, 19.3),
    (103, 332, 48.5, -45.3, 7.3), (67, 297, 34.1, -51.9, -3.2), (109, 338, 18.5, -55.2, -9.4),
    (122, 351, 5.7, 3.3, -21.3), (193, 417, 7.6, -4.8, -14.7), (245, 465, 10.1, 3.1, -11.8),
    (130, 359, 47.2, -0.5, 3.7), (143, 372, 60.8, 4.0, 16.5), (34, 264, 66.5, 5.6, 31.1),
)  # fmt: skip
"""Landmark on the person's right, its mirror on the left, and x, y, z of the left one.

Both tables are the mean of six recorded faces, aligned to each other, made symmetric, scaled to the adult mean of
63 mm between the irises. Symmetry leaves the tilt free; it was set so that the mean pitch over fifteen videos equals
that of MediaPipe's face geometry on pictures centred on the face (`nonverbal benchmark real` measures what is left).
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

    A landmark network sees a crop around the face, so what it tells holds in the view of a camera that looks straight
    at the face: axes x right, y down, z away along the line of sight. Rotations are kept in that view. They say how the
    head stands to the line of sight, which is the same in a split screen, where the true camera is not known, and
    makes the identity look into the lens from anywhere in the picture.

    Attributes:
        rotation: [N, 3, 3] takes head-frame vectors into the view.
        origin_m: [N, 3] the head frame's origin in the view.
        centre_px: [N, 2] the pixel the view looks at, the middle of the rigid points.
        px_per_m: [N] pixels a metre covers at the depth of the face.
        depth_m: [N] depth of the face's rigid points on average.
        z_mean_px: [N] the landmark z that lies at `depth_m`.
        residual_m: [N] root mean square distance between the rigid landmarks and the fitted average face.
    """

    rotation: F
    origin_m: F
    centre_px: F
    px_per_m: F
    depth_m: F
    z_mean_px: F
    residual_m: F

    def rays(self, points_px: F) -> F:
        """[N, K, 3] unit directions in the view in which the pixels [N, K, 2 or more] lie."""
        offset = (points_px[..., :2] - self.centre_px[:, None]) / (self.depth_m * self.px_per_m)[:, None, None]
        return unit(np.concatenate([offset, np.ones((*offset.shape[:-1], 1))], axis=-1))

    def to_view(self, points_px: F) -> F:
        """[N, K, 3] landmarks (z in pixels) -> metres in the view."""
        return _unproject(points_px, self.centre_px, self.z_mean_px, self.depth_m, self.px_per_m)

    def to_head(self, points_px: F) -> F:
        """[N, K, 3] landmarks (z in pixels) -> metres in the head frame."""
        return np.asarray((self.to_view(points_px) - self.origin_m[:, None]) @ self.rotation)

    def position_m(self, camera: Camera) -> F:
        """[N, 3] the head frame's origin in the frame of `camera`."""
        turn = swing_between(np.array([0.0, 0.0, 1.0]), camera.ray(self.centre_px))
        return apply(turn, self.origin_m)


def fit_heads(landmarks_px: F, camera: Camera) -> HeadFit:
    """Fits the average face to [N, 478, 3] landmarks.

    Similarity Procrustes against `TEMPLATE_M`, alternating with perspective back-projection at the depth that the
    scale of the last round implies: without it a near face seems flatter than it is.
    """
    points_px = np.asarray(landmarks_px[:, RIGID_IDS], dtype=np.float64)
    centre_px, z_mean_px = points_px[..., :2].mean(axis=1), points_px[..., 2].mean(axis=1)
    points = points_px
    px_per_m = np.ones(len(points))
    for _ in range(_ROUNDS):
        rotation, scale, residual = procrustes(TEMPLATE_M, points)
        px_per_m = px_per_m * scale
        depth_m = camera.focal_px / px_per_m
        points = _unproject(points_px, centre_px, z_mean_px, depth_m, px_per_m)
    origin_m = points.mean(axis=1) - np.einsum("nij,j->ni", rotation, TEMPLATE_M.mean(axis=0))
    return HeadFit(rotation, origin_m, centre_px, px_per_m, depth_m, z_mean_px, residual / scale)


def _unproject(points_px: F, centre_px: F, z_mean_px: F, depth_m: F, px_per_m: F) -> F:
    """[N, K, 3] pixels -> metres in the view that looks at `centre_px` [N, 2] from `depth_m` [N]."""
    depths_m = depth_m[:, None] + (points_px[..., 2] - z_mean_px[:, None]) / px_per_m[:, None]
    focal_px = (depth_m * px_per_m)[:, None, None]
    across = (points_px[..., :2] - centre_px[:, None]) / focal_px * depths_m[..., None]
    return np.concatenate([across, depths_m[..., None]], axis=-1)
