"""Live Link Face recordings row by row: columns by name, true times whatever the timecode, and faults named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from live_link_files import SEVEN, drop_frame_stamp, recording, stamp_of, steady

from nonverbal.motion import live_link
from nonverbal.motion.live_link import COLUMNS, read_live_link
from nonverbal.motion.rotations import matrix_about
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.verdicts import UserError

JAW = ARKIT52_NAMES.index("jawOpen")


def opens(time_s: float) -> float:
    return 0.1 + 0.002 * time_s


def test_the_recording_at_hand(shared_media: Path) -> None:
    rows = read_live_link(shared_media / "motion" / "alex_rom_3.csv")
    assert len(rows.times_s) == 4030
    assert rows.fps == pytest.approx(30.0, abs=0.01)
    assert (rows.counted_fps, rows.drop_frame) == (60.0, False)
    assert (rows.missing, rows.repeated, rows.ignored) == (3, 0, ())
    assert rows.head is None


@pytest.mark.parametrize("columns", [(*COLUMNS, *SEVEN), (*SEVEN, *reversed(COLUMNS))])
def test_sixty_eight_columns_in_any_order(tmp_path: Path, columns: tuple[str, ...]) -> None:
    rows = read_live_link(steady(tmp_path / "a b.csv", columns=columns, JawOpen=opens, HeadYaw=lambda s: 0.3))
    assert rows.ignored == SEVEN
    assert rows.face[:, JAW] == pytest.approx([opens(s) for s in rows.times_s], abs=1e-6)
    assert rows.head is not None
    assert rows.head[0] == pytest.approx(matrix_about(1, -0.3))


def test_coefficients_alone_and_other_spellings(tmp_path: Path) -> None:
    columns = tuple(f"blendShapes.{name}" for name in ARKIT52_NAMES)
    rows = read_live_link(steady(tmp_path / "a.csv", columns=columns, **{f"blendShapes.{ARKIT52_NAMES[JAW]}": opens}))
    assert rows.face[:, JAW] == pytest.approx([opens(s) for s in rows.times_s], abs=1e-6)
    assert rows.head is None
    assert rows.gaze is None


@pytest.mark.parametrize("counted", [30, 60])
@pytest.mark.parametrize("mark", [";", ":"])
def test_drop_frame_timecodes_keep_true_time(tmp_path: Path, counted: int, mark: str) -> None:
    """Twelve minutes at 29.97 or 59.94, every tenth row: two minutes of them drop nothing."""
    frames = np.arange(0, 12 * 60 * counted, counted // 3)
    times = frames * 1.001 / counted
    stamps = [drop_frame_stamp(int(frame), counted, mark) for frame in frames]
    rows = read_live_link(recording(tmp_path / "a.csv", stamps, times.tolist(), JawOpen=opens), float(counted))
    assert rows.drop_frame
    assert rows.times_s == pytest.approx(times, abs=1e-6)


def test_a_plain_timecode_is_not_taken_for_a_drop_frame_one(tmp_path: Path) -> None:
    rows = read_live_link(steady(tmp_path / "a.csv", count=5 * 60 * 30))
    assert not rows.drop_frame
    assert rows.times_s[-1] == pytest.approx(300 - 1 / 30)


def test_missing_and_repeated_rows_are_counted(tmp_path: Path) -> None:
    frames = [*range(40), 39, 39, *range(43, 100)]
    stamps = [stamp_of(frame, 30) for frame in frames]
    rows = read_live_link(recording(tmp_path / "a.csv", stamps, [f / 30 for f in frames], JawOpen=opens))
    assert (rows.missing, rows.repeated) == (3, 2)
    assert rows.fps == pytest.approx(30.0)
    assert rows.face[:, JAW] == pytest.approx([opens(s) for s in rows.times_s], abs=1e-6)


def test_rows_without_a_face_are_missing(tmp_path: Path) -> None:
    path = steady(tmp_path / "a.csv", JawOpen=opens)
    lines = path.read_text().splitlines()
    for i in (20, 21, 22):
        lines[i] = ",".join([*lines[i].split(",")[:1], "0", *[""] * 61])
    path.write_text("\n".join(lines))
    assert read_live_link(path).missing == 3


def test_midnight_is_passed(tmp_path: Path) -> None:
    stamps = [stamp_of(86_400 * 30 - 45 + i, 30) for i in range(90)]
    rows = read_live_link(recording(tmp_path / "a.csv", stamps, [i / 30 for i in range(90)]))
    assert rows.times_s == pytest.approx(np.arange(90) / 30)


def test_too_short_a_recording_needs_the_count(tmp_path: Path) -> None:
    path = steady(tmp_path / "a.csv", count=10)
    with pytest.raises(UserError, match="never reaches a next second"):
        read_live_link(path)
    assert read_live_link(path, 30.0).fps == pytest.approx(30.0)


def test_eyes_that_converge_are_kept_and_eyes_that_diverge_are_not(tmp_path: Path) -> None:
    for inward, kept in ((0.02, 0.04), (-0.02, 0.0)):
        path = steady(tmp_path / "a.csv", LeftEyeYaw=lambda s, i=inward: i, RightEyeYaw=lambda s, i=inward: -i)
        gaze = read_live_link(path).gaze
        assert gaze is not None
        assert gaze[:, 2] - gaze[:, 0] == pytest.approx(kept, abs=1e-6)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda text: text.replace("JawOpen", "JawLeft", 1), "lacks the columns JawOpen|two columns"),
        (lambda text: text.replace("JawOpen", "JawOpen,JawOpen", 1), "two columns jawopen"),
        (lambda text: "Timecode,BlendShapeCount\n00:00:00:00,0\n", "lacks the columns EyeBlinkLeft|BrowDownLeft"),
        (lambda text: text.replace("00:00:01:00", "-1:00:01:00"), "got the timecode -1:00:01:00"),
        (lambda text: text.replace("00:00:01:00", "00:00:01"), "expected all like 13:13:04:31.652"),
        (lambda text: text.replace("00:00:01:00", "00:00:nan:00"), "timecode"),
        (lambda text: text.replace("00:00:01:00", "00:02:01:00"), "expected 0 to 60 s more"),
        (lambda text: text.replace("00:00:01:00", "00:00:00:00"), "followed by"),
        (lambda text: text.replace("0.1", "1e999", 1), "line 2: holds a number that is not finite"),
        (lambda text: text[:-40], "line 91: expected 61 numbers"),
        (lambda text: "\n".join(text.splitlines()[:2]), "has 1 rows of numbers"),
        (lambda text: text.replace("\n", "\n" + "9" * 200_000, 1), "cannot be read as a CSV"),
    ],
)  # fmt: skip
def test_faults_are_named(tmp_path: Path, spoil: Callable[[str], str], message: str) -> None:
    path = steady(tmp_path / "a bad one.csv", JawOpen=opens)
    path.write_text(spoil(path.read_text()))
    with pytest.raises(UserError, match=f"a bad one.csv.*({message})"):
        read_live_link(path)


def test_one_time_for_all_rows_is_named(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.csv", ["00:00:00:00.000"] * 9, [0.0] * 9)
    with pytest.raises(UserError, match="all rows have one timecode"):
        read_live_link(path, 30.0)


def test_endless_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_link, "MAX_ROWS", 50)
    with pytest.raises(UserError, match="more than 50 rows"):
        read_live_link(steady(tmp_path / "a.csv"))
    with (tmp_path / "sparse.csv").open("wb") as file:
        file.truncate(live_link.MAX_BYTES + 1)
    with pytest.raises(UserError, match="larger than 2 GB"):
        read_live_link(tmp_path / "sparse.csv")
