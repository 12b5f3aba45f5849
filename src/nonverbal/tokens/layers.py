"""Convolutions over time that know no padding but their own ends, and that can run as a stream when causal."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Memory = dict[nn.Module, Tensor]
"""What each causal convolution has yet to see again: its last inputs."""


class Conv(nn.Module):
    """A 1D convolution [B, C, T] -> [B, C', T / stride] whose ends repeat the first and last frame.

    A causal one looks back only. Differs: T2M-GPT pads with zeros, which a face at rest is not.
    """

    def __init__(
        self, channels: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1, causal: bool = False
    ) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, outputs, kernel, stride, dilation=dilation)
        reach = dilation * (kernel - 1) + 1 - stride
        self.before = reach if causal else reach // 2
        self.after = reach - self.before

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        """The convolution of a whole sequence or, with `memory`, of the next part of a stream."""
        if memory is None:
            return self.conv(F.pad(x, (self.before, self.after), mode="replicate"))
        if self.after:
            raise ValueError("only a causal convolution runs as a stream")
        past = memory.get(self)
        x = torch.cat([x[..., :1].expand(-1, -1, self.before) if past is None else past, x], dim=-1)
        memory[self] = x[..., -self.before :]
        return self.conv(x)


class ResidualBlock(nn.Module):
    """x + Conv1(ReLU(Conv3 dilated(ReLU(x)))), all [B, C, T]."""

    def __init__(self, width: int, dilation: int, dropout: float, causal: bool) -> None:
        super().__init__()
        self.dilated = Conv(width, width, 3, dilation=dilation, causal=causal)
        self.mix = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        inner = self.dilated(F.relu(x), memory)
        return x + self.dropout(self.mix(F.relu(inner)))


class Doubling(nn.Module):
    """Every frame twice: [B, C, T] -> [B, C, 2 T] (nearest)."""

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        return x.repeat_interleave(2, dim=-1)


class Rectify(nn.Module):
    """ReLU that takes part in a stream."""

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        return F.relu(x)


class Chain(nn.ModuleList):
    """Layers one after the other, each given the stream's memory."""

    def forward(self, x: Tensor, memory: Memory | None = None) -> Tensor:
        for layer in self:
            x = layer(x, memory)
        return x
