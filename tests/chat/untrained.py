"""Tokenizers that nobody trained, and the sizes of a model that nobody trained."""

from __future__ import annotations

import torch

from nonverbal.mars.tiny import TinyConfig
from nonverbal.tokens.config import TokenizerConfig
from nonverbal.tokens.scaling import Scaling
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.tokens.vqvae import MotionVQVAE

TEXTS = ["I was just about to say that.", "Do you know what time it is?", "Really? I don't know.", "That is great."] * 3
SMALL = TinyConfig(width=32, layers=2, heads=2, kv_heads=1, context=512, vocabulary=300)


def untrained(space: str, seed: int) -> Tokenizer:
    """Two residual levels of sixteen codes; what it decodes is small and of no meaning."""
    config = TokenizerConfig(
        spaces=(space,), quantiser="rvq", width=8, depth=1, codebook_size=16, levels=2, code_width=4
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = MotionVQVAE(config)
        for name, buffer in network.named_buffers():
            if name.endswith("initted"):
                buffer.fill_(True)
            elif name.endswith(("embed", "embed_avg")):
                buffer.normal_()
    nothing = torch.zeros(config.dim).numpy()
    return Tokenizer(config, network, Scaling(nothing, nothing + 0.1))
