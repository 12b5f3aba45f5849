"""The sound of a clip before anyone interprets it: is it there, is it finite, how loud, how damaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from nonverbal.media.audio import Audio
from nonverbal.media.names import printable
from nonverbal.pipeline.stage import Codec, Job
from nonverbal.pipeline.store import JsonCodec
from nonverbal.verdicts import Reason, Reject


@dataclass(frozen=True, slots=True)
class Listening:
    """Levels of a clip's sound; the fields are those of `media.audio.Audio`, `warnings` are sentences."""

    peak_dbfs: float
    rms_dbfs: float
    clipped: float
    dc_offset: float
    track: int
    offset_s: float
    padded_s: float
    dropped_s: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listen:
    """Measures the sound and turns down what holds none; needs no model and so runs before all that do."""

    name: ClassVar[str] = "listen"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ()
    codec: ClassVar[Codec | None] = JsonCodec(Listening)

    silence_dbfs: float = -60.0
    """A clip whose loudest sample stays below this level is silent."""
    min_sound_s: float = 1.0
    """Fewest seconds of sound in a clip."""
    max_clipped: float = 0.01
    """Share of samples at full scale from which a warning is given, 0..1."""
    max_dc_offset: float = 0.02
    """Constant offset, in full scales, from which a warning is given."""

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Listening | Reject:
        """The levels, or E_SILENT or E_TOO_SHORT; decoding raises E_NO_AUDIO, E_NONFINITE and E_DECODE."""
        audio = job.audio
        name = printable(job.source.path)
        duration_s = len(audio.samples) / audio.rate_hz
        sound_s = duration_s - audio.padded_s
        if audio.peak_dbfs < self.silence_dbfs:
            return Reject(
                Reason.E_SILENT,
                f"{name}: the loudest sample of the clip is at {audio.peak_dbfs:.1f} dBFS, expected at least "
                f"{self.silence_dbfs:g}; fetch it with its sound or lower silence_dbfs",
            )
        if sound_s < self.min_sound_s:
            return Reject(
                Reason.E_TOO_SHORT,
                f"{name}: {sound_s:.2f} of {duration_s:.2f} s of the clip have sound, expected at least "
                f"{self.min_sound_s:g} s; fetch it with its whole sound or lower min_sound_s",
            )
        return Listening(
            peak_dbfs=audio.peak_dbfs,
            rms_dbfs=audio.rms_dbfs,
            clipped=audio.clipped,
            dc_offset=audio.dc_offset,
            track=audio.track,
            offset_s=audio.offset_s,
            padded_s=audio.padded_s,
            dropped_s=audio.dropped_s,
            warnings=self._warnings(audio),
        )

    def _warnings(self, audio: Audio) -> tuple[str, ...]:
        found = []
        if audio.clipped > self.max_clipped:
            found.append(f"{audio.clipped:.1%} of the samples are clipped")
        if abs(audio.dc_offset) > self.max_dc_offset:
            found.append(f"the sound has a constant offset of {audio.dc_offset:+.3f} full scales")
        if audio.padded_s > 0.5:
            found.append(f"{audio.padded_s:.2f} s without sound were filled with silence")
        if audio.dropped_s > 0.5:
            found.append(f"{audio.dropped_s:.2f} s of overlapping sound were left out")
        return tuple(found)
