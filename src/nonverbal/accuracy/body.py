"""Arms, wrists and fingers against the truth, in degrees, in the axes of the chest.

The chest is the root of ``smplx117``: bone directions and hand orientations come from forward kinematics with an
upright chest, so they say how the limb stands to the chest and not how the person stands to the camera. Bones have
`motion.skeleton`'s lengths in truth and finding alike.
"""

from __future__ import annotations

import numpy as np

from nonverbal.accuracy.head import angle_deg
from nonverbal.accuracy.matching import Match, valid_in_both
from nonverbal.motion.rotations import F, angle_between_rad, matrix_from_axis_angle
from nonverbal.motion.skeleton import forward_kinematics
from nonverbal.spaces import SMPLX117_JOINTS, SMPLX_HAND_JOINTS
from nonverbal.types import PARTS, Bool, Motion

_SIDES = ("left", "right")
_UPPER_BODY = PARTS.index("upper_body")
_HANDS = {side: PARTS.index(f"{side}_hand") for side in _SIDES}
_AT = {name: i for i, name in enumerate(SMPLX117_JOINTS)}
_FINGERS = {side: [_AT[f"{side}_{joint}"] for joint in SMPLX_HAND_JOINTS] for side in _SIDES}

BODY_NAMES = (
    "upper_arm", "forearm", "forearm_hand_in_view", "wrist", "wrist_joint", "fingers", "collar", "head_joint",
)  # fmt: skip


def score_body(pair: Match) -> dict[str, F]:
    """Name -> degrees in each (side, person, frame) triple where the part is valid in truth and finding.

    upper_arm, forearm: between found and true direction from shoulder to elbow, from elbow to wrist.
    forearm_hand_in_view: the forearm where also that side's hand is truly in view, so that it can be seen at all.
    wrist: angle of the rotation between found and true orientation of the hand in the chest's axes.
    wrist_joint: the same for the wrist's own joint, relative to the forearm.
    fingers: mean over the 15 joints of a hand of the angle between found and true joint rotation.
    collar, head_joint: angle between found and true rotation of the joint.
    """
    errors: dict[str, list[F]] = {name: [np.zeros(0)] for name in BODY_NAMES}
    for truth, found in pair.people:
        if found is not None:
            for name, values in _person(truth, found).items():
                errors[name] += values
    return {name: np.concatenate(values) for name, values in errors.items()}


def _person(truth: Motion, found: Motion) -> dict[str, list[F]]:
    errors: dict[str, list[F]] = {name: [] for name in BODY_NAMES}
    seen = valid_in_both(truth, found, _UPPER_BODY)
    want, got = _Pose(truth, seen), _Pose(found, seen)
    errors["head_joint"].append(_joint_deg(want, got, [_AT["head"]]))
    for side in _SIDES:
        hand_in_view = truth.validity[seen, _HANDS[side]] == 1
        hand = hand_in_view & (found.validity[seen, _HANDS[side]] == 1)
        forearm = angle_deg(want.bone(side, "elbow", "wrist"), got.bone(side, "elbow", "wrist"))
        errors["upper_arm"].append(angle_deg(want.bone(side, "shoulder", "elbow"), got.bone(side, "shoulder", "elbow")))
        errors["forearm"].append(forearm)
        errors["forearm_hand_in_view"].append(forearm[hand_in_view])
        errors["wrist"].append(_global_deg(want, got, _AT[f"{side}_wrist"])[hand])
        errors["wrist_joint"].append(_joint_deg(want, got, [_AT[f"{side}_wrist"]])[hand])
        errors["collar"].append(_joint_deg(want, got, [_AT[f"{side}_collar"]]))
        rows = valid_in_both(truth, found, _HANDS[side])  # fingers are known where arms are not
        errors["fingers"].append(finger_deg(truth, found, side, rows))
    return errors


class _Pose:
    """Joints [N, 39, 3], their global rotations [N, 39, 3, 3] and local ones, of the chosen rows of a motion."""

    def __init__(self, motion: Motion, rows: Bool) -> None:
        body = motion.body[rows]
        self.joints, _, self.rotations = forward_kinematics(body)
        self.local = matrix_from_axis_angle(body.reshape(len(body), -1, 3))

    def bone(self, side: str, start: str, end: str) -> F:
        return self.joints[:, _AT[f"{side}_{end}"]] - self.joints[:, _AT[f"{side}_{start}"]]


def _joint_deg(want: _Pose, got: _Pose, joints: list[int]) -> F:
    """[N] degrees between local rotations, mean over the joints."""
    return np.degrees(angle_between_rad(want.local[:, joints], got.local[:, joints])).mean(axis=1)


def _global_deg(want: _Pose, got: _Pose, joint: int) -> F:
    """[N] degrees between orientations in the chest's axes."""
    return np.degrees(angle_between_rad(want.rotations[:, joint], got.rotations[:, joint]))


def finger_deg(truth: Motion, found: Motion, side: str, rows: Bool) -> F:
    """[N] degrees between found and true rotation of a finger joint, mean over the 15 of a hand, in the given rows."""
    want, got = (
        matrix_from_axis_angle(m.body[rows].reshape(-1, len(SMPLX117_JOINTS), 3)[:, _FINGERS[side]])
        for m in (truth, found)
    )
    return np.degrees(angle_between_rad(want, got)).mean(axis=1)
