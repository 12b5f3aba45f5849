"""What training at scale takes: tokens of an hour of talk, work, memory and hours, by formulas that anyone can check.

python -m nonverbal.mars.scaling        the tables of docs/scaling.md
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

VENUS_HOURS = 14_910
"""Hours of dialogue in VENUS, as its authors count them."""
STEPS_PER_HOUR = 3600 / 0.32
"""Steps of 8 frames at 25 frames a second."""
WORDS_PER_HOUR = 9_000
"""Assumed: 150 words a minute, both people together."""
TOKENS_PER_WORD = 1.3
"""Assumed: of English in a vocabulary of 150,000."""
PEAK_FLOPS = {"H200": 989e12, "H100": 989e12, "A100": 312e12}
"""bf16 products without sparsity, by the makers' data sheets (SXM)."""
ASSUMED_MFU = 0.40
"""Assumed share of the peak; `benchmarks/lm_training.py` measures it where there is a GPU."""
GPU_BYTES = 80e9
"""Of an H100."""
BYTES_PER_WEIGHT = {"weights": 4, "gradients": 4, "moving averages of AdamW": 8}
"""Of full training: all in float32, products in bf16."""


def tokens_per_hour(levels: int = 1, parts: int = 2, partner_motion: bool = True, listener: bool = True) -> float:
    """Stream tokens of an hour of dialogue as both participants live it, each holding the floor half of the time."""
    own = parts * levels
    heard = (own if partner_motion else 1) + (1 + own if listener else 0)
    return 2 * (STEPS_PER_HOUR * (own + heard) / 2 + WORDS_PER_HOUR * TOKENS_PER_WORD)


@dataclass(frozen=True)
class Decoder:
    """Sizes of a Llama-like language model."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    head_width: int
    mlp_width: int
    vocabulary: int
    tied: bool

    @classmethod
    def of(cls, config: Any) -> Decoder:
        """Those of a Transformers configuration."""
        return cls(
            config.num_hidden_layers,
            config.hidden_size,
            config.num_attention_heads,
            config.num_key_value_heads,
            getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads,
            config.intermediate_size,
            config.vocab_size,
            config.tie_word_embeddings,
        )

    @property
    def block_weights(self) -> int:
        """Of all blocks; biases and norms, less than a thousandth, are left out."""
        attention = self.width * self.head_width * (2 * self.heads + 2 * self.kv_heads)
        return self.layers * (attention + 3 * self.width * self.mlp_width)

    @property
    def weights(self) -> int:
        """Of the whole model."""
        return self.block_weights + self.vocabulary * self.width * (1 if self.tied else 2)

    def flops_per_token(self, context: int, learnt: float = 0.5) -> float:
        """Work of a token forward and back, on average over a document of `context` tokens.

        6 for each weight of the blocks, 6 for each of the head where something is learnt, and for attention, which
        sees half of the context on average, 6 for each product of a query with a key and of its weight with a value.

        Source: Kaplan et al. 2020, "Scaling Laws for Neural Language Models", section 2.1: 2 N forward, 4 N back.
        """
        attention = self.layers * 2 * self.heads * self.head_width * context / 2
        return 6 * (self.block_weights + learnt * self.vocabulary * self.width + attention)

    def state_bytes(self) -> float:
        """Weights, gradients and moving averages, over all GPUs together."""
        return float(sum(BYTES_PER_WEIGHT.values()) * self.weights)

    def activation_bytes(self, row_tokens: int, learnt: float = 0.5) -> float:
        """Of one GPU with recomputation: the inputs of all blocks, the inside of one, and the logits in float32.

        The inside of a block is about 34 bytes a token and width (Korthikanti et al. 2022, section 4.1).
        """
        blocks = row_tokens * self.width * (2 * self.layers + 34)
        return float(blocks + 2 * 4 * learnt * row_tokens * self.vocabulary)

    def gpu_bytes(self, gpus: int, row_tokens: int = 4096) -> float:
        """Of each of some GPUs between which weights, gradients and averages are dealt out."""
        return self.state_bytes() / gpus + self.activation_bytes(row_tokens)

    def hours(
        self, tokens: float, gpus: int, context: int = 4096, kind: str = "H100", mfu: float = ASSUMED_MFU
    ) -> float:
        """Wall hours to train on `tokens` tokens once."""
        return self.flops_per_token(context) * tokens / (gpus * PEAK_FLOPS[kind] * mfu) / 3600


MODELS = {
    "0.5B": Decoder(24, 896, 14, 2, 64, 4864, 151_936, True),
    "3B": Decoder(36, 2048, 16, 2, 128, 11_008, 151_936, True),
    "8B": Decoder(32, 4096, 32, 8, 128, 14_336, 128_256, False),
}
"""Qwen2.5-0.5B, Qwen2.5-3B and Llama-3.1-8B, by their configurations."""


def token_rows() -> Iterator[tuple[str, ...]]:
    """What an hour and all of VENUS come to, for some streams."""
    yield "stream", "tokens an hour", "tokens of VENUS"
    streams = {
        "1 level, everything told": {},
        "2 levels, everything told": {"levels": 2},
        "1 level, partner's words only": {"partner_motion": False},
        "1 level, own turns only": {"listener": False},
    }
    for name, told in streams.items():
        each = tokens_per_hour(**told)  # type: ignore[arg-type]
        yield name, f"{each:,.0f}", f"{each * VENUS_HOURS / 1e9:.2f} B"


def model_rows() -> Iterator[tuple[str, ...]]:
    """What each model takes for one pass over VENUS at one level."""
    yield "model", "weights", "GFLOP a token", "EFLOP", "GPUs", "GB a GPU", "fits 80 GB", "hours an epoch"
    tokens = tokens_per_hour() * VENUS_HOURS
    for name, model in MODELS.items():
        flops = model.flops_per_token(4096)
        for gpus in (1, 8):
            size = model.gpu_bytes(gpus)
            yield (
                name,
                f"{model.weights / 1e9:.2f} B",
                f"{flops / 1e9:.1f}",
                f"{flops * tokens / 1e18:.1f}",
                str(gpus),
                f"{size / 1e9:.0f}",
                "yes" if size < GPU_BYTES else "no",
                f"{model.hours(tokens, gpus):.1f}",
            )


def as_markdown(rows: Iterator[tuple[str, ...]]) -> str:
    """A table; the first row is its head."""
    head, *body = rows
    lines = [head, tuple("---" if i == 0 else "---:" for i in range(len(head))), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(f"{as_markdown(token_rows())}\n\n{as_markdown(model_rows())}")
