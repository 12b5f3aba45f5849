"""OSX as a runner: crops of the upper body in, SMPL-X pose, hands, jaw, shape and expression out, the paper's 179.

It calls the published code (https://github.com/IDEA-Research/OSX) and could not be run where it was written: its
contract is tested with stand-ins for that code. Environment and files, each under terms that you accept yourself:

1. Clone the repository and make its environment as its README says (PyTorch 1.11 with CUDA, mmcv-full 1.7.1,
   ``bash install.sh``).
2. Put the weights into the clone's ``pretrained_models`` (osx_l.pth.tar).
3. Register at https://smpl-x.is.tue.mpg.de and https://smpl.is.tue.mpg.de, and fill the clone's
   ``common/utils/human_model_files`` as the README there says.

    nonverbal build ... --body-runner "/opt/conda/envs/osx/bin/python osx.py --code /data/OSX"

The 179 numbers, axis-angle in radians: root 3, body 63, left hand 45, right hand 45, jaw 3, then shape 10, expression
10. It runs on a graphics card only, since the published code does.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
from typing import Any, Mapping  # noqa: UP035 - Python 3.8

import numpy as np
from nonverbal_runner import NotReady, array, digest, need_files, need_gpu, serve

HEIGHT_PX, WIDTH_PX = 512, 384
MARGIN = 1.25
GPU_GIB = 6.0

_MODELS = "common/utils/human_model_files"
_SMPLX = "register at https://smpl-x.is.tue.mpg.de and follow the README in that folder"
_SMPL = "register at https://smpl.is.tue.mpg.de and follow the README in human_model_files"
FILES = {
    "main/config.py": "give the folder of a clone of https://github.com/IDEA-Research/OSX with --code",
    f"{_MODELS}/smplx/SMPLX_NEUTRAL.npz": _SMPLX,
    f"{_MODELS}/smplx/SMPLX_MALE.npz": _SMPLX,
    f"{_MODELS}/smplx/SMPLX_FEMALE.npz": _SMPLX,
    f"{_MODELS}/smplx/SMPLX_to_J14.pkl": _SMPLX,
    f"{_MODELS}/smplx/MANO_SMPLX_vertex_ids.pkl": _SMPLX,
    f"{_MODELS}/smplx/SMPL-X__FLAME_vertex_ids.npy": _SMPLX,
    f"{_MODELS}/smpl/SMPL_NEUTRAL.pkl": _SMPL,
    f"{_MODELS}/smpl/SMPL_MALE.pkl": _SMPL,
    f"{_MODELS}/smpl/SMPL_FEMALE.pkl": _SMPL,
}

PARTS = (
    ("smplx_root_pose", 3),
    ("smplx_body_pose", 63),
    ("smplx_lhand_pose", 45),
    ("smplx_rhand_pose", 45),
    ("smplx_jaw_pose", 3),
    ("smplx_shape", 10),
    ("smplx_expr", 10),
)
"""What the published model says, in the order of the 179 numbers."""

KINDS: dict[str, Any] = {
    "body": {
        "takes": {"crops": array("uint8", ("N", HEIGHT_PX, WIDTH_PX, 3), "RGB")},
        "gives": {
            "osx179": array("float32", ("N", 179), "axis-angle rad of SMPL-X joints, 10 shape, 10 expression"),
            "valid": array("bool", ("N",)),
            "camera": array("float32", ("N", 3), "m, place of the root in the virtual camera of the crop"),
        },
        "batch": 16,
        "numbers": {"margin": MARGIN},
    }
}


def check(args: argparse.Namespace) -> Mapping[str, Any]:
    """Whether code, licensed files, weights and card are there."""
    if not args.code:
        raise NotReady(f"--code is not set: {FILES['main/config.py']}")
    need_files(args.code, FILES)
    if not os.path.exists(weights_of(args)):
        raise NotReady(
            f"{weights_of(args)} is missing: download it as the README of OSX says, or give it with --weights"
        )
    need_gpu(GPU_GIB)
    return {"version": f"{args.encoder} {digest(weights_of(args))}", "device": "cuda"}


def weights_of(args: argparse.Namespace) -> str:
    """The file of weights."""
    return os.path.abspath(args.weights or os.path.join(args.code, "pretrained_models", f"{args.encoder}.pth.tar"))


def load(args: argparse.Namespace) -> Any:
    """The model as its own demonstration loads it, from a folder that need not be writable."""
    code = os.path.abspath(args.code)
    sys.path[:0] = [os.path.join(code, "main"), os.path.join(code, "data")]
    cfg = importlib.import_module("config").cfg
    cfg.set_args(os.environ.get("CUDA_VISIBLE_DEVICES", "0"))
    cfg.exp_name = tempfile.mkdtemp()  # its logs
    cfg.set_additional_args(
        encoder_setting=args.encoder, decoder_setting=args.decoder, pretrained_model_path=weights_of(args)
    )
    demoer = importlib.import_module("common.base").Demoer()
    demoer._make_model()
    demoer.model.eval()
    return demoer.model


def run(model: Any, kind: str, arrays: Mapping[str, Any], options: Mapping[str, Any], tick: Any) -> Mapping[str, Any]:
    """One batch of crops through the network."""
    torch = importlib.import_module("torch")
    pictures = np.ascontiguousarray(np.asarray(arrays["crops"]).transpose(0, 3, 1, 2))
    with torch.no_grad():
        images = torch.from_numpy(pictures).cuda().float() / 255.0
        out = model({"img": images}, {}, {}, "test")
    tick(0.9)
    parts = [out[name].detach().cpu().numpy().reshape(len(pictures), width) for name, width in PARTS]
    return {
        "osx179": np.concatenate(parts, axis=1).astype(np.float32),
        "valid": np.ones(len(pictures), bool),
        "camera": out["cam_trans"].detach().cpu().numpy().astype(np.float32),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--code", default="", help="folder of a clone of the published code")
    parser.add_argument("--weights", default="", help="default: pretrained_models/ENCODER.pth.tar in it")
    parser.add_argument("--encoder", choices=("osx_l", "osx_b"), default="osx_l")
    parser.add_argument("--decoder", choices=("normal", "wo_face_decoder", "wo_decoder"), default="normal")
    args = parser.parse_args()
    serve(
        "OSX",
        args.encoder,
        KINDS,
        lambda: load(args),
        run,
        lambda: check(args),
        runner="1",
        origin="https://github.com/IDEA-Research/OSX",
        licence="MIT (code); SMPL-X and SMPL files under their own non-commercial licences",
    )


if __name__ == "__main__":
    main()
