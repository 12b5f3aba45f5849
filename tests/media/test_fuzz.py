"""Damaged files end in a verdict or in good data; nothing else ever comes out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import faulty_media as faulty
from nonverbal.media.audio import read_audio
from nonverbal.media.probe import probe
from nonverbal.media.video import read_frames
from nonverbal.verdicts import RejectedError

ROUNDS = 25


@pytest.mark.parametrize("name", ["v.mp4", "v.mkv", "v.ts", "v.mov", "v.avi"])
def test_random_damage(name: str, tmp_path: Path) -> None:
    codecs = ("mpeg4", "pcm_s16le") if name == "v.avi" else ("libx264", "aac")
    data = np.frombuffer(faulty.make_video(tmp_path / name, seconds=0.8, codecs=codecs).read_bytes(), np.uint8)
    rng = np.random.default_rng(0)
    path = tmp_path / f"bad_{name}"
    passed = 0
    messages: list[str] = []
    for _ in range(ROUNDS):
        damaged = data.copy()
        where = rng.integers(0, len(damaged), rng.integers(1, 30))
        damaged[where] = rng.integers(0, 256, len(where))
        path.write_bytes(damaged[: rng.integers(len(data) // 2, len(data) + 1)].tobytes())
        try:
            info = probe(path)
            duration_s = min(info.duration_s, 2.0)
            frames = list(read_frames(path, 0.0, duration_s, threads=1))
            audio = read_audio(path, 0.0, duration_s)
        except RejectedError as error:
            messages.append(error.reject.message)
        else:
            passed += 1
            assert frames
            assert np.isfinite(audio.samples).all()
    assert all(message.isprintable() for message in messages)
    assert passed < ROUNDS, "the damage did nothing: this test cannot fail"
