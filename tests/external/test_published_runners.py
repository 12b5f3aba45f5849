"""The runners for EMOCA v2, SMIRK and OSX against stand-ins with the calls and shapes of the published code.

What this shows: which calls are made with what, and which column becomes which. Not that the real models run.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest

from nonverbal.external.estimators import CHOICES, RUNNERS
from nonverbal.external.host import Runner
from nonverbal.external.layouts import LAYOUTS, layout_fault
from nonverbal.external.protocol import NotReadyError

WEIGHTS = hashlib.sha256(b"weights").hexdigest()[:12]

START = (
    "import runpy, sys; paths, script, sys.argv = sys.argv[1].split(':'), sys.argv[2], sys.argv[2:]\n"
    "sys.path[:0] = paths\n"
)
PRETEND_GPU = (
    "import torch\n"
    "torch.cuda.is_available = lambda: True\n"
    "torch.cuda.mem_get_info = lambda: (int(FREE * 2**30), 24 * 2**30)\n"
    "torch.Tensor.cuda = lambda self, *args: self\n"
)
RUN = "runpy.run_path(script, run_name='__main__')"

FAKE_EMOCA = '''
"""Stand-in for gdl_apps.EMOCA.utils.load: no estimator."""
from pathlib import Path
import torch

def get_path_to_assets():
    return Path("beside the code")

class FakeEmoca:
    def to(self, device):
        assert device == "cpu"
    def eval(self):
        self.ready = True
    def encode(self, batch, training):
        assert self.ready and training is False and not torch.is_grad_enabled()
        image = batch["image"]
        assert image.dtype == torch.float32 and image.shape[1:] == (3, 224, 224)
        assert 0 <= image.min() <= image.max() <= 1
        red = image[:, 0].mean((1, 2))
        def code(first, width):
            return first + torch.arange(width)[None] + red[:, None]
        return {
            "shapecode": code(1000, 100), "texcode": code(2000, 50), "expcode": code(0, 50), "posecode": code(100, 6),
            "cam": code(3000, 3), "lightcode": code(4000, 27).reshape(-1, 9, 3), "detailcode": code(5000, 128),
        }

def load_model(path_to_models, run_name, stage):
    assert (Path(path_to_models) / run_name / "cfg.yaml").exists() and stage == "detail", (path_to_models, run_name)
    assert str(path_to_models).startswith(str(get_path_to_assets())), "the licensed files are looked for elsewhere"
    print("a library that prints to standard output")
    return FakeEmoca(), "conf"
'''

FAKE_OSX_CONFIG = '''
"""Stand-in for OSX's main/config.py."""
class Config:
    exp_name = "output"
    def set_args(self, gpu_ids, lr=1e-4, continue_train=False):
        self.gpu_ids = gpu_ids
    def set_additional_args(self, **kwargs):
        self.__dict__.update(kwargs)
        assert not self.exp_name.startswith("output"), "logs would go into the code's folder"
cfg = Config()
import sys, os
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
'''

FAKE_OSX_BASE = '''
"""Stand-in for OSX's common/base.py: no estimator."""
import torch
from config import cfg

WIDTHS = {
    "smplx_expr": 10, "smplx_shape": 10, "smplx_jaw_pose": 3, "smplx_rhand_pose": 45, "smplx_lhand_pose": 45,
    "smplx_body_pose": 63, "smplx_root_pose": 3, "cam_trans": 3,
}

class FakeModel:
    def eval(self):
        pass
    def __call__(self, inputs, targets, meta_info, mode):
        image = inputs["img"]
        assert mode == "test" and targets == {} and meta_info == {} and not torch.is_grad_enabled()
        assert image.dtype == torch.float32 and image.shape[1:] == (3, 512, 384) and image.max() <= 1
        out, first = {"smplx_mesh_cam": torch.zeros(len(image), 10475, 3)}, 0
        for name, width in WIDTHS.items():
            first += 1000
            out[name] = first + torch.arange(width)[None] + image[:, 0].mean((1, 2))[:, None]
        return out

class Demoer:
    def _make_model(self):
        assert cfg.encoder_setting == "osx_l" and cfg.pretrained_model_path.endswith("osx_l.pth.tar")
        self.model = FakeModel()
