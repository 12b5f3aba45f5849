"""Attention within each of the documents of a packed row, and nowhere else.

A row of N tokens with a mask costs N² a head, most of it for nothing; on a CPU each document is attended to by itself,
one after the other. On a GPU, where many small kernels cost more than one large one, Transformers' own attention masks
what lies in another document, which it sees by positions that begin anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel

from nonverbal.verdicts import UserError

NAME = "nonverbal_packed"


def packed_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    cu_seq_lens_q: Tensor | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Causal attention in the form that transformers asks for.

    Args:
        query: [1, H, N, D]; `key` and `value` [1, G, N, D] with H a multiple of G.
        attention_mask: unused; None.
        sliding_window: how many tokens back a token sees, itself included; None for all.
        cu_seq_lens_q: [documents + 1] where each document begins; one document when left out.

    Returns:
        [1, N, H, D].
    """
    bounds = [0, query.shape[2]] if cu_seq_lens_q is None else cu_seq_lens_q.tolist()
    grouped = query.shape[1] != key.shape[1]
    found = []
    for first, last in pairwise(bounds):
        # In float32, as CPUs attend 1.5 times as fast in it as in bf16, forward and backward.
        q, k, v = (tensor[:, :, first:last].float() for tensor in (query, key, value))
        mask = _band(last - first, sliding_window, query.device)
        found.append(
            F.scaled_dot_product_attention(
                q, k, v, mask, dropout, is_causal=mask is None, scale=scaling, enable_gqa=grouped
            )
        )
    return torch.cat(found, dim=2).transpose(1, 2).to(query.dtype), None


def _band(length: int, window: int | None, device: torch.device) -> Tensor | None:
    """[length, length] what a token of a document sees with a sliding window; None where that is all before it."""
    if window is None or window >= length:
        return None
    ones = torch.ones(length, length, dtype=torch.bool, device=device)
    return ones.tril().triu(1 - window)


AttentionInterface.register(NAME, packed_attention)


@contextmanager
def packed(model: PreTrainedModel, device: torch.device) -> Iterator[None]:
    """The model, on `device`, attends within documents inside, and as before afterwards.

    Raises:
        UserError: it is of a kind whose attention this is not.
    """
    config = model.config.get_text_config()
    if getattr(config, "attn_logit_softcapping", None):
        raise UserError(
            f"base: {config.model_type} caps its attention, which packed training cannot do; choose another base, such "
            "as Gemma 3 or Qwen2.5"
        )
    before = config._attn_implementation
    config._attn_implementation = NAME if device.type == "cpu" else "sdpa"
    try:
        yield
    finally:
        config._attn_implementation = before
