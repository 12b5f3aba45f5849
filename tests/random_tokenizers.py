"""Tokenizers that nobody trained."""

from __future__ import annotations

import torch

from nonverbal.tokens.config import TokenizerConfig
from nonverbal.tokens.scaling import Scaling
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.tokens.vqvae import MotionVQVAE


def random_tokenizer(config: TokenizerConfig, seed: int = 0, scale: float = 1.0) -> Tokenizer:
    """A tokenizer with untrained weights; what it decodes has a mean of 0 and about the given scale."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = MotionVQVAE(config)
        for name, buffer in network.named_buffers():
            if name.endswith("initted"):
                buffer.fill_(True)
            elif name.endswith(("embed", "embed_avg")):
                buffer.normal_()
    width = torch.zeros(config.dim).numpy()
    return Tokenizer(config, network, Scaling(width, width + scale))
