"""Plain measures and the agreement with a yardstick, by hand; the command on a real face."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_talk import made_motion
from rich.console import Console

from nonverbal.accuracy.real import (
    PersonReport,
    Real,
    eye_aspect_ratio,
    lip_gap,
    mouth_width,
    plain_table,
    yardstick_tables,
)
from nonverbal.accuracy.yardstick import agree
from nonverbal.backends.face_landmarker import around, find_weights
from nonverbal.backends.face_models import LANDMARKER_WEIGHTS as WEIGHTS
from nonverbal.motion.rotations import matrix_about, matrix_from_axis_angle
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import PARTS
from nonverbal.verdicts import UserError

JAW = ARKIT52_NAMES.index("jawOpen")


def _marks(**places: tuple[float, float]) -> np.ndarray:
    marks = np.zeros((1, 478, 2), np.float32)
    for name, place in places.items():
        marks[0, int(name[1:])] = place
    return marks


def test_plain_measures_by_hand() -> None:
    """A face 200 px high; lips 10 apart; an eye 40 wide whose lids are 12 and 8 apart; a mouth 60 wide, eyes 90."""
    face = _marks(
        p10=(0, 0), p152=(0, 200), p13=(0, 140), p14=(0, 150), p61=(-30, 150), p291=(30, 150), p33=(-45, 60),
        p263=(45, 60),
    )  # fmt: skip
    assert lip_gap(face) == pytest.approx([0.05])
    assert mouth_width(face) == pytest.approx([60 / 90])
    eye = _marks(p1=(0, 0), p2=(10, -6), p3=(30, -4), p4=(40, 0), p5=(30, 4), p6=(10, 6))
    assert eye_aspect_ratio(eye, (1, 2, 3, 4, 5, 6)) == pytest.approx([(12 + 8) / (2 * 40)])


def test_agreement_by_hand() -> None:
    """The yardstick's jaw moves twice as much, its head looks 4 degrees further to one side, 20 frames are unseen."""
    motion = made_motion(np.random.default_rng(3), "A", 120, 100.0, [])
    shapes = np.zeros((120, 52))
    shapes[:, JAW] = 2 * motion.face[:, JAW]
    heads = matrix_from_axis_angle(motion.head_pose[:, :3]) @ matrix_about(1, np.radians(4.0))
    seen = np.arange(120) >= 20
    found = agree(motion, shapes, heads, seen)
    assert found is not None
    assert found.frames == 100
    assert list(found.r) == ["jawOpen"], "nothing else moves"
    assert found.r["jawOpen"] == pytest.approx(1.0)
    assert found.mae["jawOpen"] == pytest.approx(motion.face[20:, JAW].mean(), rel=1e-5)
    assert (found.head_deg, found.head_p95_deg) == pytest.approx((4.0, 4.0), abs=1e-3)
    assert found.head_steady_deg == pytest.approx((0.0, 4.0, 0.0), abs=1e-3)


def test_gaze_agrees_with_the_look_coefficients_that_follow_it() -> None:
    motion = made_motion(np.random.default_rng(3), "A", 120, 100.0, [])
    shapes = np.zeros((120, 52))
    shapes[:, ARKIT52_NAMES.index("eyeLookOutLeft")] = np.maximum(motion.gaze[:, 0], 0)
    shapes[:, ARKIT52_NAMES.index("eyeLookInLeft")] = np.maximum(-motion.gaze[:, 0], 0)
    shapes[:, ARKIT52_NAMES.index("eyeLookDownRight")] = motion.gaze[:, 3] + 1
    found = agree(motion, shapes, matrix_from_axis_angle(motion.head_pose[:, :3]), np.ones(120, bool))
    assert found is not None
    expected = {"left yaw": 1.0, "left pitch": 0.0, "right yaw": 0.0, "right pitch": -1.0}
    assert found.gaze_r == pytest.approx(expected, abs=1e-6)


def test_less_than_a_second_in_common_is_no_agreement() -> None:
    motion = made_motion(np.random.default_rng(3), "A", 60, 100.0, [])
    heads = np.broadcast_to(np.eye(3), (60, 3, 3))
    assert agree(motion, np.zeros((60, 52)), heads, np.arange(60) < 24) is None
    blind = replace(motion, validity=np.zeros((60, len(PARTS)), np.uint8))
    assert agree(blind, np.zeros((60, 52)), heads, np.ones(60, bool)) is None


def test_the_square_around_a_face_reaches_over_the_edge() -> None:
    rgb = np.full((40, 60, 3), 9, np.uint8)
    square = around(rgb, np.array([0, 0, 10, 10], np.float32))
    assert square.shape == (40, 40, 3)
    assert (square[:15].sum(), square[:, :15].sum()) == (0, 0)
    assert (square[15:, 15:] == 9).all()


def test_weights_with_another_hash_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NONVERBAL_WEIGHTS", raising=False)
    monkeypatch.setenv("NONVERBAL_CACHE", str(tmp_path / "cache"))
    assert find_weights(tmp_path) is None
    (tmp_path / WEIGHTS.path).write_bytes(b"something else")
    with pytest.raises(UserError, match="has another hash"):
        find_weights(tmp_path)


def test_means_leave_out_those_who_do_not_move() -> None:
    reports = [
        PersonReport("one.mp4", 0, 60, {"jawOpen": 0.9, "mouthSmile": 0.5}, None),
        PersonReport("two.mp4", 1, 50, {"jawOpen": 0.7}, None),
    ]
    console = Console(width=160, record=True, quiet=False)
    with console.capture() as shown:
        console.print(plain_table(reports))
    line = next(line for line in shown.get().splitlines() if line.strip().startswith("mean"))
    assert line.split() == ["mean", "110", "0.80", "-", "-", "0.50"]
    assert yardstick_tables(reports) == []


def test_coefficients_follow_a_real_face(
    shared_media: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mediapipe", reason="the models are not installed: pip install 'nonverbal[offline]'")
    monkeypatch.delenv("NONVERBAL_WEIGHTS", raising=False)
    models = shared_media.parent / "models"
    faces = (shared_media / "faces" / "single_face.mp4", shared_media / "odd" / "no_duration.webm")
    assert Real(faces, models=models, json=True).run(Console()) == 0
    (report,) = json.loads(capsys.readouterr().out)
    assert report["video"] == "single_face.mp4"
    assert report["plain"]["jawOpen"] > 0.9
    assert report["plain"]["mouthSmile"] > 0.9
    assert report["plain"]["eyeBlinkRight"] > 0.7
    if (models / WEIGHTS.path).is_file():
        assert report["yardstick"]["head_deg"] < 5
        assert np.mean(list(report["yardstick"]["r"].values())) > 0.3


def test_videos_without_a_face_are_a_mistake_of_the_user(shared_media: Path) -> None:
    pytest.importorskip("mediapipe", reason="the models are not installed: pip install 'nonverbal[offline]'")
    with pytest.raises(UserError, match="nobody's face is seen"):
        Real((shared_media / "odd" / "video_0.mov",)).run(Console())
