"""Grows a model and its tokenizer by motion tokens, with ids that model, tokenizer and vLLM agree on.

Embeddings often have more rows than the tokenizer has tokens (Qwen2.5: 151,936 rows, 151,665 tokens), sometimes fewer
(Gemma 3: 262,144 rows, 262,145 tokens). The tokenizer's ids rule: new tokens get the ids after its last one, and the
rows are made to be exactly as many as there are ids, so that logits have a column for each id and no more.

Tied embeddings stay tied: a new row is read as input and as output, and both see its gradient. Nothing here needs them
apart, as adapters train the new rows of both ends at once (`lora.py`); untying Qwen2.5-0.5B would add 136 M weights.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tokenizers import AddedToken
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from nonverbal.verdicts import UserError

_NOISE = 0.02
"""Noise on new rows in standard deviations of the old ones: enough to tell them apart, too little to matter."""


def next_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """The id that the next token added to `tokenizer` gets; with unused ids in between, more than its length."""
    return int(max(tokenizer.get_vocab().values())) + 1


def grow(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, tokens: Sequence[str], seed: int = 0) -> None:
    """Add `tokens` to both, with ids from `next_id` on in their order.

    Raises:
        UserError: a token is there already, comes twice, or the tokenizer gives it another id.
    """
    known = tokenizer.get_vocab()
    taken = next((t for t in tokens if t in known), None)
    if taken is not None or len(set(tokens)) < len(tokens):
        raise UserError(
            f"tokens: {taken or 'one of them'} is in the vocabulary already, expected new names; start from a base "
            "without motion tokens"
        )
    first = next_id(tokenizer)
    tokenizer.add_tokens([AddedToken(token, special=True, normalized=False) for token in tokens], special_tokens=True)
    grown = tokenizer.get_vocab()
    ids = [grown[token] for token in tokens]
    if ids != list(range(first, first + len(tokens))):
        raise UserError(
            f"tokenizer {tokenizer.name_or_path}: gave the new tokens ids from {min(ids)} to {max(ids)}, expected "
            f"{first} to {first + len(tokens) - 1}; choose another base"
        )
    fit_rows(model, first + len(tokens), first, seed)


def fit_rows(model: PreTrainedModel, size: int, first: int, seed: int = 0) -> None:
    """Give the embedding and the head `size` rows; those from `first` on, and those there were not, are new.

    A new row is the mean of the old ones, so that at first no new token is more likely than an average one, plus a
    little noise.

    Args:
        model: changed in place; its configuration tells the new size.
        size: rows that it shall have.
        first: the first id whose row is new even where the model has one, such as Qwen's spare rows.
        seed: of the noise.
    """
    ends = [model.get_input_embeddings(), model.get_output_embeddings()]
    tied = ends[1] is None or ends[0].weight.data_ptr() == ends[1].weight.data_ptr()
    old = min(first, len(ends[0].weight))
    fresh = [_fresh_rows(end.weight, old, size - old, seed + i) for i, end in enumerate(ends[: 1 if tied else 2])]
    with torch.random.fork_rng():  # resizing draws numbers for the rows that are set below
        model.resize_token_embeddings(size, mean_resizing=False)
    with torch.no_grad():
        for end, rows in zip((model.get_input_embeddings(), model.get_output_embeddings()), fresh, strict=False):
            end.weight[old:] = rows
        _fill_bias(model.get_output_embeddings(), old)


def _fresh_rows(weight: nn.Parameter, old: int, count: int, seed: int) -> Tensor:
    """[count, D] rows around the mean of the first `old` rows of `weight`."""
    known = weight.detach()[:old].float()
    noise = torch.randn(count, known.shape[1], generator=torch.Generator().manual_seed(seed)).to(known.device)
    rows = known.mean(0) + _NOISE * known.std(0) * noise
    return rows.to(weight.dtype)


def _fill_bias(head: nn.Module | None, old: int) -> None:
    bias = getattr(head, "bias", None)
    if bias is not None:
        bias[old:] = bias[:old].float().mean().to(bias.dtype)
