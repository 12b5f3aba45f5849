"""The sound of a clip: one decode to mono float32 at 16 kHz, aligned with the picture, with its levels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream

from nonverbal.media.container import Opened, open_media, packet_time_s, packets_of, seek_before
from nonverbal.media.names import printable
from nonverbal.types import F32
from nonverbal.verdicts import Reason, RejectedError

RATE_HZ = 16_000
FLOOR_DBFS = -120.0
"""The level of digital silence, which would be minus infinity."""

_WARM_UP_S = 1.0  # decoded before the clip, so that overlapping codecs have settled when it begins
_JITTER_S = 0.010  # time stamps of containers that count milliseconds wander; less than this is no gap
_FULL_SCALE = 0.999


@dataclass(frozen=True, slots=True, eq=False)
class Audio:
    """The sound of a clip, with levels measured before resampling.

    Attributes:
        samples: [S] mono, full scale is 1, all finite; sample 0 sounds at the clip's start.
        rate_hz: always 16000.
        peak_dbfs: the loudest sample; -120 for digital silence.
        rms_dbfs: the mean power; -120 for digital silence.
        clipped: share of samples at full scale or beyond, 0..1.
        dc_offset: the mean, in full scales.
        track: index of the audio stream in the file.
        offset_s: when the file's sound begins, counted from its first picture.
        padded_s: silence put in where the clip has no sound, at either end or in gaps between time stamps.
        dropped_s: sound left out where time stamps overlap.
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
    dropped_s: float


def read_audio(path: Path, start_s: float, end_s: float) -> Audio:
    """Decodes the sound of ``[start_s, end_s)``, counted in seconds from the file's first picture.

    Returns exactly ``round((end_s - start_s) * 16000)`` samples; where the file has no sound they are zero.

    Raises:
        RejectedError: E_NO_AUDIO, E_DECODE, E_NONFINITE and what `open_media` raises.
    """
    path = Path(path)
    with open_media(path) as media:
        if media.audio is None:
            raise RejectedError(
                Reason.E_NO_AUDIO, f"{printable(path)} has no audio stream, expected one; fetch it with its sound"
            )
        count = round((end_s - start_s) * RATE_HZ)
        mixer = _Mixer(count, media.audio.sample_rate)
        for time_s, mono in _decoded(path, media, media.audio, start_s):
            if mixer.full:
                break
            mixer.add(time_s, mono)
        mixer.close()
        start_time = media.audio.start_time or 0
        offset_s = float(start_time * (media.audio.time_base or 0)) - media.origin_s
        return mixer.audio(media.audio.index, offset_s)


def _decoded(path: Path, media: Opened, stream: AudioStream, start_s: float) -> Iterator[tuple[float | None, F32]]:
    """(seconds of the clip, mono samples) of each decoded frame, from before the clip to the end of the file."""
    name = printable(path)
    if start_s > _WARM_UP_S:
        seek_before(path, media, stream, start_s - _WARM_UP_S)
    for packet in packets_of(media, stream):
        packet_s = packet_time_s(packet, media.origin_s)
        try:
            frames = stream.decode(packet)
        except av.error.FFmpegError as error:
            if packet_s is not None and packet_s < start_s - _WARM_UP_S / 2:
                continue  # the first packets after a jump may lean on those before
            at = "at its end" if packet_s is None else f"at {packet_s:.2f} s"
            raise RejectedError(
                Reason.E_DECODE, f"{name}: the sound fails {at} ({error.strerror}), expected none to; fetch it again"
            ) from error
        for frame in frames:
            mono = mono_float(frame)
            if not np.isfinite(mono).all():
                raise RejectedError(
                    Reason.E_NONFINITE,
                    f"{name}: the sound holds NaN or infinite samples near {packet_s or 0.0:.2f} s, expected finite "
                    "ones; export it again",
                )
            yield None if frame.time is None else frame.time - media.origin_s - start_s, mono


