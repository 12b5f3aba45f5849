"""How large motion is on disk, how fast it comes back, and how many bytes are copied on the way into numpy.

    python benchmarks/read_motion.py [--minutes 10] [--dialogues 8]

Reading a row means decompressing Parquet pages into Arrow's memory once. What follows, Arrow to numpy, is measured as
bytes: what Arrow allocates anew, what numpy allocates (tracemalloc), and whether each array lies inside Arrow's buffer.
The made-up motion is smooth but noisy in every digit, so real motion, much of it held still, compresses better.
"""

from __future__ import annotations

import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tyro
from rich.console import Console
from rich.table import Table

from nonverbal.dataset.motion_codec import MotionCodec, motion_of_row
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.rows import SourceVerdict
from nonverbal.dataset.schema import ARRAY_COLUMNS
from nonverbal.dataset.splits import SplitConfig
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_motion, synthetic_source, synthetic_transcript
from nonverbal.venus.assemble import FinishedClip, assemble

_REPEATS = 5


def seconds(work: Callable[[], Any]) -> float:
    """The best of a few runs."""
    times = []
    for _ in range(_REPEATS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def copied_bytes(table: pa.Table) -> tuple[int, int, int]:
    """Bytes that Arrow and numpy allocate to hand out a row, and how many arrays do not lie in Arrow's buffers."""
    arrow_before = pa.total_allocated_bytes()
    tracemalloc.start()
    motion = motion_of_row(table)
    numpy_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    owned = sum(getattr(motion, name).flags.owndata for name in ARRAY_COLUMNS)
    return pa.total_allocated_bytes() - arrow_before, numpy_bytes, owned


def build(folder: Path, dialogues: int, duration_s: float) -> Path:
    """A dataset of made-up dialogues."""
    finished = []
    for talk in range(dialogues):
        source = synthetic_source(talk)
        clip = synthetic_clip(source, duration_s=duration_s)
        path = folder / f"{clip.clip_id}.parquet"
        MotionCodec().write(path, synthetic_motion(clip, talk))
        transcript = synthetic_transcript(clip, talk)
        finished.append(FinishedClip(clip, source, str(talk), path, lambda transcript=transcript: transcript))
    assemble(folder / "ds", finished, [], [SourceVerdict(f.source) for f in finished], SplitConfig(), {})
    return folder / "ds"


def main(minutes: float = 10.0, dialogues: int = 8) -> None:
    """Measure motion files of `minutes` minutes, in a dataset of `dialogues` dialogues."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report = Table("what", "value", title=f"two participants, {minutes:g} minutes")
        for row in [*measure_file(folder, 60 * minutes), *measure_dataset(folder, dialogues, 60 * minutes)]:
            report.add_row(*row)
    Console().print(report)


def measure_file(folder: Path, duration_s: float) -> list[tuple[str, str]]:
    """Size, speed and copies of one motion file."""
    motion = synthetic_motion(synthetic_clip(synthetic_source(0), duration_s=duration_s))
    raw = sum(getattr(m, column).nbytes for m in motion.participants for column in ARRAY_COLUMNS)
    path = folder / "one.parquet"
    codec = MotionCodec()
    write_s = seconds(lambda: codec.write(path, motion))
    read_s = seconds(lambda: codec.read(path))
    table = pq.ParquetFile(path).read_row_group(0)
    view_s = seconds(lambda: motion_of_row(table))
    list_s = seconds(lambda: np.array(table["face"].to_pylist()[0], np.float32))
    arrow_bytes, numpy_bytes, owned = copied_bytes(table)
    size = path.stat().st_size
    return [
        ("raw / file", f"{raw / 1e6:.1f} MB / {size / 1e6:.1f} MB = {raw / size:.2f}"),
        ("file per hour of dialogue", f"{size / 1e6 * 3600 / duration_s:.0f} MB"),
        ("write with digests", f"{write_s * 1e3:.0f} ms"),
        ("read both, checksums verified", f"{read_s * 1e3:.0f} ms = {raw / read_s / 1e9:.2f} GB/s"),
        ("Arrow to numpy, a participant", f"{view_s * 1e3:.2f} ms, Arrow +{arrow_bytes} B, Python +{numpy_bytes} B"),
        ("arrays outside Arrow's buffers", f"{owned} of {len(ARRAY_COLUMNS)}"),
        ("for comparison, face through lists", f"{list_s * 1e3:.0f} ms"),
    ]


def measure_dataset(folder: Path, dialogues: int, duration_s: float) -> list[tuple[str, str]]:
    """Speed of opening and walking through a dataset."""
    root = build(folder, dialogues, duration_s)
    dataset = open_dataset(root)
    open_s = seconds(lambda: open_dataset(root))
    frames = sum(m.n_frames for dialogue in dataset for m in dialogue.participants)
    walk_s = seconds(lambda: [dialogue for dialogue in map(dataset.dialogue, dataset.ids()) if dialogue is None])
    face_s = seconds(lambda: [dataset.column(i, "A", "face").sum() for i in dataset.ids()])
    return [
        ("open a dataset", f"{open_s * 1e3:.1f} ms"),
        ("read everything", f"{frames / walk_s:,.0f} frames/s"),
        ("read one column of A", f"{frames / 2 / face_s:,.0f} frames/s"),
    ]


if __name__ == "__main__":
    tyro.cli(main)
