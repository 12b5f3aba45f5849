"""People of the studio are seen as people, and what their faces do can be measured."""

from __future__ import annotations

import numpy as np
import pytest
from sitters import person, photograph

from nonverbal.avatar.dress import Dressed
from nonverbal.backends.mediapipe_faces import detect_faces
from nonverbal.backends.mediapipe_hands import HandTracker
from nonverbal.backends.mediapipe_mesh import LIP_LOWER, LIP_UPPER, MeshTracker
from nonverbal.backends.mediapipe_pose import PoseTracker

pytest.importorskip("anny", reason="avatars need the package anny")

EYES = ((468, 33, 133, 159, 145, 105), (473, 362, 263, 386, 374, 334))
"""Iris, corners in order of x, upper lid, lower lid, brow; the eye on the left of the picture first."""


@pytest.fixture(scope="module")
def mesh() -> MeshTracker:
    return MeshTracker()


def measure(mesh: MeshTracker, picture: np.ndarray) -> dict[str, float]:
    """Iris from corner to corner, opening of the lids and height of the brows by the distance of the eyes, lip gap."""
    for _ in range(3):  # tracking settles
        points = mesh.see(picture)
    assert points is not None
    points = points[:, :2]
    apart = np.linalg.norm(points[263] - points[33])
    iris, lids, brows = [], [], []
    for middle, first, second, upper, lower, brow in EYES:
        across = points[second] - points[first]
        iris.append((points[middle] - points[first]) @ across / (across @ across))
        lids.append((points[lower] - points[upper])[1] / apart)
        brows.append((points[upper] - points[brow])[1] / apart)
    lips = (points[LIP_LOWER] - points[LIP_UPPER])[1] / apart
    return {"iris": np.mean(iris), "lids": np.mean(lids), "brows": np.mean(brows), "lips": lips}


def follows(mesh: MeshTracker, someone: Dressed, yaw_rad: float) -> dict[str, bool]:
    """Whether irises, lids, lips and brows are seen to move as they are told."""
    mesh.reset()

    def seen(actions: dict[str, float] | None = None, gaze_rad: float = 0.0) -> dict[str, float]:
        return measure(mesh, photograph(someone, actions, (gaze_rad, 0.0), yaw_rad))

    rest = seen()
    iris = [seen(gaze_rad=gaze)["iris"] for gaze in (-0.35, -0.17, 0.17, 0.35)]
    raised = seen({"browInnerUp": 1.0, "browOuterUpLeft": 1.0, "browOuterUpRight": 1.0})
    return {
        "left": iris[0] + 0.02 < iris[1] < rest["iris"] - 0.015,
        "right": rest["iris"] + 0.015 < iris[2] < iris[3] - 0.02,
        "lids": seen({"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0})["lids"] < 0.35 * rest["lids"],
        "lips": seen({"jawOpen": 0.5})["lips"] > rest["lips"] + 0.1,
        "brows up": raised["brows"] > rest["brows"] + 0.02,
        "brows down": seen({"browDownLeft": 1.0, "browDownRight": 1.0})["brows"] < rest["brows"] - 0.02,
    }


def test_a_face_moves_as_it_is_told(mesh: MeshTracker) -> None:
    did = follows(mesh, person(5), 0.15)
    assert all(did.values()), did


def test_people_are_detected(mesh: MeshTracker) -> None:
    bodies = PoseTracker(still_pictures=True)
    for seed in range(3):
        picture = photograph(person(seed), yaw_rad=-0.2)
        assert len(detect_faces(picture, tiles=False)) == 1
        assert bodies.see(picture) is not None
        mesh.reset()
        assert mesh.see(picture) is not None


@pytest.mark.slow
def test_all_kinds_of_people_are_seen(mesh: MeshTracker) -> None:
    rng = np.random.default_rng(0)
    bodies, hands = PoseTracker(still_pictures=True), HandTracker()
    seen, obeyed = np.zeros(4), np.zeros(6)
    count = 24
    for seed in range(100, 100 + count):
        someone, yaw_rad = person(seed), rng.uniform(-0.35, 0.35)
        picture = photograph(someone, yaw_rad=yaw_rad)
        mesh.reset()
        hands.reset()
        found = (
            len(detect_faces(picture, tiles=False)) == 1, mesh.see(picture) is not None,
            bodies.see(picture) is not None, len(hands.see(picture)) == 2,
        )  # fmt: skip
        seen += found
        obeyed += list(follows(mesh, someone, yaw_rad).values())
    assert (seen[:3] == count).all()
    assert seen[3] >= 0.8 * count  # some hands point at the camera or leave the picture
    assert (obeyed >= 0.95 * count).all(), obeyed / count
