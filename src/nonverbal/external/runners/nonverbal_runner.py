"""The runner's side of the protocol in one file: numpy only, Python 3.8 or newer, to be copied into any environment.

A runner is a script of three functions::

    from nonverbal_runner import NotReady, array, serve

    def check():                                  # before any work: is everything there?
        if not WEIGHTS.exists():
            raise NotReady(f"{WEIGHTS} is missing: get it from https://...")

    def load():                                   # import and load what is heavy, here and not above
        ...
        return model

    def run(model, kind, arrays, options, tick):  # arrays -> arrays, as declared in KINDS
        ...
        return {"emoca156": numbers, "valid": valid, "confidence": confidence}

    if __name__ == "__main__":
        serve("EMOCA", "2.0", KINDS, load, run, check=check)

Host and runner talk by lines of JSON on what were standard input and output when the script began. `serve` keeps these
for itself: whatever libraries print goes to standard error from then on.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import traceback
from typing import Any, Callable, Mapping, Sequence  # noqa: UP035 - Python 3.8

import numpy as np

PROTOCOL = 1


class NotReady(Exception):
    """Something that the user has to bring is missing; its text is the one sentence that the user sees."""


def array(dtype: str, shape: Sequence[object], unit: str = "") -> dict[str, Any]:
    """How an array is declared: ``array("float32", ("N", 156), "FLAME coefficients")``; letters are open sizes."""
    return {"dtype": dtype, "shape": [str(size) for size in shape], "unit": unit}


def need_files(root: str, files: Mapping[str, str]) -> None:
    """Raises `NotReady` for the first of `files` (path below `root` -> where it comes from) that is not there."""
    for file, source in files.items():
        if not os.path.exists(os.path.join(root, file)):
            raise NotReady(f"{os.path.join(root, file)} is missing: {source}")


def need_gpu(gib: float) -> None:
    """Raises `NotReady` where PyTorch sees no graphics card, or one with less than so much free memory."""
    import torch

    if not torch.cuda.is_available():
        raise NotReady("PyTorch sees no GPU in the runner's environment: install a CUDA build of it there")
    free = torch.cuda.mem_get_info()[0] / 2**30
    if free < gib:
        raise NotReady(f"the GPU has {free:.1f} GiB free, expected at least {gib:g}: end what else uses it")


def digest(path: str) -> str:
    """The first 12 digits of the sha256 of a file: a version that tells weights apart whatever they are called."""
    total = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            total.update(block)
    return total.hexdigest()[:12]


def serve(
    name: str,
    version: str,
    kinds: Mapping[str, Mapping[str, Any]],
    load: Callable[[], Any],
    run: Callable[..., Mapping[str, Any]],
    check: Callable[[], Mapping[str, Any] | None] = lambda: None,
    **more: str,
) -> None:
    """Answers the host until it says bye or is gone.

    Args:
        name, version: of the model.
        kinds: kind -> {"takes": {name: array(...)}, "gives": {name: array(...)}, "batch": most rows a question,
            "format": "npy" or "video", "numbers": {...}}; only the first two are needed.
        load: () -> model.
        run: (model, kind, arrays, options, tick) -> arrays; `tick` takes the share that is done, 0 to 1, and is to be
            called every few seconds. With the format "video", ``arrays["crops"]`` is the path of a lossless file.
        check: () -> None, or what the hello says otherwise, such as {"device": "cuda:0"}; raises `NotReady`.
        more: what else the hello says: `runner` (version of the script), `origin`, `licence`, `device`.
    """
    wire = _Wire()
    hello = dict(more, protocol=PROTOCOL, name=name, version=version, kinds=kinds)
    model, folder = None, ""
    for request in wire:
        try:
            if request["do"] == "bye":
                return
            if request["do"] == "hello":
                _check_protocol(request.get("protocol"))
                folder = request["folder"]
                wire.say("hello", **dict(hello, **(check() or {})))
            elif request["do"] == "load":
                model = load()
                wire.say("done")
            elif request["do"] == "run":
                inputs = _inputs(folder, request["arrays"])
                _write(folder, request["answer"], run(model, request["kind"], inputs, request["options"], wire.tick))
                wire.say("done")
            else:
                raise NotReady(f"this runner cannot {request['do']}: copy nonverbal_runner.py of this release")
        except Exception as error:
            traceback.print_exc()
            reason, sentence = _failure(error)
            wire.say("fail", reason=reason, message=sentence)


class _Wire:
    """Both wires, moved away from descriptors 0 and 1, which any library may use."""

    def __init__(self) -> None:
        sys.stdout.flush()
        self._in = os.fdopen(os.dup(0), "r", encoding="ascii")
        self._out = os.fdopen(os.dup(1), "w", encoding="ascii")
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        os.dup2(2, 1)
        self._id = None

    def __iter__(self) -> Any:
        for line in self._in:
            request = json.loads(line)
            self._id = request.get("id")
            yield request

    def say(self, kind: str, **what: Any) -> None:
        self._out.write(json.dumps(dict(what, say=kind, id=self._id)) + "\n")
        self._out.flush()

    def tick(self, done: float) -> None:
        self.say("tick", done=float(done))


def _check_protocol(spoken: object) -> None:
    if spoken != PROTOCOL:
        raise NotReady(f"nonverbal speaks protocol {spoken}, this runner {PROTOCOL}: copy nonverbal_runner.py anew")


def _inputs(folder: str, files: Mapping[str, str]) -> dict[str, Any]:
    """Arrays mapped into memory; of other files the path."""
    paths = {name: os.path.join(folder, file) for name, file in files.items()}
    return {
        name: np.load(path, mmap_mode="r", allow_pickle=False) if path.endswith(".npy") else path
        for name, path in paths.items()
    }


def _write(folder: str, name: str, answer: Mapping[str, Any]) -> None:
    """Writes the answer under another name first: a file that exists is whole."""
    path = os.path.join(folder, name)
    arrays: dict[str, Any] = {key: np.asarray(values) for key, values in answer.items()}
    with open(path + ".part", "wb") as file:
        np.savez(file, **arrays)
    os.replace(path + ".part", path)


def _failure(error: Exception) -> tuple[str, str]:
    """Reason and sentence."""
    text = f"{type(error).__name__}: {str(error)[:400]}"
    if isinstance(error, NotReady):
        return "not_ready", str(error)
    if isinstance(error, MemoryError) or "outofmemory" in text.lower() or "out of memory" in text.lower():
        return "E_OOM", f"out of memory ({text}): make batches smaller or end what else uses the GPU"
    return "E_CRASH", text
