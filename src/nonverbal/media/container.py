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
from av.packet import Packet
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from nonverbal.media.boxes import missing_bytes
from nonverbal.media.names import check_file, clean_text, printable
from nonverbal.verdicts import Reason, RejectedError

MAX_PIXELS = 4320 * 4320
"""A decoder that meets more, whatever the header said, stops instead of allocating."""

_MAX_STATED_PIXELS = 8192 * 8192  # up to here the size is read, so that the verdict can name it
_HEAD_BYTES = 1 << 16
_REWINDS_S = (0.0, 5.0, 30.0)  # how much earlier to look when a jump lands too late; then from the file's start

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
_VIDEO_CODECS = (
    "h264 hevc vvc av1 vp8 vp9 mpeg1video mpeg2video mpeg4 msmpeg4v2 msmpeg4v3 h263 flv1 wmv1 wmv2 wmv3 vc1 theora "
    "mjpeg prores dnxhd dvvideo ffv1 huffyuv rawvideo png"
)
_AUDIO_CODECS = (
    "aac aac_latm mp1 mp2 mp3 opus vorbis flac alac ac3 eac3 dts wmav1 wmav2 wmapro amr_nb amr_wb wavpack speex "
    "adpcm_ms adpcm_ima_wav adpcm_ima_qt gsm gsm_ms"
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
    if check_file(path).st_size == 0:
        raise RejectedError(Reason.E_EMPTY, f"{printable(path)} has 0 bytes, expected media; fetch it again")
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    demuxer = sniff(head)
    if demuxer is None:
        raise RejectedError(Reason.E_NOT_MEDIA, _no_media(path, f"it begins with {head[:16]!r}"))
    options = {"protocol_whitelist": "file", "max_pixels": str(_MAX_STATED_PIXELS)}
    try:
        container = av.open("file:" + os.fspath(path), format=demuxer, metadata_errors="replace", options=options)
    except (av.error.FFmpegError, ValueError) as error:
        raise RejectedError(*_why_not_open(path, demuxer, error)) from error
    with container:
        video, audio = main_video(container), default_audio(container)
        for stream in container.streams:
            if stream is not video and stream is not audio:
                stream.discard = Discard.all
        if video is not None:
            video.codec_context.options = {"err_detect": "explode", "max_pixels": str(MAX_PIXELS)}
        yield Opened(container, video, audio, _origin_s(video, audio))


def _why_not_open(path: Path, demuxer: str, error: Exception) -> tuple[Reason, str]:
    missing = missing_bytes(path, demuxer)
    if missing:
        return Reason.E_TRUNCATED, (
            f"{printable(path)} is cut off: its last part promises {missing} more bytes and the index is missing, "
            "expected a whole file; fetch it again"
        )
    return Reason.E_NOT_MEDIA, _no_media(
        path, f"the {demuxer} reader says {clean_text(getattr(error, 'strerror', None) or str(error))!r}"
    )


def _no_media(path: Path, found: str) -> str:
    return (
        f"{printable(path)} is no media file: {found}; expected MP4, MOV, MKV, WebM, AVI, MPEG, WAV, MP3, FLAC or OGG; "
        "fetch the video itself"
    )


def main_video(container: InputContainer) -> VideoStream | None:
    """The video stream meant to be watched: the default one, else the largest; cover art does not count."""
    streams = [s for s in container.streams.video if _readable(s, _VIDEO_CODECS) and not s.disposition & _NO_MAIN]
    return max(streams, key=lambda s: (_is_default(s), s.width * s.height, -s.index), default=None)


def default_audio(container: InputContainer) -> AudioStream | None:
    """The audio stream marked as default, else the first."""
    streams = [s for s in container.streams.audio if _readable(s, _AUDIO_CODECS)]
    return max(streams, key=lambda s: (_is_default(s), -s.index), default=None)


def _readable(stream: Stream, codecs: str) -> bool:
    name = codec_name(stream)
    return name in codecs.split() or name.startswith("pcm_")


def codec_name(stream: Stream | None) -> str:
    """The codec as libav names it, whichever decoder reads it; empty without a stream or a decoder."""
    return stream.codec_context.codec.canonical_name if stream is not None and stream.codec_context else ""


def _is_default(stream: Stream) -> bool:
    return bool(stream.disposition & Disposition.default)


def _origin_s(video: VideoStream | None, audio: AudioStream | None) -> float:
    for stream in (video, audio):
        if stream is not None and stream.start_time is not None and stream.time_base is not None:
            return float(stream.start_time * stream.time_base)
    return 0.0


def packet_time_s(packet: Packet, origin_s: float) -> float | None:
    """When what the packet holds is shown or heard; AVI knows decoding times only, which serve as well."""
    stamp = packet.pts if packet.pts is not None else packet.dts
    return None if stamp is None else float(stamp * packet.time_base) - origin_s


def packets_of(media: Opened, stream: Stream) -> Iterator[Packet]:
    """The packets of a stream; a last one that the end of the file cuts short is left out.

    An empty packet comes at the end and flushes the decoder.
    """
    held: Packet | None = None
    for packet in media.container.demux(stream):
        if held is not None and (packet.size or not held.is_corrupt):
            yield held
        held = packet
    if held is not None:
        yield held


def seek_before(path: Path, media: Opened, stream: Stream, start_s: float) -> None:
    """Puts the reader where `stream` can be decoded from, at or before `start_s`.

    The index of some formats is a guess, so the landing is looked at and the jump repeated from further back.

    Raises:
        RejectedError: E_DECODE when the file cannot be rewound.
    """
    assert stream.time_base is not None
    try:
        for back_s in _REWINDS_S:
            target = round((start_s - back_s + media.origin_s) / float(stream.time_base))
            media.container.seek(target, stream=stream, backward=True)
            landed_s = _first_key_s(media, stream)
            if landed_s is not None and landed_s <= start_s:
                media.container.seek(target, stream=stream, backward=True)
                return
        media.container.seek(stream.start_time or 0, stream=stream, backward=True)
    except av.error.FFmpegError as error:
        raise RejectedError(
            Reason.E_DECODE, f"{printable(path)} cannot be read from {start_s:.2f} s on ({error}); convert it to MP4"
        ) from error


def _first_key_s(media: Opened, stream: Stream) -> float | None:
    for packet in media.container.demux(stream):
        if packet.is_keyframe and packet.size:
            return packet_time_s(packet, media.origin_s)
    return None
