"""Bad and odd media, made by code: each function writes one file and returns its path.

The good ones they start from are small (128 x 96 pixels, 2 s) and made here too, so no test needs a download.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000


def tone(duration_s: float, rate_hz: int = RATE_HZ, hz: float = 440.0, level: float = 0.3) -> NDArray[np.float32]:
    """[1, S] a sine."""
    return (level * np.sin(2 * np.pi * hz * np.arange(round(duration_s * rate_hz)) / rate_hz))[None].astype(np.float32)


def clicks(duration_s: float, at_s: Sequence[float], rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    """[1, S] silence with a 4 ms burst of 1 kHz around each time."""
    samples = np.zeros(round(duration_s * rate_hz), np.float32)
    time_s = np.arange(len(samples)) / rate_hz
    for t in at_s:
        samples += 0.5 * np.exp(-(((time_s - t) / 0.002) ** 2)) * np.cos(2 * np.pi * 1000 * (time_s - t))
    return samples[None].astype(np.float32)


def picture(index: int, width: int = 128, height: int = 96) -> NDArray[np.uint8]:
    """[H, W, 3] whose brightness in the upper half tells the index (4 levels a step), the lower half is textured."""
    image = np.full((height, width, 3), (16 + 4 * index) % 224, np.uint8)
    y, x = np.mgrid[: height - height // 2, :width]
    image[height // 2 :, :, 0] = (x * 3 + y * 5 + index * 7) % 256
    return image


def index_of(image: NDArray[np.uint8]) -> int:
    """Which `picture` an upright decoded image shows."""
    return round((float(image[4 : image.shape[0] // 2 - 4].mean()) - 16) / 4)


def make_video(
    path: Path,
    *,
    seconds: float = 2.0,
    fps: float = 25,
    size: tuple[int, int] = (128, 96),
    sound: NDArray[np.float32] | str | None = "tone",
    codecs: tuple[str, str] = ("libx264", "aac"),
    pixels: str = "yuv420p",
    times_s: Sequence[float] | None = None,
    sound_start_s: float = 0.0,
    shift_s: float = 0.0,
    options: dict[str, str] | None = None,
    **container_options: str,
) -> Path:
    """A video whose pictures tell their index, with a tone, given samples [1, S], or no sound (None).

    Args:
        times_s: when each picture is shown, instead of every 1/fps.
        sound_start_s: when the sound begins.
        shift_s: added to all times: the clock of the file at its start.
        container_options: of the muxer, like ``movflags="faststart"``.
    """
    times = [i / fps for i in range(round(seconds * fps))] if times_s is None else list(times_s)
    if isinstance(sound, str):
        sound = tone(seconds)
    with av.open(str(path), "w", options=container_options) as out:
        video = out.add_stream(codecs[0], rate=Fraction(fps).limit_denominator(1001), options=options or {})
        video.width, video.height, video.pix_fmt = *size, pixels
        if "mpeg" in codecs[0]:
            video.bit_rate = 4_000_000  # at their usual rate the pictures lose their index
        # the old MPEG encoders refuse a clock finer than their pictures
        video.codec_context.time_base = (
            1 / video.codec_context.framerate if "mpeg" in codecs[0] else Fraction(1, 90_000)
        )
        audio = out.add_stream(codecs[1], rate=RATE_HZ, layout="mono") if sound is not None else None
        for i, time_s in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(i, *size), format="rgb24")
            frame.pts, frame.time_base = round((time_s + shift_s) * 90_000), Fraction(1, 90_000)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if audio is not None:
            _encode(out, audio, sound, RATE_HZ, sound_start_s + shift_s)
    return path


def make_sound(
    path: Path, samples: NDArray[np.float32], *, rate_hz: int = RATE_HZ, codec: str = "pcm_s16le", layout: str = "mono"
) -> Path:
    """A file that holds [channels, S] samples and nothing else."""
    with av.open(str(path), "w") as out:
        _encode(out, out.add_stream(codec, rate=rate_hz, layout=layout), samples, rate_hz, 0.0)
    return path


def _encode(out, stream, samples, rate_hz: int, start_s: float) -> None:
    context = stream.codec_context
    layout = context.layout.name
    wanted = context.format.name if context.format else "s16"
    resampler = av.AudioResampler(wanted, layout, rate_hz, frame_size=context.frame_size or 1024)
    for begin in range(0, samples.shape[1], rate_hz):
        part = np.ascontiguousarray(samples[:, begin : begin + rate_hz])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=layout)
        frame.sample_rate, frame.time_base = rate_hz, Fraction(1, rate_hz)
        frame.pts = begin + round(start_s * rate_hz)
        for piece in resampler.resample(frame):
            out.mux(stream.encode(piece))
    for piece in resampler.resample(None):
        out.mux(stream.encode(piece))
    out.mux(stream.encode(None))


def float_wav(
    path: Path, samples: NDArray[np.floating], *, rate_hz: int = 16_000, claimed_bytes: int | None = None
) -> Path:
    """A float32 WAV of [S, channels] samples, NaN and all; its header may claim another number of bytes."""
    data = np.atleast_2d(samples.astype("<f4").T).T
    channels = data.shape[1]
    body = data.tobytes()
    size = len(body) if claimed_bytes is None else claimed_bytes
    form = (3, channels, rate_hz, rate_hz * 4 * channels, 4 * channels, 32)
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", min(size + 36, 2**32 - 1), b"WAVE", b"fmt ", 16, *form)
    path.write_bytes(head + struct.pack("<4sI", b"data", size) + body)
    return path


def with_text(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def header_only(path: Path) -> Path:
    """The first box of an MP4 and nothing more."""
    return with_text(path, struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 512, b"isom"))


def cut(source: Path, path: Path, share: float) -> Path:
    """The first `share` of a file."""
    data = source.read_bytes()
    return with_text(path, data[: int(len(data) * share)])


def cut_bytes(source: Path, path: Path, count: int) -> Path:
    """A file without its last `count` bytes."""
    return with_text(path, source.read_bytes()[:-count])


def flipped(source: Path, path: Path, stream: str = "video", at: float = 0.5, count: int = 40) -> Path:
    """Bytes inverted inside packets of a stream, from the given share of them on; everything else is as it was."""
    with av.open(str(source)) as media:
        packets = [(p.pos, p.size) for p in media.demux(getattr(media.streams, stream)[0]) if p.size and p.pos]
    data = bytearray(source.read_bytes())
    for pos, size in packets[int(at * len(packets)) :][:8]:
        middle = pos + size // 2
        for i in range(middle, min(middle + count, pos + size)):
            data[i] ^= 0xFF
    return with_text(path, bytes(data))


def one_bit_flipped(source: Path, path: Path, rng: np.random.Generator) -> Path:
    """One bit inverted in the second half of one video packet."""
    with av.open(str(source)) as media:
        packets = [(p.pos, p.size) for p in media.demux(media.streams.video[0]) if p.size and p.pos]
    pos, size = packets[rng.integers(len(packets))]
    data = bytearray(source.read_bytes())
    data[pos + size // 2 + int(rng.integers(max(1, size // 3)))] ^= 1 << int(rng.integers(8))
    return with_text(path, bytes(data))


def long_header(source: Path, path: Path, hours: float = 100.0) -> Path:
    """An MP4 whose header says it lasts `hours`, while its packets are as they were."""
    data = bytearray(source.read_bytes())
    for box, duration_at, scale_at in ((b"mvhd", 20, 16), (b"mdhd", 20, 16), (b"tkhd", 24, None)):
        at = data.find(box)
        while at >= 0:
            scale = struct.unpack(">I", data[at + scale_at : at + scale_at + 4])[0] if scale_at else 1000
            struct.pack_into(">I", data, at + duration_at, min(int(hours * 3600 * scale), 2**32 - 1))
            at = data.find(box, at + 4)
    at = data.find(b"elst")
    while at >= 0:  # the edit list would cut what the lie adds
        last = at + 12 * struct.unpack(">I", data[at + 8 : at + 12])[0]
        struct.pack_into(">I", data, last, int(hours * 3_600_000))
        at = data.find(b"elst", at + 4)
    return with_text(path, bytes(data))


def long_matroska_header(source: Path, path: Path, hours: float = 100.0) -> Path:
    """A Matroska file whose Duration element says `hours`."""
    data = bytearray(source.read_bytes())
    at = data.find(b"\x44\x89\x88")
    assert at > 0, "no 8-byte Duration element"
    struct.pack_into(">d", data, at + 3, hours * 3_600_000.0)
    return with_text(path, bytes(data))


def remux(source: Path, path: Path, change: Callable[[av.Packet], bool] = lambda packet: True, **options: str) -> Path:
    """The packets for which `change` is true, as they are after it, in a new container."""
    with av.open(str(source)) as media, av.open(str(path), "w", options=options) as out:
        streams = {s.index: out.add_stream_from_template(s) for s in media.streams}
        for packet in media.demux():
            if packet.size and change(packet):
                packet.stream = streams[packet.stream_index]
                out.mux(packet)
    return path


def with_cover(path: Path, source: Path | None = None) -> Path:
    """Sound (of `source`, else a tone) and a still picture marked as cover art."""
    with av.open(str(path), "w") as out:
        cover = out.add_stream("png", rate=1)
        cover.width, cover.height, cover.pix_fmt = 640, 480, "rgb24"
        cover.disposition = av.stream.Disposition.attached_pic
        audio = out.add_stream("aac", rate=RATE_HZ, layout="mono")
        frame = av.VideoFrame.from_ndarray(picture(3, 640, 480), format="rgb24")
        frame.pts = 0
        out.mux(cover.encode(frame))
        out.mux(cover.encode(None))
        _encode(out, audio, tone(2.0), RATE_HZ, 0.0)
    return path


def huge_video(path: Path, side: int = 8192) -> Path:
    """One empty picture of side x side pixels, with a tone."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("mjpeg", rate=25)
        video.width, video.height, video.pix_fmt = side, side, "yuvj420p"
        audio = out.add_stream("aac", rate=RATE_HZ, layout="mono")
        frame = av.VideoFrame(side, side, "yuvj420p")
        frame.pts = 0
        out.mux(video.encode(frame))
        out.mux(video.encode(None))
        _encode(out, audio, tone(2.0), RATE_HZ, 0.0)
    return path


