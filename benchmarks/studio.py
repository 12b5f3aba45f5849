"""How fast the studio is: pictures a second of 1280x720 with everything that belongs to them, and hours of truth alone.

python benchmarks/studio.py --minutes 1 --hours 1
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

from nonverbal.studio.hours import write_hours
from nonverbal.studio.scene import LAYOUTS
from nonverbal.studio.settings import StudioSettings, TruthSettings
from nonverbal.studio.shoot import shoot_podcast
from nonverbal.timeline import FPS


class Clock:
    """Adds up the time between ticks, by what was being done."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._doing, self._since = "start", time.perf_counter()

    def __call__(self, what: str, done: int, of: int) -> None:
        now = time.perf_counter()
        self.spent[self._doing] = self.spent.get(self._doing, 0.0) + now - self._since
        self._doing, self._since = what, now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0, help="length of each podcast")
    parser.add_argument("--hours", type=float, default=1.0, help="length of the truth without pictures")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shoot_podcast(root / "warm", StudioSettings(minutes=0.1, seed=asked.seed))  # compiles and loads everything
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        for layout in LAYOUTS:
            clock, start, cpu = Clock(), time.perf_counter(), time.process_time()
            video = shoot_podcast(root / layout, StudioSettings(asked.minutes, asked.seed, layout), clock)
            wall_s, cpu_s = time.perf_counter() - start, time.process_time() - cpu
            parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in clock.spent.items() if seconds > 0.05)
            count = asked.minutes * 60 * FPS
            print(
                f"{layout}: {count / wall_s:.1f} pictures/s, {1000 * cpu_s / count:.0f} ms of processor time each, "
                f"{video.stat().st_size / 2**20 / asked.minutes:.1f} MB a minute ({parts})"
            )
        start = time.perf_counter()
        count = write_hours(root / "hours", TruthSettings(hours=asked.hours))
        wall_s = time.perf_counter() - start
        size = sum(p.stat().st_size for p in (root / "hours").rglob("*.parquet")) / 2**20
        speed = asked.hours * 3600 / wall_s
        print(f"truth only: {asked.hours:g} h in {wall_s:.0f} s, {speed:.0f} x real time, {count} files, {size:.0f} MB")
        print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")


if __name__ == "__main__":
    main()
