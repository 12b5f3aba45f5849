"""How a runner misbehaves on request: for tests of the host, and to see what a build makes of it.

``--fault NAME`` with ``--at N``: from the Nth question on, or with ``--at-frame F``: on a batch that has frame F or a
later one. The faults are those in `FAULTS`.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from typing import Any, Callable, Mapping  # noqa: UP035 - Python 3.8

import nonverbal_runner
import numpy as np

_FOREVER_S = 3600
_FLOOD_BYTES = 20 << 20

FAULTS = (
    "crash", "exit", "hang", "nan", "wrong-shape", "wrong-dtype", "wrong-name", "no-file", "half-file", "huge", "link",
    "flood", "noise", "endless-line", "wrong-id", "out-of-memory", "memory", "children", "old-protocol", "not-ready",
    "bad-hello", "slow-hello",
)  # fmt: skip


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags of this module."""
    parser.add_argument("--fault", choices=FAULTS, help="how to misbehave")
    parser.add_argument("--at", type=int, default=1, help="from which question on, 1 being the first")
    parser.add_argument("--at-frame", type=int, default=-1, help="from which frame of a clip on, whatever the question")
    parser.add_argument("--once", default="", help="a file: misbehave only while it does not exist, and create it")


def misbehaving(run: Callable[..., Mapping[str, Any]], args: argparse.Namespace) -> Callable[..., Mapping[str, Any]]:
    """`run` with the fault that was asked for; without one it is the same."""
    nonverbal_runner._Wire = _Wire
    if args.fault == "old-protocol":
        nonverbal_runner.PROTOCOL = 0
    asked, whole = [0], nonverbal_runner._write
    bad_files: list[str] = []
    nonverbal_runner._write = lambda *where: _write(whole, bad_files.pop() if bad_files else "", *where)

    def broken(model: Any, kind: str, arrays: Mapping[str, Any], options: Mapping[str, Any], tick: Any) -> Any:
        asked[0] += 1
        due = int(np.max(arrays["frame"])) >= args.at_frame if args.at_frame >= 0 else asked[0] >= args.at
        if not due or (args.once and os.path.exists(args.once)):
            return run(model, kind, arrays, options, tick)
        if args.once:
            open(args.once, "w").close()
        _before(args.fault)
        if args.fault in ("no-file", "half-file", "huge", "link"):
            bad_files.append(args.fault)
        return _spoilt(args.fault, dict(run(model, kind, arrays, options, tick)))

    return broken if args.fault else run


def check(args: argparse.Namespace) -> Mapping[str, Any] | None:
    """The faults of a hello."""
    if args.fault == "not-ready":
        raise nonverbal_runner.NotReady("model.ckpt is missing: get it from the authors and put it beside the runner")
    if args.fault == "slow-hello":
        time.sleep(_FOREVER_S)
    return {"version": "1\n2", "kinds": {}} if args.fault == "bad-hello" else None


def _before(fault: str) -> None:
    """What happens before any answer."""
    if fault == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif fault == "exit":
        os._exit(3)
    elif fault in ("hang", "children"):
        code = f"import time; time.sleep({_FOREVER_S})"
        subprocess.Popen([sys.executable, "-c", code], start_new_session=True)  # noqa: S603 - a constant
        time.sleep(_FOREVER_S if fault == "hang" else 0)
    elif fault == "out-of-memory":
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
    elif fault == "memory":
        held = np.ones(300 << 17)  # 300 MiB
        time.sleep(_FOREVER_S + held[0])
    elif fault == "flood":
        sys.stderr.write("spam " * (_FLOOD_BYTES // 5) + "\nthe last words\n")
    elif fault == "noise":
        print("printed")
        os.write(1, b'{"say": "done", "id": 1}\n')
        _Wire.last._out.write('loading... {"say"\n[1, 2]\n"done"\n')
    elif fault == "endless-line":
        _Wire.last._out.write("x" * (1 << 20))
        _Wire.last._out.flush()
        time.sleep(_FOREVER_S)


class _Wire(nonverbal_runner._Wire):
    """The wire where it can be got at, as it can by a runner that does not use the helper."""

    last: Any = None

    def __init__(self) -> None:
        super().__init__()
        _Wire.last = self


def _spoilt(fault: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, or what stands in its place."""
    name = next(key for key in answer if key != "valid")
    if fault == "nan":
        answer[name] = np.full_like(answer[name], np.nan)
    elif fault == "wrong-shape":
        answer[name] = answer[name][:-1]
    elif fault == "wrong-dtype":
        answer[name] = answer[name].astype(np.float64)
    elif fault == "wrong-name":
        answer["surprise"] = answer.pop(name)
    elif fault == "wrong-id":
        _Wire.last._id = 999_999
    return answer


def _write(whole: Callable[..., None], fault: str, folder: str, file: str, arrays: Mapping[str, Any]) -> None:
    """Writes the answer and spoils it."""
    path = os.path.join(folder, file)
    whole(folder, file, arrays)
    if fault == "half-file":
        os.truncate(path, os.path.getsize(path) // 2)
    elif fault == "huge":
        os.truncate(path, 8 << 30)
    elif fault:
        os.unlink(path)
        if fault == "link":
            os.symlink("/etc/passwd", path)
