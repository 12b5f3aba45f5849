"""Rendered people as examples for the face's networks: what they see, and what is right, each person also mirrored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from nonverbal.avatar.pose import HEAD_TILT_RAD
from nonverbal.fitting.face_renders import Person
from nonverbal.fitting.face_shots import PICTURE_PX
from nonverbal.motion.camera import Camera
from nonverbal.motion.gaze import gaze_angles
from nonverbal.motion.head import fit_heads
from nonverbal.motion.learned_face import view_of
from nonverbal.motion.rotations import F, axis_angle_from_matrix, matrix_about, matrix_from_axis_angle
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import F32

ASSUMED_VIEW_DEG = 60.0
"""The field of view that the pipeline assumes; the renders' true one differs."""

IDS = (
    0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 13, 14, 17, 18, 19, 21, 33, 34, 37, 39, 40, 45, 46, 48, 50, 52, 53, 54, 55, 58,
    61, 63, 64, 65, 66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 94, 95, 97, 98, 101, 103, 105, 107, 109, 115,
    118, 122, 127, 130, 132, 133, 136, 143, 144, 145, 146, 148, 149, 150, 151, 152, 153, 154, 155, 157, 158, 159,
    160, 161, 162, 163, 164, 168, 172, 173, 175, 176, 178, 181, 185, 187, 191, 193, 195, 197, 199, 200, 205, 207,
    220, 234, 245, 246, 249, 251, 263, 264, 267, 269, 270, 275, 276, 278, 280, 282, 283, 284, 285, 288, 291, 293,
    294, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 326, 327, 330, 332, 334, 336, 338,
    344, 347, 351, 356, 359, 361, 362, 365, 372, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386, 387,
    388, 389, 390, 397, 398, 400, 402, 405, 409, 411, 415, 417, 425, 427, 440, 454, 465, 466, 468, 469, 470, 471,
    472, 473, 474, 475, 476, 477,
)  # fmt: skip
"""Landmarks that networks look at: outlines of lips, eyes, brows, irises, nose and face, and those that measures and
the rigid fit are made of. The others follow from these."""

_EYE_IDS = (
    7, 33, 133, 144, 145, 153, 154, 155, 157, 158, 159, 160, 161, 163, 173, 246, 249, 263, 362, 373, 374, 380, 381,
    382, 384, 385, 386, 387, 388, 390, 398, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477,
)  # fmt: skip
EYES = np.array([IDS.index(i) for i in _EYE_IDS])
"""Which of `IDS` lie on the edges of the lids and the irises."""

N_SKIN = 468
"""Landmarks before those of the irises."""

_X = np.array([-1.0, 1.0, 1.0], np.float32)


def _mirrored_columns() -> list[int]:
    swapped = {"Left": "Right", "Right": "Left"}
    columns = []
    for name in ARKIT52_NAMES:
        side = next((s for s in swapped if name.endswith(s)), None)
        columns.append(ARKIT52_NAMES.index(name.removesuffix(side) + swapped[side] if side else name))
    return columns


_FACE_MIRROR = _mirrored_columns()


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """N frames of one person that share a calm face.

    Attributes:
        points_m: [N, 478, 3] landmarks in metres in the head frame of the rigid fit.
        view: [N, 3] the rigid fit's rotation, axis-angle.
        calm_rows: the frames in which the calm face is found.
        face: [N, 52] and gaze [N, 4]: the truth.
        missed: [N, 3] the turn, axis-angle in the head's own axes, from the rigid fit to the true head.
        gaze_by_geometry: [N, 4] what `gaze_angles` makes of the landmarks.
    """

    points_m: F32
    view: F32
    calm_rows: F
    face: F32
    gaze: F32
    missed: F32
    gaze_by_geometry: F32


def examples_of(person: Person) -> Examples:
    """What the pipeline would make of a person's landmarks, and the truth in its terms: see `HEAD_TILT_RAD`."""
    fit = fit_heads(person.landmarks_px, Camera.from_field_of_view(*PICTURE_PX, ASSUMED_VIEW_DEG))
    tilt = matrix_about(0, np.array(HEAD_TILT_RAD))
    missed = np.swapaxes(fit.rotation, 1, 2) @ matrix_from_axis_angle(person.head) @ tilt
    return Examples(
        points_m=fit.to_head(person.landmarks_px).astype(np.float32),
        view=view_of(fit),
        calm_rows=np.arange(len(person.face)),
        face=person.face,
        gaze=person.gaze + np.array([0.0, HEAD_TILT_RAD, 0.0, HEAD_TILT_RAD], np.float32),
        missed=axis_angle_from_matrix(missed).astype(np.float32),
        gaze_by_geometry=gaze_angles(person.landmarks_px, fit).astype(np.float32),
    )


def clips_of(person: Person) -> list[Examples]:
    """Each take by itself, since mostly one camera films a person."""
    takes = [person.take == number for number in np.unique(person.take)]
    return [examples_of(Person(*(getattr(person, f.name)[rows] for f in fields(Person)))) for rows in takes]


def leaning(person: Examples, rng: np.random.Generator) -> Examples:
    """The same with a calm face found where the eyes mostly look to one side, as those of a listener do."""
    middle = np.radians(rng.normal(0.0, (9.0, 6.0)))
    away = np.linalg.norm(person.gaze[:, :2] - middle, axis=1)
    near = np.argsort(away, kind="stable")[: max(len(away) // 2, 1)]
    return replace(person, calm_rows=np.sort(near))


def mirror_of_landmarks(people: Sequence[Examples]) -> F:
    """[478] the landmark that lies where each one would lie in a mirror, paired one to one on the mean face.

    Raises:
        ValueError: the pairs do not fit together, so the mean face is too lopsided.
    """
    mean = np.mean([p.points_m.mean(axis=0) for p in people], axis=0)
    partner = np.arange(len(mean))
    for part in (slice(0, N_SKIN), slice(N_SKIN, len(mean))):
        away = np.linalg.norm(mean[part, None] * _X - mean[None, part], axis=-1)
        partner[part] = part.start + linear_sum_assignment(away)[1]
    if (partner[partner] != np.arange(len(mean))).any():
        raise ValueError("landmarks cannot be paired by mirroring: render more people")
    return partner


def mirrored(person: Examples, partner: F) -> Examples:
    """The same person in a mirror: left and right are swapped, in what is seen as in what is right."""
    turn = np.array([1.0, -1.0, -1.0], np.float32)
    swap = np.array([-1.0, 1.0, -1.0, 1.0], np.float32)  # yaw changes its sign, and the eyes change places
    return replace(
        person,
        points_m=person.points_m[:, partner] * _X,
        view=person.view * turn,
        face=person.face[:, _FACE_MIRROR],
        gaze=person.gaze[:, [2, 3, 0, 1]] * swap,
        missed=person.missed * turn,
        gaze_by_geometry=person.gaze_by_geometry[:, [2, 3, 0, 1]] * swap,
    )
