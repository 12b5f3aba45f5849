"""A film of three people, put together from single talkers: three panels side by side, turns A B C A B C.

Who listens is shown by the first moments of a recording, forwards and backwards, while the mouth is still closed.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import numpy as np

from nonverbal.media.audio import read_audio
from nonverbal.media.encode import Mp4Writer
from nonverbal.media.video import read_frames
from nonverbal.types import SpeakerSegment

TALKERS = (("pwij3p", "id2_vcd_swwp2s"), ("lwbsza", "lwbsza"), ("sbwe5n", "sbwe5n"))
"""The recordings of A, B and C, one a turn; only of the first there are two."""

TURN_S = 3.0
SECONDS = TURN_S * 6
TURNS = tuple(SpeakerSegment("ABC"[i % 3], i * TURN_S, (i + 1) * TURN_S) for i in range(6))
"""Whose recording is heard when; up to a second of silence lies at the edges of each."""

_FRAMES = round(TURN_S * 25)
_CLOSED = 6  # frames before anybody opens the mouth


def write_film_of_three(grid: Path, path: Path) -> Path:
    """Writes the film from the folder `grid` of single talkers."""
    names = sorted(set(chain(*TALKERS)))
    shown = {name: _pictures(grid / f"{name}.mpg") for name in names}
    heard = {name: read_audio(grid / f"{name}.mpg", 0.0, TURN_S).samples for name in names}
    spoken = [TALKERS[i % 3][i // 3] for i in range(6)]
    sound = np.concatenate([np.resize(heard[name], round(TURN_S * 16_000)) for name in spoken])
    height, width = next(iter(shown.values())).shape[1:3]
    with Mp4Writer(path, 3 * width, height, 25, sound, 16_000, crf=16) as film:
        for i in range(6 * _FRAMES):
            turn, frame = divmod(i, _FRAMES)
            panels = [shown[TALKERS[k][turn // 3]][frame if turn % 3 == k else _rest(i)] for k in range(3)]
            film.add(np.ascontiguousarray(np.concatenate(panels, axis=1)))
    return path


def _pictures(path: Path) -> np.ndarray:
    """[75, H, W, 3]; the last picture stays where the recording ends early."""
    frames = list(read_frames(path, 0.0, TURN_S))
    return np.stack([*frames, *[frames[-1]] * (_FRAMES - len(frames))])


def _rest(i: int) -> int:
    """A frame before the mouth opens: 0 1 2 3 4 5 4 3 2 1 0 1 ..."""
    return _CLOSED - 1 - abs(i % (2 * _CLOSED - 2) - (_CLOSED - 1))
