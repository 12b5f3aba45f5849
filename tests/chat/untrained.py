"""Tokenizers that nobody trained, and the sizes of a model that nobody trained."""

from __future__ import annotations

from nonverbal.mars.tiny import TinyConfig
from nonverbal.tokens.config import TokenizerConfig
from nonverbal.tokens.tokenizer import Tokenizer
from random_tokenizers import random_tokenizer

TEXTS = ["I was just about to say that.", "Do you know what time it is?", "Really? I don't know.", "That is great."] * 3
SMALL = TinyConfig(width=32, layers=2, heads=2, kv_heads=1, context=512, vocabulary=300)


def untrained(space: str, seed: int) -> Tokenizer:
    """Two residual levels of sixteen codes; what it decodes is small and of no meaning."""
    config = TokenizerConfig(
        spaces=(space,), quantiser="rvq", width=8, depth=1, codebook_size=16, levels=2, code_width=4
    )
    return random_tokenizer(config, seed, scale=0.1)
