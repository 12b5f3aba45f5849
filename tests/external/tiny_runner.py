"""A runner that averages crops, in milliseconds, and misbehaves on request: for tests of the protocol."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src" / "nonverbal" / "external" / "runners"))

import faulty
from nonverbal_runner import array, serve

GIVES = {"valid": array("bool", ("N",)), "confidence": array("float32", ("N",))}
TAKES = {"crops": array("uint8", ("N", 16, 16, 3)), "frame": array("int32", ("N",))}
KINDS = {
    "face": {"takes": TAKES, "gives": {"emoca156": array("float32", ("N", 156)), **GIVES}, "batch": 4},
    "body": {
        "takes": {**TAKES, "crops": array("uint8", ("N", 32, 24, 3)), "box_px": array("float32", ("N", 4))},
        "gives": {"osx179": array("float32", ("N", 179)), "camera": array("float32", ("N", 3), "m"), **GIVES},
    },
    "film": {
        "takes": {"crops": array("uint8", ("N", 16, 16, 3))},
        "gives": {"n": array("int64", ())},
        "format": "video",
    },
}


def run(model, kind, arrays, options, tick):
    """Column c of a vector is the mean brightness times (c + 1) / 1000; dark crops are not valid."""
    if kind == "film":
        import av

        with av.open(arrays["crops"]) as film:
            return {"n": np.asarray(sum(int(f.to_ndarray(format="rgb24").sum()) for f in film.decode(video=0)))}
    time.sleep(float(options.get("sleep_s", 0.0)))
    tick(0.5)
    mean = np.asarray(arrays["crops"]).mean(axis=(1, 2, 3), dtype=np.float64) / 255.0
    name, width = ("emoca156", 156) if kind == "face" else ("osx179", 179)
    vectors = (mean[:, None] * np.arange(1, width + 1) / 1000.0).astype(np.float32)
    answer = {name: vectors, "valid": mean > 0.1, "confidence": mean.astype(np.float32)}
    return answer if kind == "face" else {**answer, "camera": np.ones((len(mean), 3), np.float32)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", default="1.0")
    faulty.add_flags(parser)
    args = parser.parse_args()
    wrapped = faulty.misbehaving(run, args)
    serve("tiny", args.version, KINDS, lambda: None, wrapped, lambda: faulty.check(args), runner="3", licence="none")


if __name__ == "__main__":
    main()
