"""What a media file really holds, counted from its packets rather than believed from its header."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av

from nonverbal.media.container import Opened, codec_name, open_media
from nonverbal.media.names import clean_text, printable
from nonverbal.media.survey import MIN_SHARE, Survey, promised
from nonverbal.verdicts import Reason, RejectedError


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file must hold to be worked on; sides in pixels, 0 seconds for any length."""

    need_video: bool = True
    need_audio: bool = True
    min_side_px: int = 64
    max_side_px: int = 4320
    min_fps: float = 5.0
    max_fps: float = 240.0
    min_duration_s: float = 0.5
    max_duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """Measured facts about one file; times count from the first picture (the first sample, without video).

    Attributes:
        container: the libav demuxer chosen by the file's first bytes.
        duration_s: from the first picture to the end of the last one, from the packets.
        width_px: of the upright picture with square pixels; 0 without video.
        height_px: likewise.
        rotation_deg: by how much the picture is turned anticlockwise to stand upright: 0, 90, 180 or 270.
        fps: pictures per second, measured; 0 without video.
        video_index: the stream that is read; -1 where there is none.
        audio_index: likewise.
        n_audio_tracks: how many audio streams the file holds.
        n_packets: pictures in the stream.
        audio_start_s: when the sound begins; negative where it begins before the picture.
        start_s: the file's own clock at second 0.
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


def probe(path: Path, limits: Limits | None = None, tick: Callable[[float], None] = lambda fraction: None) -> MediaInfo:
    """Reads all packets of the file, decoding none but the first picture, and says what is in it.

    Args:
        tick: called with the share of the file read so far, every few thousand packets.

    Raises:
        RejectedError: the file is broken or not what `limits` asks for; the message says what was found, what was
            expected and what to do.
    """
    path = Path(path)
    limits = limits or Limits()
    with open_media(path) as media:
        _check_streams(path, media, limits)
        _check_size(path, media, limits)
        survey = Survey(path, media)
        survey.run(tick)
        _check(survey, limits)
        return _info(survey)


def _check_streams(path: Path, media: Opened, limits: Limits) -> None:
    name = printable(path)
    if media.video is None and media.audio is None:
        raise RejectedError(
            Reason.E_NOT_MEDIA, f"{name} holds no stream that can be read, expected video and audio; fetch it again"
        )
    if limits.need_video and media.video is None:
        raise RejectedError(
            Reason.E_NO_VIDEO, f"{name} has no video stream, expected one; give the video, not only its sound"
        )
    if limits.need_audio and media.audio is None:
        raise RejectedError(Reason.E_NO_AUDIO, f"{name} has no audio stream, expected one; fetch it with its sound")


def _check_size(path: Path, media: Opened, limits: Limits) -> None:
    if media.video is None:
        return
    size = media.video.codec_context.width, media.video.codec_context.height
    found = f"{printable(path)} is {size[0]}x{size[1]} pixels"
    if not all(size):
        raise RejectedError(
            Reason.E_DECODE,
            f"{printable(path)}: the size of its pictures cannot be read (damaged, or beyond 8192x8192), "
            f"expected sides of {limits.min_side_px} to {limits.max_side_px}; fetch another version",
        )
    if min(size) < limits.min_side_px:
        raise RejectedError(
            Reason.E_TOO_SMALL,
            f"{found}, expected sides of at least {limits.min_side_px}; fetch a larger version or lower min_side_px",
        )
    if max(size) > limits.max_side_px:
        raise RejectedError(
            Reason.E_TOO_LARGE,
            f"{found}, expected sides of at most {limits.max_side_px}; scale it down or raise max_side_px",
        )


def _check(survey: Survey, limits: Limits) -> None:
    """Raises the first reason for which the file cannot be worked on."""
    _check_empty(survey, limits)
    _check_whole(survey)
    if survey.media.video is not None:
        _check_rate(survey, limits)
    _check_length(survey, limits)
    if survey.media.video is not None and survey.layout is None:
        raise RejectedError(
            Reason.E_DECODE,
            f"{printable(survey.path)}: none of its {survey.video.shown} pictures decodes; fetch it again",
        )


def _check_empty(survey: Survey, limits: Limits) -> None:
    name = printable(survey.path)
    if not survey.video.shown and not survey.audio.shown:
        raise RejectedError(Reason.E_EMPTY, f"{name} has a header and nothing in it, expected media; fetch it again")
    if survey.media.video is not None and not _moves(survey):
        raise RejectedError(
            Reason.E_NO_VIDEO, f"{name} holds {survey.video.shown} picture beside its sound, expected a video"
        )
    if limits.need_audio and not survey.audio.shown:
        raise RejectedError(
            Reason.E_NO_AUDIO, f"{name} has an audio stream with nothing in it, expected sound; fetch it again"
        )


def _moves(survey: Survey) -> bool:
    """False for a cover picture in a stream of its own beside the sound."""
    return survey.video.shown > 1 or (survey.video.shown == 1 and survey.sound_s <= 1.0)


def _check_whole(survey: Survey) -> None:
    name = printable(survey.path)
    for stream, count, what in (
        (survey.media.video, survey.video, "pictures"),
        (survey.media.audio, survey.audio, "sound packets"),
    ):
        expected = promised(stream)
        if count.total < MIN_SHARE * expected - 1:  # AVI indexes may count one more
            raise RejectedError(
                Reason.E_TRUNCATED,
                f"{name} is cut off: {count.total} of {expected} {what} are there, expected {MIN_SHARE:.0%}; "
                "fetch it again",
            )
    if survey.stopped:
        raise RejectedError(
            Reason.E_TRUNCATED,
            f"{name} breaks off at {survey.duration_s:.2f} s ({survey.stopped}), expected a whole file; fetch it again",
        )
    if survey.falls_short and (survey.missing_bytes or survey.media.container.format.name == "flac"):
        raise RejectedError(
            Reason.E_TRUNCATED,
            f"{name} ends at {survey.duration_s:.2f} s, its header promises {survey.header_s:.2f} s; fetch it again",
        )


def _check_rate(survey: Survey, limits: Limits) -> None:
    if survey.video.shown < 2:
        return
    if not limits.min_fps <= survey.video.rate <= limits.max_fps:
        found = f"{survey.video.rate:g} pictures a second" if survey.video.rate else "pictures without usable times"
        raise RejectedError(
            Reason.E_FPS,
            f"{printable(survey.path)} has {found}, expected {limits.min_fps:g} to {limits.max_fps:g}; "
            "convert it to a usual rate or change min_fps and max_fps",
        )


def _check_length(survey: Survey, limits: Limits) -> None:
    name = printable(survey.path)
    short = f"expected at least {limits.min_duration_s:g} s; give a longer recording or lower min_duration_s"
    if survey.media.video is not None and (survey.video.shown < 2 or survey.duration_s < limits.min_duration_s):
        raise RejectedError(
            Reason.E_TOO_SHORT, f"{name} has {survey.video.shown} pictures in {survey.duration_s:.3f} s, {short}"
        )
    if survey.media.audio is not None and survey.sound_s < limits.min_duration_s and limits.need_audio:
        raise RejectedError(Reason.E_TOO_SHORT, f"{name} has {survey.sound_s:.3f} s of sound, {short}")
    if 0 < limits.max_duration_s < survey.duration_s:
        raise RejectedError(
            Reason.E_TOO_LONG,
            f"{name} lasts {survey.duration_s:.0f} s, expected at most {limits.max_duration_s:g}; raise max_duration_s",
        )


def _warnings(survey: Survey) -> tuple[str, ...]:
    found = []
    if survey.falls_short:
        found.append(f"the header says {survey.header_s:.2f} s, the packets end at {survey.duration_s:.2f} s")
    if survey.missing_bytes:
        found.append(f"the file lacks its last {survey.missing_bytes} bytes")
    if survey.media.video and survey.audio.shown and survey.audio.first_s > 0.5:
        found.append(f"the sound begins {survey.audio.first_s:.2f} s after the picture")
    if survey.media.video and survey.audio.shown and survey.audio.end_s < MIN_SHARE * survey.duration_s - 1.0:
        found.append(f"the sound ends at {survey.audio.end_s:.2f} s of {survey.duration_s:.2f} s")
    return tuple(found)


def _info(survey: Survey) -> MediaInfo:
    """The record of a file that passed."""
    video, audio = survey.media.video, survey.media.audio
    width, height = survey.layout.upright_size_px if survey.layout else (0, 0)
    return MediaInfo(
        container=survey.media.container.format.name,
        duration_s=survey.duration_s,
        width_px=width,
        height_px=height,
        rotation_deg=90 * survey.layout.turns if survey.layout else 0,
        fps=survey.video.rate,
        has_video=video is not None,
        has_audio=audio is not None and survey.audio.shown > 0,
        video_codec=codec_name(video),
        audio_codec=codec_name(audio),
        video_index=video.index if video else -1,
        audio_index=audio.index if audio else -1,
        n_audio_tracks=len(survey.media.container.streams.audio),
        n_packets=survey.video.shown,
        audio_start_s=survey.audio.first_s if survey.audio.shown else 0.0,
        audio_duration_s=survey.sound_s,
        audio_rate_hz=audio.sample_rate if audio else 0,
        audio_channels=audio.channels if audio else 0,
        start_s=survey.media.origin_s,
        header_duration_s=(survey.media.container.duration or 0) / av.time_base,
        title=clean_text(survey.media.container.metadata.get("title", "")),
        language=clean_text(audio.metadata.get("language", "")) if audio else "",
        warnings=_warnings(survey),
    )
