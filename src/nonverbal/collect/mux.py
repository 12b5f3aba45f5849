"""Sound and picture that came apart, put into one file without decoding either."""

from __future__ import annotations

import os
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from nonverbal.media.container import open_media
from nonverbal.media.names import printable
from nonverbal.verdicts import Reason, RejectedError

_MP4 = ({"h264", "hevc", "av1"}, {"aac", "mp3", "ac3"})


def mux(picture: Path, sound: Path, stem: Path) -> Path:
    """Writes STEM.mp4, or STEM.mkv where MP4 cannot hold the codecs, whole or not at all; returns its path.

    Raises:
        RejectedError: E_DECODE, or what `open_media` raises of either.
    """
    with open_media(picture) as seen, open_media(sound) as heard:
        if seen.video is None:
            raise RejectedError(Reason.E_NO_VIDEO, f"{printable(picture.name)} has no picture, expected one")
        if heard.audio is None:
            raise RejectedError(Reason.E_NO_AUDIO, f"{printable(sound.name)} has no sound, expected some")
        codecs = seen.video.codec_context.name, heard.audio.codec_context.name
        suffix, kind = (".mp4", "mp4") if codecs[0] in _MP4[0] and codecs[1] in _MP4[1] else (".mkv", "matroska")
        path = stem.with_name(stem.name + suffix)
        part = path.with_name(path.name + ".part")
        try:
            with av.open("file:" + os.fspath(part), "w", format=kind) as out:
                _copy(out, seen.container, heard.container, (seen.video.index, heard.audio.index))
        except av.error.FFmpegError as error:
            part.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in (28, 122, 27):
                raise
            raise RejectedError(
                Reason.E_DECODE, f"{printable(path.name)}: sound and picture do not fit together ({error.strerror})"
            ) from error
    os.replace(part, path)
    return path


def _copy(out: OutputContainer, seen: InputContainer, heard: InputContainer, streams: tuple[int, int]) -> None:
    """All packets of both, in order of time."""
    made = [out.add_stream_from_template(c.streams[i]) for c, i in zip((seen, heard), streams, strict=True)]
    queues = [c.demux(c.streams[i]) for c, i in zip((seen, heard), streams, strict=True)]
    heads: list[Packet | None] = [_next(queue) for queue in queues]
    while any(head is not None for head in heads):
        at = min((i for i, head in enumerate(heads) if head is not None), key=lambda i: _time_s(heads[i]))
        packet = heads[at]
        assert packet is not None
        packet.stream = made[at]
        out.mux(packet)
        heads[at] = _next(queues[at])


def _next(queue: object) -> Packet | None:
    """The next packet that holds something; the last one, which only says that it is the last, does not."""
    for packet in queue:  # type: ignore[attr-defined] # PyAV gives a generator and declares a list
        if packet.dts is not None:
            found: Packet = packet
            return found
    return None


def _time_s(packet: Packet | None) -> float:
    assert packet is not None
    return float((packet.dts or 0) * (packet.time_base or 0))
