"""What the tests of the speech stages share: jobs on real recordings, each diarized once a test run."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from nonverbal.media.container import open_media
from nonverbal.pipeline.stage import Job
from nonverbal.types import Clip, Source
from nonverbal.venus.diarize import Diarization, Diarize


@lru_cache
def job_of(path: Path) -> Job:
    """A job on a whole recording."""
    with open_media(path) as media:
        seconds = media.container.duration / 1e6
    return Job(Source("", str(path), path.stat().st_size), Clip("", "", 0.0, seconds))


def job_with(samples: np.ndarray) -> Job:
    """A job on sound made by code."""
    job = Job(Source("", "", 0), Clip("", "", 0.0, len(samples) / 16000))
    job.__dict__["audio"] = SimpleNamespace(samples=samples.astype(np.float32), rate_hz=16000)
    return job


@lru_cache
def diarized(path: Path) -> Diarization:
    """All speakers of a recording, also where the stage would reject it."""
    return Diarize().diarize(job_of(path).audio.samples, lambda done: None)


def music(seconds: float) -> np.ndarray:
    """Chords with a drum, twice a second."""
    rng = np.random.default_rng(0)
    times = np.arange(round(seconds * 16000)) / 16000
    sound = np.zeros_like(times)
    for beat in np.arange(0, seconds, 0.5):
        since = np.maximum(times - beat, 0.0)
        started = times >= beat
        for pitch_hz in rng.choice([220.0, 261.6, 329.6, 392.0, 440.0], 3):
            tone = sum(np.sin(2 * np.pi * pitch_hz * h * times) / h for h in (1, 2, 3))
            sound += started * 0.1 * np.exp(-3 * since) * tone
        sound += started * 0.1 * np.exp(-30 * since) * rng.standard_normal(len(times))
    return sound