'''


FAKE_TIMM = """
def create_model(name, pretrained=True, features_only=False):
    assert not pretrained, "weights would be fetched from the network"
"""

FAKE_SMIRK = '''
"""Stand-in for SMIRK's src/smirk_encoder.py: no estimator."""
import timm
import torch

WIDTHS = {"pose_params": 3, "cam": 3, "shape_params": 300, "expression_params": 50, "eyelid_params": 2, "jaw_params": 3}

class SmirkEncoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        timm.create_model("tf_mobilenetv3_small_minimal_100", pretrained=True, features_only=True)
        self.first = torch.nn.Parameter(torch.zeros(()))
    def forward(self, image):
        assert not self.training and image.dtype == torch.float32 and image.shape[1:] == (3, 224, 224)
        parts = [(name, i, width) for i, (name, width) in enumerate(WIDTHS.items())]
        each = {name: self.first + 1000 * i + torch.arange(width)[None] for name, i, width in parts}
        return {name: values.repeat(len(image), 1) for name, values in each.items()}
'''


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def command(script: str, paths: list[Path], *flags: str, free_gib: float | None = None) -> list[str]:
    pretend = "" if free_gib is None else PRETEND_GPU.replace("FREE", str(free_gib))
    places = ":".join(str(path) for path in (*paths, RUNNERS))
    return [sys.executable, "-c", START + pretend + RUN, places, str(RUNNERS / script), *flags]


def sentence(words: list[str]) -> str:
    with pytest.raises(NotReadyError) as caught:
        Runner(words).greet()
    assert "\n" not in caught.value.sentence
    return caught.value.sentence


def emoca_assets(root: Path) -> None:
    names = ("generic_model.pkl", "landmark_embedding.npy", "mediapipe_landmark_embedding.npz", "head_template.obj")
    write(root, {f"FLAME/geometry/{name}": "x" for name in names})
    write(root, {"DECA/data/deca_model.tar": "x", "FaceRecognition/resnet50_ft_weight.pkl": "x"})
    model = "EMOCA/models/EMOCA_v2_lr_mse_20"
    write(root, {f"{model}/cfg.yaml": "x", f"{model}/detail/checkpoints/deca-epoch=10.ckpt": "weights"})


@pytest.mark.slow
@pytest.mark.parametrize("elsewhere", [False, True])
def test_emoca_gives_the_papers_156_numbers(tmp_path: Path, elsewhere: bool) -> None:
    code = tmp_path / "code"
    write(code, {f"{name}/__init__.py": "" for name in ("gdl", "gdl_apps", "gdl_apps/EMOCA", "gdl_apps/EMOCA/utils")})
    assets = tmp_path / "licensed" if elsewhere else code / "assets"
    told = FAKE_EMOCA.replace('Path("beside the code")', f"Path({str(code / 'assets')!r})")
    write(code, {"gdl_apps/EMOCA/utils/load.py": told})
    emoca_assets(assets)
    flags = ["--device", "cpu", *(["--assets", str(assets)] if elsewhere else [])]
    crops = np.stack([np.full((224, 224, 3), value, np.uint8) for value in (0, 255)])
    with Runner(command("emoca_v2.py", [code], *flags)) as runner:
        assert layout_fault(runner.hello, "face") == ""
        assert runner.hello.identity == f"EMOCA v2 lr_mse_20 {WEIGHTS} (runner 1)"
        answer = runner.ask("face", {"crops": crops})
    vectors = answer["emoca156"]
    assert vectors[0].tolist() == [*range(50), *range(100, 106), *range(1000, 1100)]
    np.testing.assert_allclose(vectors[1] - vectors[0], 1.0, atol=1e-3)
    assert LAYOUTS["face"]["emoca156"].values(vectors)[0, 50:].tolist() == [103, 104, 105]  # the jaw
    assert answer["light"][0, :3].tolist() == [4000, 4001, 4002]
    assert answer["valid"].all()


@pytest.mark.slow
def test_osx_gives_the_papers_179_numbers(tmp_path: Path) -> None:
    files = {"main/config.py": FAKE_OSX_CONFIG, "common/base.py": FAKE_OSX_BASE, "common/__init__.py": ""}
    smplx = ("SMPLX_NEUTRAL.npz", "SMPLX_MALE.npz", "SMPLX_FEMALE.npz", "SMPLX_to_J14.pkl", "MANO_SMPLX_vertex_ids.pkl")
    models = "common/utils/human_model_files"
    files |= {f"{models}/smplx/{name}": "x" for name in (*smplx, "SMPL-X__FLAME_vertex_ids.npy")}
    files |= {f"{models}/smpl/SMPL_{name}.pkl": "x" for name in ("NEUTRAL", "MALE", "FEMALE")}
    write(tmp_path, files | {"pretrained_models/osx_l.pth.tar": "weights", "data/none.txt": ""})
    flags = ("--code", str(tmp_path))
    with Runner(command("osx.py", [], *flags, free_gib=20.0)) as runner:
        assert layout_fault(runner.hello, "body") == ""
        assert runner.hello.identity == f"OSX osx_l {WEIGHTS} (runner 1)"
        answer = runner.ask("body", {"crops": np.zeros((2, 512, 384, 3), np.uint8)})
    order = ((7000, 3), (6000, 63), (5000, 45), (4000, 45), (3000, 3), (2000, 10), (1000, 10))
    assert answer["osx179"][0].tolist() == [first + i for first, width in order for i in range(width)]
    kept = LAYOUTS["body"]["osx179"].values(answer["osx179"])[0]
    assert kept[[0, 26, 27, 71, 72, 116]].tolist() == [6036, 6062, 5000, 5044, 4000, 4044]  # joints 13 to 21, hands
    assert answer["camera"].tolist() == [[8000, 8001, 8002]] * 2
    assert "has 1.5 GiB free, expected at least 6" in sentence(command("osx.py", [], *flags, free_gib=1.5))
    assert "PyTorch sees no GPU" in sentence(command("osx.py", [], *flags))


@pytest.mark.slow
def test_smirk_gives_flame_without_any_licensed_file(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    code = tmp_path / "smirk"
    write(code, {"src/__init__.py": "", "src/smirk_encoder.py": FAKE_SMIRK, "pretrained_models/none.txt": ""})
    write(tmp_path, {"timm.py": FAKE_TIMM})
    flags = ("--code", str(code), "--device", "cpu")
    assert "SMIRK_em1.pt is missing" in sentence(command("smirk.py", [tmp_path], *flags))
    stored = {"smirk_encoder.first": torch.tensor(0.5), "smirk_generator.first": torch.tensor(9.0)}
    torch.save(stored, code / "pretrained_models/SMIRK_em1.pt")
    with Runner(command("smirk.py", [tmp_path], *flags)) as runner:
        assert layout_fault(runner.hello, "face") == ""
        answer = runner.ask("face", {"crops": np.zeros((2, 224, 224, 3), np.uint8)})
    assert answer["flame53"][1].tolist() == [*(3000.5 + i for i in range(50)), 5000.5, 5001.5, 5002.5]
    assert answer["shape"][0, [0, 299]].tolist() == [2000.5, 2299.5]
    assert answer["eyelids"].tolist() == [[4000.5, 4001.5]] * 2


def test_what_is_missing_is_told_one_by_one(tmp_path: Path) -> None:
    assert "clone https://github.com/radekd91/emoca" in sentence(command("emoca_v2.py", []))
    write(tmp_path, {"gdl/__init__.py": ""})
    told = sentence(command("emoca_v2.py", [tmp_path]))
    assert f"{tmp_path}/assets/FLAME/geometry/generic_model.pkl is missing" in told
    assert "https://flame.is.tue.mpg.de" in told
    emoca_assets(tmp_path / "assets")
    (tmp_path / "assets/EMOCA/models/EMOCA_v2_lr_mse_20/detail/checkpoints/deca-epoch=10.ckpt").unlink()
    assert "checkpoints has no .ckpt" in sentence(command("emoca_v2.py", [tmp_path]))
    assert "--code is not set" in sentence(command("osx.py", []))
    assert "main/config.py is missing" in sentence(command("osx.py", [], "--code", str(tmp_path)))
    write(tmp_path, {"main/config.py": ""})
    assert "https://smpl-x.is.tue.mpg.de" in sentence(command("osx.py", [], "--code", str(tmp_path)))


def test_the_choices_say_that_they_are_chosen_by_a_command() -> None:
    for backend in CHOICES:
        assert f"--{backend.setting.replace('_', '-')} is not set" in (backend.problem() or "")
        assert backend.licence
        assert not backend.default
