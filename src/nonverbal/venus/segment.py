"""P1 and F2: drop the introduction, cut clips of equal length, drop a rest that is too short; nothing is encoded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from nonverbal.media.names import printable
from nonverbal.media.probe import MediaInfo
from nonverbal.pipeline.stage import Codec, Job
from nonverbal.pipeline.store import JsonCodec
from nonverbal.types import Clip
from nonverbal.verdicts import Reason, Reject, UserError

MAX_CLIP_S = 900.0
"""Longest clip that can be asked for: landmarks grow with it, and ten minutes of two people take up to 2 GB in all."""

_ID_DIGITS = 32


def clip_id(source_id: str, start_s: float, end_s: float) -> str:
    """The id of a cut: it depends on the bytes of the source and the cut in milliseconds, on nothing else."""
    text = f"{source_id}:{round(start_s * 1000)}:{round(end_s * 1000)}"
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_DIGITS]


@dataclass(frozen=True)
class Segment:
    """Cuts a source into clips.

    Raises:
        UserError: a length is not positive, or no clip could ever be long enough.

    Source: VENUS, P1 (skip the first minute, 600 s segments) and F2 (full segments only).
    """

    name: ClassVar[str] = "segment"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("probe",)
    codec: ClassVar[Codec | None] = JsonCodec(tuple[Clip, ...])

    skip_intro_s: float = 60.0
    """Seconds dropped at the beginning of each video: titles, trailers, advertisements."""
    clip_s: float = 600.0
    """Length of a clip in seconds, at most 900: a clip's landmarks are held in memory."""
    min_clip_s: float = 600.0
    """Shortest clip kept, in seconds: the rest at the end of a video is kept from this length on."""

    def __post_init__(self) -> None:
        if self.skip_intro_s < 0 or self.clip_s <= 0 or self.min_clip_s <= 0:
            raise UserError(
                f"skip_intro_s={self.skip_intro_s:g}, clip_s={self.clip_s:g}, min_clip_s={self.min_clip_s:g}: expected "
                "skip_intro_s of at least 0 and lengths above 0"
            )
        if self.clip_s > MAX_CLIP_S:
            raise UserError(
                f"clip_s={self.clip_s:g}: expected at most {MAX_CLIP_S:g}, as a clip's landmarks are held in memory; "
                "longer videos are cut into several clips"
            )
        if self.min_clip_s > self.clip_s:
            raise UserError(
                f"min_clip_s={self.min_clip_s:g} lies above clip_s={self.clip_s:g}, so no clip could be kept; lower "
                "min_clip_s"
            )

    def run(self, job: Job, inputs: Mapping[str, Any]) -> tuple[Clip, ...] | Reject:
        """The clips of the source in order of time."""
        info: MediaInfo = inputs["probe"]
        # Whole milliseconds, rounded down: a clip never reaches beyond the last picture, and its id says its times.
        begin_ms, length_ms = round(self.skip_intro_s * 1000), round(self.clip_s * 1000)
        end_ms = int(info.duration_s * 1000 + 1e-6)
        clips = []
        for start_ms in range(begin_ms, end_ms, length_ms):
            stop_ms = min(start_ms + length_ms, end_ms)
            if stop_ms - start_ms >= round(self.min_clip_s * 1000):
                clips.append(self._clip(job.source.source_id, start_ms / 1000, stop_ms / 1000))
        return tuple(clips) or self._too_short(job.source.path, info.duration_s)

    def _clip(self, source_id: str, start_s: float, end_s: float) -> Clip:
        return Clip(clip_id(source_id, start_s, end_s), source_id, start_s, end_s)

    def _too_short(self, path: str, duration_s: float) -> Reject:
        left_s = max(0.0, duration_s - self.skip_intro_s)
        return Reject(
            Reason.E_TOO_SHORT,
            f"{printable(path)} lasts {duration_s:.2f} s, which leaves {left_s:.2f} s after skip_intro_s="
            f"{self.skip_intro_s:g}; expected at least min_clip_s={self.min_clip_s:g}; lower "
            "--skip-intro-s or --min-clip-s",
        )
