"""People to watch: real ones from shared recordings, watched once per test run, and drawn ones with a chosen mouth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from nonverbal.media.audio import read_audio
from nonverbal.media.video import read_frames
from nonverbal.pipeline.stage import Job
from nonverbal.types import Clip, Source, SpeakerSegment, Track
from nonverbal.venus.diarize import Diarization
from nonverbal.venus.watch import Sighting, Watch

GRID = "dialogue/grid_dialogue_9s.mp4"
GRID_TALK = Diarization(
    (SpeakerSegment("S0", 0.0, 2.69), SpeakerSegment("S1", 3.24, 5.82), SpeakerSegment("S0", 6.0, 8.76)), ("S0", "S1")
)
"""The true turns of `GRID`: S0 in the left panel, S1 in the right."""

FACES_ONLY = Watch(body_hz=1.0)  # bodies cost most of the time and these tests do not ask for them


def job_for(path: Path, start_s: float, end_s: float, threads: int = 2) -> Job:
    return Job(Source("source", str(path), 0), Clip("clip", "source", start_s, end_s), threads)


@cache
def watched(path: Path, end_s: float) -> tuple[Job, Sighting]:
    """Faces of the first `end_s` seconds."""
    job = job_for(path, 0.0, end_s)
    return job, FACES_ONLY.run(job, {})


def write_video(path: Path, pictures: Iterable[NDArray[np.uint8]], samples=None, fps: int = 25) -> Path:
    """An H.264 video, with [S] mono 16 kHz sound where given."""
    with av.open(str(path), "w") as out:
        video = None
        for i, picture in enumerate(pictures):
            if video is None:
                video = out.add_stream("libx264", rate=fps, options={"preset": "ultrafast", "crf": "18"})
                video.height, video.width, video.pix_fmt = *picture.shape[:2], "yuv420p"
                sound = out.add_stream("aac", rate=16_000, layout="mono") if samples is not None else None
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, fps)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if sound is not None:
            for begin in range(0, len(samples), 1024):
                frame = av.AudioFrame.from_ndarray(samples[None, begin : begin + 1024], format="fltp", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = 16_000, begin, Fraction(1, 16_000)
                out.mux(sound.encode(frame))
            out.mux(sound.encode(None))
    return path


DIRECTORS_CUT = ((0.0, "L"), (1.6, "R"), (2.4, "W"), (4.0, "R"), (5.2, "L"), (6.4, "W"), (7.4, "R"), (8.2, "L"))
"""Second and view: the left panel alone, the right one alone, or both (W)."""


def directors_cut(media: Path, path: Path) -> Path:
    """`GRID` as cameras would show it: cuts between either person and both, reaction shots among them; same sound."""
    starts = [second for second, _ in DIRECTORS_CUT]

    def pictures() -> Iterator[NDArray[np.uint8]]:
        for i, picture in enumerate(read_frames(media / GRID, 0.0, 9.0)):
            view = DIRECTORS_CUT[int(np.searchsorted(starts, i / 25 + 1e-6, side="right")) - 1][1]
            half = {"L": picture[:, :640], "R": picture[:, 640:], "W": picture}[view]
            width = 1280 if view == "W" else 640
            yield _canvas(cv2.resize(half, (width * 2 // 3, 341)), 854, 480)

    return write_video(path, pictures(), read_audio(media / GRID, 0.0, 9.0).samples)


def _canvas(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    canvas = np.full((height, width, 3), 40, np.uint8)
    top, left = (height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
    canvas[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return canvas


def drawn_track(
    opening: NDArray[np.floating], *, track_id: int = 0, start_frame: int = 0, x: float = 100.0, look: int = 0
) -> Track:
    """A person of whom only the mouth moves.

    Args:
        opening: [T] distance of the inner lips in face heights; 0.05 is wide open. NaN where the face is not seen.
        x: where the face stands.
        look: people with different numbers look different.
    """
    count = len(opening)
    valid = np.isfinite(opening)
    gap = np.nan_to_num(np.asarray(opening, np.float32)) * 100.0
    marks = np.zeros((count, 478, 3), np.float32)
    marks[:, :, 0], marks[:, :, 1] = x, 100.0
    marks[:, 10, 1], marks[:, 1, 1] = 50.0, 105.0
    marks[:, 152, 1] = 150.0 + 0.5 * gap
    marks[:, 13, 1], marks[:, 14, 1] = 125.0, 125.0 + gap
    marks[:, 61, 0], marks[:, 291, 0] = x - 15, x + 15
    lips = np.full((count, 32, 64), 150, np.uint8)
    for t in range(count):
        lips[t, 14 : 14 + round(float(gap[t])) + 1, 20:44] = 30
    marks[~valid], lips[~valid] = 0, 0
    boxes = np.tile(np.asarray([x - 40, 50, x + 40, 150], np.float32), (count, 1)) * valid[:, None]
    appearance = np.zeros(8, np.float32)
    appearance[look] = 1.0
    return Track(
        track_id=track_id,
        shot=0,
        start_frame=start_frame,
        face_box_px=boxes.astype(np.float32),
        face_score=valid.astype(np.float32),
        face_valid=valid,
        landmarks_px=marks,
        lips=lips,
        pose_px=np.zeros((count, 33, 3), np.float32),
        pose_world_m=np.zeros((count, 33, 3), np.float32),
        pose_visibility=np.zeros((count, 33), np.float32),
        pose_valid=np.zeros(count, bool),
        hands_px=np.zeros((count, 2, 21, 3), np.float32),
        hand_score=np.zeros((count, 2), np.float32),
        hand_valid=np.zeros((count, 2), bool),
        appearance=appearance,
    )


def sighting_of(*tracks: Track, still: float = 0.0, count: int | None = None) -> Sighting:
    return Sighting(count or max(t.end_frame for t in tracks), (0,), tracks, 640, 360, still)


def syllables(count: int, seed: int, rate_hz: float = 4.0) -> NDArray[np.float32]:
    """[count] how open a talking mouth is, 0..1: irregular bumps about `rate_hz` times a second."""
    random = np.random.default_rng(seed)
    curve = np.zeros(count, np.float32)
    t = 0.0
    while t < count:
        height, width = random.uniform(0.4, 1.0), random.uniform(1.2, 2.2)
        curve += height * np.exp(-0.5 * ((np.arange(count) - t) / width) ** 2)
        t += 25.0 / rate_hz * random.uniform(0.5, 1.7)
    return np.minimum(curve, 1.0).astype(np.float32)


def babble(curve: NDArray[np.floating], seed: int = 0) -> NDArray[np.float32]:
    """[S] 16 kHz voice-like noise as loud as `curve` [T] says, frame by frame."""
    random = np.random.default_rng(seed)
    level = np.interp(np.arange(len(curve) * 640) / 640.0 - 0.5, np.arange(len(curve)), curve)
    return (0.3 * level * random.standard_normal(len(level)).clip(-3, 3)).astype(np.float32)
