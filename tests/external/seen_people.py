"""A drawn video of two bright squares and the records of having watched it: inputs of the stage `estimate`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import av
import numpy as np

from nonverbal.pipeline.stage import Codec, Job
from nonverbal.pipeline.store import JsonCodec
from nonverbal.types import Clip, Source, SpeakerSegment, Track
from nonverbal.venus.diarize import Diarization
from nonverbal.venus.identity import Identities, Identity
from nonverbal.venus.speak import Speaking
from nonverbal.venus.watch import Sighting

TINY = str(Path(__file__).parent / "tiny_runner.py")
WIDTH, HEIGHT, COUNT = 320, 240, 30
BRIGHT = {"A": 200, "B": 100}
FACES = {"A": (60.0, 60.0, 100.0, 100.0), "B": (220.0, 60.0, 260.0, 100.0)}


def tiny_command(*flags: str) -> str:
    return " ".join([sys.executable, TINY, *flags])


def draw(path: Path, count: int = COUNT) -> Path:
    """Left half bright, right half darker, for `count` frames."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[:, : WIDTH // 2], picture[:, WIDTH // 2 :] = BRIGHT["A"], BRIGHT["B"]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "5"})
        stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "yuv420p"
        for i in range(count):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def track(track_id: int, box: tuple[float, float, float, float], start: int = 0, length: int = COUNT) -> Track:
    """A person whose face fills `box` and whose visible joints lie below it."""
    x0, y0, x1, y1 = box
    rng = np.random.default_rng(track_id)
    landmarks = rng.uniform((x0, y0, 0.0), (x1, y1, 1.0), (length, 478, 3))
    landmarks[:, 0], landmarks[:, 1] = (x0, y0, 0.0), (x1, y1, 0.0)
    pose = np.zeros((length, 33, 3))
    pose[:, 11], pose[:, 12] = (x0 - 20, y1 + 40, 0), (x1 + 20, y1 + 40, 0)
    visibility = np.zeros((length, 33), np.float32)
    visibility[:, 11:13] = 0.9
    return Track(
        track_id=track_id,
        shot=0,
        start_frame=start,
        face_box_px=np.tile(np.asarray(box, np.float32), (length, 1)),
        face_score=np.full(length, 0.9, np.float32),
        face_valid=np.ones(length, bool),
        landmarks_px=landmarks.astype(np.float32),
        lips=np.zeros((length, 32, 64), np.uint8),
        pose_px=pose.astype(np.float32),
        pose_world_m=np.zeros((length, 33, 3), np.float32),
        pose_visibility=visibility,
        pose_valid=np.ones(length, bool),
        hands_px=np.zeros((length, 2, 21, 3), np.float32),
        hand_score=np.zeros((length, 2), np.float32),
        hand_valid=np.zeros((length, 2), bool),
        appearance=np.ones(1, np.float32),
    )


def inputs(*tracks: Track, count: int = COUNT) -> dict[str, Any]:
    """The first track is speaker S0's, the second S1's; there are always two speakers."""
    segments = (SpeakerSegment("S0", 0.0, 0.6), SpeakerSegment("S1", 0.6, 1.2))
    given = tuple(Identity(f"S{i}", (track.track_id,), 1.0, 0.5) for i, track in enumerate(tracks))
    return {
        "watch": Sighting(count, (0,), tracks, WIDTH, HEIGHT, 0.0),
        "speak": Speaking(tuple(np.zeros(track.n_frames, np.float32) for track in tracks), 0, 1.0),
        "identity": Identities(given),
        "diarize": Diarization(segments, ("S0", "S1")),
    }


def job(path: Path) -> Job:
    return Job(Source("source", str(path), 0), Clip("clip", "source", 0.0, COUNT / 25), 1)


@dataclass(frozen=True)
class DrawnSource:
    """The first stage of a run over drawn videos: one clip of the whole file."""

    name: ClassVar[str] = "drawn_source"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ()
    codec: ClassVar[Codec | None] = JsonCodec(tuple[Clip, ...])

    def run(self, job: Job, inputs: Mapping[str, Any]) -> tuple[Clip, ...]:
        with av.open(job.source.path) as media:
            duration_s = media.streams.video[0].frames / 25
        return (Clip(job.source.source_id[:32], job.source.source_id, 0.0, duration_s),)


def _of_a_clip(part: str, job: Job) -> Any:
    assert job.clip is not None
    count = round(job.clip.duration_s * 25)
    return inputs(track(1, FACES["A"], 0, count), track(2, FACES["B"], 0, count), count=count)[part]


def _stage(part: str) -> type:
    """A stage that pretends to have watched and heard, and returns `part` of it from memory."""

    @dataclass(frozen=True)
    class Drawn:
        name: ClassVar[str] = part
        version: ClassVar[int] = 1
        reads: ClassVar[tuple[str, ...]] = ()
        codec: ClassVar[Codec | None] = None

        def run(self, job: Job, inputs: Mapping[str, Any]) -> Any:
            return _of_a_clip(part, job)

    Drawn.__qualname__ = f"drawn_{part}"
    return Drawn


drawn_watch, drawn_speak, drawn_identity, drawn_diarize = map(_stage, ("watch", "speak", "identity", "diarize"))
