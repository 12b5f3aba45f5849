"""One model that reads for many conversations in one go, each of which remembers by itself.

conversation    A            B    C
new ids         a7 a8 a9     b4   c2         of each as many as there are: a message that was heard, or one token
one row         a7 a8 a9 b4 c2               all layers but attention see no difference between the ids
attention       a7 a8 a9 to a0..a9, b4 to b0..b4, c2 to c0..c2

Nothing is padded, conversations come and go between two readings, and each is given what it would be given alone, up
to the rounding of sums that are added up in another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel

from nonverbal.verdicts import UserError

NAME = "nonverbal_shared"
_FIRST_ROOM = 256


class SharedMemory:
    """The keys and values of one conversation in all layers of a model that reads for others, too."""

    def __init__(self, reader: SharedReader) -> None:
        self._reader = reader
        self._layers: dict[int, tuple[Tensor, Tensor]] = {}
        self.length = 0

    def read(self, ids: Sequence[int]) -> Tensor:
        """[1, size] the scores of what follows these ids, read for this conversation alone."""
        return self._reader.read([(self, ids)])

    def keep(self, length: int) -> int:
        """Forget all but the first `length` ids; how many it still remembers."""
        self.length = min(self.length, length)
        if not self.length:
            self._layers.clear()
        return self.length

    def put(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Add keys and values [1, G, n, D] of new ids; those [1, G, length + n, D] of all ids."""
        end = self.length + key.shape[2]
        old = self._layers.get(layer)
        if old is None or old[0].shape[2] < end:
            old = self._layers[layer] = self._grown(old, key, end), self._grown(old and old[::-1], value, end)
        for whole, new in zip(old, (key, value), strict=True):
            whole[:, :, self.length : end] = new
        return old[0][:, :, :end], old[1][:, :, :end]

    def _grown(self, old: tuple[Tensor, Tensor] | None, like: Tensor, end: int) -> Tensor:
        """Room for `end` ids and as many again, so that copying stays rare."""
        room = max(_FIRST_ROOM, 2 * end)
        found = like.new_empty((1, like.shape[1], room, like.shape[3]))
        if old is not None:
            found[:, :, : self.length] = old[0][:, :, : self.length]
        return found


@dataclass(frozen=True, slots=True)
class _Span:
    """Where a conversation's new ids stand in the row."""

    memory: SharedMemory
    first: int
    last: int


class SharedReader:
    """Reads new ids of several conversations at once; from one thread only."""

    def __init__(self, model: PreTrainedModel) -> None:
        """Raises:
        UserError: the model is of a kind whose attention cannot be split among conversations.
        """
        self._model = model.eval()
        self._config = model.config.get_text_config()
        kind = self._config.model_type
        if getattr(self._config, "attn_logit_softcapping", None) or not model._supports_attention_backend:
            raise UserError(
                f"model: {kind} has an attention that several chats cannot share; serve one such as Llama, Qwen2.5 or "
                "Gemma 3"
            )

    def memory(self) -> SharedMemory:
        """The empty memory of a new conversation."""
        return SharedMemory(self)

    @torch.inference_mode()
    def read(self, asked: Sequence[tuple[SharedMemory, Sequence[int]]]) -> Tensor:
        """[n, size] the scores of what follows the new ids of each of n conversations.

        Args:
            asked: different memories, each with one id or more.
        """
        spans: list[_Span] = []
        ids: list[int] = []
        places: list[int] = []
        for memory, new in asked:
            spans.append(_Span(memory, len(ids), len(ids) + len(new)))
            ids += new
            places += range(memory.length, memory.length + len(new))
        device = self._model.device
        ends = torch.tensor([span.last - 1 for span in spans], device=device)
        before = self._config._attn_implementation
        self._config._attn_implementation = NAME
        try:
            output = self._model(
                input_ids=torch.tensor([ids], device=device),
                position_ids=torch.tensor([places], device=device),
                use_cache=False,
                logits_to_keep=ends,
                nonverbal_spans=spans,
            )
        finally:
            self._config._attn_implementation = before
        for span in spans:
            span.memory.length += span.last - span.first
        scores: Tensor = output.logits[0]
        return scores


def shared_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    sliding_window: int | None = None,
    *,
    nonverbal_spans: Sequence[_Span],
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Causal attention of each conversation's new ids to all of its own, in the form that transformers asks for.

    Args:
        query: [1, H, N, D]; `key` and `value` [1, G, N, D] with H a multiple of G.
        attention_mask: unused; None.
        sliding_window: how many ids back an id sees, itself included; None for all.
        nonverbal_spans: whose ids stand where in the row.

    Returns:
        [1, N, H, D].
    """
    grouped = query.shape[1] != key.shape[1]
    layer = int(module.layer_idx)
    found = []
    for span in nonverbal_spans:
        q, k, v = (tensor[:, :, span.first : span.last] for tensor in (query, key, value))
        keys, values = span.memory.put(layer, k, v)
        if sliding_window is not None:  # what the first of the new ids does not see, none of them does
            seen = sliding_window + q.shape[2] - 1
            keys, values = keys[:, :, -seen:], values[:, :, -seen:]
        mask = _mask(q.shape[2], keys.shape[2], sliding_window, query.device)
        found.append(F.scaled_dot_product_attention(q, keys, values, mask, scale=scaling, enable_gqa=grouped))
    return torch.cat(found, dim=2).transpose(1, 2), None


def _mask(new: int, known: int, window: int | None, device: torch.device) -> Tensor | None:
    """[new, known] what each of the last ids sees of all that are known; None for all."""
    if new == 1:
        return None
    ones = torch.ones(new, known, dtype=torch.bool, device=device)
    seen = ones.tril(known - new)
    return seen if window is None else seen.triu(known - new + 1 - window)


AttentionInterface.register(NAME, shared_attention)
