"""A ten-minute 1280x720 podcast through `nonverbal build`: time per stage, memory, bytes written besides the dataset.

python benchmarks/pipeline.py --video ../shared/media/dialogue/grid_dialogue_9s.mp4 --work .bench
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from long_video import make_long_video
from nonverbal.pipeline.observe import RunRecord
from nonverbal.pipeline.store import JsonCodec


@dataclass(frozen=True)
class Figures:
    """What one build cost; `ratio` values are wall time over the video's duration."""

    exit_code: int
    duration_s: float
    wall_s: float
    ratio: float
    cpu_ratio: float
    stages: dict[str, float]
    explained: float
    peak_mb: float
    video_bytes: int
    dataset_bytes: int
    other_bytes: int
    written_bytes: int
    second_run_s: float

    @property
    def other_share(self) -> float:
        return self.other_bytes / self.video_bytes


def measure(video: Path, out: Path, seconds: float, extra: list[str]) -> Figures:
    """Builds `out` from `video` from nothing, then once more with nothing to do."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "nonverbal", "build", str(video), "--out", str(out), "--skip-intro-s", "0"]
    command += ["--clip-s", str(seconds), "--min-clip-s", str(min(5.0, seconds)), *extra]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    code = subprocess.run(command, check=False).returncode
    wall_s = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    record = JsonCodec(RunRecord).read(max((out / ".nonverbal" / "runs").glob("*.json")))
    started = time.monotonic()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    second_run_s = time.monotonic() - started
    dataset, other = _sizes(out)
    stages = {f"{name} (source)": s / seconds for name, s in record.by_stage("source").items() if name != "commit"}
    stages |= {name: s / seconds for name, s in record.by_stage("clip").items()}
    starts_s = sum(t.start_s for t in record.units)
    return Figures(
        exit_code=code,
        duration_s=seconds,
        wall_s=wall_s,
        ratio=wall_s / seconds,
        cpu_ratio=(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / seconds,
        stages={**stages, "worker start": starts_s / seconds},
        explained=(sum(t.explained_s for t in record.units) + starts_s) / wall_s,
        peak_mb=max(t.peak_mb for t in record.units),
        video_bytes=video.stat().st_size,
        dataset_bytes=dataset,
        other_bytes=other,
        written_bytes=(after.ru_oublock - before.ru_oublock) * 512,
        second_run_s=second_run_s,
    )


def _sizes(out: Path) -> tuple[int, int]:
    """Bytes of the dataset, and of everything else in the output; a file with two names counts once, as dataset."""
    sizes: dict[int, tuple[bool, int]] = {}
    for path in (p for p in out.rglob("*") if p.is_file()):
        status = os.stat(path)
        mine = ".nonverbal" not in path.parts or sizes.get(status.st_ino, (False, 0))[0]
        sizes[status.st_ino] = (mine, status.st_size)
    return sum(n for mine, n in sizes.values() if mine), sum(n for mine, n in sizes.values() if not mine)


def show(figures: Figures) -> None:
    for name, ratio in figures.stages.items():
        print(f"{name:24s} {ratio * figures.duration_s:8.2f} s {ratio:8.4f} x duration")
    print(f"{'whole command':24s} {figures.wall_s:8.2f} s {figures.ratio:8.4f} x duration, CPU {figures.cpu_ratio:.4f}")
    print(f"stages and worker start explain {figures.explained:.1%} of the wall time")
    print(f"peak memory of a worker {figures.peak_mb:.0f} MB")
    print(f"dataset {figures.dataset_bytes:,} bytes; other files {figures.other_bytes:,} bytes = ", end="")
    print(f"{figures.other_share:.3%} of the video's {figures.video_bytes:,}")
    print(f"written to disk by all processes: {figures.written_bytes:,} bytes")
    print(f"second run with nothing to do: {figures.second_run_s:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, required=True, help="a short recording of two people talking")
    parser.add_argument("--work", type=Path, default=Path(".bench"))
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    arguments, extra = parser.parse_known_args()
    long = make_long_video(
        arguments.video, arguments.work / f"{arguments.video.stem}-{arguments.seconds:.0f}s.mp4", arguments.seconds
    )
    figures = measure(long, arguments.work / f"{long.stem}-dataset", arguments.seconds, extra)
    show(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(asdict(figures), indent=2) + "\n")


if __name__ == "__main__":
    main()
