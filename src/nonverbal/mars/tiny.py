"""A language model small enough for a laptop: random Llama weights and byte pairs learnt from the data's own text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from nonverbal.mars.chat_format import CHATML, CHATML_END, CHATML_START
from nonverbal.verdicts import UserError

PAD = "<|pad|>"
_BYTES = 256


@dataclass(frozen=True)
class TinyConfig:
    """Sizes of the tiny model; the defaults have about 2 million weights and follow Llama's proportions."""

    width: int = 192
    """Numbers per position between layers."""

    layers: int = 4
    """Transformer blocks."""

    heads: int = 6
    """Attention heads; they share the width."""

    kv_heads: int = 2
    """Heads of keys and values; each serves heads / kv_heads heads."""

    mlp_ratio: float = 8 / 3
    """Width inside a block's gated MLP, as a multiple of the width; rounded up to a multiple of 16."""

    context: int = 4096
    """Most tokens that the model attends over."""

    vocabulary: int = 2048
    """Most text tokens, the 256 bytes and three control tokens included; fewer where the text gives fewer."""

    def __post_init__(self) -> None:
        low = min(self.width, self.layers, self.heads, self.kv_heads, self.context)
        if low < 1 or self.mlp_ratio <= 0:
            raise UserError(f"tiny model: got a size of {min(low, self.mlp_ratio)}, expected all sizes above 0")
        if self.width % (2 * self.heads) or self.heads % self.kv_heads:
            raise UserError(
                f"tiny model: got width {self.width}, {self.heads} heads, {self.kv_heads} kv_heads; expected a width "
                "that is a multiple of twice the heads, and heads that are a multiple of kv_heads"
            )
        if self.vocabulary < _BYTES + 3:
            raise UserError(f"tiny model: got a vocabulary of {self.vocabulary}, expected {_BYTES + 3} or more")


def tiny_tokenizer(texts: Iterable[str], config: TinyConfig | None = None) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer of the texts, with ChatML's tokens; any text can be held, whatever it was trained on.

    Args:
        texts: what it learns its merges from; equal texts give an equal tokenizer.
        config: for its vocabulary and context.
    """
    config = config or TinyConfig()
    backend = Backend(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=config.vocabulary,
        min_frequency=2,
        special_tokens=[PAD, CHATML_START, CHATML_END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token=PAD,
        eos_token=CHATML_END,
        model_max_length=config.context,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = CHATML
    return tokenizer


def tiny_model(tokenizer: PreTrainedTokenizerFast, seed: int, config: TinyConfig | None = None) -> LlamaForCausalLM:
    """A Llama with random float32 weights for `tokenizer`, in evaluation mode; equal seeds give equal weights."""
    config = config or TinyConfig()
    llama = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=config.width,
        intermediate_size=-(-round(config.width * config.mlp_ratio) // 16) * 16,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        num_key_value_heads=config.kv_heads,
        max_position_embeddings=config.context,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)  # transformers' initialisation draws from the global generator only
        return LlamaForCausalLM(llama).eval()
