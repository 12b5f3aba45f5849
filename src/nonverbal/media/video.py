"""Pictures of a clip, upright, on the 25 Hz grid by presentation time, in one sequential decode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from nonverbal.media.container import Opened, open_media, packet_time_s, packets_of, seek_before
from nonverbal.media.layout import Layout
from nonverbal.media.names import printable
from nonverbal.media.survey import MIN_SHARE
from nonverbal.timeline import FPS, n_frames
from nonverbal.types import U8
from nonverbal.verdicts import Reason, RejectedError

P = TypeVar("P")


def read_frames(
    path: Path,
    start_s: float,
    end_s: float,
    fps: float = FPS,
    *,
    max_width_px: int | None = None,
    threads: int = 0,
) -> Iterator[U8]:
    """Yields the pictures [H, W, 3] RGB of ``[start_s, end_s)``, exactly ``n_frames(end_s - start_s, fps)`` of them.

    All have the upright size of the clip's first picture, with square pixels. A picture shown for several grid
    frames is the same array object each time, so ``is`` tells repeats. Memory does not grow with the clip. Times
    count from the file's first picture.

    Args:
        max_width_px: pictures wider than this are scaled down to it.
        threads: decoder threads, 0 for as many as there are cores; the pictures do not depend on it.

    Raises:
        RejectedError: E_NO_VIDEO, E_DECODE, E_TRUNCATED and what `open_media` raises. The pictures yielded before
            were right.
    """
    path = Path(path)
    with open_media(path) as media:
        if media.video is None:
            raise RejectedError(Reason.E_NO_VIDEO, f"{printable(path)} has no video stream, expected one")
        media.video.thread_type = "AUTO"
        media.video.codec_context.thread_count = threads
        clip = _ClipReader(path, media, media.video, start_s, n_frames(end_s - start_s, fps), fps)
        layout: Layout | None = None
        last: VideoFrame | None = None
        for frame in on_grid(clip.pictures(), clip.count, fps):
            layout = layout or Layout.of(frame, media.video, max_width_px)
            if frame is not last:
                last, rgb = frame, layout.apply(frame)
            yield rgb
        clip.check()


def on_grid(pictures: Iterable[tuple[float, P]], count: int, fps: float = FPS) -> Iterator[P]:
    """For each of `count` grid frames the picture on screen when it is half shown, in streaming form.

    The same rule as `timeline.nearest_frames`; `pictures` are (time, picture) in rising order of time::

        pictures     a         b  c            d
        seconds      0.00      0.05 0.06       0.12
        grid centre    0.02        0.06    0.10    0.14
        shown          a           c       c       d
    """
    shown: P | None = None
    i = 0
    for time_s, picture in pictures:
        while shown is not None and i < count and (i + 0.5) / fps < time_s:
            yield shown
            i += 1
        if i >= count:
            return
        shown = picture
    while shown is not None and i < count:
        yield shown
        i += 1


@dataclass
class _ClipReader:
    """Decodes the pictures of a clip and counts what was promised against what came."""

    path: Path
    media: Opened
    video: VideoStream
    start_s: float
    count: int
    fps: float
    promised: int = 0
    decoded: int = 0
    covered_s: float = 0.0

    @property
    def horizon_s(self) -> float:
        """The time of the clip after which pictures are not shown any more: the centre of its last grid frame."""
        return (self.count - 0.5) / self.fps

    def pictures(self) -> Iterator[tuple[float, VideoFrame]]:
        """(seconds of the clip, picture) in rising order of time, from the picture on screen at the clip's start."""
        before = -np.inf
        for packet in self._packets():
            for frame in self._decode(packet):
                stamp = frame.pts if frame.pts is not None else frame.dts
                if stamp is not None and frame.time_base is not None:
                    # rounded to microseconds, so that float noise cannot move a picture across a grid centre
                    time_s = round(float(stamp * frame.time_base) - self.media.origin_s - self.start_s, 6)
                    before = max(before, time_s)
                self.decoded += 0.0 <= before <= self.horizon_s
                yield before, frame

    def _packets(self) -> Iterator[Packet]:
        """Packets from the first key picture on, without those that lean on pictures before it."""
        if self.start_s > 0:
            seek_before(self.path, self.media, self.video, self.start_s)
        key_s: float | None = None
        for packet in packets_of(self.media, self.video):
            time_s = packet_time_s(packet, self.media.origin_s)
            if packet.size and key_s is None:
                if not packet.is_keyframe:
                    continue
                key_s = time_s
            if time_s is not None and key_s is not None and time_s < key_s:
                continue
            if time_s is not None and not packet.is_discard:
                self._count(packet, time_s - self.start_s)
            yield packet

    def _count(self, packet: Packet, time_s: float) -> None:
        # Rounded like the picture times: a packet and its picture must fall on the same side of both ends.
        self.promised += 0.0 <= round(time_s, 6) <= self.horizon_s
        shown_s = packet.duration * packet.time_base if packet.duration else 1 / (self.video.average_rate or self.fps)
        self.covered_s = max(self.covered_s, time_s + float(shown_s))

    def _decode(self, packet: Packet) -> list[VideoFrame]:
        try:
            frames = self.video.decode(packet)
        except av.error.FFmpegError as error:
            raise RejectedError(Reason.E_DECODE, self._broken(packet, str(error.strerror))) from error
        if any(frame.is_corrupt for frame in frames):
            raise RejectedError(Reason.E_DECODE, self._broken(packet, "a picture is damaged"))
        return frames

    def _broken(self, packet: Packet, found: str) -> str:
        at = packet_time_s(packet, self.media.origin_s)
        where = "at the end" if at is None else f"near {at:.2f} s"
        return f"{printable(self.path)} cannot be decoded {where}: {found}; expected no broken picture; fetch it again"

    def check(self) -> None:
        """Whether the clip was all there, asked after its last picture.

        Raises:
            RejectedError: E_TRUNCATED.
        """
        duration_s = self.count / self.fps
        if self.decoded < MIN_SHARE * self.promised:
            raise RejectedError(
                Reason.E_TRUNCATED,
                f"{printable(self.path)}: {self.decoded} of {self.promised} pictures could be decoded, expected "
                f"{MIN_SHARE:.0%}; fetch it again",
            )
        if self.covered_s < MIN_SHARE * duration_s - 1.0 / self.fps:
            raise RejectedError(
                Reason.E_TRUNCATED,
                f"{printable(self.path)}: pictures end at {self.start_s + self.covered_s:.2f} s, expected until "
                f"{self.start_s + duration_s:.2f} s; fetch it again",
            )
