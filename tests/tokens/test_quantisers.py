"""Quantisers: codes and latents are inverses, masks hold, dead codes come back."""

from __future__ import annotations

import pytest
import torch
from small_motion import small_config

from nonverbal.tokens.config import TokenizerConfig
from nonverbal.tokens.quantisers import build_quantiser

KINDS = [
    small_config(),
    small_config(quantiser="rvq", levels=3),
    small_config(quantiser="fsq", fsq_grid=(4, 4), codebook_size=16, code_width=2),
]


@pytest.mark.parametrize("config", KINDS, ids=lambda config: config.quantiser)
def test_codes_decode_to_the_latents_they_came_with(config: TokenizerConfig) -> None:
    torch.manual_seed(0)
    quantiser = build_quantiser(config)
    latents, mask = torch.randn(2, 40, config.code_width), torch.ones(2, 40, dtype=torch.bool)
    quantiser.train()(latents, mask)
    held = quantiser.eval()(latents, mask)
    assert held.codes.shape == (2, 40, config.levels)
    torch.testing.assert_close(quantiser.decode(held.codes), held.latents)


@pytest.mark.parametrize("config", KINDS, ids=lambda config: config.quantiser)
def test_masked_tokens_get_no_code(config: TokenizerConfig) -> None:
    torch.manual_seed(0)
    quantiser = build_quantiser(config).train()
    mask = torch.rand(2, 40) > 0.3
    codes = quantiser(torch.randn(2, 40, config.code_width), mask).codes
    assert (codes[~mask] == -1).all()
    assert (codes[mask] >= 0).all()


def test_residual_levels_come_ever_closer() -> None:
    torch.manual_seed(0)
    quantiser = build_quantiser(small_config(quantiser="rvq", levels=4)).train()
    latents, mask = torch.randn(4, 100, 8), torch.ones(4, 100, dtype=torch.bool)
    for _ in range(20):
        quantiser(latents, mask)
    codes = quantiser.eval()(latents, mask).codes
    errors = [(quantiser.decode(codes[..., :k]) - latents).square().mean().item() for k in (1, 2, 3, 4)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.5 * errors[0]


def test_left_out_levels_are_told() -> None:
    torch.manual_seed(0)
    quantiser = build_quantiser(small_config(quantiser="rvq", levels=4, level_dropout=1.0)).train()
    latents, mask = torch.randn(2, 50, 8), torch.ones(2, 50, dtype=torch.bool)
    kept = {int((quantiser(latents, mask).codes[0, 0] >= 0).sum()) for _ in range(30)}
    assert len(kept) > 1
    assert 0 not in kept
    assert int((quantiser.eval()(latents, mask).codes >= 0).all(dim=0).all(dim=0).sum()) == 4


def test_codes_that_nobody_uses_are_put_where_something_is() -> None:
    """First all latents lie in one place, then in many: the codes must follow, or most of them stay dead."""
    used = {}
    for share in (0.0, 0.25):
        torch.manual_seed(0)
        quantiser = build_quantiser(small_config(dead_code_share=share)).train()
        quantiser.expect_tokens(400)
        mask = torch.ones(4, 100, dtype=torch.bool)
        for _ in range(30):
            quantiser(torch.randn(4, 100, 8) * 0.01, mask)
        spread = torch.randn(16, 8) * 10
        places = spread[torch.randint(0, 16, (4, 100))]
        for _ in range(60):
            quantiser(places + 0.01 * torch.randn(4, 100, 8), mask)
        used[share] = len(quantiser.eval()(places, mask).codes.unique())
    assert used[0.25] >= 15
    assert used[0.0] <= 12
