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


def check_face(mesh: MeshTracker, someone: Dressed, yaw_rad: float) -> None:
    mesh.reset()
    rest = measure(mesh, photograph(someone, yaw_rad=yaw_rad))
    iris = [
        measure(mesh, photograph(someone, gaze=(g, 0.0), yaw_rad=yaw_rad))["iris"] for g in (-0.35, -0.17, 0.17, 0.35)
    ]
    assert iris[0] + 0.02 < iris[1] < rest["iris"] - 0.015
    assert rest["iris"] + 0.015 < iris[2] < iris[3] - 0.02
    shut = measure(mesh, photograph(someone, {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}, yaw_rad=yaw_rad))
    assert shut["lids"] < 0.35 * rest["lids"]
    opened = measure(mesh, photograph(someone, {"jawOpen": 0.5}, yaw_rad=yaw_rad))
    assert opened["lips"] > rest["lips"] + 0.1
    up, down = (
        measure(mesh, photograph(someone, actions, yaw_rad=yaw_rad))["brows"]
        for actions in (
            {"browInnerUp": 1.0, "browOuterUpLeft": 1.0, "browOuterUpRight": 1.0},
            {"browDownLeft": 1.0, "browDownRight": 1.0},
        )
    )
    assert up > rest["brows"] + 0.02
    assert down < rest["brows"] - 0.02


def test_a_face_moves_as_it_is_told(mesh: MeshTracker) -> None:
    check_face(mesh, person(5), 0.15)


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
    seen = np.zeros(4)
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
        check_face(mesh, someone, yaw_rad)
    assert (seen[:3] == count).all()
    assert seen[3] >= 0.9 * count
