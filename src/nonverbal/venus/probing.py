"""What is in a source: its true length, size, rate and streams; broken or unfit files end here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from nonverbal.media.probe import Limits, MediaInfo, probe
from nonverbal.pipeline.stage import Codec, Job
from nonverbal.pipeline.store import JsonCodec
from nonverbal.verdicts import UserError


@dataclass(frozen=True)
class Probe:
    """Counts the packets of a source and holds them against the limits.

    Raises:
        UserError: a lower limit lies above its upper limit.
    """

    name: ClassVar[str] = "probe"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ()
    codec: ClassVar[Codec | None] = JsonCodec(MediaInfo)

    min_side_px: int = 64
    """Smallest width and height of a video, in pixels."""
    max_side_px: int = 4320
    """Largest width and height of a video, in pixels; checked before anything is decoded."""
    min_fps: float = 5.0
    """Fewest pictures per second, measured."""
    max_fps: float = 240.0
    """Most pictures per second, measured."""
    min_duration_s: float = 0.5
    """Shortest video and sound track, in seconds."""
    max_duration_s: float = 0.0
    """Longest video in seconds; 0 for any length."""

    def __post_init__(self) -> None:
        for low, high in (("min_side_px", "max_side_px"), ("min_fps", "max_fps")):
            if getattr(self, low) > getattr(self, high):
                raise UserError(
                    f"{low}={getattr(self, low)} lies above {high}={getattr(self, high)}, expected it below; swap them"
                )

    def run(self, job: Job, inputs: Mapping[str, Any]) -> MediaInfo:
        """The measured facts of the source; raises `RejectedError` for a file that cannot be worked on."""
        limits = Limits(
            min_side_px=self.min_side_px,
            max_side_px=self.max_side_px,
            min_fps=self.min_fps,
            max_fps=self.max_fps,
            min_duration_s=self.min_duration_s,
            max_duration_s=self.max_duration_s,
        )
        return probe(Path(job.source.path), limits, job.tick)
