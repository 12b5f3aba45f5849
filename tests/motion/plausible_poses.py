"""Random poses a person can take, and the landmarks that a perfect observer would see of them."""

import numpy as np

from nonverbal.motion import rotations as rot
from nonverbal.motion.hands import FIRST_LANDMARK
from nonverbal.motion.skeleton import forward_kinematics, offset_m
from nonverbal.spaces import SMPLX117_JOINTS, SMPLX_FINGERS

X = np.array([1.0, 0.0, 0.0])


def random_body(count: int, seed: int) -> np.ndarray:
    """[count, 117] arms and fingers within human limits, elbows bent by 25 degrees or more; the head stays straight."""
    rng = np.random.default_rng(seed)

    def within(low_deg: float, high_deg: float) -> np.ndarray:
        return np.radians(rng.uniform(low_deg, high_deg, count))

    def away_from(axis: np.ndarray, limit_deg: float) -> np.ndarray:
        direction = rot.unit(rot.reject(rng.normal(size=(count, 3)), axis))
        return rot.matrix_from_axis_angle(direction * within(0.0, limit_deg)[:, None])

    body = np.zeros((count, len(SMPLX117_JOINTS), 3))
    for side in ("left", "right"):
        joints = {
            "collar": away_from(rot.unit(offset_m("shoulder")), 25.0),
            "shoulder": away_from(X, 90.0) @ rot.matrix_about(0, within(-90.0, 90.0)),
            "elbow": rot.matrix_about(1, -within(25.0, 140.0)) @ rot.matrix_about(0, within(-90.0, 90.0)),
            "wrist": away_from(X, 60.0),
        }
        for number, bone in enumerate(("thumb2", "thumb3", "thumb"), start=1):
            joints[f"thumb{number}"] = away_from(rot.unit(offset_m(bone)), 50.0)
        for finger in set(SMPLX_FINGERS) - {"thumb"}:
            joints[f"{finger}1"] = rot.matrix_about(1, within(-25.0, 25.0)) @ rot.matrix_about(2, -within(-20.0, 75.0))
            joints[f"{finger}2"] = rot.matrix_about(2, -within(-5.0, 100.0))
            joints[f"{finger}3"] = rot.matrix_about(2, -within(-5.0, 80.0))
        for name, matrix in joints.items():
            turned = rot.mirror_x(matrix) if side == "right" else matrix
            body[:, SMPLX117_JOINTS.index(f"{side}_{name}")] = rot.axis_angle_from_matrix(turned)
    return body.reshape(count, -1)


def joint(joints: np.ndarray, name: str) -> np.ndarray:
    """[N, 3] one joint of `forward_kinematics`' positions."""
    return joints[:, SMPLX117_JOINTS.index(name)]


def hand_landmarks(body: np.ndarray, chest: np.ndarray | None = None) -> np.ndarray:
    """[N, 2, 21, 3] both hands' landmarks in metres, in the chest's axes or in those `chest` stands in."""
    joints, tips, _ = forward_kinematics(body, chest)
    points = np.zeros((len(body), 2, 21, 3))
    for hand, side in enumerate(("left", "right")):
        points[:, hand, 0] = joint(joints, f"{side}_wrist")
        for finger, name in enumerate(SMPLX_FINGERS):
            first = FIRST_LANDMARK[name]
            for number in range(3):
                points[:, hand, first + number] = joint(joints, f"{side}_{name}{number + 1}")
            points[:, hand, first + 3] = tips[:, hand, finger]
    return points
