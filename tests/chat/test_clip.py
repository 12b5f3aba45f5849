"""Films of conversations: an avatar, words, a voice."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from nonverbal.chat.clip import ClipSettings, film_reel, gaze_of
from nonverbal.chat.reel import Reel
from nonverbal.motion.looks import look_coefficients
from nonverbal.motion.skeleton import resting_body
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import U8, Word
from nonverbal.verdicts import UserError

SMALL = ClipSettings(width_px=160, height_px=120)
COUNT = 12


def reel(**face: float) -> Reel:
    """Somebody sits still; the given coefficients hold from the middle on."""
    rows = np.zeros((COUNT, 52), np.float32)
    for name, value in face.items():
        rows[COUNT // 2 :, ARKIT52_NAMES.index(name)] = value
    return Reel(rows, np.tile(resting_body(), (COUNT, 1)), (Word("Hello.", 0.1, 0.5, 1.0),), ())


def pictures(path: Path) -> U8:
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])


def test_a_film_has_every_frame_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    one = film_reel(reel(), tmp_path / "new" / "one.mp4", SMALL)
    film_reel(reel(), tmp_path / "two.mp4", SMALL)
    assert pictures(one.path).shape == (COUNT, 120, 160, 3)
    assert one.frames == COUNT
    assert one.frames_per_s > 0
    assert one.path.read_bytes() == (tmp_path / "two.mp4").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "two.mp4"]


def test_the_avatar_does_what_the_reel_says(tmp_path: Path) -> None:
    bare = ClipSettings(width_px=160, height_px=120, captions=False)
    film_reel(reel(jawOpen=0.9), tmp_path / "jaw.mp4", bare)
    frames = pictures(tmp_path / "jaw.mp4").astype(int)
    still, moved = np.abs(frames[4] - frames[3]).max(), np.abs(frames[9] - frames[3]).max()
    assert moved > 40 > still


def test_gaze_is_what_the_looks_were_made_of() -> None:
    gaze = np.random.default_rng(0).uniform(-0.3, 0.3, (20, 4))
    face = np.zeros((20, 52), np.float32)
    for name, values in look_coefficients(gaze).items():
        face[:, ARKIT52_NAMES.index(name)] = values
    assert np.allclose(gaze_of(face), gaze, atol=1e-6)


@pytest.mark.parametrize("name", ["film.avi", "film", "folder.mp4"])
def test_only_mp4_files_are_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(UserError, match=r"expected the name of a film that ends in \.mp4"):
        film_reel(reel(), tmp_path / name, SMALL)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be made a folder"):
        film_reel(reel(), tmp_path / "file" / "film.mp4", SMALL)


def test_there_must_be_something_to_film(tmp_path: Path) -> None:
    empty = Reel(np.zeros((0, 52), np.float32), np.zeros((0, 117), np.float32), (), ())
    with pytest.raises(UserError, match="no step yet"):
        film_reel(empty, tmp_path / "film.mp4", SMALL)


def test_settings_are_checked() -> None:
    with pytest.raises(UserError, match="a picture of 641 x 360"):
        ClipSettings(width_px=641)
    with pytest.raises(UserError, match="person=-1"):
        ClipSettings(person=-1)
