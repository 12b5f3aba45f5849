"""EMOCA v2 as a runner: face crops in; FLAME expression, pose and shape out, the paper's 156 numbers a frame.

It calls the published code (https://github.com/radekd91/emoca) and could not be run where it was written: its contract
is tested with stand-ins for that code. Environment and files, each under terms that you accept yourself:

1. Clone the repository and make its environment as its README says (`bash install_38.sh`, or its conda file with
   Python 3.8, PyTorch 1.12, PyTorch3D 0.6.2); `pip install -e .` in the clone.
2. Register at https://flame.is.tue.mpg.de and https://emoca.is.tue.mpg.de; run ``gdl_apps/EMOCA/demos/
   download_assets.sh``, which fills the clone's folder ``assets``. Code and model: non-commercial research only.

    nonverbal build ... --face-runner "/opt/conda/envs/work38_cu11/bin/python emoca_v2.py"

The 156 numbers: 50 expression coefficients, 6 pose (global rotation, jaw; axis-angle), 100 shape coefficients.
"""

from __future__ import annotations

import argparse
import glob
import importlib
import importlib.util
import os
from pathlib import Path
from typing import Any, Callable, Mapping  # noqa: UP035 - Python 3.8

import numpy as np
from nonverbal_runner import NotReady, array, digest, need_files, need_gpu, serve

MODEL = "EMOCA_v2_lr_mse_20"
SIDE_PX = 224
MARGIN = 1.375  # 1.1 from the box of dense landmarks to EMOCA's face box, times its crop's scale of 1.25
GPU_GIB = 4.0

_DEMO = "run gdl_apps/EMOCA/demos/download_assets.sh after registering at"
FILES = {
    "FLAME/geometry/generic_model.pkl": f"{_DEMO} https://flame.is.tue.mpg.de",
    "FLAME/geometry/landmark_embedding.npy": f"{_DEMO} https://flame.is.tue.mpg.de",
    "FLAME/geometry/mediapipe_landmark_embedding.npz": f"{_DEMO} https://flame.is.tue.mpg.de",
    "FLAME/geometry/head_template.obj": f"{_DEMO} https://flame.is.tue.mpg.de",
    "DECA/data/deca_model.tar": f"{_DEMO} https://emoca.is.tue.mpg.de",
    "FaceRecognition/resnet50_ft_weight.pkl": f"{_DEMO} https://emoca.is.tue.mpg.de",
}

KINDS: dict[str, Any] = {
    "face": {
        "takes": {"crops": array("uint8", ("N", SIDE_PX, SIDE_PX, 3), "RGB")},
        "gives": {
            "emoca156": array(
                "float32", ("N", 156), "50 FLAME expression, 3 global and 3 jaw axis-angle rad, 100 shape"
            ),
            "valid": array("bool", ("N",)),
            "camera": array("float32", ("N", 3), "orthographic camera of the crop: scale, x, y"),
            "texture": array("float32", ("N", 50), "albedo coefficients"),
            "light": array("float32", ("N", 27), "9 spherical harmonics of 3 colours"),
            "detail": array("float32", ("N", 128), "detail code"),
        },
        "batch": 32,
        "numbers": {"margin": MARGIN},
    }
}
CODES = {"camera": "cam", "texture": "texcode", "light": "lightcode", "detail": "detailcode"}


def check(args: argparse.Namespace) -> Mapping[str, Any]:
    """Whether code, licensed files, weights and card are there."""
    assets = assets_of(args)
    model = f"EMOCA/models/{args.model}"
    files = {**FILES, f"{model}/cfg.yaml": f"{_DEMO} https://emoca.is.tue.mpg.de"}
    need_files(assets, files)
    weights = sorted(glob.glob(os.path.join(assets, model, "detail", "checkpoints", "**", "*.ckpt"), recursive=True))
    if not weights:
        raise NotReady(f"{assets}/{model}/detail/checkpoints has no .ckpt: {files[model + '/cfg.yaml']}")
    if args.device == "cuda":
        need_gpu(GPU_GIB)
    return {"version": f"{args.model.partition('_v2_')[2] or args.model} {digest(weights[-1])}", "device": args.device}


def assets_of(args: argparse.Namespace) -> str:
    """The folder of licensed files: given, or beside the installed code."""
    found = importlib.util.find_spec("gdl")
    if found is None or found.origin is None:
        raise NotReady(
            "the package gdl is not in this environment: clone https://github.com/radekd91/emoca, make the environment "
            "that its README describes, and start the runner with that environment's Python"
        )
    return args.assets or os.path.join(os.path.dirname(os.path.dirname(found.origin)), "assets")


def load(args: argparse.Namespace) -> Any:
    """The model as its own demonstration loads it."""
    loading: Any = importlib.import_module("gdl_apps.EMOCA.utils.load")
    assets = assets_of(args)
    if args.assets:
        loading.get_path_to_assets = lambda: Path(assets)
    emoca, _ = loading.load_model(os.path.join(assets, "EMOCA", "models"), args.model, "detail")
    emoca.to(args.device)
    emoca.eval()
    return emoca


def runner(args: argparse.Namespace) -> Callable[..., Mapping[str, Any]]:
    """The function that answers questions, on the device that was asked for."""

    def run(
        emoca: Any, kind: str, arrays: Mapping[str, Any], options: Mapping[str, Any], tick: Any
    ) -> Mapping[str, Any]:
        torch = importlib.import_module("torch")
        pictures = np.ascontiguousarray(np.asarray(arrays["crops"]).transpose(0, 3, 1, 2))
        with torch.no_grad():
            images = torch.from_numpy(pictures).to(args.device).float() / 255.0
            codes = emoca.encode({"image": images}, training=False)
        tick(0.9)
        parts = [plain(codes[name], width) for name, width in (("expcode", 50), ("posecode", 6), ("shapecode", 100))]
        answer = {name: plain(codes[code], KINDS["face"]["gives"][name]["shape"][1]) for name, code in CODES.items()}
        return {"emoca156": np.concatenate(parts, axis=1), "valid": np.ones(len(pictures), bool), **answer}

    return run


def plain(code: Any, width: Any) -> np.ndarray:
    """A code of the model as [N, width]."""
    return code.detach().cpu().numpy().reshape(len(code), int(width)).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assets", default="", help="folder of FLAME, DECA and EMOCA files; default: beside the code")
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    args = parser.parse_args()
    serve(
        "EMOCA v2",
        args.model,
        KINDS,
        lambda: load(args),
        runner(args),
        lambda: check(args),
        runner="1",
        origin="https://github.com/radekd91/emoca",
        licence="non-commercial scientific research (https://emoca.is.tue.mpg.de/license.html)",
    )


if __name__ == "__main__":
    main()
