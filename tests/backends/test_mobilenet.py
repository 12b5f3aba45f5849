"""MobileNets: the parameters are torchvision's by name, order and shape; crops hold head and shoulders."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from nonverbal.backends.looks import backend_of, look_model  # noqa: E402 - they import torch
from nonverbal.backends.mobilenet import MobileNet, load, mobilenet_v2, mobilenet_v3  # noqa: E402
from nonverbal.backends.mobilenet_looks import features, person_crop  # noqa: E402

TORCHVISION = {
    mobilenet_v3: (5_483_032, 960, "efe98e40831bae9532d9c518b312080f840b880adfcddaed3dd8b307363875e7"),
    mobilenet_v2: (3_504_872, 1280, "37bbbce8932fd0c49fe8e941719a7aa7b25b60c17b428749b72562f754135844"),
}
"""Parameters, features, and sha256 of the lines "NAME SHAPE" of torchvision 0.29's state dictionary."""


@pytest.mark.parametrize("make", TORCHVISION)
def test_parameters_are_torchvisions(make) -> None:
    count, width, digest = TORCHVISION[make]
    network: MobileNet = make().eval()
    assert sum(p.numel() for p in network.parameters()) == count
    lines = "\n".join(f"{name} {tuple(value.shape)}" for name, value in network.state_dict().items())
    assert hashlib.sha256(lines.encode()).hexdigest() == digest
    with torch.inference_mode():
        pixels = torch.zeros(1, 3, 64, 64)
        assert network.embed(pixels).shape == (1, width)
        assert network(pixels).shape == (1, 1000)


def test_squeeze_and_excite_weighs_channels_by_hand() -> None:
    """Of the first block that has one: 72 channels through 24."""
    squeeze = mobilenet_v3().features[4].block[2]
    assert tuple(squeeze.fc1.weight.shape) == (24, 72, 1, 1)
    with torch.no_grad():
        for parameter in squeeze.parameters():
            parameter.zero_()
        squeeze.fc2.bias[:2] = torch.tensor([-3.0, 3.0])  # hard sigmoid: 0 and 1; 0.5 elsewhere
        out = squeeze(torch.full((1, 72, 2, 2), 4.0))
    assert out[0, :3, 0, 0].tolist() == [0.0, 4.0, 2.0]


def test_weights_come_back(tmp_path: Path) -> None:
    torch.manual_seed(0)
    made = mobilenet_v2()
    torch.save(made.state_dict(), tmp_path / "v2.pth")
    pixels = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(load(mobilenet_v2(), tmp_path / "v2.pth").embed(pixels), made.eval().embed(pixels))


def face_at(x: float, y: float, size: float) -> np.ndarray:
    marks = np.zeros((478, 3), np.float32)
    marks[:, :2] = x, y
    marks[:4, :2] = [(x - size / 2, y), (x + size / 2, y), (x, y - size / 2), (x, y + size / 2)]
    return marks


def test_a_crop_holds_head_and_shoulders() -> None:
    """A face of 100 pixels at (300, 200): 300 x 300 pixels around (300, 260)."""
    picture = np.zeros((600, 600, 3), np.uint8)
    picture[110:410, 150:450] = 200
    crop = person_crop(picture, face_at(300, 200, 100))
    assert crop is not None
    assert crop.shape == (224, 224, 3)
    assert (crop == 200).all()
    moved = person_crop(picture, face_at(303, 203, 100))
    assert moved is not None
    assert (moved[-2:] == 0).all()
    assert (moved[:, -2:] == 0).all()


def test_what_lies_outside_the_picture_is_the_mean_grey() -> None:
    crop = person_crop(np.zeros((400, 400, 3), np.uint8), face_at(20, 20, 100))
    assert crop is not None
    assert crop[0, 0].tolist() == [124, 116, 104]
    assert crop[200, 200].tolist() == [0, 0, 0]
    for marks in (face_at(900, 20, 100), face_at(-90, 20, 100), face_at(50, 50, 0), face_at(np.nan, 50, 80)):
        assert person_crop(np.zeros((400, 400, 3), np.uint8), marks) is None


def test_features_have_unit_length_and_nobody_has_none() -> None:
    torch.manual_seed(0)
    network = mobilenet_v3().eval()
    picture = np.random.default_rng(0).integers(0, 256, (300, 300, 3)).astype(np.uint8)
    assert np.linalg.norm(features(network, picture, face_at(150, 150, 80))) == pytest.approx(1.0, abs=1e-5)
    nobody = features(network, picture, face_at(900, 150, 80))
    assert nobody.shape == (960,)
    assert not nobody.any()


def test_published_weights_of_version_2_are_read() -> None:
    if problem := backend_of("mobilenetv2").problem():
        pytest.skip(problem)
    model = look_model("mobilenetv2")
    dark, light = (np.full((300, 300, 3), level, np.uint8) for level in (30, 220))
    looks = [model.describe(picture, face_at(150, 150, 80)) for picture in (dark, dark, light)]
    assert np.array_equal(looks[0], looks[1])
    assert np.linalg.norm(looks[0]) == pytest.approx(1.0, abs=1e-5)
    assert model.likeness(looks[0], looks[2]) < 0.99
