"""Makes a long 1280x720 podcast from a short recording: pictures encoded once and repeated, sound repeated."""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

FPS = 25
RATE_HZ = 48_000


def make_long_video(source: Path, target: Path, seconds: float, width_px: int = 1280, height_px: int = 720) -> Path:
    """Writes `seconds` of `source` in a loop to `target` as H.264 + AAC; keeps an existing `target`.

    The short video is scaled to fit and padded with black. Only its first pass is encoded: later passes copy the
    compressed pictures with later times, so ten minutes take seconds to make.
    """
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    pictures, sound = _decode(source, width_px, height_px)
    partial = target.with_suffix(".part.mp4")
    with av.open(str(partial), "w") as container:
        video = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "20", "bf": "0"})
        video.width, video.height, video.pix_fmt = width_px, height_px, "yuv420p"
        video.gop_size = 2 * FPS
        audio = container.add_stream("aac", rate=RATE_HZ, layout="mono", bit_rate=96_000)
        packets = [p for picture in pictures for p in video.encode(av.VideoFrame.from_ndarray(picture))]
        packets += video.encode()
        total_frames = round(seconds * FPS)
        ticks = Fraction(1, FPS) / packets[0].time_base
        blobs = [(bytes(p), p.is_keyframe) for p in packets]
        samples = np.resize(sound, round(seconds * RATE_HZ))
        for second in range(int(np.ceil(seconds))):
            for frame in range(second * FPS, min((second + 1) * FPS, total_frames)):
                blob, key = blobs[frame % len(blobs)]
                packet = av.Packet(blob)
                packet.stream, packet.time_base, packet.is_keyframe = video, packets[0].time_base, key
                packet.pts = packet.dts = int(frame * ticks)
                container.mux(packet)
            _mux_sound(container, audio, samples, second)
        container.mux(audio.encode())
    partial.rename(target)
    return target


def _mux_sound(
    container: av.container.OutputContainer, stream: object, samples: NDArray[np.float32], second: int
) -> None:
    piece = samples[second * RATE_HZ : (second + 1) * RATE_HZ]
    frame = av.AudioFrame.from_ndarray(piece[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, second * RATE_HZ, Fraction(1, RATE_HZ)
    container.mux(stream.encode(frame))  # type: ignore[attr-defined]


def _decode(source: Path, width_px: int, height_px: int) -> tuple[list[NDArray[np.uint8]], NDArray[np.float32]]:
    with av.open(str(source)) as container:
        pictures = [_fit(f.to_ndarray(format="rgb24"), width_px, height_px) for f in container.decode(video=0)]
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE_HZ)
    with av.open(str(source)) as container:
        pieces = [r.to_ndarray()[0] for f in container.decode(audio=0) for r in resampler.resample(f)]
    wanted = round(len(pictures) / FPS * RATE_HZ)
    sound = np.concatenate(pieces)[:wanted]
    return pictures, np.pad(sound, (0, wanted - len(sound))).astype(np.float32)


def _fit(picture: NDArray[np.uint8], width_px: int, height_px: int) -> NDArray[np.uint8]:
    scale = min(width_px / picture.shape[1], height_px / picture.shape[0])
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    canvas = np.zeros((height_px, width_px, 3), np.uint8)
    top, left = (height_px - small.shape[0]) // 2, (width_px - small.shape[1]) // 2
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--seconds", type=float, default=600.0)
    arguments = parser.parse_args()
    print(make_long_video(arguments.source, arguments.target, arguments.seconds))


if __name__ == "__main__":
    main()
