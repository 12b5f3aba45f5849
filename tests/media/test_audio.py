"""Sound lies where the picture says, in every codec; broken and silent sound is told from good."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import faulty_media as faulty
from nonverbal.media.audio import RATE_HZ, read_audio
from nonverbal.media.probe import probe
from nonverbal.verdicts import Reason, RejectedError

CLICKS_S = (0.5, 1.5, 2.5, 3.5)


def click_times(samples: np.ndarray) -> list[float]:
    """When the bursts peak, by the energy around each."""
    energy = np.convolve(samples.astype(float) ** 2, np.hanning(129), "same")
    peaks = [int(np.argmax(energy[i : i + RATE_HZ])) + i for i in range(0, len(samples), RATE_HZ)]
    return [p / RATE_HZ for p in peaks]


@pytest.mark.parametrize(
    ("name", "codec", "rate_hz"),
    [
        ("a.wav", "pcm_u8", 8000),
        ("b.wav", "pcm_f32le", 96_000),
        ("c.wav", "pcm_s24le", 44_100),
        ("d.m4a", "aac", 44_100),
        ("e.mp3", "libmp3lame", 44_100),
        ("f.ogg", "libopus", 48_000),
        ("g.flac", "flac", 22_050),
        ("h.webm", "libopus", 48_000),
        ("i.mkv", "aac", 48_000),
    ],
)
def test_priming_and_rates_do_not_shift_the_sound(name: str, codec: str, rate_hz: int, tmp_path: Path) -> None:
    path = faulty.make_sound(tmp_path / name, faulty.clicks(4, CLICKS_S, rate_hz), rate_hz=rate_hz, codec=codec)
    whole = read_audio(path, 0.0, 4.0)
    assert len(whole.samples) == 64_000
    assert whole.samples.dtype == np.float32
    assert click_times(whole.samples) == pytest.approx(CLICKS_S, abs=0.001)
    cut = read_audio(path, 2.0, 4.0)
    assert click_times(cut.samples) == pytest.approx([0.5, 1.5], abs=0.001)


@pytest.mark.parametrize("name", ["a.mp4", "b.mkv", "c.ts"])
def test_a_late_clock_leaves_sound_and_picture_together(name: str, tmp_path: Path) -> None:
    path = faulty.make_video(tmp_path / name, seconds=4, sound=faulty.clicks(4, CLICKS_S), shift_s=8.33)
    tolerance_s = 0.025 if name == "c.ts" else 0.001  # MPEG-TS has no word for the encoder's priming
    assert click_times(read_audio(path, 0, 4).samples) == pytest.approx(CLICKS_S, abs=tolerance_s)


def test_sound_three_seconds_late_is_padded_and_recorded(tmp_path: Path) -> None:
    path = faulty.make_video(tmp_path / "late.mkv", seconds=5, sound=faulty.clicks(2, (0.5, 1.5)), sound_start_s=3.0)
    audio = read_audio(path, 0.0, 5.0)
    assert click_times(audio.samples)[3:] == pytest.approx([3.5, 4.5], abs=0.001)
    assert audio.padded_s == pytest.approx(3.0, abs=0.03)
    assert audio.offset_s == pytest.approx(3.0, abs=0.03)
    assert "begins 2.98 s after" in probe(path).warnings[0]


def test_drifting_time_stamps_are_followed(tmp_path: Path) -> None:
    """Stamps 2 % apart from the samples: the sound stays with its stamps, and what was filled in is recorded."""
    source = faulty.make_video(tmp_path / "v.mkv", seconds=4, sound=faulty.clicks(4, CLICKS_S))

    def stretch(packet) -> bool:
        if packet.stream.type == "audio":
            packet.pts = round(packet.pts * 1.02)
            packet.dts = packet.pts
        return True

    drifting = faulty.remux(source, tmp_path / "drift.mkv", stretch)
    audio = read_audio(drifting, 0.0, 4.0)
    assert click_times(audio.samples) == pytest.approx([1.02 * t for t in CLICKS_S], abs=0.012)
    assert audio.padded_s > 0.04


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nonfinite_samples_are_caught_before_resampling(value: float, tmp_path: Path) -> None:
    samples = faulty.tone(1, 44_100)[0].copy()
    samples[22_050] = value
    path = faulty.float_wav(tmp_path / "nan.wav", samples, rate_hz=44_100)
    with pytest.raises(RejectedError) as caught:
        read_audio(path, 0, 1)
    assert caught.value.reject.reason is Reason.E_NONFINITE
    assert "expected finite" in caught.value.reject.message


def test_sixteen_channels_are_averaged(tmp_path: Path) -> None:
    channels = np.zeros((16_000, 16), np.float32)
    channels[:, 3] = 0.8
    audio = read_audio(faulty.float_wav(tmp_path / "many.wav", channels), 0, 1)
    assert audio.samples == pytest.approx(0.05)
    assert audio.dc_offset == pytest.approx(0.05)


def test_levels(tmp_path: Path) -> None:
    loud = np.clip(faulty.tone(1, RATE_HZ, level=4.0)[0], -1, 1)
    audio = read_audio(faulty.float_wav(tmp_path / "loud.wav", loud), 0, 1)
    assert audio.peak_dbfs == pytest.approx(0.0, abs=1e-3)
    assert audio.clipped > 0.8
    quiet = read_audio(faulty.float_wav(tmp_path / "quiet.wav", np.zeros(16_000)), 0, 1)
    assert (quiet.peak_dbfs, quiet.rms_dbfs, quiet.clipped) == (-120.0, -120.0, 0.0)
    half = read_audio(faulty.float_wav(tmp_path / "half.wav", np.full(16_000, 0.5)), 0, 1)
    assert half.rms_dbfs == pytest.approx(-6.02, abs=0.01)


def test_sound_that_fails_midway(tmp_path: Path) -> None:
    source = faulty.make_video(tmp_path / "v.mp4")
    with pytest.raises(RejectedError) as caught:
        read_audio(faulty.flipped(source, tmp_path / "bad.mp4", "audio"), 0, 2)
    assert caught.value.reject.reason is Reason.E_DECODE
    assert "the sound fails at" in caught.value.reject.message


def test_one_byte_short_costs_the_last_packet_and_is_recorded(tmp_path: Path) -> None:
    source = faulty.make_video(tmp_path / "v.mp4", movflags="faststart")
    audio = read_audio(faulty.cut_bytes(source, tmp_path / "short.mp4", 1), 0.0, 2.0)
    assert 0 < audio.padded_s < 0.03


def test_the_default_track_is_heard(tmp_path: Path) -> None:
    audio = read_audio(faulty.two_of_each(tmp_path / "two.mkv"), 0, 2)
    assert audio.track == 3
    assert int(np.argmax(np.abs(np.fft.rfft(audio.samples)))) / 2 == pytest.approx(880, abs=2)


def test_no_audio(tmp_path: Path) -> None:
    with pytest.raises(RejectedError) as caught:
        read_audio(faulty.make_video(tmp_path / "v.mp4", sound=None), 0, 2)
    assert caught.value.reject.reason is Reason.E_NO_AUDIO