def mono_float(frame: AudioFrame) -> F32:
    """[S] the mean over channels, full scale 1, from any of libav's sample formats."""
    data = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T
    if data.dtype == np.uint8:
        return (data.mean(axis=0, dtype=np.float64) / 128.0 - 1.0).astype(np.float32)
    bits = 8 * data.dtype.itemsize - 1
    scale = 1.0 if data.dtype.kind == "f" else 2.0**-bits
    with np.errstate(over="ignore", invalid="ignore"):  # what does not fit is found as not finite by the caller
        mean: F32 = (data.mean(axis=0, dtype=np.float64) * scale).astype(np.float32)
    return mean


class _Mixer:
    """Lays decoded frames end to end by their times, measures them and resamples them, in streaming form."""

    def __init__(self, count: int, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.total = round(count / RATE_HZ * rate_hz)
        self.at = 0
        self.padded = 0
        self.dropped = 0
        self.peak = self.power = self.mean = 0.0
        self.clipped = 0
        self._started = False
        self._resampler = _Resampler(count, rate_hz)

    @property
    def full(self) -> bool:
        return self.at >= self.total

    def add(self, time_s: float | None, mono: F32) -> None:
        """Places the samples at their time; without one, right after those before."""
        shift = 0 if time_s is None else round(time_s * self.rate_hz) - self.at
        if self._started and abs(shift) <= _JITTER_S * self.rate_hz:
            shift = 0
        if shift > 0:
            self._pad(min(shift, self.total - self.at))
        elif shift < 0:
            self.dropped += min(-shift, len(mono)) if self._started else 0
            mono = mono[-shift:]
        self._started = self._started or len(mono) > 0
        self._put(mono[: self.total - self.at])

    def _pad(self, count: int) -> None:
        self.padded += count
        for begin in range(0, count, 1 << 16):
            self._put(np.zeros(min(1 << 16, count - begin), np.float32))

    def _put(self, mono: F32) -> None:
        if not len(mono):
            return
        loudness = np.abs(mono)
        self.peak = max(self.peak, float(loudness.max()))
        self.power += float(np.square(mono, dtype=np.float64).sum())
        self.mean += float(mono.sum(dtype=np.float64))
        self.clipped += int(np.count_nonzero(loudness >= _FULL_SCALE))
        self._resampler.push(mono)
        self.at += len(mono)

    def close(self) -> None:
        """Fills up with silence to the clip's end."""
        self._pad(self.total - self.at)
        self._resampler.finish()

    def audio(self, track: int, offset_s: float) -> Audio:
        """The finished record."""
        n = max(self.total, 1)
        return Audio(
            samples=self._resampler.out,
            rate_hz=RATE_HZ,
            peak_dbfs=_dbfs(self.peak),
            rms_dbfs=_dbfs((self.power / n) ** 0.5),
            clipped=self.clipped / n,
            dc_offset=self.mean / n,
            track=track,
            offset_s=offset_s,
            padded_s=self.padded / self.rate_hz,
            dropped_s=self.dropped / self.rate_hz,
        )


def _dbfs(amplitude: float) -> float:
    return max(FLOOR_DBFS, 20.0 * float(np.log10(max(amplitude, 1e-12))))


class _Resampler:
    """Any rate to 16 kHz without delay: sample 0 stays at time 0, and `out` [count] is always filled."""

    def __init__(self, count: int, rate_hz: int) -> None:
        self.out: F32 = np.zeros(count, np.float32)
        self._at = 0
        self._rate_hz = rate_hz
        self._libav = AudioResampler(format="flt", layout="mono", rate=RATE_HZ) if rate_hz != RATE_HZ else None

    def push(self, mono: F32) -> None:
        if self._libav is None:
            self._keep(mono)
            return
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(mono[None]), format="flt", layout="mono")
        frame.sample_rate = self._rate_hz
        for part in self._libav.resample(frame):
            self._keep(part.to_ndarray()[0])

    def finish(self) -> None:
        if self._libav is not None:
            for part in self._libav.resample(None):
                self._keep(part.to_ndarray()[0])

    def _keep(self, part: F32) -> None:
        part = part[: len(self.out) - self._at]
        self.out[self._at : self._at + len(part)] = part
        self._at += len(part)
