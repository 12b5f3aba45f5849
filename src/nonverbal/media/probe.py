"""What a media file really holds, counted from its packets rather than believed from its header."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av

from nonverbal.media.container import Opened, open_media
from nonverbal.media.names import clean_text, printable
from nonverbal.media.video import upright_size
from nonverbal.verdicts import Reason, RejectedError


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file must hold to be worked on."""

    need_video: bool = True
    need_audio: bool = True
    min_side_px: int = 64
    max_side_px: int = 4320
    min_fps: float = 5.0
    max_fps: float = 240.0
    min_duration_s: float = 0.5
    max_duration_s: float = 0.0  # 0: any length


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """Measured facts about one file; times count from the first picture (or sample, without video).

    Attributes:
        duration_s: from the first picture to the end of the last one, from the packets.
        width_px, height_px: of the upright picture with square pixels; 0 without video.
        rotation_deg: by how much the picture is turned anticlockwise to stand upright: 0, 90, 180 or 270.
        fps: pictures per second, measured; 0 without video.
        video_index, audio_index: the streams in the file that are read; -1 where there is none.
        n_audio_tracks: how many audio streams the file holds.
        audio_start_s: when the sound begins; negative where it begins before the picture.
        start_s: the file's own clock at its first picture.
        header_duration_s: what the header says; 0 where it says nothing.
        warnings: sentences about oddities that were dealt with.
    """

    container: str
    duration_s: float
    width_px: int
    height_px: int
    rotation_deg: int
    fps: float
    has_video: bool
    has_audio: bool
    video_codec: str
    audio_codec: str
    video_index: int
    audio_index: int
    n_audio_tracks: int
    n_packets: int
    audio_start_s: float
    audio_duration_s: float
    audio_rate_hz: int
    audio_channels: int
    start_s: float
    header_duration_s: float
    title: str
    language: str
    warnings: tuple[str, ...] = ()


def probe(path: Path, limits: Limits | None = None) -> MediaInfo:
    """Reads all packets of the file (decoding none but the first picture) and says what is in it.

    Raises:
        RejectedError: the file is not what `limits` asks for; the message says what was found and what to do.
    """
    limits = limits or Limits()
    with open_media(path) as media:
        _check_streams(path, media, limits)
        info = _measure(media)
    return info


def _check_streams(path: Path, media: Opened, limits: Limits) -> None:
    if limits.need_video and media.video is None:
        raise RejectedError(
            Reason.E_NO_VIDEO, f"{printable(path)} has no video stream, expected one; give the video, not its sound"
        )
    if limits.need_audio and media.audio is None:
        raise RejectedError(
            Reason.E_NO_AUDIO, f"{printable(path)} has no audio stream, expected one; fetch it with sound"
        )


def _measure(media: Opened) -> MediaInfo:
    spans: dict[int, list[float]] = {}
    counts: dict[int, int] = {}
    streams = [s for s in (media.video, media.audio) if s is not None]
    rotation, width, height = upright_size(media)
    try:
        media.container.seek(0)
        for packet in media.container.demux(*streams):
            if packet.pts is None or packet.is_discard or packet.time_base is None:
                continue
            t0 = float(packet.pts * packet.time_base) - media.origin_s
            t1 = t0 + float((packet.duration or 0) * packet.time_base)
            i = packet.stream_index
            span = spans.setdefault(i, [t0, t1])
            span[0], span[1] = min(span[0], t0), max(span[1], t1)
            counts[i] = counts.get(i, 0) + 1
    except av.error.FFmpegError as error:
        raise RejectedError(Reason.E_DECODE, f"{error}") from error
    v, a = media.video, media.audio
    vspan = spans.get(v.index, [0.0, 0.0]) if v else [0.0, 0.0]
    aspan = spans.get(a.index, [0.0, 0.0]) if a else [0.0, 0.0]
    n = counts.get(v.index, 0) if v else 0
    duration = vspan[1] if v else aspan[1]
    return MediaInfo(
        container=media.container.format.name,
        duration_s=duration,
        width_px=width,
        height_px=height,
        rotation_deg=rotation,
        fps=n / duration if v and duration else 0.0,
        has_video=v is not None,
        has_audio=a is not None,
        video_codec=v.codec_context.name if v else "",
        audio_codec=a.codec_context.name if a else "",
        video_index=v.index if v else -1,
        audio_index=a.index if a else -1,
        n_audio_tracks=len(media.container.streams.audio),
        n_packets=n,
        audio_start_s=aspan[0],
        audio_duration_s=aspan[1] - aspan[0],
        audio_rate_hz=a.sample_rate if a else 0,
        audio_channels=a.channels if a else 0,
        start_s=media.origin_s,
        header_duration_s=(media.container.duration or 0) / 1e6,
        title=clean_text(media.container.metadata.get("title", "")),
        language=clean_text(a.metadata.get("language", "")) if a else "",
    )
