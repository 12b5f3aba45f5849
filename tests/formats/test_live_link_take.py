"""Face recordings in and out: the app's own layout, true rates, gaps marked, and what goes out comes back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_takes import made_take

from nonverbal.formats.differences import turn_error_deg
from nonverbal.formats.live_link import (
    APP_ORDER,
    counted_frames,
    head_angles,
    live_link_take,
    timecode,
    write_live_link,
)
from nonverbal.motion.rotations import angle_between_rad, matrix_about
from nonverbal.motion.skeleton import resting_body
from nonverbal.spaces import ARKIT52_NAMES, SMPLX117_JOINTS
from nonverbal.types import PARTS
from nonverbal.verdicts import UserError

RATES = (12.5, 23.976, 24, 25, 29.97, 30, 48, 59.94, 60, 100, 120)
HEAD = slice(3 * SMPLX117_JOINTS.index("head"), 3 * SMPLX117_JOINTS.index("head") + 3)


def test_the_header_is_the_apps(shared_media: Path, tmp_path: Path) -> None:
    write_live_link(made_take(), tmp_path / "a.csv")
    apps = (shared_media / "motion" / "alex_rom_3.csv").read_text().splitlines()[0]
    assert (tmp_path / "a.csv").read_text().splitlines()[0] == apps


def test_each_coefficient_has_its_column() -> None:
    assert sorted(APP_ORDER) == sorted(ARKIT52_NAMES)


def test_a_real_recording(shared_media: Path, tmp_path: Path) -> None:
    """30 rows a second under a timecode of 60, brought to 25, out at 60 and back."""
    take, rows = live_link_take(shared_media / "motion" / "alex_rom_3.csv")
    assert take.n_frames == int(np.ceil(4033 / rows.fps * 25))  # three rows are missing
    assert take.body is None
    assert take.validity[:, [0, 2]].all()
    assert not take.validity[:, 3:].any()
    write_live_link(take, tmp_path / "back.csv")
    back, again = live_link_take(tmp_path / "back.csv")
    assert again.fps == pytest.approx(25.0)
    assert np.abs(back.face - take.face).max() < 1e-6


@settings(max_examples=15, deadline=None)
@given(
    st.integers(2, 60), st.sampled_from([12.5, 23.976, 24, 25, 29.97, 30, 48, 59.94, 60, 100, 120]), st.integers(0, 99)
)
def test_what_goes_out_comes_back(tmp_path_factory: pytest.TempPathFactory, count: int, fps: float, seed: int) -> None:
    take = replace(made_take(count, float(fps), seed), words=())
    gaze = np.abs(take.gaze) * np.array([-1, 1, 1, 1], np.float32)  # eyes that diverge would be made parallel
    take = replace(take, gaze=gaze)
    path = tmp_path_factory.getbasetemp() / "round trip.csv"
    write_live_link(take, path)
    back, rows = live_link_take(path, take.fps, counted_frames(take.fps))
    assert rows.fps == pytest.approx(fps, rel=1e-3)
    assert back.n_frames == count
    near = 0.0 if fps in (25, 24, 30, 48, 60, 100, 12.5) else 3e-4  # thousandths of a frame do not hold other rates
    assert np.abs(back.face - take.face).max() <= near + 1e-9
    assert np.abs(back.gaze - take.gaze).max() <= near + 1e-6
    assert turn_error_deg(take.body[:, HEAD], back.body[:, HEAD]).max() < np.degrees(near) + 1e-4


def test_arms_of_a_recording_are_at_rest_and_not_valid(tmp_path: Path) -> None:
    write_live_link(made_take(), tmp_path / "a.csv")
    back = live_link_take(tmp_path / "a.csv")[0]
    arms = np.delete(np.arange(117), np.r_[HEAD])
    assert np.array_equal(back.body[:, arms], np.tile(resting_body()[arms], (40, 1)))
    assert back.validity.mean(axis=0).tolist() == [1, 1, 1, 0, 0, 0]


def test_long_holes_are_marked_and_short_ones_bridged(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_live_link(made_take(200), path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:51], *lines[53:101], *lines[126:]]) + "\n")  # frames 50 and 51, 100 to 124
    back, rows = live_link_take(path)
    assert rows.missing == 27
    assert back.n_frames == 200
    assert np.flatnonzero(back.validity[:, PARTS.index("face")] == 0).tolist() == list(range(100, 125))


def test_rows_at_any_rate_land_on_the_grid(tmp_path: Path) -> None:
    """A coefficient that tells the time, at 60 rows a second."""
    clock = np.tile((np.arange(240)[:, None] + 0.5) / 240, (1, 52)).astype(np.float32)
    write_live_link(replace(made_take(240, 60.0), face=clock), tmp_path / "a.csv")
    back = live_link_take(tmp_path / "a.csv")[0]
    assert back.n_frames == 100
    assert back.face[:, 3] == pytest.approx((np.arange(100) + 0.5) / 100, abs=1e-5)


@pytest.mark.parametrize(
    ("time_s", "counted", "stamp"),
    [
        (0.0, 25, "00:00:00:00.000"), (0.04, 25, "00:00:00:01.000"), (0.999999999, 25, "00:00:01:00.000"),
        (3661.5, 30, "01:01:01:15.000"), (86400.0, 25, "00:00:00:00.000"), (1 / 29.97, 30, "00:00:00:01.001"),
    ],
)  # fmt: skip
def test_timecodes(time_s: float, counted: int, stamp: str) -> None:
    assert timecode(time_s, counted) == stamp


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-4, 4), min_size=3, max_size=3), st.sampled_from([None, 0.0, 1e-9, 1e-4]))
def test_angles_of_the_head_hold_everywhere(angles: list[float], off: float | None) -> None:
    """Also where the head looks straight up, and yaw and roll are one."""
    yaw, pitch, roll = np.array(angles)[:, None]
    pitch = pitch if off is None else np.full(1, np.pi / 2 - off)
    head = matrix_about(1, -yaw) @ matrix_about(0, pitch) @ matrix_about(2, roll)
    yaw, pitch, roll = head_angles(head).T
    again = matrix_about(1, -yaw) @ matrix_about(0, pitch) @ matrix_about(2, roll)
    assert angle_between_rad(head, again).max() < 1e-7


@pytest.mark.parametrize("change", [{"face": None, "face_space": None}, {}])
def test_only_arkit_faces_fit(tmp_path: Path, change: dict[str, None]) -> None:
    take = replace(made_take(face_space="flame53"), **change)
    with pytest.raises(UserError, match="has no arkit52 face"):
        write_live_link(take, tmp_path / "a.csv")
