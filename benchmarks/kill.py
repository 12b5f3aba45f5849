"""Kills `nonverbal build` at random times, goes on, and compares the dataset with that of an unbroken run.

    python benchmarks/kill.py VIDEO... --times 20
    python benchmarks/kill.py VIDEO... --times 300 --engines local ray

Each round starts the real command in a session of its own, waits for a time drawn evenly from [0, T), where T is what
an unbroken run takes, and ends the whole process group with SIGKILL. A run that comes to its end in spite of that has
its dataset compared, and the next round starts from nothing. With several engines each round draws one of them, so that
they go on from what the others left. Exit code 0: every hash was the same, and no kill broke off more than one source
or clip a worker.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MARK = "NONVERBAL_KILL_BENCH"
WORKERS = 2
PATIENCE_S = 60.0
"""Ray's own processes, caught while they start, look for their cluster for half a minute before they give up."""


@dataclass
class Tally:
    """What happened so far; `datasets` are the content hashes of all runs that came to their end.

    `broken_off` is the most units that one kill broke off in the middle.
    """

    kills: int = 0
    broken_off: int = 0
    datasets: list[str] = field(default_factory=list)
    longest_survivor_s: float = 0.0


@dataclass(frozen=True)
class Command:
    """The command under test; its processes are marked in their environment so that survivors can be found."""

    videos: list[Path]
    mark: str
    extra: list[str]

    def start(self, out: Path, engine: str) -> subprocess.Popen[str]:
        inputs = [str(video) for video in self.videos]
        flags = ["--engine", engine, "--workers", str(WORKERS), *self.extra]
        return _start([sys.executable, "-m", "nonverbal", "build", *inputs, "--out", str(out), *flags], self.mark)


def _start(command: list[str], mark: str) -> subprocess.Popen[str]:
    env = {**os.environ, MARK: mark}
    out, err = subprocess.PIPE, subprocess.STDOUT
    return subprocess.Popen(command, env=env, start_new_session=True, text=True, stdout=out, stderr=err)


def content_hash(out: Path) -> str:
    """The dataset's own hash, after a look for anything half done beside it."""
    torn = [path for path in out.rglob("*") if path.name.endswith(".tmp") or path.name == ".assembling"]
    if torn:
        raise SystemExit(f"left behind: {torn}")
    manifest = json.loads((out / "dataset.json").read_text())
    return str(manifest["content_hash"])


def survived_s(mark: str) -> float:
    """Seconds until no process of ours is left; ends the program when one stays for too long."""
    begun_s = time.monotonic()
    while left := [p for p in psutil.process_iter() if _marked(p, mark)]:
        if time.monotonic() - begun_s > PATIENCE_S:
            raise SystemExit(f"still alive after SIGKILL of the group: {left}")
        time.sleep(0.02)
    return time.monotonic() - begun_s


def _marked(process: psutil.Process, mark: str) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get(MARK) == mark
    except psutil.Error:
        return False


def finish(process: subprocess.Popen[str], out: Path) -> str:
    """Waits for an undisturbed run and returns its dataset's hash."""
    printed, _ = process.communicate()
    if process.returncode not in (0, 4):
        raise SystemExit(f"the build ended with {process.returncode}:\n{printed}")
    return content_hash(out)


def at_hand(out: Path) -> set[str]:
    """The units whose work has begun and not ended."""
    return {path.name.split(".")[0] for path in (out / ".nonverbal" / "attempts").glob("*.open")}


def run_rounds(command: Command, folder: Path, times: int, walls: dict[str, float], draw: random.Random) -> Tally:
    """Kills `times` runs, each in the middle of its work, over as many datasets as it takes."""
    tally = Tally()
    while tally.kills < times:
        out, engine = folder / f"broken-{len(tally.datasets)}", draw.choice(sorted(walls))
        before = at_hand(out)
        process = command.start(out, engine)
        try:
            process.wait(draw.uniform(0.0, walls[engine]))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            tally.kills += 1
            tally.broken_off = max(tally.broken_off, len(at_hand(out) - before))
            tally.longest_survivor_s = max(tally.longest_survivor_s, survived_s(str(folder)))
            print(f"kill {tally.kills} ({engine})", flush=True)
        else:
            tally.datasets.append(finish(process, out))
    out = folder / f"broken-{len(tally.datasets)}"
    tally.datasets.append(finish(command.start(out, sorted(walls)[-1]), out))
    return tally


def unbroken_run(command: Command, folder: Path, engine: str) -> tuple[str, float]:
    """The dataset's hash and the wall seconds of a run that nobody disturbs."""
    begun_s = time.monotonic()
    digest = finish(command.start(folder / f"unbroken-{engine}", engine), folder / f"unbroken-{engine}")
    wall_s = time.monotonic() - begun_s
    print(f"unbroken, {engine}: {wall_s:.1f} s, content hash {digest}", flush=True)
    return digest, wall_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("videos", type=Path, nargs="+")
    parser.add_argument("--times", type=int, default=20, help="how many kills")
    parser.add_argument("--seed", type=int, default=0, help="of the times")
    parser.add_argument("--engines", nargs="+", choices=("local", "ray"), default=["local"])
    flags = ["--skip-intro-s", "0", "--min-clip-s", "5"]
    parser.add_argument("--flags", nargs=argparse.REMAINDER, default=flags, help="for the build, last on the line")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nonverbal-kill-") as name:
        folder, command = Path(name), Command(asked.videos, name, asked.flags)
        unbroken = {engine: unbroken_run(command, folder, engine) for engine in asked.engines}
        walls = {engine: wall_s for engine, (_, wall_s) in unbroken.items()}
        tally = run_rounds(command, folder, asked.times, walls, random.Random(asked.seed))
    expected = unbroken[asked.engines[0]][0]
    found = [*tally.datasets, *(digest for digest, _ in unbroken.values())]
    same = sum(digest == expected for digest in found)
    print(f"{tally.kills} kills over {len(found)} datasets, {same} of them with the same content hash;")
    print(f"one kill broke off {tally.broken_off} sources or clips at most, with {WORKERS} workers;")
    print(f"the last process was gone {tally.longest_survivor_s:.2f} s after the kill at the latest")
    sys.exit(same != len(found) or tally.broken_off > WORKERS)


if __name__ == "__main__":
    main()
