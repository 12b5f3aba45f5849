"""A recording of two people talking, spoiled in every way that needs people: each function writes one file.

What needs no people is in `faulty_media`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

import faulty_media as faulty

Picture = NDArray[np.uint8]
Sound = NDArray[np.float32]

_TURNED = (0, 65536, -65536, 0)
"""Of the matrix of an MP4 track: a quarter turn clockwise."""


def sound_of(source: Path, rate_hz: int = faulty.RATE_HZ) -> Sound:
    """[1, S] the sound of a file, mono."""
    resampler = av.AudioResampler("fltp", "mono", rate_hz)
    with av.open(str(source)) as media:
        frames = [part for frame in media.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


def retake(
    source: Path,
    path: Path,
    *,
    picture: Callable[[int, Picture], Picture] = lambda i, image: image,
    sound: Sound | None = None,
    times_s: Sequence[float] | None = None,
    codecs: tuple[str, str] = ("libx264", "aac"),
    pixels: str = "yuv420p",
    rate_hz: int = faulty.RATE_HZ,
    sound_format: str | None = None,
) -> Path:
    """The pictures of `source`, each after `picture`, encoded anew with its sound or with [channels, S] samples.

    Args:
        times_s: when each picture is shown; those without a time are left out.
        sound_format: libav's sample format, where the codec has several.
    """
    samples = sound_of(source, rate_hz) if sound is None else sound
    with av.open(str(source)) as media, av.open(str(path), "w") as out:
        video = out.add_stream(codecs[0], rate=25)
        video.pix_fmt, video.options = pixels, {"crf": "16", "preset": "veryfast", "x265-params": "log-level=none"}
        video.codec_context.time_base = Fraction(1, 1000)
        layout = {1: "mono", 2: "stereo", 16: "hexadecagonal"}[len(samples)]
        audio = out.add_stream(codecs[1], rate=rate_hz, layout=layout)
        if sound_format:
            audio.format = sound_format
        for i, decoded in enumerate(media.decode(video=0)):
            if times_s is not None and i >= len(times_s):
                break
            frame = av.VideoFrame.from_ndarray(picture(i, decoded.to_ndarray(format="rgb24")), format="rgb24")
            if i == 0:
                video.width, video.height = frame.width, frame.height
            seconds = i / 25 if times_s is None else times_s[i]
            frame.pts, frame.time_base = round(seconds * 1000), Fraction(1, 1000)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        faulty._encode(out, audio, samples, rate_hz, 0.0)
    return path


def with_sound_of(pictures: Path, sound: Path, path: Path) -> Path:
    """The pictures of one file, over and over, for as long as the sound of another lasts."""
    with av.open(str(pictures)) as seen, av.open(str(sound)) as heard, av.open(str(path), "w") as out:
        video, audio = out.add_stream_from_template(seen.streams.video[0]), out.add_stream("aac", rate=16_000)
        audio.layout = "mono"
        packets = [p for p in seen.demux(video=0) if p.size]
        length = packets[-1].dts + packets[-1].duration - packets[0].dts
        blobs = [(bytes(p), p.pts, p.dts, p.is_keyframe, p.time_base) for p in packets]
        rounds = int(np.ceil(heard.duration / 1e6 / float(length * packets[0].time_base)))
        for index in range(rounds):
            for data, pts, dts, key, base in blobs:
                packet = av.Packet(data)
                packet.stream, packet.time_base, packet.is_keyframe = video, base, key
                packet.pts, packet.dts = pts + index * length, dts + index * length
                out.mux(packet)
        for frame in heard.decode(audio=0):
            out.mux(audio.encode(frame))
        out.mux(audio.encode())
    return path


def shifted(source: Path, path: Path, by_s: float) -> Path:
    """The same packets on a clock that starts later."""

    def later(packet: av.Packet) -> bool:
        ticks = round(by_s / packet.time_base)
        packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
        return True

    return faulty.remux(source, path, later)


def titled(source: Path, path: Path) -> Path:
    """A Matroska file whose title holds a terminal escape, a change of direction and bytes that are no UTF-8."""
    with av.open(str(source)) as media, av.open(str(path), "w") as out:
        out.metadata["title"] = "Two\x1b[31m <b>people</b>\u202e talk, XXXX"
        streams = {s.index: out.add_stream_from_template(s) for s in media.streams}
        for packet in media.demux():
            if packet.size:
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    return faulty.with_text(path, path.read_bytes().replace(b"XXXX", b"\xff\xfe\xe9\x80"))


def with_extras(source: Path, path: Path) -> Path:
    """The packets of `source` as default streams, between a cover picture, a small video and another sound."""
    with av.open(str(source)) as media, av.open(str(path), "w") as out:
        other = out.add_stream("libx264", rate=25)
        other.width, other.height, other.pix_fmt, other.disposition = 320, 240, "yuv420p", 0
        tone = out.add_stream("aac", rate=faulty.RATE_HZ, layout="mono")
        tone.disposition = 0
        streams = {s.index: out.add_stream_from_template(s) for s in media.streams}
        for stream in streams.values():
            stream.disposition = av.stream.Disposition.default
        for i in range(25):
            out.mux(other.encode(av.VideoFrame.from_ndarray(faulty.picture(i, 320, 240), format="rgb24")))
        out.mux(other.encode(None))
        faulty._encode(out, tone, faulty.tone(1.0), faulty.RATE_HZ, 0.0)
        for packet in media.demux():
            if packet.size:
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    return path


def turned(source: Path, path: Path) -> Path:
    """Pictures stored lying on their side, with the note in the MP4 that they are to be turned upright."""
    retake(source, path, picture=lambda i, image: np.ascontiguousarray(np.rot90(image)))
    data = bytearray(path.read_bytes())
    at = data.find(b"tkhd") + 4 + 4 + 20 + 8 + 8
    for offset, value in zip((0, 4, 12, 16), _TURNED, strict=True):
        data[at + offset : at + offset + 4] = value.to_bytes(4, "big", signed=True)
    return faulty.with_text(path, bytes(data))


def small(i: int, image: Picture) -> Picture:
    """People a few pixels tall in a large black picture."""
    tiny = np.zeros_like(image)
    part = image[::12, ::12]
    tiny[: part.shape[0], : part.shape[1]] = part
    return tiny


def leaves(i: int, image: Picture) -> Picture:
    """One of the two goes after two thirds."""
    if i < 150:
        return image
    gone = image.copy()
    gone[:, image.shape[1] // 2 :] = 16
    return gone


def music(duration_s: float) -> Sound:
    """[1, S] chords that change twice a second."""
    time_s = np.arange(round(duration_s * faulty.RATE_HZ)) / faulty.RATE_HZ
    root = 220.0 * 2.0 ** (np.array([0, 5, 7, 3])[(time_s * 2).astype(int) % 4] / 12)
    chord = sum(np.sin(2 * np.pi * np.cumsum(root * ratio) / faulty.RATE_HZ) for ratio in (1.0, 1.26, 1.5))
    return (0.1 * chord * (1 - (time_s * 2) % 1))[None].astype(np.float32)
