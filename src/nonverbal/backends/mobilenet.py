"""MobileNetV2 and MobileNetV3 in PyTorch, with the parameter names of the published ImageNet weights.

Sources: Sandler et al. 2018 (table 2) and Howard et al. 2019 (tables 1 and 2). Names follow torchvision, so its weights
load as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn


@dataclass(frozen=True, slots=True)
class Row:
    """One bottleneck of MobileNetV3: kernel, channels inside and out, squeeze and excite, hard swish, stride."""

    kernel: int
    expanded: int
    out: int
    squeezes: bool
    swishes: bool
    stride: int


_LARGE = (
    Row(3, 16, 16, False, False, 1),
    Row(3, 64, 24, False, False, 2),
    Row(3, 72, 24, False, False, 1),
    Row(5, 72, 40, True, False, 2),
    Row(5, 120, 40, True, False, 1),
    Row(5, 120, 40, True, False, 1),
    Row(3, 240, 80, False, True, 2),
    Row(3, 200, 80, False, True, 1),
    Row(3, 184, 80, False, True, 1),
    Row(3, 184, 80, False, True, 1),
    Row(3, 480, 112, True, True, 1),
    Row(3, 672, 112, True, True, 1),
    Row(5, 672, 160, True, True, 2),
    Row(5, 960, 160, True, True, 1),
    Row(5, 960, 160, True, True, 1),
)
_V2 = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Expansion, channels, repeats and first stride of MobileNetV2."""


class MobileNet(nn.Module):
    """`features` and `classifier` as published; `embed` is what the classifier sees."""

    def __init__(self, features: nn.Sequential, classifier: nn.Sequential) -> None:
        super().__init__()
        self.features, self.classifier = features, classifier

    def embed(self, pixels: torch.Tensor) -> torch.Tensor:
        """[B, 3, H, W] of unit variance -> [B, E], the mean over the picture of the last features."""
        out: torch.Tensor = self.features(pixels).mean(dim=(2, 3))
        return out

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """[B, 3, H, W] -> [B, 1000] scores of the ImageNet classes."""
        out: torch.Tensor = self.classifier(self.embed(pixels))
        return out


def mobilenet_v3() -> MobileNet:
    """The large network; 960 features."""
    layers: list[nn.Module] = [_convolution(3, 16, 3, 2, nn.Hardswish, eps=1e-3)]
    channels = 16
    for row in _LARGE:
        layers.append(Bottleneck(channels, row))
        channels = row.out
    features = _LARGE[-1].expanded
    layers.append(_convolution(channels, features, 1, 1, nn.Hardswish, eps=1e-3))
    head = nn.Sequential(nn.Linear(features, 1280), nn.Hardswish(), nn.Dropout(0.2), nn.Linear(1280, 1000))
    return MobileNet(nn.Sequential(*layers), head)


def mobilenet_v2() -> MobileNet:
    """1280 features."""
    layers: list[nn.Module] = [_convolution(3, 32, 3, 2, nn.ReLU6)]
    channels = 32
    for expansion, out, repeats, stride in _V2:
        for i in range(repeats):
            layers.append(InvertedResidual(channels, expansion, out, stride if i == 0 else 1))
            channels = out
    layers.append(_convolution(channels, 1280, 1, 1, nn.ReLU6))
    return MobileNet(nn.Sequential(*layers), nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 1000)))


def _convolution(
    inputs: int,
    out: int,
    kernel: int,
    stride: int,
    activation: type[nn.Module] | None,
    groups: int = 1,
    eps: float = 1e-5,
) -> nn.Sequential:
    """Convolution, batch norm and, where there is one, activation."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out, eps=eps),
    ]
    return nn.Sequential(*layers, *([activation()] if activation else []))


class SqueezeExcite(nn.Module):
    """Weighs channels by what the whole picture shows."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = _divisible(channels / 4)
        self.fc1, self.fc2 = nn.Conv2d(channels, inner, 1), nn.Conv2d(inner, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B, C, H, W] -> the same."""
        scale = torch.relu(self.fc1(x.mean(dim=(2, 3), keepdim=True)))
        return x * nn.functional.hardsigmoid(self.fc2(scale))


class Bottleneck(nn.Module):
    """Expand, filter each channel, squeeze and excite, project; added to the input where the shape stays."""

    def __init__(self, inputs: int, row: Row) -> None:
        super().__init__()
        activation: type[nn.Module] = nn.Hardswish if row.swishes else nn.ReLU
        wide = row.expanded
        layers: list[nn.Module] = []
        if wide != inputs:
            layers.append(_convolution(inputs, wide, 1, 1, activation, eps=1e-3))
        layers.append(_convolution(wide, wide, row.kernel, row.stride, activation, groups=wide, eps=1e-3))
        if row.squeezes:
            layers.append(SqueezeExcite(wide))
        layers.append(_convolution(wide, row.out, 1, 1, None, eps=1e-3))
        self.block = nn.Sequential(*layers)
        self._adds = row.stride == 1 and inputs == row.out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B, C, H, W] -> [B, C', H', W']."""
        y: torch.Tensor = self.block(x)
        return x + y if self._adds else y


class InvertedResidual(nn.Module):
    """MobileNetV2's bottleneck."""

    def __init__(self, inputs: int, expansion: int, out: int, stride: int) -> None:
        super().__init__()
        wide = inputs * expansion
        layers: list[nn.Module] = [] if expansion == 1 else [_convolution(inputs, wide, 1, 1, nn.ReLU6)]
        layers.append(_convolution(wide, wide, 3, stride, nn.ReLU6, groups=wide))
        self.conv = nn.Sequential(*layers, *_convolution(wide, out, 1, 1, None))
        self._adds = stride == 1 and inputs == out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[B, C, H, W] -> [B, C', H', W']."""
        y: torch.Tensor = self.conv(x)
        return x + y if self._adds else y


def _divisible(channels: float, by: int = 8) -> int:
    """The nearest multiple of `by`, at most a tenth less than asked."""
    nearest = max(by, int(channels + by / 2) // by * by)
    return nearest + by if nearest < 0.9 * channels else nearest


def load(network: MobileNet, path: Path) -> MobileNet:
    """`network` with the weights of a file whose hash was proved, ready to be asked."""
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.eval().requires_grad_(False)
