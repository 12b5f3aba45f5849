"""The three quantisers of `vector-quantize-pytorch` behind one face: latents to codes and back, masks all the way.

Sources: van den Oord et al. 2017 (codebooks that follow a moving average, dead codes revived as in Jukebox), Zeghidour
et al. 2021 (residual codebooks), Mentzer et al. 2024 (finite scalar quantisation).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from nonverbal.tokens.config import TokenizerConfig
from nonverbal.verdicts import UserError


class Quantised(NamedTuple):
    """Latents on codes [B, L, W], codes [B, L, K] (-1 where masked or left out), and the commitment loss."""

    latents: Tensor
    codes: Tensor
    commitment: Tensor


class SingleQuantiser(nn.Module):
    """One codebook whose codes follow the moving average of the latents they stand for."""

    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__()
        self.inner = _library().VectorQuantize(
            config.code_width, codebook_size=config.codebook_size, **_codebook_settings(config)
        )

    def forward(self, latents: Tensor, mask: Tensor) -> Quantised:
        held, codes, loss = self.inner(latents, mask=mask)
        return Quantised(held, codes[..., None], loss)

    def decode(self, codes: Tensor) -> Tensor:
        """[B, L, 1] codes to latents [B, L, W]."""
        return self.inner.get_codes_from_indices(codes[..., 0])

    def expect_tokens(self, count: float) -> None:
        """`count` tokens come with a batch: sets what is too few for a code."""
        _set_threshold([self.inner], count)


class ResidualQuantiser(nn.Module):
    """Codebooks that each take what the ones before left over."""

    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__()
        self.levels, self.level_dropout = config.levels, config.level_dropout
        self.inner = _library().ResidualVQ(
            dim=config.code_width, num_quantizers=config.levels, codebook_size=config.codebook_size,
            quantize_dropout=config.level_dropout > 0, **_codebook_settings(config),
        )  # fmt: skip

    def forward(self, latents: Tensor, mask: Tensor) -> Quantised:
        if self.training and self.levels > 1 and self.level_dropout:
            self.inner.quantize_dropout = bool(torch.rand(()) < self.level_dropout)
        held, codes, losses = self.inner(latents, mask=mask)
        return Quantised(held, codes, losses.sum())

    def decode(self, codes: Tensor) -> Tensor:
        """[B, L, K] codes, the first K levels, to latents [B, L, W]."""
        books = [layer.codebook for layer in self.inner.layers]
        return torch.stack([books[k][codes[..., k]] for k in range(codes.shape[-1])]).sum(dim=0)

    def expect_tokens(self, count: float) -> None:
        """`count` tokens come with a batch: sets what is too few for a code."""
        _set_threshold(list(self.inner.layers), count)


class GridQuantiser(nn.Module):
    """A fixed grid: each dimension of a latent is rounded to one of a few steps; nothing to learn, nothing to die."""

    def __init__(self, config: TokenizerConfig) -> None:
        super().__init__()
        self.inner = _library().FSQ(list(config.fsq_grid))

    def forward(self, latents: Tensor, mask: Tensor) -> Quantised:
        held, codes = self.inner(latents)
        codes = torch.where(mask, codes.long(), -1)[..., None]
        return Quantised(held, codes, latents.new_zeros(()))

    def decode(self, codes: Tensor) -> Tensor:
        """[B, L, 1] codes to latents [B, L, W]."""
        return self.inner.indices_to_codes(codes[..., 0])

    def expect_tokens(self, count: float) -> None:
        """Nothing depends on how often a point of the grid is used."""


AnyQuantiser = SingleQuantiser | ResidualQuantiser | GridQuantiser
QUANTISERS: dict[str, Callable[[TokenizerConfig], AnyQuantiser]] = {
    "vq": SingleQuantiser,
    "rvq": ResidualQuantiser,
    "fsq": GridQuantiser,
}


def build_quantiser(config: TokenizerConfig) -> AnyQuantiser:
    """The quantiser that `config` names."""
    return QUANTISERS[config.quantiser](config)


def _codebook_settings(config: TokenizerConfig) -> dict[str, object]:
    return {
        "decay": config.ema_decay,
        "kmeans_init": True,
        "commitment_weight": 1.0,
        "rotation_trick": False,  # straight through; rotating the gradients (Fifty et al. 2024) measured no better
        "stochastic_sample_codes": config.sample_temperature > 0,
        "sample_codebook_temp": config.sample_temperature,
        "threshold_ema_dead_code": config.dead_code_share,  # times tokens per code, once a batch's size is known
    }


def _set_threshold(layers: list[nn.Module], tokens: float) -> None:
    for layer in layers:
        book = layer._codebook
        share = book.__dict__.setdefault("dead_code_share", book.threshold_ema_dead_code)
        book.threshold_ema_dead_code = share * tokens / book.codebook_size
        book.reset_cluster_size = book.threshold_ema_dead_code


def _library():  # type: ignore[no-untyped-def]  # the module vector_quantize_pytorch, which has no types
    try:
        import vector_quantize_pytorch
        from loguru import logger
    except ImportError as error:
        raise UserError(f"tokenizers need {error.name}: run pip install 'nonverbal[tokens]'") from error
    logger.disable("vector_quantize_pytorch")  # it warns of small batches on standard error, in the middle of the bar
    return vector_quantize_pytorch
