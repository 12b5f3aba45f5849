"""What the learned body sees: one arm's surroundings as numbers that know neither place nor size in the picture.

Each frame gives two rows, one for each arm; the right arm's row is that of the mirrored person, so that one network
serves both. Axes are the body's (x to the person's left, y up, z forward), lengths metres at the shoulders' distance.
"""

from __future__ import annotations

import numpy as np

from nonverbal.motion.arm import ArmPoints
from nonverbal.motion.body import CAMERA_TO_BODY, SHOULDERS, BodyPose, BodyView, px_per_m
from nonverbal.motion.hands import hand_rotation
from nonverbal.motion.rotations import F, mirror_x, rot6d_from_matrix, unit
from nonverbal.types import F32

MIRROR = np.array([-1.0, 1.0, 1.0])

_MIDDLE = (0,)
_PAIRS = ((2, 5), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16), (17, 18), (19, 20), (21, 22), (23, 24))
"""Pose landmarks used: nose; eyes, ears, corners of the mouth, shoulders, elbows, wrists, knuckles, thumbs, hips."""
_SEEN_IDS = (13, 15, 19, 23)
_ORDERS = tuple(
    np.array([*_MIDDLE, *(pair[side] for pair in _PAIRS), *(pair[1 - side] for pair in _PAIRS)]) for side in (0, 1)
)
_SEEN_ORDERS = tuple(np.array([*(i + s for i in _SEEN_IDS), *(i + 1 - s for i in _SEEN_IDS)]) for s in (0, 1))

_FAR_M = 1.5
"""Coordinates are held within this distance of the shoulders."""


def arm_features(view: BodyView, pose: BodyPose) -> F32:
    """[2, N, A] for left and right arm, from a view as `body.turned_to` gives it and its geometric pose."""
    scale = px_per_m(view.pose_px, view.pose_world_m)
    picture = np.asarray(view.pose_px, np.float64) * CAMERA_TO_BODY
    picture = (picture - picture[:, SHOULDERS].mean(axis=1, keepdims=True)) / scale[:, None, None]
    world = np.asarray(view.pose_world_m, np.float64) * CAMERA_TO_BODY
    world = world - world[:, SHOULDERS].mean(axis=1, keepdims=True)
    points = np.clip(np.concatenate([picture, world], axis=2), -_FAR_M, _FAR_M)
    return np.stack([_one_side(view, pose, points, scale, side) for side in (0, 1)]).astype(np.float32)


def _one_side(view: BodyView, pose: BodyPose, points: F, scale: F, side: int) -> F:
    count = len(points)
    sign = MIRROR if side else np.ones(3)

    def turned(matrix: F) -> F:
        return mirror_x(matrix) if side else matrix

    head = np.where(view.head_known[:, None, None], turned(pose.head), np.eye(3))
    own, other = pose.arms[side], pose.arms[1 - side]
    parts = [
        (points[:, _ORDERS[side]] * np.tile(sign, 2)).reshape(count, 6 * len(_ORDERS[side])),
        view.pose_visibility[:, _SEEN_ORDERS[side]],
        rot6d_from_matrix(head),
        view.head_known[:, None],
        rot6d_from_matrix(turned(pose.chest)),
        *_directions(own),
        *_directions(other),
        _hand_block(view, pose, points, scale, side),
        _hand_block(view, pose, points, scale, 1 - side)[:, :_HAND_SHORT] * _hand_signs(),
    ]
    return np.concatenate(parts, axis=1)


def _directions(arm: ArmPoints) -> tuple[F, F, F]:
    return unit(arm.shoulder - arm.collar), unit(arm.elbow - arm.shoulder), unit(arm.wrist - arm.elbow)


_HAND_SHORT = 1 + 6 + 3 + 3 + 1


def _hand_block(view: BodyView, pose: BodyPose, points: F, scale: F, side: int) -> F:
    """[N, 14 + 63] whether the hand is seen, its geometric orientation, where its wrist and middle knuckle stand, the
    palm's length in the picture, and the landmarks from the wrist in palm lengths; a right hand mirrored."""
    sign = MIRROR if side else np.ones(3)
    known = view.hand_valid[:, side]
    hand = np.asarray(view.hands_px[:, side], np.float64) * CAMERA_TO_BODY * sign
    middle = (np.asarray(view.pose_px[:, SHOULDERS], np.float64) * CAMERA_TO_BODY * sign).mean(axis=1)
    place = (hand[:, (0, 9)] - middle[:, None]) / scale[:, None, None]
    place[:, :, 2] = hand[:, (0, 9), 2] / scale[:, None]
    shape, palm_px = hand_shape(hand)
    block = np.concatenate(
        [
            known[:, None],
            rot6d_from_matrix(pose.hands[side]),
            place.reshape(len(hand), 6),
            (palm_px / scale)[:, None],
            shape.reshape(len(hand), 60),
        ],
        axis=1,
    )
    return np.clip(block, -3.0, 3.0) * known[:, None]


def _hand_signs() -> F:
    """[14] what makes the other hand's short block, mirrored to look like an own one, tell its true side again.

    Its orientation stays that of the mirrored hand; its place is where it is.
    """
    return np.array([1.0] * 7 + [-1.0, 1.0, 1.0] * 2 + [1.0])


def hand_shape(hand: F) -> tuple[F, F]:
    """[N, 20, 3] landmarks 1 to 20 from the wrist in units of the palm's length, and that length [N].

    The palm's length is the mean distance of the four knuckles from the wrist in three dimensions.
    """
    from_wrist = hand[:, 1:] - hand[:, :1]
    palm = np.linalg.norm(from_wrist[:, (4, 8, 12, 16)], axis=-1).mean(axis=1)
    return from_wrist / np.maximum(palm, 1e-6)[:, None, None], palm


BENDS, CHORDS = slice(0, 45), slice(45, 50)
"""Columns of the geometric joint rotations and of the chords in `finger_features`."""


def finger_features(view: BodyView, pose: BodyPose) -> F32:
    """[2, N, 57] of left and right hand, the right one mirrored; zero where a hand is not valid.

    Geometric rotations of the joints, chords of the fingers from thumb to pinky, how the hand is turned to the line of
    sight, and the palm's misfit.
    """
    rows = []
    for side in (0, 1):
        hand = np.asarray(view.hands_px[:, side], np.float64) * CAMERA_TO_BODY * (MIRROR if side else np.ones(3))
        rotation, misfit = hand_rotation(hand)
        parts = [pose.fingers[side].reshape(len(hand), 45), _chords(hand[:, 1:]), rot6d_from_matrix(rotation)]
        rows.append(np.concatenate([*parts, misfit[:, None]], axis=1) * view.hand_valid[:, side, None])
    return np.clip(np.stack(rows), -3.0, 3.0).astype(np.float32)


def _chords(points: F) -> F:
    """[N, 5] distance of each fingertip from its finger's root, over the length of the bones between; [N, 20, 3] in."""
    chains = points.reshape(len(points), 5, 4, 3)
    bones = np.linalg.norm(np.diff(chains, axis=2), axis=-1).sum(axis=2)
    return np.asarray(np.linalg.norm(chains[:, :, 3] - chains[:, :, 0], axis=-1) / np.maximum(bones, 1e-6))
