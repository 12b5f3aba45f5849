"""The network: shapes, what may depend on what, and that a stream equals the whole."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_motion import small_config
from torch import nn

from nonverbal.tokens.layers import Conv, Memory
from nonverbal.tokens.vqvae import (
    MotionVQVAE,
    build_decoder,
    build_encoder,
    count_parameters,
    reach_frames,
    token_mask_of,
)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(("kernel", "stride", "dilation"), [(3, 1, 1), (3, 1, 9), (4, 2, 1)])
def test_a_convolution_keeps_the_length_over_its_stride(kernel: int, stride: int, dilation: int, causal: bool) -> None:
    conv = Conv(2, 3, kernel, stride, dilation, causal)
    assert conv(torch.randn(1, 2, 12)).shape == (1, 3, 12 // stride)


def test_a_convolution_pads_with_its_ends() -> None:
    conv = Conv(1, 1, 3)
    with torch.no_grad():
        conv.conv.weight[:] = torch.tensor([[[1.0, 10.0, 100.0]]])
        conv.conv.bias.zero_()
    assert conv(torch.tensor([[[1.0, 2.0, 3.0]]])).tolist() == [[[211.0, 321.0, 332.0]]]


def test_only_a_causal_convolution_runs_as_a_stream() -> None:
    with pytest.raises(ValueError, match="causal"):
        Conv(1, 1, 3)(torch.zeros(1, 1, 4), {})


@pytest.mark.parametrize("halvings", [0, 1, 2, 3, 4])
def test_frames_become_tokens_and_tokens_frames(halvings: int) -> None:
    config = small_config(halvings=halvings)
    latents = build_encoder(config)(torch.randn(2, 52, 32))
    assert latents.shape == (2, 8, 32 // 2**halvings)
    assert build_decoder(config)(latents).shape == (2, 52, 32)


def test_the_papers_size_is_the_papers() -> None:
    """The convolutions of T2M-GPT at width 512, counted by hand: three stages of one change of rate and 3 blocks."""
    width, dim = 512, 52
    block = 3 * width * width + width + width * width + width
    encoder = 3 * dim * width + width + 3 * (4 * width * width + width + 3 * block) + 3 * width * width + width
    decoder = (3 * width * width + width) * 2 + 3 * (3 * block + 3 * width * width + width) + 3 * width * dim + dim
    config = small_config(width=width, depth=3, halvings=3, code_width=width, codebook_size=512)
    assert count_parameters(build_encoder(config)) == encoder
    assert count_parameters(build_decoder(config)) == decoder


@pytest.mark.parametrize("causal", [False, True])
def test_nothing_reaches_further_than_told(causal: bool) -> None:
    config = small_config(causal=causal, width=4, depth=2)
    encoder, decoder = build_encoder(config), build_decoder(config)
    _lively(encoder)
    _lively(decoder)
    reach = reach_frames(config)
    length = 4 * (-(-2 * reach // 4) + 8)
    frames = torch.randn(1, 52, length)
    moved = frames.clone()
    at = length // 2
    moved[..., at] += 10.0
    changed = ((encoder(frames) != encoder(moved)).any(dim=1)[0]).nonzero()[:, 0]
    assert len(changed)
    assert changed.max() * 4 <= at + reach
    assert changed.min() * 4 >= (at - 3 if causal else at - reach)
    latents = torch.randn(1, 8, length // 4)
    other = latents.clone()
    other[..., at // 4] += 10.0
    changed = ((decoder(latents) != decoder(other)).any(dim=1)[0]).nonzero()[:, 0]
    assert changed.max() <= at + 4 + reach
    assert changed.min() >= (at - at % 4 if causal else at - reach)


@given(st.lists(st.integers(1, 7), min_size=1, max_size=6))
@settings(max_examples=25, deadline=None)
def test_a_stream_decodes_what_the_whole_decodes(parts: list[int]) -> None:
    torch.manual_seed(0)
    decoder = build_decoder(small_config(causal=True))
    _lively(decoder)
    latents = torch.randn(1, 8, sum(parts))
    memory: Memory = {}
    with torch.no_grad():
        streamed = torch.cat([decoder(part, memory) for part in latents.split(parts, dim=-1)], dim=-1)
        torch.testing.assert_close(streamed, decoder(latents), rtol=1e-4, atol=1e-5)


def test_masked_tokens_do_not_move_the_codebook() -> None:
    """What the gaps of a track hold must not decide what a code stands for."""
    codes = []
    for garbage in (0.0, 50.0):
        torch.manual_seed(0)
        network = MotionVQVAE(small_config(dead_code_share=0.0))
        values = torch.randn(4, 64, 52)
        mask = torch.ones(4, 16, dtype=torch.bool)
        mask[:, 8:] = False
        network.eval()
        latents = network.encode_latents(values).detach()
        latents[:, 8:] += garbage
        network.train()
        for _ in range(3):
            network.quantiser(latents, mask)
        codes.append(network.quantiser.inner.codebook.clone())
    torch.testing.assert_close(codes[0], codes[1], rtol=0, atol=0)


def test_a_token_is_valid_with_one_frame_of_one_group() -> None:
    mask = torch.zeros(1, 12, 3, dtype=torch.bool)
    mask[0, 5, 2] = True
    assert token_mask_of(mask, 4).tolist() == [[False, True, False]]


def _lively(module: nn.Module) -> None:
    """Biases above zero, so that no rectifier hides what a test changes."""
    with torch.no_grad():
        for name, weight in module.named_parameters():
            if name.endswith("bias"):
                weight.abs_().add_(0.5)
