"""Opening media safely: what kind of file it is by its first bytes, which demuxer may read it, which streams count.

The demuxer is chosen here from the content and forced on libav, so that a playlist, a concat script or any other
text under a media name is never parsed, and nothing but the one file is ever opened.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from nonverbal.media.names import check_file, printable
from nonverbal.verdicts import Reason, RejectedError

_MAX_PIXELS = 8192 * 4320
_HEAD_BYTES = 1 << 16

_MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"moof", b"styp", b"sidx")
_MAGIC = (  # offset, bytes, libav demuxer
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
    (0, b"FLV\x01", "flv"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"caff", "caf"),
    (0, b".snd", "au"),
    (0, b"#!AMR", "amr"),
    (0, b"ID3", "mp3"),
)
_NO_MAIN = (
    Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails | Disposition.dependent
)  # pictures that accompany a video


@dataclass(frozen=True, slots=True)
class Opened:
    """An open media file: its main video stream, its default audio stream, and where its time begins.

    Every time handed out by `nonverbal.media` counts from `origin_s` on libav's clock: the first picture, or the
    first sample where there is no video.
    """

    container: InputContainer
    video: VideoStream | None
    audio: AudioStream | None
    origin_s: float


def sniff(head: bytes) -> str | None:
    """The libav demuxer for a file that begins with `head`; None when it is no media we read."""
    for offset, magic, name in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return name
    if head[4:8] in _MP4_BOXES:
        return "mov"
    if head[:4] in (b"RIFF", b"RF64", b"RIFX"):
        return {b"AVI ": "avi", b"WAVE": "wav"}.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if _is_transport_stream(head):
        return "mpegts"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"
    if len(head) > 3 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06 and head[2] & 0xF0 != 0xF0:
        return "mp3"
    return None


def _is_transport_stream(head: bytes) -> bool:
    return any(
        len(head) > first + 2 * step and all(head[first + k * step] == 0x47 for k in range(3))
        for first, step in ((0, 188), (4, 192))
    )


@contextmanager
def open_media(path: Path) -> Iterator[Opened]:
    """Opens the file at `path`, and nothing else, for demuxing and decoding.

    Raises:
        RejectedError: E_NAME, E_EMPTY, E_NOT_MEDIA or E_TRUNCATED, each with what to do.
    """
    check_file(path)
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    demuxer = sniff(head)
    if demuxer is None:
        raise RejectedError(Reason.E_NOT_MEDIA, _no_media(path, f"it begins with {head[:16]!r}"))
    try:
        container = av.open(
            "file:" + os.fspath(path),
            format=demuxer,
            metadata_errors="replace",
            options={"protocol_whitelist": "file", "err_detect": "explode", "max_pixels": str(_MAX_PIXELS)},
        )
    except (av.error.FFmpegError, ValueError) as error:
        raise RejectedError(Reason.E_NOT_MEDIA, _no_media(path, f"the {demuxer} reader says: {error}")) from error
    with container:
        video, audio = main_video(container), default_audio(container)
        for stream in container.streams:
            if stream is not video and stream is not audio:
                stream.discard = "all"
        yield Opened(container, video, audio, _origin_s(video, audio))


def _no_media(path: Path, found: str) -> str:
    return (
        f"{printable(path)} is no media file: {found}; expected MP4, MOV, MKV, WebM, AVI, MPEG, WAV, MP3, FLAC or OGG; "
        "fetch the video itself"
    )


def main_video(container: InputContainer) -> VideoStream | None:
    """The video stream meant to be watched: the default one, else the largest; cover art does not count."""
    streams = [s for s in container.streams.video if s.codec_context and not s.disposition & _NO_MAIN]
    return max(streams, key=lambda s: (_is_default(s), s.width * s.height, -s.index), default=None)


def default_audio(container: InputContainer) -> AudioStream | None:
    """The audio stream marked as default, else the first."""
    streams = [s for s in container.streams.audio if s.codec_context]
    return max(streams, key=lambda s: (_is_default(s), -s.index), default=None)


def _is_default(stream: Stream) -> bool:
    return bool(stream.disposition & Disposition.default)


def _origin_s(video: VideoStream | None, audio: AudioStream | None) -> float:
    for stream in (video, audio):
        if stream is not None and stream.start_time is not None and stream.time_base is not None:
            return float(stream.start_time * stream.time_base)
    return 0.0
