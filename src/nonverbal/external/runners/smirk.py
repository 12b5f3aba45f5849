"""SMIRK as a runner: face crops in; FLAME expression and jaw out, which are flame53 as they are.

It calls the published code (https://github.com/georgeretsi/smirk) and could not be run where it was written: its
contract is tested with stand-ins for that code. Of that code it takes the encoder alone, which needs no FLAME files:

1. An environment with PyTorch, timm and numpy; a clone of the repository.
2. The weights ``SMIRK_em1.pt`` in the clone's ``pretrained_models`` (its ``quick_install.sh`` fetches them).

    nonverbal build ... --face-runner "/opt/smirk/bin/python smirk.py --code /data/smirk"
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from typing import Any, Callable, Mapping  # noqa: UP035 - Python 3.8

import numpy as np
from nonverbal_runner import NotReady, array, digest, need_files, need_gpu, serve

SIDE_PX = 224
MARGIN = 1.4
GPU_GIB = 2.0
WEIGHTS = "pretrained_models/SMIRK_em1.pt"
_CLONE = "give the folder of a clone of https://github.com/georgeretsi/smirk with --code"

KINDS: dict[str, Any] = {
    "face": {
        "takes": {"crops": array("uint8", ("N", SIDE_PX, SIDE_PX, 3), "RGB")},
        "gives": {
            "flame53": array("float32", ("N", 53), "50 FLAME expression coefficients, jaw axis-angle rad"),
            "valid": array("bool", ("N",)),
            "shape": array("float32", ("N", 300), "FLAME shape coefficients"),
            "pose": array("float32", ("N", 3), "global rotation, axis-angle rad"),
            "camera": array("float32", ("N", 3), "orthographic camera of the crop: scale, x, y"),
            "eyelids": array("float32", ("N", 2), "0 open to 1 closed, left and right"),
        },
        "batch": 64,
        "numbers": {"margin": MARGIN},
    }
}
CODES = {"shape": "shape_params", "pose": "pose_params", "camera": "cam", "eyelids": "eyelid_params"}


def check(args: argparse.Namespace) -> Mapping[str, Any]:
    """Whether code, packages, weights and card are there."""
    if not args.code:
        raise NotReady(f"--code is not set: {_CLONE}")
    need_files(args.code, {"src/smirk_encoder.py": _CLONE})
    for package in ("torch", "timm"):
        if importlib.util.find_spec(package) is None:
            raise NotReady(
                f"{package} is not in this environment: install the requirements of SMIRK's repository there"
            )
    if not os.path.exists(weights_of(args)):
        raise NotReady(f"{weights_of(args)} is missing: run quick_install.sh of the clone, or give it with --weights")
    if args.device == "cuda":
        need_gpu(GPU_GIB)
    return {"version": f"em1 {digest(weights_of(args))}", "device": args.device}


def weights_of(args: argparse.Namespace) -> str:
    """The file of weights."""
    return os.path.abspath(args.weights or os.path.join(args.code, WEIGHTS))


def load(args: argparse.Namespace) -> Any:
    """The encoder with its weights; its backbones are not fetched first, since the weights hold them."""
    torch: Any = importlib.import_module("torch")
    timm: Any = importlib.import_module("timm")
    make = timm.create_model
    timm.create_model = lambda *names, **wishes: make(*names, **{**wishes, "pretrained": False})
    sys.path.insert(0, os.path.abspath(args.code))
    encoder = importlib.import_module("src.smirk_encoder").SmirkEncoder()
    stored = torch.load(weights_of(args), map_location="cpu", weights_only=True)
    ours = {name.replace("smirk_encoder.", ""): values for name, values in stored.items() if "smirk_encoder" in name}
    encoder.load_state_dict(ours)
    return encoder.to(args.device).eval()


def runner(args: argparse.Namespace) -> Callable[..., Mapping[str, Any]]:
    """The function that answers questions, on the device that was asked for."""

    def run(
        encoder: Any, kind: str, arrays: Mapping[str, Any], options: Mapping[str, Any], tick: Any
    ) -> dict[str, Any]:
        torch = importlib.import_module("torch")
        pictures = np.ascontiguousarray(np.asarray(arrays["crops"]).transpose(0, 3, 1, 2))
        with torch.no_grad():
            codes = encoder(torch.from_numpy(pictures).to(args.device).float() / 255.0)
        tick(0.9)
        plain = {name: codes[name].cpu().numpy().astype(np.float32) for name in codes}
        face = np.concatenate([plain["expression_params"], plain["jaw_params"]], axis=1)
        return {
            "flame53": face,
            "valid": np.ones(len(face), bool),
            **{ours: plain[code] for ours, code in CODES.items()},
        }

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--code", default="", help="folder of a clone of the published code")
    parser.add_argument("--weights", default="", help=f"default: {WEIGHTS} in it")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    args = parser.parse_args()
    serve(
        "SMIRK",
        "em1",
        KINDS,
        lambda: load(args),
        runner(args),
        lambda: check(args),
        runner="1",
        origin="https://github.com/georgeretsi/smirk",
        licence="MIT; data in FLAME's space is shown as a mesh with FLAME's own files only",
    )


if __name__ == "__main__":
    main()
