"""The sound of a clip: one decode to mono float32 at 16 kHz, aligned with the picture, with its levels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from nonverbal.media.container import Opened, open_media
from nonverbal.media.names import printable
from nonverbal.types import F32
from nonverbal.verdicts import Reason, RejectedError

RATE_HZ = 16_000


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """Sound of a clip.

    Attributes:
        samples: [S] mono, full scale is 1; sample 0 is at the clip's start.
        rate_hz: always 16000.
        peak_dbfs, rms_dbfs: levels, -120 for digital silence.
        clipped: share of samples at or beyond full scale, 0..1.
        dc_offset: the mean, in full scales.
        track: index of the audio stream in the file.
        offset_s: where the sound begins relative to the file's first picture.
        padded_s: silence put in where the file has no sound.
    """

    samples: F32
    rate_hz: int
    peak_dbfs: float
    rms_dbfs: float
    clipped: float
    dc_offset: float
    track: int
    offset_s: float
    padded_s: float


def read_audio(path: Path, start_s: float, end_s: float) -> Audio:
    """Decodes the sound of ``[start_s, end_s)``, in seconds from the file's first picture."""
    with open_media(Path(path)) as media:
        if media.audio is None:
            raise RejectedError(Reason.E_NO_AUDIO, f"{printable(path)} has no audio stream, expected one")
        return _read(path, media, start_s, end_s)


def _read(path: Path, media: Opened, start_s: float, end_s: float) -> Audio:
    stream = media.audio
    assert stream is not None and stream.time_base is not None
    rate = stream.sample_rate
    n_in = round((end_s - start_s) * rate)
    native = np.zeros(n_in, np.float32)
    if start_s > 1:
        media.container.seek(int((start_s - 1 + media.origin_s) / float(stream.time_base)), stream=stream)
    filled = 0
    try:
        for frame in media.container.decode(stream):
            at = round(((frame.time or 0.0) - media.origin_s - start_s) * rate)
            if at >= n_in:
                break
            mono = mono_float(frame)
            a, b = max(0, -at), min(len(mono), n_in - at)
            if b > a:
                native[at + a : at + b] = mono[a:b]
                filled += b - a
    except av.error.FFmpegError as error:
        raise RejectedError(Reason.E_DECODE, f"{printable(path)}: {error}") from error
    if not np.isfinite(native).all():
        raise RejectedError(Reason.E_NONFINITE, f"{printable(path)}: sound holds NaN or Inf")
    samples = resample(native, rate, round((end_s - start_s) * RATE_HZ))
    peak = float(np.abs(native).max(initial=0.0))
    rms = float(np.sqrt(np.mean(np.square(native, dtype=np.float64)))) if n_in else 0.0
    return Audio(
        samples=samples,
        rate_hz=RATE_HZ,
        peak_dbfs=_dbfs(peak),
        rms_dbfs=_dbfs(rms),
        clipped=float(np.mean(np.abs(native) >= 0.999)) if n_in else 0.0,
        dc_offset=float(np.mean(native, dtype=np.float64)) if n_in else 0.0,
        track=stream.index,
        offset_s=float((stream.start_time or 0) * stream.time_base) - media.origin_s,
        padded_s=(n_in - filled) / rate,
    )


def _dbfs(amplitude: float) -> float:
    return 20.0 * float(np.log10(max(amplitude, 1e-6)))


def mono_float(frame: AudioFrame) -> F32:
    """[S] the mean over channels in full scales."""
    data = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T
    if data.dtype == np.uint8:
        return ((data.astype(np.float32) - 128.0) / 128.0).mean(axis=0, dtype=np.float32)
    scale = 1.0 if data.dtype.kind == "f" else -float(np.iinfo(data.dtype).min)
    return (data.mean(axis=0, dtype=np.float64) / scale).astype(np.float32)


def resample(samples: F32, rate_hz: int, count: int) -> F32:
    """[count] `samples` at 16 kHz, zero-phase: sample 0 stays at time 0."""
    out = np.zeros(count, np.float32)
    if rate_hz == RATE_HZ:
        n = min(count, len(samples))
        out[:n] = samples[:n]
        return out
    resampler = AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    at = 0
    for begin in range(0, len(samples), 1 << 16):
        frame = AudioFrame.from_ndarray(samples[None, begin : begin + (1 << 16)], format="flt", layout="mono")
        frame.sample_rate = rate_hz
        for part in resampler.resample(frame):
            at = _put(out, at, part.to_ndarray()[0])
    for part in resampler.resample(None):
        at = _put(out, at, part.to_ndarray()[0])
    return out


def _put(out: F32, at: int, part: F32) -> int:
    n = min(len(part), len(out) - at)
    out[at : at + max(n, 0)] = part[: max(n, 0)]
    return at + len(part)
