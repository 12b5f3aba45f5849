"""From Anny's rest pose, arms hanging with bent elbows, to the T-pose that ``smplx117`` counts from.

Each bone gets one rotation, found from where the bones start: it is exact for directions, and the elbow's bend in the
rest pose tells which way the arm's crease faces. Twist bones share the turn between their neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nonverbal.motion.rotations import F, matrix_about, procrustes, reject, swing_between, twist_angle, unit
from nonverbal.motion.skeleton import offset_m

FINGER_BONES: Mapping[str, str] = {
    "thumb": "finger1",
    "index": "finger2",
    "middle": "finger3",
    "ring": "finger4",
    "pinky": "finger5",
}
"""Our names of the fingers, and Anny's."""

FOREARM_SHARES: Mapping[str, float] = {"lowerarm01": 0.3, "lowerarm02": 0.75}
"""How much of the forearm's twist each of its bones takes, so that the skin turns along the whole of it."""

_MIRROR = np.array([-1.0, 1.0, 1.0])


def align_rest(heads: Mapping[str, F], bones: Sequence[str]) -> F:
    """[B, 3, 3] the turn of each of `bones` from rest to T-pose, from where bones start (`heads`, metres)."""
    turns = {}
    for side, mirror in (("L", np.ones(3)), ("R", _MIRROR)):
        left = _align_arm({name[:-2]: place * mirror for name, place in heads.items() if name.endswith("." + side)})
        flip = mirror[:, None] * mirror
        turns.update({f"{name}.{side}": turn * flip for name, turn in left.items()})
    return np.stack([turns.get(name, np.eye(3)) for name in bones])


def _align_arm(heads: Mapping[str, F]) -> dict[str, F]:
    """The turns of a left arm's bones; a right arm comes in mirrored."""
    upper = heads["lowerarm01"] - heads["upperarm01"]
    fore = heads["wrist"] - heads["lowerarm01"]
    arm = _frame(upper, fore).T  # x along the upper arm, the forearm bends towards z
    forearm = swing_between(arm @ fore, np.array([1.0, 0.0, 0.0])) @ arm
    hand = _align_hand(heads)
    twist = twist_angle(hand @ forearm.T, 0)
    turns = {"upperarm01": arm, "upperarm02": arm, "wrist": hand}
    for name, share in FOREARM_SHARES.items():
        turns[name] = matrix_about(0, share * twist) @ forearm
    turns |= {f"metacarpal{i}": hand for i in range(1, 5)}
    for finger, bone in FINGER_BONES.items():
        for joint in (1, 2, 3):
            here = heads[f"{bone}-{joint}"]
            if joint < 3:  # where the last bone ends is not known: it keeps the turn of the one before it
                along = hand @ (heads[f"{bone}-{joint + 1}"] - here)
                turn = swing_between(along, offset_m(f"{finger}{joint + 1}")) @ hand
            turns[f"{bone}-{joint}"] = turn
    return turns


def _align_hand(heads: Mapping[str, F]) -> F:
    """The turn that lays the palm down: knuckles seen from the wrist, onto those of the T-pose."""
    fingers = ("index", "middle", "ring", "pinky")
    knuckles = np.stack([heads[f"{FINGER_BONES[f]}-1"] - heads["wrist"] for f in fingers])
    flat = np.stack([offset_m(f"{f}1") for f in fingers])
    rotation, _, _ = procrustes(np.vstack([knuckles, np.zeros(3)]), np.vstack([flat, np.zeros(3)])[None])
    return np.asarray(rotation[0])


def _frame(along: F, towards: F) -> F:
    """[3, 3] columns x along `along`, z on the side of `towards`, y square to both."""
    x = unit(along)
    z = unit(reject(towards, x))
    return np.stack([x, np.cross(z, x), z], axis=-1)
