"""One pass over all packets of a file: how many there are, when they are shown, where they end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import av
from av.packet import Packet
from av.stream import Stream

from nonverbal.media.boxes import missing_bytes
from nonverbal.media.container import Opened, codec_name, packet_time_s
from nonverbal.media.layout import Layout

MIN_SHARE = 0.99
"""The least share of the promised pictures or sound that must be there."""

_GUESSED_DURATION = ("mp3", "mpeg", "mpegts", "aac", "amr")  # libav estimates these from size and bit rate
_TICK_PACKETS = 4096  # a fraction of a second of reading


@dataclass
class Count:
    """What the packets of one stream add up to; times in seconds from the file's first picture."""

    total: int = 0
    shown: int = 0
    first_s: float = float("inf")
    last_s: float = float("-inf")
    stated_end_s: float = float("-inf")

    def add(self, packet: Packet, origin_s: float) -> None:
        self.total += 1
        time_s = packet_time_s(packet, origin_s)
        if packet.is_discard or time_s is None:
            return
        self.shown += 1
        self.first_s = min(self.first_s, time_s)
        self.last_s = max(self.last_s, time_s)
        self.stated_end_s = max(self.stated_end_s, time_s + float((packet.duration or 0) * packet.time_base))

    @property
    def end_s(self) -> float:
        """When the last packet ends; where that is not stated, it lasts as long as the others on average."""
        if self.stated_end_s > self.last_s or not self.rate:
            return self.stated_end_s
        return self.last_s + 1.0 / self.rate

    @property
    def rate(self) -> float:
        """Packets per second between the first and the last; 0 where their times do not differ."""
        return (self.shown - 1) / (self.last_s - self.first_s) if self.last_s > self.first_s else 0.0


@dataclass
class Survey:
    """The counts of the main video and audio stream, and the layout of the first picture that decodes."""

    path: Path
    media: Opened
    video: Count = field(default_factory=Count)
    audio: Count = field(default_factory=Count)
    layout: Layout | None = None
    stopped: str = ""

    def run(self, tick: Callable[[float], None]) -> None:
        """Reads to the end of the file, or to where it breaks; `stopped` then says how."""
        streams = [s for s in (self.media.video, self.media.audio) if s is not None]
        video_index = self.media.video.index if self.media.video else -1
        size = self.path.stat().st_size
        try:
            for packet in self.media.container.demux(*streams):
                if (self.video.total + self.audio.total) % _TICK_PACKETS == 0:
                    tick(min(1.0, (packet.pos or 0) / size))
                is_video = packet.stream_index == video_index
                if packet.size:  # the last one of a stream is empty and flushes its decoder
                    (self.video if is_video else self.audio).add(packet, self.media.origin_s)
                if is_video and self.layout is None:
                    self._look(packet)
        except av.error.FFmpegError as error:
            self.stopped = str(error.strerror)

    def _look(self, packet: Packet) -> None:
        assert self.media.video is not None
        try:
            frames = self.media.video.decode(packet)
        except av.error.FFmpegError:
            return  # a stream cut from a broadcast begins with pictures that lean on missing ones
        if frames:
            self.layout = Layout.of(frames[0], self.media.video)

    @property
    def duration_s(self) -> float:
        end = (self.video if self.media.video else self.audio).end_s
        return max(end, 0.0)

    @property
    def header_s(self) -> float:
        known = self.media.container.format.name not in _GUESSED_DURATION
        return (self.media.container.duration or 0) / av.time_base if known else 0.0

    @cached_property
    def missing_bytes(self) -> int:
        """Bytes that the file's own structure promises beyond its end."""
        return missing_bytes(self.path, self.media.container.format.name)

    @property
    def falls_short(self) -> bool:
        """The packets end well before the header says; a second is spared for rounding and last-frame customs."""
        end_s = max(self.video.end_s, self.audio.end_s)
        clock_s = max(0.0, self.media.origin_s)  # Matroska counts from its clock's zero, not from the first picture
        return end_s + clock_s < MIN_SHARE * self.header_s - 1.0

    @property
    def sound_s(self) -> float:
        """From the first to the last sample."""
        return self.audio.end_s - self.audio.first_s if self.audio.shown else 0.0


def promised(stream: Stream | None) -> int:
    """Packets that the index promises; 0 where it counts something else (PCM counts samples) or nothing."""
    return 0 if stream is None or codec_name(stream).startswith("pcm_") else stream.frames
