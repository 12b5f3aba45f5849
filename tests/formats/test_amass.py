"""AMASS and BEAT2 files in and out, and .npz files that are not what they say."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_takes import made_take, waves

from nonverbal.formats import npz
from nonverbal.formats.amass import amass_take, write_amass
from nonverbal.formats.differences import turn_error_deg
from nonverbal.formats.npz import NpzFile, write_npz
from nonverbal.motion.rotations import matrix_from_axis_angle
from nonverbal.spaces import SMPLX117_JOINTS
from nonverbal.verdicts import UserError

HEAD = SMPLX117_JOINTS.index("head")


def recorded(path: Path, width: int = 165, count: int = 60, fps: float = 30.0, **other: Any) -> Path:
    """A file as AMASS has them; None leaves an array out."""
    poses = 0.5 * waves(np.random.default_rng(0), count, width).astype(np.float64)
    arrays = {"poses": poses, "trans": np.zeros((count, 3)), "betas": np.zeros(16), "gender": np.array("neutral"),
              "mocap_frame_rate": np.array(fps)} | other  # fmt: skip
    np.savez(path, **{name: values for name, values in arrays.items() if values is not None})
    return path


def test_columns_are_smplx_joints(tmp_path: Path) -> None:
    """Each joint of the file turned by itself moves its own joint of ours, by SMPL-X's published order."""
    order = ["pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle",
             "right_ankle", "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head",
             "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "jaw",
             "left_eye", "right_eye", *SMPLX117_JOINTS[9:]]  # fmt: skip
    assert len(order) == 55
    poses = np.zeros((55, 165))
    for joint in range(55):
        poses[joint, 3 * joint] = 0.3
    body = amass_take(recorded(tmp_path / "a.npz", poses=poses, fps=25.0))[0].body.reshape(55, 39, 3)
    for row, name in enumerate(order):
        moved = np.flatnonzero(np.abs(body[row]).sum(axis=1) > 1e-6).tolist()
        heard = "head" if name == "neck" else name
        assert moved == ([SMPLX117_JOINTS.index(heard)] if heard in SMPLX117_JOINTS else []), name


def test_smplh_has_the_same_body_and_hands(tmp_path: Path) -> None:
    wide = 0.5 * waves(np.random.default_rng(1), 20, 165).astype(np.float64)
    narrow = np.concatenate([wide[:, :66], wide[:, 75:]], axis=1)
    one, other = (amass_take(recorded(tmp_path / "a.npz", poses=poses))[0] for poses in (wide, narrow))
    assert np.array_equal(one.body, other.body)
    assert other.gaze is None
    assert one.gaze is not None


def test_the_neck_turns_the_head(tmp_path: Path) -> None:
    poses = np.zeros((10, 165))
    poses[:, 36:39], poses[:, 45:48] = [0.2, 0.3, -0.1], [0.1, 0.4, 0.2]
    take = amass_take(recorded(tmp_path / "a.npz", poses=poses))[0]
    head = matrix_from_axis_angle(take.body.reshape(-1, 39, 3)[0, HEAD])
    wanted = matrix_from_axis_angle(poses[0, 36:39]) @ matrix_from_axis_angle(poses[0, 45:48])
    assert head == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("fps", [20.0, 30.0, 59.94, 100.0, 120.0])
def test_any_rate_comes_to_25(tmp_path: Path, fps: float) -> None:
    """One joint turns half a turn a second about one axis."""
    times = (np.arange(int(4 * fps)) + 0.5) / fps
    poses = np.zeros((len(times), 165))
    poses[:, 55] = 0.5 * np.pi * np.sin(times)
    take, rate = amass_take(recorded(tmp_path / "a.npz", poses=poses, fps=fps))
    assert rate == fps
    centres = (np.arange(take.n_frames) + 0.5) / 25
    inside = (centres > times[0]) & (centres < times[-1])
    turned = take.body.reshape(-1, 39, 3)[:, SMPLX117_JOINTS.index("left_elbow"), 1]
    assert turned[inside] == pytest.approx(0.5 * np.pi * np.sin(centres[inside]), abs=2e-3)


def test_beat2_has_a_face(tmp_path: Path) -> None:
    expressions = waves(np.random.default_rng(2), 50, 100)
    path = recorded(tmp_path / "1_wayne_0_1_1.npz", count=50, fps=25.0, expressions=expressions, model="smplx2020")
    take = amass_take(path)[0]
    assert take.face_space == "flame53"
    assert np.array_equal(take.face[:, :50], expressions[:, :50])
    assert turn_error_deg(take.face[:, 50:], np.load(path)["poses"][:, 66:69]).max() < 1e-4
    assert take.name == "1_wayne_0_1_1"


@settings(max_examples=15, deadline=None)
@given(
    st.integers(1, 40), st.floats(1, 240), st.integers(0, 99), st.sampled_from(["arkit52", "flame53"]), st.booleans()
)
def test_what_goes_out_comes_back(
    tmp_path_factory: pytest.TempPathFactory, count: int, fps: float, seed: int, space: str, looks: bool
) -> None:
    take = replace(made_take(count, fps, seed, space), words=())
    take = take if looks else replace(take, gaze=None)
    path = tmp_path_factory.getbasetemp() / "round trip.npz"
    write_amass(take, path)
    back, rate = amass_take(path, fps)
    assert rate == fps
    assert np.array_equal(back.body, take.body)
    assert (back.gaze is None) == (take.gaze is None)
    assert back.gaze is None or np.abs(back.gaze - take.gaze).max() < 1e-6
    assert back.face_space == (None if space == "arkit52" else "flame53")
    assert back.face is None or np.array_equal(back.face, take.face)


