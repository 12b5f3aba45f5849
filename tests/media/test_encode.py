"""What is written is what the project reads back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nonverbal.media.audio import read_audio
from nonverbal.media.encode import Mp4Writer
from nonverbal.media.probe import probe
from nonverbal.media.video import read_frames


def write(path: Path, samples: np.ndarray, count: int = 50) -> None:
    with Mp4Writer(path, 160, 96, 25, samples, 48000, crf=18) as writer:
        for i in range(count):
            picture = np.full((96, 160, 3), 60, np.uint8)
            picture[:, 3 * i : 3 * i + 12] = (220, 40, 40)
            writer.add(picture)


def click(at_s: float) -> np.ndarray:
    samples = np.zeros(96000, np.float32)
    start = round(at_s * 48000)
    samples[start : start + 480] = 0.8 * np.sin(np.arange(480) * 0.2)
    return samples


def test_pictures_and_sound_come_back_at_their_times(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write(path, click(1.0))
    info = probe(str(path))
    assert (info.width_px, info.height_px, info.fps, info.duration_s) == (160, 96, 25.0, 2.0)
    frames = list(read_frames(str(path), 0.0, 2.0))
    assert len(frames) == 50
    red = [np.flatnonzero(f[48, :, 0] > 150).mean() for f in frames[:45]]
    np.testing.assert_allclose(red, 3 * np.arange(45) + 5.5, atol=1.0)
    heard = read_audio(str(path), 0.0, 2.0).samples
    assert np.flatnonzero(np.abs(heard) > 0.2)[0] / 16000 == pytest.approx(1.0, abs=0.01)


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """Ten times, since x264's macroblock tree gave other bytes now and then."""
    for i in range(10):
        write(tmp_path / f"{i}.mp4", click(0.5), 20)
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


def test_a_broken_off_file_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with Mp4Writer(tmp_path / "clip.mp4", 160, 96, 25, click(0.5), 48000) as writer:
            writer.add(np.zeros((96, 160, 3), np.uint8))
            raise RuntimeError("the set fell down")

    with pytest.raises(RuntimeError, match="the set fell down"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_stereo_stays_stereo(tmp_path: Path) -> None:
    write(tmp_path / "clip.mp4", np.stack([click(0.5), 0 * click(0.5)], axis=1))
    assert probe(str(tmp_path / "clip.mp4")).audio_channels == 2
