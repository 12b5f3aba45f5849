"""Recorded faces: read at their true rate, turned into our columns, and put in the place of acted ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hand_talk import chat

from nonverbal.motion.live_link import COLUMNS
from nonverbal.motion.looks import look_coefficients
from nonverbal.motion.rotations import matrix_from_axis_angle
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.studio.acting.act import act
from nonverbal.studio.acting.replay import Recording, read_arkit_csv, replay
from nonverbal.studio.acting.style import Style
from nonverbal.verdicts import UserError

AHEAD = np.array([0.0, 0.0, 1.0])
HEAD = SMPLX117_JOINTS.index("head")


def write(
    path: Path, seconds: float = 3.0, rows_per_s: float = 30.0, counted: float = 60.0, first_s: float = 47_584.9,
    **columns: Callable[[np.ndarray], np.ndarray],
) -> Path:  # fmt: skip
    """A recording of `rows_per_s` rows whose timecode counts `counted` frames a second; columns from functions of s."""
    times = np.arange(int(seconds * rows_per_s)) / rows_per_s
    values = np.zeros((len(times), len(COLUMNS)))
    for name, curve in columns.items():
        values[:, COLUMNS.index(name)] = curve(times)
    lines = [",".join(("Timecode", "BlendShapeCount", *COLUMNS))]
    for at_s, row in zip((times + first_s) % 86400.0, values, strict=True):
        whole = int(at_s)
        stamp = f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}:{(at_s - whole) * counted:06.3f}"
        lines.append(",".join((stamp, "61", *(f"{value:.6f}" for value in row))))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_recording_at_hand_has_thirty_rows_a_second(shared_media: Path) -> None:
    """Its timecode counts 60 a second and skips every other one."""
    recording = read_arkit_csv(shared_media / "motion" / "alex_rom_3.csv")
    assert recording.recorded_fps == pytest.approx(30.0, abs=0.05)
    assert recording.n_frames == pytest.approx(4030 / 30 * 25, abs=5)
    assert recording.head is None
    assert recording.face.min() >= 0.0
    assert recording.face.max() <= 1.0
    assert np.sum(recording.face.max(axis=0) > 0.3) >= 48
    for name, values in look_coefficients(recording.gaze).items():
        assert recording.face[:, ARKIT52_NAMES.index(name)] == pytest.approx(values, abs=1e-6)


def test_gaze_agrees_with_the_look_coefficients_of_the_file(shared_media: Path) -> None:
    path = shared_media / "motion" / "alex_rom_3.csv"
    recording = read_arkit_csv(path)
    table = np.genfromtxt(path, delimiter=",", names=True, usecols=range(1, 63))
    times = np.arange(len(table)) / recording.recorded_fps
    at_s = (np.arange(recording.n_frames) + 0.5) / 25
    for name in ("eyeLookOutLeft", "eyeLookInLeft", "eyeLookOutRight", "eyeLookDownLeft", "eyeLookUpRight"):
        filed = np.interp(at_s, times, table[name[0].upper() + name[1:]])
        assert np.corrcoef(filed, recording.face[:, ARKIT52_NAMES.index(name)])[0, 1] > 0.85, name


@pytest.mark.parametrize(("rows_per_s", "counted"), [(30.0, 60.0), (60.0, 60.0), (30.0, 30.0), (24.0, 24.0)])
def test_the_rate_comes_from_the_timecode(tmp_path: Path, rows_per_s: float, counted: float) -> None:
    path = write(tmp_path / "a.csv", 4.0, rows_per_s, counted, JawOpen=lambda s: 0.2 * s)
    recording = read_arkit_csv(path)
    assert recording.recorded_fps == pytest.approx(rows_per_s, rel=1e-3)
    assert recording.n_frames == int(np.ceil((4.0 - 1 / rows_per_s) * 25 - 1e-3))
    frames = (np.arange(recording.n_frames - 1) + 0.5) / 25
    assert recording.face[:-1, ARKIT52_NAMES.index("jawOpen")] == pytest.approx(0.2 * frames, abs=2e-4)


def test_midnight_does_not_turn_time_back(tmp_path: Path) -> None:
    recording = read_arkit_csv(write(tmp_path / "a.csv", 4.0, first_s=86_398.03))
    assert recording.n_frames == pytest.approx(100, abs=2)


def test_signs_of_eyes_and_head(tmp_path: Path) -> None:
    """The file counts to the person's right and downwards, we to the left and upwards."""
    turned = {"LeftEyeYaw": 0.2, "RightEyeYaw": 0.2, "LeftEyePitch": 0.1, "RightEyePitch": 0.1,
              "HeadYaw": 0.3, "HeadPitch": 0.15}  # fmt: skip
    curves = {name: (lambda s, v=v: np.full(len(s), v)) for name, v in turned.items()}
    recording = read_arkit_csv(write(tmp_path / "a.csv", **curves))
    assert recording.gaze[10] == pytest.approx([-0.2, -0.1, -0.2, -0.1], abs=1e-6)
    assert recording.head is not None
    looks_at = matrix_from_axis_angle(recording.head[10]) @ AHEAD
    assert looks_at[0] < -0.2
    assert looks_at[1] < -0.1


