"""What the protocol of runners costs: start, and milliseconds a picture for a runner that computes next to nothing.

python benchmarks/runners.py
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from nonverbal.external.estimators import RUNNERS
from nonverbal.external.host import Runner

ROUNDS, BATCH = 15, 32
SIDES_PX = {"face": (224, 224), "body": (512, 384)}

IDLE = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from nonverbal_runner import array, serve

def kind(height, width):
    return {"takes": {"crops": array("uint8", ("N", height, width, 3))}, "gives": {"brightest": array("uint8", ("N",))}}

def run(model, kind, arrays, options, tick):
    return {"brightest": np.asarray(arrays["crops"]).max(axis=(1, 2, 3))}

serve("idle", "1", {"face": kind(224, 224), "body": kind(512, 384)}, lambda: None, run)
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "idle.py"
        script.write_text(IDLE, encoding="utf-8")
        begun_s = time.perf_counter()
        with Runner([sys.executable, str(script), str(RUNNERS)]) as runner:
            print(f"start, hello and load: {time.perf_counter() - begun_s:.2f} s")
            for kind, (height, width) in SIDES_PX.items():
                crops = np.random.default_rng(0).integers(0, 256, (BATCH, height, width, 3), dtype=np.uint8)
                walls_s = [_asked(runner, kind, crops) for _ in range(ROUNDS + 1)][1:]
                each_ms = 1e3 * statistics.median(walls_s) / BATCH
                print(f"{kind} {height} x {width}, {BATCH} a question: {each_ms:.2f} ms a picture")


def _asked(runner: Runner, kind: str, crops: np.ndarray) -> float:
    begun_s = time.perf_counter()
    runner.ask(kind, {"crops": crops})
    return time.perf_counter() - begun_s


if __name__ == "__main__":
    main()
