"""Models nobody trained, of several architectures, and tokenizers that imitate those of large ones."""

from __future__ import annotations

import torch
from tokenizers import Tokenizer as Backend
from tokenizers import decoders, models, normalizers, pre_tokenizers
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.tiny import TinyConfig, tiny_tokenizer
from nonverbal.tokens.config import TokenizerConfig
from nonverbal.tokens.scaling import Scaling
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.tokens.vqvae import MotionVQVAE

TEXTS = ["I was just about to say that.", "Do you know what time it is?", "Really? I don't know.", "That is great."] * 3
SHAPE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
}


def small_tokenizer() -> PreTrainedTokenizerFast:
    return tiny_tokenizer(TEXTS, TinyConfig(vocabulary=300))


def small_model(kind: str, rows: int, seed: int = 0) -> PreTrainedModel:
    """A random model with `rows` embedding rows: llama (untied), qwen2 (tied), gemma3 (tied, scaled)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if kind == "llama":
            model = LlamaForCausalLM(LlamaConfig(vocab_size=rows, tie_word_embeddings=False, **SHAPE))
        elif kind == "qwen2":
            model = Qwen2ForCausalLM(Qwen2Config(vocab_size=rows, tie_word_embeddings=True, **SHAPE))
        else:
            local = {"head_dim": 16, "sliding_window": 8}
            model = Gemma3ForCausalLM(Gemma3TextConfig(vocab_size=rows, **local, **SHAPE))
    return model.eval()


def spaced_tokenizer(prefix: bool) -> PreTrainedTokenizerFast:
    """One in SentencePiece's manner, with byte tokens: as Llama 2's with a prefix, as Gemma's without.

    Its vocabulary has `<end_of_turn>` among the merges too, so that plain text would reach it.
    """
    control = ["<unk>", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"]
    letters = [chr(c) for c in range(33, 127)] + ["\u2581"]
    pieces = [
        "\u2581w",
        "\u2581wa",
        "\u2581was",
        "<e",
        "<en",
        "<end",
        "<end_",
        "<end_o",
        "<end_of",
        "<end_of_",
        "<end_of_t",
    ]
    pieces += ["<end_of_tu", "<end_of_tur", "<end_of_turn"]
    names = [*control, "\n\n", *(f"<0x{byte:02X}>" for byte in range(256)), *letters, *pieces]
    merges = [(p[:-1], p[-1]) for p in pieces] + [("<end_of_turn", ">")]
    vocab = {name: i for i, name in enumerate(names)}
    backend = Backend(models.BPE(vocab, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    replace = normalizers.Replace(" ", "\u2581")
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), replace]) if prefix else replace
    steps = [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    backend.decoder = decoders.Sequence([*steps, decoders.Strip(" ", 1, 0)] if prefix else steps)
    backend.add_special_tokens(control)
    backend.add_tokens(["\n\n"])
    return PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<bos>", eos_token="<eos>", unk_token="<unk>")


def normalising_tokenizer() -> PreTrainedTokenizerFast:
    """One in Qwen's manner: byte-level, composing accents first."""
    tokenizer = small_tokenizer()
    tokenizer.backend_tokenizer.normalizer = normalizers.NFC()
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    return tokenizer


def motion_tokenizers(seed: int = 0) -> dict[str, Tokenizer]:
    """Untrained motion tokenizers of face and body."""
    found = {}
    for part, space in (("face", "arkit52"), ("body", "smplx117")):
        config = TokenizerConfig((space,), width=8, depth=1, codebook_size=12, code_width=4)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = MotionVQVAE(config)
        zeros = torch.zeros(config.dim).numpy()
        found[part] = Tokenizer(config, network, Scaling(zeros, zeros + 1))
    return found


def stream_of(tokenizers: dict[str, Tokenizer]) -> StreamConfig:
    parts = (PartVocab(part, t.codebook_size, t.num_codebooks, t.hash) for part, t in tokenizers.items())
    return StreamConfig(tuple(parts))
