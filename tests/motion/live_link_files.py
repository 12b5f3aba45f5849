"""Recordings of Live Link Face as tests need them: with other columns, rates, timecodes and faults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from nonverbal.motion.live_link import COLUMNS

SEVEN = ("HeadPositionX", "HeadPositionY", "HeadPositionZ", "TongueLeft", "TongueRight", "TongueUp", "TongueDown")
"""Columns of other kinds that make 68."""

Curve = Callable[[float], float]


def stamp_of(frame: int, counted: int) -> str:
    """The timecode of a frame of `counted` a second."""
    whole = frame // counted
    return f"{whole // 3600 % 24:02}:{whole // 60 % 60:02}:{whole % 60:02}:{frame % counted:02}.000"


def drop_frame_stamp(frame: int, counted: int, mark: str = ";") -> str:
    """The same, leaving out the first two (of 30) or four (of 60) numbers of each minute but every tenth."""
    drop = counted // 15
    tens, rest = divmod(frame, 600 * counted - 9 * drop)
    minutes = 0 if rest < 60 * counted else 1 + (rest - 60 * counted) // (60 * counted - drop)
    frame += drop * (9 * tens + minutes)
    return stamp_of(frame, counted)[:8] + mark + stamp_of(frame, counted)[9:]


def recording(
    path: Path, stamps: Sequence[str], times_s: Sequence[float], columns: Sequence[str] = COLUMNS, **curves: Curve
) -> Path:
    """Writes rows at the given timecodes; `curves` give columns as functions of the true seconds."""
    lines = [",".join(("Timecode", "BlendShapeCount", *columns))]
    for stamp, time_s in zip(stamps, times_s, strict=True):
        values = (f"{curves[name](time_s):.8f}" if name in curves else "0.0" for name in columns)
        lines.append(",".join((stamp, str(len(columns)), *values)))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def steady(path: Path, count: int = 90, fps: int = 30, columns: Sequence[str] = COLUMNS, **curves: Curve) -> Path:
    """Rows without a fault, `fps` a second."""
    stamps = [stamp_of(i, fps) for i in range(count)]
    return recording(path, stamps, (np.arange(count) / fps).tolist(), columns, **curves)
