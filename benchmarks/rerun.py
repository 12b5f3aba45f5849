"""How long `nonverbal build` takes over clips that are all finished, and whether it writes anything.

    python benchmarks/rerun.py --video ../shared/media/dialogue/grid_dialogue_9s.mp4 --clips 1000

The stored results are made up, so that nothing is decoded: short motion and words for every clip, under the keys of the
default settings. The first build assembles the dataset; the second one, a process of its own, is measured.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nonverbal.dataset.synthetic import synthetic_motion, synthetic_transcript
from nonverbal.pipeline.plan import Plan
from nonverbal.pipeline.store import Store
from nonverbal.settings import BuildSettings
from nonverbal.types import Clip
from nonverbal.venus.backchannels import Listening
from nonverbal.venus.collect import collect

_CLIP_S = 2.0


def fill(out: Path, video: Path, clips: int) -> None:
    """All results of a source that was cut into so many clips."""
    settings = BuildSettings().settled()
    store = Store(out / ".nonverbal" / "artefacts", Plan(settings.source_stages, settings.clip_stages))
    store.make_folders()
    (source,) = collect([str(video)], (), lambda name: None).sources
    cut = tuple(Clip(f"{i:032x}", source.source_id, i * _CLIP_S, (i + 1) * _CLIP_S) for i in range(clips))
    last = store.plan.source_stages[-1].name
    for stage in store.plan.source_stages[:-1]:
        store.path(stage.name, source.source_id, ".json").touch()
    store.put(last, source.source_id, cut)
    for number, clip in enumerate(cut):
        for stage in store.plan.clip_stages:
            if stage.name == "cues":
                store.put(stage.name, clip.clip_id, synthetic_motion(clip, number))
            elif stage.name == "harm":
                store.put(stage.name, clip.clip_id, synthetic_transcript(clip, number))
            elif stage.name == "backchannels":
                store.put(stage.name, clip.clip_id, Listening(()))
            elif stage.codec is not None:
                store.path(stage.name, clip.clip_id, stage.codec.suffix).touch()


def build(video: Path, out: Path) -> float:
    """Wall seconds of the command."""
    command = [sys.executable, "-m", "nonverbal", "build", str(video), "--out", str(out)]
    started_s = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started_s


def marks(out: Path) -> dict[Path, tuple[int, int, int]]:
    """The state of every file but the lock, which tells who holds it."""
    files = (path for path in out.rglob("*") if path.is_file() and path.name != "lock")
    return {path: (os.stat(path).st_mtime_ns, os.stat(path).st_ino, os.stat(path).st_size) for path in files}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, required=True, help="any recording; it is not decoded")
    parser.add_argument("--clips", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        fill(out, arguments.video, arguments.clips)
        print(f"first build, which assembles {arguments.clips} clips: {build(arguments.video, out):.2f} s")
        before = marks(out)
        seconds = min(build(arguments.video, out) for _ in range(3))
        changed = [path for path, mark in marks(out).items() if before.get(path) != mark]
    print(
        f"build with nothing to do, the best of three: {seconds:.2f} s, {len(changed)} of {len(before)} files written"
    )
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