def test_other_programs_can_read_it(tmp_path: Path) -> None:
    write_amass(made_take(12, face_space="flame53"), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        shapes = {name: file[name].shape for name in file.files}
        assert str(file["gender"]) == "neutral"
        assert float(file["mocap_frame_rate"]) == 25.0
    assert shapes == {"poses": (12, 165), "trans": (12, 3), "betas": (16,), "gender": (), "surface_model_type": (),
                      "mocap_frame_rate": (), "expressions": (12, 100)}  # fmt: skip


def test_equal_takes_give_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_amass(made_take(), tmp_path / "a.npz")
    monkeypatch.setattr("time.localtime", lambda *_: (2031, 1, 1, 0, 0, 0, 0, 1, 0))
    write_amass(made_take(), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_no_body_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="made: has no body"):
        write_amass(replace(made_take(), body=None, body_space=None), tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"poses": None}, "no array 'poses'; it holds trans, betas, gender"),
        ({"poses": np.zeros((5, 72))}, "got poses of 72 numbers, expected 165"),
        ({"poses": np.zeros(165)}, r"poses is float64 \[165\]"),
        ({"poses": np.zeros((0, 165))}, "1 to 4,000,000"),
        ({"poses": np.full((5, 165), np.nan)}, "not finite or above 100 in frame 0"),
        ({"poses": np.full((5, 165), 1e30)}, "not finite or above 100"),
        ({"poses": np.array([["a"] * 165])}, "poses is <U1"),
        ({"poses": np.array([[None] * 165])}, "never read: objects are pickles"),
        ({"poses": np.zeros((5, 165), complex)}, "holds complex128"),
        ({"mocap_frame_rate": None}, "says nothing of its frames a second.*--rate"),
        ({"mocap_frame_rate": np.array(0.0)}, "got 0.0 frames a second"),
        ({"mocap_frame_rate": np.array(-30.0)}, "got -30.0 frames a second"),
        ({"mocap_frame_rate": np.array(np.nan)}, "got nan frames a second"),
        ({"mocap_frame_rate": np.zeros(2)}, "expected one number"),
        ({"mocap_frame_rate": np.array("30")}, "expected one number"),
        ({"expressions": np.zeros((7, 100))}, r"expressions are \[7, 100\], expected \[60, 50 or more\]"),
        ({"expressions": np.zeros((60, 10))}, r"expressions are \[60, 10\]"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = recorded(tmp_path / "a bad one.npz", **change)
    with pytest.raises(UserError, match=f"a bad one.npz.*{message}"):
        amass_take(path)


def test_a_rate_can_be_given(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.npz", mocap_frame_rate=None)
    assert amass_take(path, recorded_fps=60.0)[0].n_frames == 25
    assert amass_take(recorded(tmp_path / "b.npz", mocap_frame_rate=None, mocap_framerate=np.array(30.0)))[1] == 30.0


def header(shape: tuple[int, ...], kind: str = "<f8") -> bytes:
    data = io.BytesIO()
    np.lib.format.write_array_header_1_0(data, {"descr": kind, "fortran_order": False, "shape": shape})
    return data.getvalue()


def zipped(path: Path, data: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("poses.npy", data)
    return path


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is damaged"),
        (b"not an array", "is damaged"),
        (header((10**9, 165)), "claims 1,320,000,000,000 bytes"),
        (header((10**30, 165)), "claims"),
        (header((-1, 165)), "claims|damaged"),
        (header((3, 165)) + bytes(100), "not as long as it says"),
        (header((3, 165)) + bytes(3 * 165 * 8 + 1), "not as long as it says"),
        (header((3, 165), "|O") + pickle.dumps([1]), "never read: objects are pickles"),
        (header((3, 165), "<M8[s]") + bytes(3960), "never read"),
        (pickle.dumps(np.zeros(3)), "is damaged"),
    ],
)
def test_arrays_that_lie_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    file = NpzFile(zipped(tmp_path / "a.npz", data))
    with pytest.raises(UserError, match=message):
        file.array("poses")


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its header tells of little, what follows would be endless: no more is read than was told."""
    monkeypatch.setattr(npz, "MAX_ARRAY_BYTES", 1 << 16)
    path = zipped(tmp_path / "a.npz", header((3, 165)) + bytes(50_000_000))
    assert path.stat().st_size < 100_000
    with pytest.raises(UserError, match="not as long as it says"):
        NpzFile(path).array("poses")
    with pytest.raises(UserError, match="claims 66,000 bytes, expected up to 65,536"):
        NpzFile(zipped(tmp_path / "b.npz", header((50, 165)) + bytes(66_000))).array("poses")


@pytest.mark.parametrize(
    "spoil", [lambda d: b"", lambda d: d[: len(d) // 2], lambda d: pickle.dumps([1]), lambda d: b"PK"]
)
def test_damaged_files_are_named(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    path = recorded(tmp_path / "a b.npz")
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(UserError, match=r"a b\.npz: not a whole \.npz file"):
        amass_take(path)


def test_flipped_bytes_give_a_sentence_or_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write_npz(path, {"poses": waves(np.random.default_rng(0), 20, 165), "mocap_frame_rate": np.array(30.0)})
    data, rng, told = path.read_bytes(), np.random.default_rng(0), ["a.npz"]
    for _ in range(150):
        broken = bytearray(data)
        broken[rng.integers(len(data))] ^= 1 << rng.integers(8)
        path.write_bytes(broken)
        try:
            amass_take(path)
        except UserError as error:
            told.append(str(error))
    assert len(told) > 100  # most of the file is checked by its sums
    assert all("a.npz" in sentence for sentence in told)
