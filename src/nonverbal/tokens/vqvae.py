"""The tokenizer's network: convolutions that halve the rate, a quantiser, and the way back.

    [B, T, D] -> Conv3 -> ReLU -> 3 x (Conv4 stride 2 -> residual blocks) -> Conv3 -> [B, T/8, W]
              -> quantiser ->
    [B, T/8, W] -> Conv3 -> ReLU -> 3 x (residual blocks -> x2 nearest -> Conv3) -> Conv3 -> ReLU -> Conv3 -> [B, T, D]

Source: "Speaking Beyond Language" (2025), section on MARS; the design of T2M-GPT (Zhang et al. 2023) and MoMask (Guo
et al. 2024). Differs: ends repeat a frame in place of zeros; may be causal.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from nonverbal.tokens.config import TokenizerConfig
from nonverbal.tokens.layers import Chain, Conv, Doubling, Memory, Rectify, ResidualBlock
from nonverbal.tokens.quantisers import build_quantiser


class Reconstruction(NamedTuple):
    """What came out [B, T, D], the codes [B, L, K] (-1 where masked), and the commitment loss."""

    values: Tensor
    codes: Tensor
    commitment: Tensor


class MotionVQVAE(nn.Module):
    """Encoder, quantiser and decoder of scaled motion [B, T, D]; T is a multiple of the frames a token."""

    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__()
        self.encoder = build_encoder(config)
        self.quantiser = build_quantiser(config)
        self.decoder = build_decoder(config)

    def forward(self, values: Tensor, token_mask: Tensor) -> Reconstruction:
        """The way there and back; tokens whose mask [B, L] is false take no part in codebook and commitment."""
        latents = self.encode_latents(values)
        held = self.quantiser(latents.float(), token_mask)
        return Reconstruction(self.decode_latents(held.latents.to(latents.dtype)), held.codes, held.commitment)

    def encode_latents(self, values: Tensor) -> Tensor:
        """[B, T, D] to [B, L, W]."""
        return self.encoder(values.mT).mT

    def decode_latents(self, latents: Tensor, memory: Memory | None = None) -> Tensor:
        """[B, L, W] to [B, T, D]; with `memory`, the next part of a stream."""
        return self.decoder(latents.mT, memory).mT


def code_width(config: TokenizerConfig) -> int:
    """Numbers of a latent: those of the grid's dimensions for fsq."""
    return len(config.fsq_grid) if config.quantiser == "fsq" else config.code_width


def build_encoder(config: TokenizerConfig) -> Chain:
    """[B, D, T] -> [B, W, L]."""
    width, causal = config.width, config.causal
    layers: list[nn.Module] = [Conv(config.dim, width, 3, causal=causal), Rectify()]
    for _ in range(config.halvings):
        layers += [Conv(width, width, 4, stride=2, causal=causal), *_residual_blocks(config)]
    return Chain([*layers, Conv(width, code_width(config), 3, causal=causal)])


def build_decoder(config: TokenizerConfig) -> Chain:
    """[B, W, L] -> [B, D, T]."""
    width, causal = config.width, config.causal
    layers: list[nn.Module] = [Conv(code_width(config), width, 3, causal=causal), Rectify()]
    for _ in range(config.halvings):
        layers += [*_residual_blocks(config), Doubling(), Conv(width, width, 3, causal=causal)]
    return Chain([*layers, Conv(width, width, 3, causal=causal), Rectify(), Conv(width, config.dim, 3, causal=causal)])


def _residual_blocks(config: TokenizerConfig) -> list[nn.Module]:
    """From the widest dilation to the narrowest, as in both sources."""
    dilations = [config.dilation_growth**i for i in reversed(range(config.depth))]
    return [ResidualBlock(config.width, dilation, config.dropout, config.causal) for dilation in dilations]


def reach_frames(config: TokenizerConfig) -> int:
    """Frames on either side that an encoder's token or a decoder's frame can depend on, at most; before it, if causal.

    Each stage i of the encoder runs at 2^(i+1) frames a step; its blocks reach the sum of their dilations. The decoder
    mirrors it, and its convolutions after doubling reach one step of the doubled rate more.
    """
    blocks = sum(config.dilation_growth**i for i in range(config.depth))
    stages = sum(2 ** (i + 1) * (blocks + 2) for i in range(config.halvings))
    reach = int(stages + 2 * config.frames_per_token + 4)
    return 2 * reach if config.causal else reach


def count_parameters(network: nn.Module) -> int:
    """Numbers that training changes."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def token_mask_of(mask: Tensor, frames_per_token: int) -> Tensor:
    """[B, L] from a mask [B, T, G]: tokens with a frame in which at least one group is valid."""
    seen: Tensor = mask.any(dim=-1).unflatten(1, (-1, frames_per_token)).any(dim=-1)
    return seen