def test_diverging_eyes_are_made_parallel(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.csv", LeftEyeYaw=lambda s: -0.06 + 0.1 * np.sin(s), RightEyeYaw=lambda s: 0.06 + 0.1 * np.sin(s)
    )
    gaze = read_arkit_csv(path).gaze
    assert gaze[:, 0] == pytest.approx(gaze[:, 2], abs=1e-6)


def test_replay_takes_the_face_and_leaves_the_body(tmp_path: Path) -> None:
    played = act(chat(8.0), "A", Style(), AHEAD, AHEAD, 0)
    recording = read_arkit_csv(write(tmp_path / "a.csv", JawOpen=lambda s: 0.1 * s, HeadYaw=lambda s: 0.05 * s))
    assert recording.head is not None
    shown = replay(played, recording, start=10)
    assert shown.face[:5] == pytest.approx(recording.face[10:15])
    assert shown.gaze[:5] == pytest.approx(recording.gaze[10:15])
    joints, before = shown.body.reshape(-1, 39, 3), played.body.reshape(-1, 39, 3)
    assert joints[:5, HEAD] == pytest.approx(recording.head[10:15])
    others = np.arange(39) != HEAD
    assert np.array_equal(joints[:, others], before[:, others])
    assert np.abs(np.diff(shown.face, axis=0)).max() < 0.01  # back and forth, never a jump


def test_a_recording_without_a_head_leaves_the_acted_one() -> None:
    played = act(chat(8.0), "A", Style(), AHEAD, AHEAD, 0)
    recording = Recording(np.zeros((30, 52), np.float32), None, np.zeros((30, 4), np.float32), 30.0)
    assert np.array_equal(replay(played, recording).body, played.body)
    with pytest.raises(UserError, match="30 frames"):
        replay(played, recording, start=30)


def test_lost_faces_are_bridged(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", JawOpen=lambda s: 0.1 * s)
    lines = path.read_text().splitlines()
    for i in (20, 21, 22):
        lines[i] = ",".join([*lines[i].split(",")[:1], "0"])
    path.write_text("\n".join(lines))
    jaw = read_arkit_csv(path).face[:, ARKIT52_NAMES.index("jawOpen")]
    assert np.diff(jaw)[:-1] == pytest.approx(np.full(len(jaw) - 2, 0.004), abs=1e-3)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda text: "", "0 rows"),
        (lambda text: text.splitlines()[0] + "\n", "0 rows"),
        (lambda text: text.replace("JawOpen", "JawShut"), "lacks the columns JawOpen"),
        (lambda text: text.replace("0.100000", "nan", 1), "line 2.*not finite"),
        (lambda text: text.replace("0.100000", "inf", 1), "line 2.*not finite"),
        (lambda text: text.replace("0.100000", "wide", 1), "line 2: expected 61 numbers"),
        (lambda text: "\n".join(text.splitlines()[:9]) + "\n1,61,0.3", "line 10"),
        (lambda text: "\n".join(text.splitlines()[:20]), "too short"),
        (lambda text: "\n".join(text.splitlines()[:40] + text.splitlines()[70:]), "followed by"),
        (lambda text: "\n".join(text.splitlines()[:40] + text.splitlines()[30:]), "followed by"),
        (lambda text: text.replace("13:13:04", "late", 1), "timecode"),
        (lambda text: text.replace("13:13:04:", "13:13:", 1), "timecode"),
        (lambda text: "\x00\x01" + text, "lacks the columns|cannot be read"),
    ],
)  # fmt: skip
def test_bad_files_are_named(tmp_path: Path, spoil: Callable[[str], str], message: str) -> None:
    path = write(tmp_path / "a.csv", JawOpen=lambda s: np.full(len(s), 0.1), first_s=47_584.0)
    path.write_text(spoil(path.read_text()))
    with pytest.raises(UserError, match=message):
        read_arkit_csv(path)


def test_missing_and_binary_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be opened"):
        read_arkit_csv(tmp_path / "none.csv")
    (tmp_path / "picture.csv").write_bytes(bytes(range(256)) * 9)
    with pytest.raises(UserError, match="cannot be read"):
        read_arkit_csv(tmp_path / "picture.csv")
