"""FLAME and SMPL-X, on made-up models in their layout."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from made_up_models import SMPLX_PARENTS, flame_arrays, save, smplx_arrays
from safetensors.numpy import save_file
from scipy.spatial.transform import Rotation

from nonverbal.spaces import SMPLX117_JOINTS
from nonverbal.tokens import mesh_licensed
from nonverbal.tokens.meshes import MeshFiles, mesh_of
from nonverbal.tokens.metrics import ReconstructionMeter
from nonverbal.verdicts import UserError

pytest.importorskip("smplx", reason="pip install 'nonverbal[meshes]'")


@pytest.fixture
def flame(tmp_path: Path) -> tuple[Path, dict[str, np.ndarray]]:
    arrays = flame_arrays(np.random.default_rng(0))
    return save(tmp_path / "flame.npz", arrays), arrays


@pytest.fixture
def smplx(tmp_path: Path) -> tuple[Path, dict[str, np.ndarray]]:
    arrays = smplx_arrays(np.random.default_rng(1))
    return save(tmp_path / "smplx.npz", arrays), arrays


def test_a_calm_face_is_the_template(flame) -> None:  # type: ignore[no-untyped-def]
    path, arrays = flame
    mesh = mesh_of("flame53", "flame", MeshFiles(flame=path))
    assert (mesh.name, mesh.space, mesh.n_vertices) == ("flame", "flame53", 8)
    vertices = mesh.vertices(np.zeros((3, 53), np.float32))
    assert vertices.dtype == np.float32
    assert vertices == pytest.approx(np.repeat(arrays["v_template"][None], 3, axis=0), abs=1e-6)


def test_expressions_are_the_components_after_the_shape(flame) -> None:  # type: ignore[no-untyped-def]
    path, arrays = flame
    values = np.zeros((1, 53), np.float32)
    values[0, 0], values[0, 49] = 2.0, 1.0
    expected = arrays["v_template"].copy()
    expected[5, 1] += 0.02
    expected[6, 2] += 0.02
    assert mesh_of("flame53", "flame", MeshFiles(flame=path)).vertices(values)[0] == pytest.approx(expected, abs=1e-6)


def test_the_jaw_turns_what_hangs_on_it_about_its_joint(flame) -> None:  # type: ignore[no-untyped-def]
    path, arrays = flame
    values = np.zeros((1, 53), np.float32)
    values[0, 50:] = (0.4, 0.1, 0.0)
    expected = arrays["v_template"].copy()
    jaw = expected[2]  # the regressor puts joint 2 on vertex 2
    expected[5:] = Rotation.from_rotvec([0.4, 0.1, 0.0]).apply(expected[5:] - jaw) + jaw
    assert mesh_of("flame53", "flame", MeshFiles(flame=path)).vertices(values)[0] == pytest.approx(expected, abs=1e-6)


def test_pose_blend_shapes_are_read_in_flames_order(tmp_path: Path) -> None:
    # posedirs [V, 3, 36]: feature 9 is entry (0, 0) of the jaw's rotation minus one.
    arrays = flame_arrays(np.random.default_rng(2))
    arrays["posedirs"][7, 1, 9] = 0.5
    values = np.zeros((1, 53), np.float32)
    values[0, 51] = 0.6
    mesh = mesh_of("flame53", "flame", MeshFiles(flame=save(tmp_path / "f.npz", arrays)))
    turn = Rotation.from_rotvec([0, 0.6, 0])
    jaw, point = arrays["v_template"][2], arrays["v_template"][7] + [0, 0.5 * (np.cos(0.6) - 1), 0]
    assert mesh.vertices(values)[0, 7] == pytest.approx(turn.apply(point - jaw) + jaw, abs=1e-6)


def test_a_body_at_rest_is_the_template(smplx) -> None:  # type: ignore[no-untyped-def]
    path, arrays = smplx
    mesh = mesh_of("smplx117", "smplx", MeshFiles(smplx=path))
    assert (mesh.name, mesh.space, mesh.n_vertices) == ("smplx", "smplx117", 110)
    assert mesh.vertices(np.zeros((1, 117), np.float32))[0] == pytest.approx(arrays["v_template"], abs=1e-6)


def slow_skinning(arrays: dict[str, np.ndarray], pose: np.ndarray) -> np.ndarray:
    """Vertices of one pose [55, 3] of a model in which one joint alone moves each vertex."""
    joints = arrays["v_template"][:55]
    turns, places = [], []
    for joint, parent in enumerate(SMPLX_PARENTS):
        local = Rotation.from_rotvec(pose[joint])
        turns.append(local if parent < 0 else turns[parent] * local)
        places.append(joints[0] if parent < 0 else places[parent] + turns[parent].apply(joints[joint] - joints[parent]))
    every = [turns[j].apply(arrays["v_template"][j + s] - joints[j]) + places[j] for s in (0, 55) for j in range(55)]
    return np.array(every)


def test_each_column_turns_the_joint_of_its_name(smplx) -> None:  # type: ignore[no-untyped-def]
    names = dict(zip((13, 14, 15, 16, 17, 18, 19, 20, 21), SMPLX117_JOINTS, strict=False))
    assert names[15] == "head"
    assert names[20] == "left_wrist"
    path, arrays = smplx
    values = np.random.default_rng(3).normal(0, 0.4, (4, 117)).astype(np.float32)
    vertices = mesh_of("smplx117", "smplx", MeshFiles(smplx=path)).vertices(values)
    for row, points in zip(values, vertices, strict=True):
        pose = np.zeros((55, 3))
        pose[13:22], pose[25:] = row[:27].reshape(9, 3), row[27:].reshape(30, 3)
        assert points == pytest.approx(slow_skinning(arrays, pose), abs=1e-5)


def test_hands_counted_from_the_mean_hand(smplx) -> None:  # type: ignore[no-untyped-def]
    path, arrays = smplx
    pose = np.zeros((55, 3))
    pose[25:40, 2], pose[40:, 2] = -0.3, 0.3
    mesh = mesh_of("smplx117", "smplx", MeshFiles(smplx=path, hands_from_mean=True))
    assert mesh.vertices(np.zeros((1, 117), np.float32))[0] == pytest.approx(slow_skinning(arrays, pose), abs=1e-5)


def test_fingers_hang_on_the_columns_of_their_hand(smplx) -> None:  # type: ignore[no-untyped-def]
    mesh = mesh_of("smplx117", "smplx", MeshFiles(smplx=smplx[0]))
    assert mesh.groups.tolist() == ([0] * 25 + [1] * 15 + [2] * 15) * 2


def test_frames_are_skinned_in_parts_that_fit_into_memory(smplx, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    values = np.random.default_rng(4).normal(0, 0.4, (7, 117)).astype(np.float32)
    mesh = mesh_of("smplx117", "smplx", MeshFiles(smplx=smplx[0]))
    whole = mesh.vertices(values)
    monkeypatch.setattr(mesh_licensed, "_LIMIT_FLOATS", 2 * 20 * 110)
    assert np.abs(mesh.vertices(values) - whole).max() < 1e-6
    assert mesh.vertices(values[:0]).shape == (0, 110, 3)


def test_a_meter_on_flame(flame) -> None:  # type: ignore[no-untyped-def]
    path, _ = flame
    meter = ReconstructionMeter("flame53", mesh_of("flame53", files=MeshFiles(flame=path)))
    truth, decoded = np.zeros((4, 53), np.float32), np.zeros((4, 53), np.float32)
    decoded[:, 0] = 1.0  # lifts vertex 5 by 10 mm
    meter.add(truth, decoded)
    report = meter.report()
    assert (report.mesh, report.n_vertices) == ("flame", 8)
    assert report.vmse_release == pytest.approx(0.010 / 3, rel=1e-4)
    assert report.vertex_mean_mm == pytest.approx(10 / 8, rel=1e-4)


def test_safetensors_are_read_too(smplx, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path, arrays = smplx
    plain = {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items() if name != "kintree_table"}
    parents = np.array([SMPLX_PARENTS, range(55)], np.int64)
    save_file(plain | {"kintree_table": parents}, tmp_path / "smplx.safetensors")
    values = np.random.default_rng(5).normal(0, 0.4, (2, 117)).astype(np.float32)
    one = mesh_of("smplx117", "smplx", MeshFiles(smplx=tmp_path / "smplx.safetensors"))
    assert np.array_equal(one.vertices(values), mesh_of("smplx117", "smplx", MeshFiles(smplx=path)).vertices(values))


# Files that are something else


class Poison:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:  # type: ignore[type-arg]
        return Path.touch, (self.path,)


def refused(path: Path, message: str, space: str = "smplx117") -> None:
    kind = "smplx" if space == "smplx117" else "flame"
    with pytest.raises(UserError, match=message):
        mesh_of(space, kind, MeshFiles(flame=path, smplx=path))


@pytest.mark.parametrize("suffix", [".pkl", ".npz", ".safetensors"])
def test_nothing_is_unpickled(tmp_path: Path, suffix: str) -> None:
    path, touched = tmp_path / f"SMPLX{suffix}", tmp_path / "touched"
    path.write_bytes(pickle.dumps({"v_template": Poison(touched)}))
    refused(path, "convert")
    assert not touched.exists()


def test_object_arrays_are_skipped_unless_needed(smplx, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    _, arrays = smplx
    touched = tmp_path / "touched"
    poison = np.array([Poison(touched)], object)
    path = save(tmp_path / "more.npz", arrays | {"part2num": poison})
    assert mesh_of("smplx117", "smplx", MeshFiles(smplx=path)).n_vertices == 110
    refused(save(tmp_path / "needed.npz", arrays | {"weights": poison}), "not an archive of plain arrays .* convert")
    assert not touched.exists()


def test_files_that_are_no_model_get_their_sentence(smplx, flame, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (path, arrays), (flame_path, face) = smplx, flame
    refused(tmp_path / "none.npz", "there is no such file")
    (tmp_path / "cut.npz").write_bytes(path.read_bytes()[:20_000])
    refused(tmp_path / "cut.npz", "cannot be read as .npz")
    (tmp_path / "cut.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0nonsense")
    refused(tmp_path / "cut.safetensors", "cannot be read as .safetensors")
    refused(flame_path, r"posedirs is \[8, 3, 36\], expected \[8, 3, 486\]")
    refused(path, r"expected \[110, 3, 36\]", "flame53")
    without = {name: array for name, array in arrays.items() if name != "J_regressor"}
    refused(save(tmp_path / "less.npz", without), "has no J_regressor")
    nan = arrays | {"weights": np.full_like(arrays["weights"], np.nan)}
    refused(save(tmp_path / "nan.npz", nan), "weights holds something else than finite numbers")
    few = face | {"shapedirs": face["shapedirs"][:, :, :20]}
    refused(save(tmp_path / "few.npz", few), r"shapedirs is \[8, 3, 20\], expected \[V, 3, 350 or more\]", "flame53")
    loop = arrays | {"kintree_table": arrays["kintree_table"][:, ::-1]}
    refused(save(tmp_path / "loop.npz", loop), "parent that does not stand before its child")


def test_without_the_package_the_sentence_names_it(smplx, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setitem(__import__("sys").modules, "smplx.lbs", None)
    refused(smplx[0], r"pip install 'nonverbal\[meshes\]'")