def two_of_each(path: Path, *, main: int = 1) -> Path:
    """A Matroska file with two video and two audio streams, of which number `main` of each is the default one.

    The default video is the small one (128 x 96; the other 320 x 240), the default sound is at 880 Hz (the other 220).
    """
    default = av.stream.Disposition.default
    with av.open(str(path), "w") as out:
        for i in range(2):
            size = (128, 96) if i == main else (320, 240)
            video = out.add_stream("libx264", rate=25)
            video.width, video.height, video.pix_fmt = *size, "yuv420p"
            video.disposition = default if i == main else 0
        for i in range(2):
            audio = out.add_stream("aac", rate=RATE_HZ, layout="mono")
            audio.disposition = default if i == main else 0
        for video in out.streams.video:
            for i in range(50):
                frame = av.VideoFrame.from_ndarray(picture(i, video.width, video.height), format="rgb24")
                out.mux(video.encode(frame))
            out.mux(video.encode(None))
        for i, audio in enumerate(out.streams.audio):
            _encode(out, audio, tone(2.0, hz=880.0 if i == main else 220.0), RATE_HZ, 0.0)
    return path


HOSTILE_NAMES = (
    "new\nline.mp4", "quo\"te'.mp4", "-i.mp4", "--help.mp4", "http:x.mp4", "pipe:0.mp4", "%d.mp4", "a b;rm *.mp4",
    "x" * 251 + ".mp4", "\udcff\udcfe.mp4", "right\u202eleft.mp4", "\x1b[31mred.mp4",
)  # fmt: skip
"""File names that shells, libav or a terminal take for something else; the one with surrogates is not UTF-8."""

DISGUISES = {
    "text": b"just some text, no media at all\n" * 40,
    "html": b"<!DOCTYPE html><html><body><h1>403 Forbidden</h1></body></html>",
    "zeros": bytes(1 << 20),
    "hls": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n%b\n#EXT-X-ENDLIST\n",
    "concat": b"ffconcat version 1.0\nfile '%b'\n",
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "dash": b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>%b</BaseURL></MPD>",
    "png": b"\x89PNG\r\n\x1a\n" + bytes(64),
}
"""What files named .mp4 may hold instead; %b stands for the name of a second file."""
