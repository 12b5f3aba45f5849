"""Measures `watch` on a video: speed, core-seconds and memory, where the time goes, and who is said to talk when.

    python benchmarks/watch.py VIDEO [--seconds 60] [--threads 2] [--parts] [--rttm TRUTH --left A]

With --rttm the speaking scores are compared with the truth: the named speaker sits on the left.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import psutil

from nonverbal.media.probe import probe
from nonverbal.pipeline.stage import Job
from nonverbal.timeline import spans_to_mask
from nonverbal.types import Clip, Source, Span, SpeakerSegment
from nonverbal.venus.diarize import Diarization
from nonverbal.venus.speak import Speak
from nonverbal.venus.watch import Sighting, Watch

PARTS = {
    "face detection": "nonverbal.venus.watch.detect_faces",
    "face mesh": "nonverbal.backends.mediapipe_mesh.MeshTracker.see",
    "pose": "nonverbal.backends.mediapipe_pose.PoseTracker.see",
    "hands": "nonverbal.backends.mediapipe_hands.HandTracker.see",
    "appearance": "nonverbal.backends.appearance.describe",
    "mouth region": "nonverbal.venus.person.mouth_region",
    "cuts": "nonverbal.venus.shots.ShotFinder.is_cut",
    "start of models": "nonverbal.backends.mediapipe_graph.Graph.__init__",
}


@dataclass
class Usage:
    """Wall seconds, core-seconds, and resident megabytes at the highest tick."""

    wall_s: float = 0.0
    core_s: float = 0.0
    peak_mb: float = 0.0


def watch(path: Path, seconds: float, threads: int) -> tuple[Job, Sighting, Usage]:
    """Runs the stage over the first `seconds` of a video."""
    process, usage = psutil.Process(), Usage()

    def tick(_: float) -> None:
        usage.peak_mb = max(usage.peak_mb, process.memory_info().rss / 2**20)

    job = Job(Source("bench", str(path), 0), Clip("bench", "bench", 0.0, seconds), threads, tick)
    wall, core = time.perf_counter(), time.process_time()
    sighting = Watch().run(job, {})
    usage.wall_s, usage.core_s = time.perf_counter() - wall, time.process_time() - core
    tick(1.0)
    return job, sighting, usage


@contextmanager
def timed(spent: dict[str, float]) -> Iterator[None]:
    """Adds the wall seconds of each part to `spent`; meaningful on one thread of an idle machine."""

    def around(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                spent[name] += time.perf_counter() - began

        return measured

    patches = []
    for name, target in PARTS.items():
        owner, attribute = mock._get_target(target)  # type: ignore[attr-defined]
        patches.append(mock.patch(target, around(name, getattr(owner(), attribute))))
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def accuracy(job: Job, sighting: Sighting, rttm: Path, left: str) -> dict[str, float]:
    """Shares of frames in which the speaking scores are right about who talks, given the true turns."""
    rows = [line.split() for line in rttm.read_text().splitlines() if line.startswith("SPEAKER")]
    segments = tuple(SpeakerSegment(r[7], float(r[3]), float(r[3]) + float(r[4])) for r in rows)
    names = tuple(dict.fromkeys(s.speaker for s in segments))
    speaking = Speak().run(job, {"watch": sighting, "diarize": Diarization(segments, names)})
    truth = {
        n: spans_to_mask([Span(s.start_s, s.end_s) for s in segments if s.speaker == n], sighting.n_frames)
        for n in names
    }
    middle = sighting.width_px / 2
    scores = {name: np.zeros(sighting.n_frames) for name in names}
    other = next(n for n in names if n != left)
    for track, score in zip(sighting.tracks, speaking.scores, strict=True):
        name = left if track.face_box_px[track.face_valid][:, [0, 2]].mean() < middle else other
        scores[name][track.start_frame : track.end_frame] = score
    talk = truth[left] ^ truth[other]
    chosen = scores[left] > scores[other]
    right = np.concatenate([(scores[n] > 0.5) == truth[n] for n in names])
    return {
        "the right one of both while one talks": float((chosen == truth[left])[talk].mean()),
        "each person, each frame, score > 0.5": float(right.mean()),
        "lag_frames": float(speaking.lag_frames),
        "sync": speaking.sync,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--parts", action="store_true", help="where the time goes; runs on one thread")
    parser.add_argument("--rttm", type=Path)
    parser.add_argument("--left", default="A")
    arguments = parser.parse_args()
    seconds = min(arguments.seconds, probe(arguments.video).duration_s)
    spent: dict[str, float] = defaultdict(float)
    if arguments.parts:
        with timed(spent):
            job, sighting, usage = watch(arguments.video, seconds, 1)
    else:
        job, sighting, usage = watch(arguments.video, seconds, arguments.threads)
    print(
        f"{seconds:.2f} s at {sighting.width_px}x{sighting.height_px}: {sighting.n_frames / usage.wall_s:.1f} frames/s,"
    )
    print(f"  {usage.wall_s / seconds:.2f} s wall and {usage.core_s / seconds:.2f} core-seconds per second of video,")
    print(f"  {usage.peak_mb:.0f} MB resident at most; {len(sighting.shots)} shot(s), {len(sighting.tracks)} track(s)")
    for name, part in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"  {name:16} {part / usage.wall_s:6.1%}  {part / seconds * 1e3:7.1f} ms per second of video")
    if spent:
        print(f"  {'decode and rest':16} {1 - sum(spent.values()) / usage.wall_s:6.1%}")
    if arguments.rttm:
        for name, value in accuracy(job, sighting, arguments.rttm, arguments.left).items():
            print(f"  {name}: {value:.3f}")


if __name__ == "__main__":
    main()
