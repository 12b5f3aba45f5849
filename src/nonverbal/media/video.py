"""Pictures of a clip, upright, on the 25 Hz grid by presentation time, in one sequential decode."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
from av.video.frame import VideoFrame

from nonverbal.media.container import Opened, open_media
from nonverbal.media.names import printable
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

    A picture shown for several grid frames is the same array object each time, so ``is`` tells repeats. Memory does
    not grow with the clip. Times count from the file's first picture.

    Args:
        max_width_px: pictures wider than this are scaled down to it.
        threads: decoder threads, 0 for as many as there are cores; the pictures do not depend on it.

    Raises:
        RejectedError: E_NO_VIDEO, E_DECODE, E_TRUNCATED and what `open_media` raises.
    """
    with open_media(Path(path)) as media:
        if media.video is None:
            raise RejectedError(Reason.E_NO_VIDEO, f"{printable(path)} has no video stream, expected one")
        media.video.thread_type = "AUTO"
        media.video.codec_context.thread_count = threads
        last: tuple[VideoFrame, U8] | None = None
        for frame in on_grid(_pictures(path, media, start_s), n_frames(end_s - start_s, fps), fps):
            if last is None or last[0] is not frame:
                last = (frame, to_rgb(frame, max_width_px))
            yield last[1]


def on_grid(pictures: Iterator[tuple[float, P]], count: int, fps: float = FPS) -> Iterator[P]:
    """For each of `count` grid frames the picture on screen when it is half shown, in streaming form.

    The same rule as `timeline.nearest_frames`; `pictures` are (time, picture) in rising order of time.
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


def _pictures(path: Path, media: Opened, start_s: float) -> Iterator[tuple[float, VideoFrame]]:
    video = media.video
    assert video is not None and video.time_base is not None
    if start_s > 0:
        target = int((start_s + media.origin_s) / float(video.time_base))
        media.container.seek(target, stream=video, backward=True)
    before = -np.inf
    try:
        for frame in media.container.decode(video):
            time_s = before if frame.time is None else round(frame.time - media.origin_s - start_s, 6)
            before = max(before, time_s)
            yield before, frame
    except av.error.FFmpegError as error:
        raise RejectedError(Reason.E_DECODE, f"{printable(path)}: {error}") from error


def to_rgb(frame: VideoFrame, max_width_px: int | None = None) -> U8:
    """[H, W, 3] the upright picture."""
    width, height = frame.width, frame.height
    if max_width_px and width > max_width_px:
        width, height = max_width_px, max(1, round(height * max_width_px / width))
    rgb = frame.to_ndarray(format="rgb24", width=width, height=height)
    turns = (frame.rotation // 90) % 4
    return np.ascontiguousarray(np.rot90(rgb, turns)) if turns else rgb


def upright_size(media: Opened) -> tuple[int, int, int]:
    """Rotation in degrees, width and height of the upright picture, from the first one that decodes."""
    if media.video is None:
        return 0, 0, 0
    for frame in media.container.decode(media.video):
        turned = (frame.rotation // 90) % 2
        size = (frame.height, frame.width) if turned else (frame.width, frame.height)
        return frame.rotation % 360, *size
    return 0, 0, 0
