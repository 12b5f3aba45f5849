"""Measures how fast cues are made: seconds for two people over ten minutes on one core.

    python benchmarks/cues.py VIDEO

Only the longest track of the video is looked at, played over and over. Set OMP_NUM_THREADS=1 to time one core.
How good cues are, `nonverbal benchmark accuracy` and `nonverbal benchmark real` tell.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from nonverbal.media.probe import probe
from nonverbal.pipeline.stage import Job
from nonverbal.types import Clip, Source, SpeakerSegment, Track
from nonverbal.venus.cues import Cues
from nonverbal.venus.watch import Sighting, Watch

SPEED_MINUTES = 10


def sight(video: Path) -> tuple[Job, Sighting]:
    """The video as one clip, watched."""
    source_id = hashlib.sha256(video.read_bytes()).hexdigest()
    clip = Clip(f"{source_id[:16]}", source_id, 0.0, probe(video).duration_s)
    job = Job(Source(source_id, str(video), video.stat().st_size), clip)
    return job, Watch().run(job, {})


def longest(sighting: Sighting) -> Track:
    return max(sighting.tracks, key=lambda track: track.n_frames)


def stretched(track: Track, count: int, track_id: int) -> Track:
    """The track played over and over until it has `count` frames."""
    rows = np.arange(count) % track.n_frames
    arrays: dict[str, Any] = {
        name: getattr(track, name)[rows]
        for name in Track.__dataclass_fields__
        if isinstance(getattr(track, name), np.ndarray) and name != "appearance"
    }
    return replace(track, track_id=track_id, start_frame=0, **arrays)


def speed(video: Path) -> None:
    """Prints the seconds that `Cues` takes for two people over ten minutes."""
    job, sighting = sight(video)
    count = SPEED_MINUTES * 60 * 25
    tracks = tuple(stretched(longest(sighting), count, i) for i in (0, 1))
    segments = tuple(SpeakerSegment(f"S{i % 2}", i * 5.0, i * 5.0 + 5.0) for i in range(SPEED_MINUTES * 12))
    inputs = {
        "watch": replace(sighting, n_frames=count, tracks=tracks),
        "speak": SimpleNamespace(scores=tuple(np.zeros(count, np.float32) for _ in tracks)),
        "diarize": SimpleNamespace(segments=segments, speakers=("S0", "S1")),
        "identity": SimpleNamespace(
            assignments=tuple(SimpleNamespace(speaker=f"S{i}", track_ids=(i,)) for i in (0, 1)),
        ),
    }
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    Cues().run(job, inputs)
    wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    print(f"{SPEED_MINUTES} minutes, two people: {wall_s:.1f} s wall, {cpu_s:.1f} s of processor time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    speed(parser.parse_args().video)


if __name__ == "__main__":
    main()
