"""What the engines cost: per clip, with more workers, and with manifests of a thousand and a hundred thousand clips.

    python benchmarks/ray_engine.py

Clips are stubs that sleep, so what is measured is the engine: worker time per clip beside the clip's own (overhead),
clips a second over 1 to N workers of a cluster in this machine (scaling), and the driver's time and memory (manifest).
`--json` writes the figures down. Every measurement runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from nonverbal.pipeline.lock import claim
from nonverbal.pipeline.observe import Silent
from nonverbal.pipeline.run import run
from nonverbal.pipeline.settings import EngineSettings
from nonverbal.pipeline.survey import Outcome
from nonverbal.pipeline.unit import Unit
from stub_stages import StubCut, StubWork, stub_source

REAL_CLIP_S = 503.6
"""What a ten-minute clip takes (docs/measurements.md)."""
_MEMORY_GB = 0.25
_WARM = 4


@dataclass(frozen=True)
class Figures:
    """One run: `plan_s` from its beginning to the first clip begun, without the start of a cluster.

    `overhead_s` is the time of a worker that one clip takes beyond its sleep; `efficiency` the share of the workers'
    time that is sleep, from the moment that all of them have had a clip.
    """

    engine: str
    workers: int
    clips: int
    sleep_s: float
    finished: int
    cluster_s: float
    plan_s: float
    overhead_s: float
    efficiency: float
    clips_per_s: float
    driver_mb: float


class Watch(Silent):
    """Notes when things happen; ends the run after so many clips."""

    def __init__(self, workers: int, stop_after: int) -> None:
        self.begun_s = time.monotonic()
        self.workers, self.stop_after = workers, stop_after
        self.first_unit_s = self.cut_s = self.first_clip_s = self.warm_s = self.last_s = 0.0
        self.finished = 0

    def on_unit_started(self, unit: Unit) -> None:
        now_s = time.monotonic()
        self.first_unit_s = self.first_unit_s or now_s
        if unit.clip is not None:
            self.first_clip_s = self.first_clip_s or now_s

    def on_unit_finished(self, outcome: Outcome, timings: Mapping[str, float]) -> None:
        if outcome.unit.clip is None:
            return
        self.finished += 1
        self.last_s = time.monotonic()
        if self.finished == self.warm:
            self.warm_s = self.last_s
        if self.finished == self.stop_after:
            os.kill(os.getpid(), signal.SIGINT)

    @property
    def warm(self) -> int:
        """After so many clips every worker is at work."""
        return _WARM * self.workers


def measure(engine: str, workers: int, clips: int, sleep_s: float, stop_after: int) -> Figures:
    """One run in this process."""
    with tempfile.TemporaryDirectory(prefix="nonverbal-bench-") as name:
        folder, watch = Path(name), Watch(workers, stop_after)
        settings = EngineSettings(engine=_engine(engine), workers=workers, max_memory_gb=_MEMORY_GB)
        source = stub_source(folder, clips)
        watch.begun_s = time.monotonic()
        with claim(folder / "out") as output:
            run(output, [source], [StubCut()], [StubWork(sleep_s)], settings, watch)
    steady_s, steady = watch.last_s - watch.warm_s, watch.finished - watch.warm
    return Figures(
        engine=engine,
        workers=workers,
        clips=clips,
        sleep_s=sleep_s,
        finished=watch.finished,
        cluster_s=watch.first_unit_s - watch.begun_s,
        plan_s=watch.first_clip_s - watch.first_unit_s,
        overhead_s=steady_s * workers / steady - sleep_s,
        efficiency=steady * sleep_s / (steady_s * workers),
        clips_per_s=steady / steady_s,
        driver_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def _engine(name: str) -> Literal["local", "ray"]:
    return "ray" if name == "ray" else "local"


def apart(engine: str, workers: int, clips: int, sleep_s: float = 0.0, stop_after: int = 0) -> Figures:
    """One run in a process of its own, so that its memory is its own."""
    arguments = [engine, workers, clips, sleep_s, stop_after]
    command = [sys.executable, __file__, "--one", *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def show(title: str, rows: list[Figures]) -> None:
    print(f"\n{title}")
    print("engine workers   clips  sleep  start s  plan s  ms/clip  of a real clip  efficiency  clips/s  driver MB")
    for row in rows:
        share = f"{row.overhead_s / REAL_CLIP_S:.4%}"
        efficiency = f"{row.efficiency:.1%}" if row.sleep_s else "-"
        print(
            f"{row.engine:6s} {row.workers:7d} {row.clips:7d} {row.sleep_s:6.2f} {row.cluster_s:8.1f} {row.plan_s:7.1f}"
            f" {row.overhead_s * 1000:8.1f} {share:>15s} {efficiency:>11s} {row.clips_per_s:8.1f} {row.driver_mb:10.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", nargs=5, metavar=("ENGINE", "WORKERS", "CLIPS", "SLEEP_S", "STOP_AFTER"))
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8], help="of the cluster, for scaling")
    parser.add_argument("--clips", type=int, nargs="+", default=[1000, 100_000], help="of the manifests")
    parser.add_argument("--stop-after", type=int, default=1000, help="clips of a manifest to work on; 0 for all")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    asked = parser.parse_args()
    if asked.one:
        engine, workers, clips, sleep_s, stop_after = asked.one
        print(json.dumps(asdict(measure(engine, int(workers), int(clips), float(sleep_s), int(stop_after)))))
        return
    overhead = [apart(engine, 2, 500) for engine in ("local", "ray")]
    show("Overhead", overhead)
    scaling = [apart("ray", workers, 30 * workers, 0.5) for workers in asked.workers]
    show("Scaling", scaling)
    manifest = [apart(engine, 2, clips, 0.0, asked.stop_after) for clips in asked.clips for engine in ("local", "ray")]
    show("Manifest", manifest)
    if asked.json:
        figures = {"overhead": overhead, "scaling": scaling, "manifest": manifest}
        asked.json.write_text(json.dumps({k: [asdict(f) for f in v] for k, v in figures.items()}, indent=2) + "\n")


if __name__ == "__main__":
    main()
