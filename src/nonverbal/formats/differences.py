"""How far what is read back from a file is from what was written: in degrees and in units of coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nonverbal.formats.sampling import FLAME_JAW
from nonverbal.formats.take import Take
from nonverbal.motion.rotations import F, angle_between_rad, matrix_from_axis_angle
from nonverbal.spaces import SMPLX117_JOINTS
from nonverbal.types import PARTS
from nonverbal.verdicts import UserError

_BLOCK = 1024  # frames compared at a time


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean and largest absolute difference over all frames of one part, in `unit`."""

    part: str
    unit: str
    mean: float
    largest: float


def differences(given: Take, back: Take) -> tuple[Difference, ...]:
    """What differs in the parts that `back` still has; of a body without arms only the head is compared.

    Raises:
        UserError: the number of frames differs, which no format of ours does.
    """
    if back.n_frames != given.n_frames:
        raise UserError(f"{given.name}: reading back gave {back.n_frames} frames, expected {given.n_frames}")
    found: list[Difference] = []
    if given.face is not None and back.face is not None and given.face_space == back.face_space:
        found += _of_faces(given.face, back.face, given.face_space)
    if given.body is not None and back.body is not None:
        only_head = back.validity is not None and not back.validity[:, PARTS.index("upper_body")].any()
        at = SMPLX117_JOINTS.index("head")
        columns = slice(3 * at, 3 * at + 3) if only_head else slice(None)
        turns = turn_error_deg(given.body[:, columns], back.body[:, columns])
        found.append(told("head" if only_head else "body", "degrees", turns))
    if given.gaze is not None and back.gaze is not None:
        found.append(told("gaze", "degrees", np.degrees(np.abs(given.gaze - back.gaze))))
    return tuple(found)


def turn_error_deg(given: F, back: F) -> F:
    """[T, J] degrees between axis-angles [T, 3 J]."""
    angles = np.empty((len(given), given.shape[1] // 3))
    for first in range(0, len(given), _BLOCK):
        rows = slice(first, first + _BLOCK)
        one, other = (matrix_from_axis_angle(part[rows].reshape(-1, angles.shape[1], 3)) for part in (given, back))
        angles[rows] = np.degrees(angle_between_rad(one, other))
    return angles


def told(part: str, unit: str, errors: F) -> Difference:
    """The mean and the largest of `errors`."""
    return Difference(part, unit, float(np.mean(errors)), float(np.max(errors)))


def _of_faces(given: F, back: F, space: str | None) -> list[Difference]:
    if space != "flame53":
        return [told("face", "coefficient", np.abs(given - back))]
    rest = np.delete(np.abs(given - back), np.r_[FLAME_JAW], axis=1)
    jaw = turn_error_deg(given[:, FLAME_JAW], back[:, FLAME_JAW])
    return [told("expression", "coefficient", rest), told("jaw", "degrees", jaw)]
