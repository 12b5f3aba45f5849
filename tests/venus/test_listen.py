"""Silence, scraps and damage are found before any model listens."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import faulty_media as faulty
from nonverbal.pipeline.stage import Job
from nonverbal.records import dumps, loads
from nonverbal.types import Clip, Source
from nonverbal.venus.listen import Listen, Listening
from nonverbal.verdicts import Reason, Reject, RejectedError


def listen(path: Path, seconds: float = 2.0, **settings: float) -> Listening | Reject:
    return Listen(**settings).run(Job(Source("s", str(path), 1), Clip("c", "s", 0.0, seconds)), {})


def test_good_sound_gives_its_levels(tmp_path: Path) -> None:
    heard = listen(faulty.make_video(tmp_path / "v.mp4"))
    assert isinstance(heard, Listening)
    assert heard.peak_dbfs == pytest.approx(-7.7, abs=3)
    assert (heard.track, heard.warnings) == (1, ())
    assert loads(Listening, dumps(heard)) == heard


@pytest.mark.parametrize(("level", "silent"), [(0.0, True), (10 ** (-61 / 20), True), (10 ** (-58 / 20), False)])
def test_silence_ends_at_minus_60_dbfs(level: float, silent: bool, tmp_path: Path) -> None:
    path = faulty.float_wav(tmp_path / "quiet.wav", faulty.tone(2, 16_000, level=level)[0])
    heard = listen(path)
    assert isinstance(heard, Reject) is silent
    if isinstance(heard, Reject):
        assert heard.reason is Reason.E_SILENT
        assert "dBFS, expected at least -60" in heard.message
        assert "silence_dbfs" in heard.message


def test_a_real_silent_track(shared_media: Path) -> None:
    heard = listen(shared_media / "faces/WolfgangLanger_Pexels.mp4", 19.0)
    assert isinstance(heard, Reject)
    assert heard.reason is Reason.E_SILENT


def test_a_scrap_of_sound_is_too_short(tmp_path: Path) -> None:
    heard = listen(faulty.make_video(tmp_path / "v.mkv", sound=faulty.tone(0.05)))
    assert isinstance(heard, Reject)
    assert heard.reason is Reason.E_TOO_SHORT
    assert "min_sound_s" in heard.message


def test_clipping_and_constant_offset_are_warnings(tmp_path: Path) -> None:
    loud = np.clip(faulty.tone(2, 16_000, level=3.0)[0] + 0.3, -1, 1)
    heard = listen(faulty.float_wav(tmp_path / "loud.wav", loud))
    assert isinstance(heard, Listening)
    assert "clipped" in heard.warnings[0]
    assert "constant offset" in heard.warnings[1]


def test_sound_that_is_not_there_or_not_finite_is_rejected_deeper_down(tmp_path: Path) -> None:
    with pytest.raises(RejectedError) as caught:
        listen(faulty.make_video(tmp_path / "v.mp4", sound=None))
    assert caught.value.reject.reason is Reason.E_NO_AUDIO
    with pytest.raises(RejectedError) as caught:
        listen(faulty.float_wav(tmp_path / "nan.wav", np.full(32_000, np.nan)))
    assert caught.value.reject.reason is Reason.E_NONFINITE
