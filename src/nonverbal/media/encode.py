"""Pictures and sound into an MP4 file: H.264 and AAC, the same bytes for the same input."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np

from nonverbal.types import F32, U8

_AUDIO_BLOCK = 1024  # samples in an AAC frame
_AUDIO_BITS_PER_S = 128_000


class Mp4Writer:
    """A file that grows picture by picture; it bears its name only once it is whole.

        with Mp4Writer(path, 1280, 720, 25, samples, 48000) as writer:
            for picture in pictures:
                writer.add(picture)

    Args:
        samples: [S] or [S, 2] sound in [-1, 1] at `rate_hz`, interleaved with the pictures as they come.
        crf: quality of the picture: 18 can hardly be told from the original, 30 is that of a bad video call.
    """

    def __init__(
        self, path: Path, width_px: int, height_px: int, fps: int, samples: F32, rate_hz: int, crf: int = 21
    ) -> None:
        self._path, self._part = path, path.with_name(f".{path.name}.part")
        self._fps, self._rate_hz, self._done_pictures, self._done_samples = fps, rate_hz, 0, 0
        stereo = np.ndim(samples) == 2
        self._samples = np.ascontiguousarray((samples if stereo else samples[:, None]).T, np.float32)
        self._file = av.open("file:" + os.fspath(self._part), "w", format="mp4", options={"movflags": "+faststart"})
        self._video = self._file.add_stream("libx264", rate=fps)
        self._video.width, self._video.height, self._video.pix_fmt = width_px, height_px, "yuv420p"
        # Without mbtree=0 x264 gives other bytes on some runs, on small pictures one in two.
        self._video.options = {"crf": str(crf), "preset": "veryfast", "g": str(10 * fps), "x264-params": "mbtree=0"}
        self._audio = self._file.add_stream("aac", rate=rate_hz, layout="stereo" if stereo else "mono")
        self._audio.bit_rate = _AUDIO_BITS_PER_S

    def __enter__(self) -> Mp4Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()
        else:
            self._file.close()
            self._part.unlink(missing_ok=True)

    def add(self, picture: U8) -> None:
        """Adds one picture [H, W, 3] RGB and the sound up to its end."""
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = self._done_pictures, Fraction(1, self._fps)
        self._file.mux(self._video.encode(frame))
        self._done_pictures += 1
        self._add_sound(self._done_pictures * self._rate_hz // self._fps)

    def _add_sound(self, until: int, last: bool = False) -> None:
        until = min(until, self._samples.shape[1])
        while until - self._done_samples >= (1 if last else _AUDIO_BLOCK):
            stop = min(self._done_samples + _AUDIO_BLOCK, until)
            block = np.ascontiguousarray(self._samples[:, self._done_samples : stop])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=self._audio.layout)
            frame.sample_rate, frame.pts, frame.time_base = (
                self._rate_hz,
                self._done_samples,
                Fraction(1, self._rate_hz),
            )
            self._file.mux(self._audio.encode(frame))
            self._done_samples = stop

    def _finish(self) -> None:
        self._add_sound(self._samples.shape[1], last=True)
        for stream in (self._video, self._audio):
            self._file.mux(stream.encode(None))
        self._file.close()
        self._part.replace(self._path)
