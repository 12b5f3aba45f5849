"""Made-up takes: slow waves in all columns, and rotations of any size."""

from __future__ import annotations

import numpy as np

from nonverbal.formats.take import Take
from nonverbal.types import F32, Word

WORDS = (Word("Hello,", 0.1, 0.3, 0.9), Word("<b>you</b>", 0.3, 0.62, 0.5, True))


def waves(rng: np.random.Generator, count: int, width: int) -> F32:
    """[count, width] in [-1, 1], changing little from row to row."""
    phase, speed = rng.uniform(0, 2 * np.pi, width), rng.uniform(0.02, 0.2, width)
    return np.sin(phase + speed * np.arange(count)[:, None]).astype(np.float32)


def made_take(count: int = 40, fps: float = 25.0, seed: int = 0, face_space: str = "arkit52") -> Take:
    """A take with everything, `count` frames."""
    rng = np.random.default_rng(seed)
    width = {"arkit52": 52, "flame53": 53}[face_space]
    face = waves(rng, count, width)
    return Take(
        name="made",
        fps=fps,
        face_space=face_space,
        face=np.abs(face) if face_space == "arkit52" else face,
        body_space="smplx117",
        body=0.8 * waves(rng, count, 117),
        gaze=0.3 * waves(rng, count, 4),
        words=WORDS if count >= 16 else (),
        validity=np.ones((count, 6), np.uint8),
        source="made up",
        licence="CC0-1.0",
    )
