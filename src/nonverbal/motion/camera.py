"""The pinhole camera that turns pixels into rays; real lenses are unknown, so its field of view is an assumption.

Camera frame: x right in the picture, y down, z away from the camera, metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nonverbal.motion.rotations import F, unit


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera: focal length and principal point in pixels."""

    focal_px: float
    centre_x_px: float
    centre_y_px: float

    @classmethod
    def from_field_of_view(cls, width_px: int, height_px: int, field_of_view_deg: float) -> Camera:
        """A camera that sees `field_of_view_deg` along the longer side of the picture, centred on it."""
        focal_px = 0.5 * max(width_px, height_px) / np.tan(np.radians(field_of_view_deg) / 2)
        return cls(float(focal_px), 0.5 * width_px, 0.5 * height_px)

    def back_project(self, points_px: F, depth_m: F) -> F:
        """[..., 2 or more] pixels and [...] metres along z -> [..., 3] metres in the camera frame."""
        x = (points_px[..., 0] - self.centre_x_px) / self.focal_px
        y = (points_px[..., 1] - self.centre_y_px) / self.focal_px
        return np.stack([x * depth_m, y * depth_m, np.broadcast_to(depth_m, x.shape)], axis=-1)

    def project(self, points_m: F) -> F:
        """[..., 3] metres in the camera frame -> [..., 2] pixels."""
        scale = self.focal_px / points_m[..., 2:]
        return points_m[..., :2] * scale + np.array([self.centre_x_px, self.centre_y_px])

    def ray(self, points_px: F) -> F:
        """[..., 3] the unit direction in which the camera sees each pixel."""
        return unit(self.back_project(points_px, np.ones(np.shape(points_px)[:-1])))


def meet_sphere(ray: F, centre_m: F, radius_m: F | float) -> tuple[F, F]:
    """The nearer and the farther point [..., 3] in which rays from the camera meet spheres.

    A ray that misses gives its point nearest to the centre, twice.
    """
    along = np.sum(ray * centre_m, axis=-1)
    miss_squared = np.sum(centre_m**2, axis=-1) - along**2
    half_chord = np.sqrt(np.maximum(np.asarray(radius_m) ** 2 - miss_squared, 0.0))
    return ray * (along - half_chord)[..., None], ray * (along + half_chord)[..., None]
