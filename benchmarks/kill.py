"""Kills `nonverbal build` at random times, goes on, and compares the dataset with that of an unbroken run.

    python benchmarks/kill.py VIDEO --times 20

Each round starts the real command in a session of its own, waits for a time drawn evenly from [0, T), where T is what
an unbroken run takes, and ends the whole process group with SIGKILL. A run that comes to its end in spite of that has
its dataset compared, and the next round starts from nothing. Exit code 0: every hash was the same.
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


@dataclass
class Tally:
    """What happened so far; `datasets` are the content hashes of all runs that came to their end."""

    kills: int = 0
    datasets: list[str] = field(default_factory=list)
    longest_survivor_s: float = 0.0


def start(video: Path, out: Path, mark: str, extra: list[str]) -> subprocess.Popen[str]:
    """The command under test, its processes marked in their environment so that survivors can be found."""
    command = [sys.executable, "-m", "nonverbal", "build", str(video), "--out", str(out), *extra]
    env = {**os.environ, MARK: mark}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, env=env, start_new_session=True, text=True, **pipes)


def content_hash(out: Path) -> str:
    """The dataset's own hash, after a look for anything half done beside it."""
    torn = [path for path in out.rglob("*") if path.name.endswith(".tmp") or path.name == ".assembling"]
    if torn:
        raise SystemExit(f"left behind: {torn}")
    manifest = json.loads((out / "dataset.json").read_text())
    return str(manifest["content_hash"])


def survived_s(mark: str) -> float:
    """Seconds until no process of ours is left; ends the program when one stays for 10 s."""
    begun_s = time.monotonic()
    while left := [p for p in psutil.process_iter() if _marked(p, mark)]:
        if time.monotonic() - begun_s > 10:
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


def run_rounds(video: Path, folder: Path, times: int, wall_s: float, draw: random.Random, extra: list[str]) -> Tally:
    """Kills `times` runs, each in the middle of its work, over as many datasets as it takes."""
    tally = Tally()
    while tally.kills < times:
        out = folder / f"broken-{len(tally.datasets)}"
        process = start(video, out, str(folder), extra)
        try:
            process.wait(draw.uniform(0.0, wall_s))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            tally.kills += 1
            tally.longest_survivor_s = max(tally.longest_survivor_s, survived_s(str(folder)))
            print(f"kill {tally.kills}", flush=True)
        else:
            tally.datasets.append(finish(process, out))
    out = folder / f"broken-{len(tally.datasets)}"
    tally.datasets.append(finish(start(video, out, str(folder), extra), out))
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video", type=Path)
    parser.add_argument("--times", type=int, default=20, help="how many kills")
    parser.add_argument("--seed", type=int, default=0, help="of the times")
    flags = ["--skip-intro-s", "0", "--min-clip-s", "5"]
    parser.add_argument("--flags", nargs=argparse.REMAINDER, default=flags, help="for the build, last on the line")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nonverbal-kill-") as name:
        folder = Path(name)
        begun_s = time.monotonic()
        unbroken = finish(start(asked.video, folder / "unbroken", name, asked.flags), folder / "unbroken")
        wall_s = time.monotonic() - begun_s
        print(f"unbroken: {wall_s:.1f} s, content hash {unbroken}", flush=True)
        tally = run_rounds(asked.video, folder, asked.times, wall_s, random.Random(asked.seed), asked.flags)
    same = sum(digest == unbroken for digest in tally.datasets)
    print(f"{tally.kills} kills over {len(tally.datasets)} datasets, {same} of them with the same content hash;")
    print(f"the last process was gone {tally.longest_survivor_s:.2f} s after the kill at the latest")
    sys.exit(same != len(tally.datasets))


if __name__ == "__main__":
    main()
