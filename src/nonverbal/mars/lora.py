"""Low-rank adapters on all linear layers, and the motion tokens' own rows; put in for training and merged after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor
from transformers import PreTrainedModel

from nonverbal.verdicts import UserError

_TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}
"""How far logits may move in merging, as a share of their spread: one rounding of each weight to its format."""


@dataclass(frozen=True)
class LoraSettings:
    """Sizes of the adapters."""

    rank: int = 16
    """Rank of each layer's change."""

    alpha: int = 32
    """The change is multiplied by alpha / rank."""

    dropout: float = 0.0
    """Share of an adapter's inputs that is dropped in training."""

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise UserError(f"lora rank: got {self.rank}, expected 1 or more")
        if not self.alpha > 0:
            raise UserError(f"lora alpha: got {self.alpha}, expected more than 0")
        if not 0 <= self.dropout < 1:
            raise UserError(f"lora dropout: got {self.dropout}, expected 0 to below 1")


def add_lora(model: PreTrainedModel, new_ids: Sequence[int], settings: LoraSettings, seed: int) -> PeftModel:
    """The model with adapters; they and the rows of `new_ids` are all that is trained.

    The head's rows are trained beside the embedding's; where the two are tied they are one and the same.

    Args:
        model: a grown model; it is wrapped, not copied.
        new_ids: ids whose rows are learnt, those of the motion tokens.
        settings: sizes.
        seed: of the adapters' random half; the other half is zero, so that nothing changes at first.
    """
    names = [_name_of(model, model.get_input_embeddings())]
    head = model.get_output_embeddings()
    if head is not None and head.weight.data_ptr() != model.get_input_embeddings().weight.data_ptr():
        names.append(_name_of(model, head))
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules="all-linear",
        trainable_token_indices={name: list(new_ids) for name in names} if new_ids else None,
        task_type="CAUSAL_LM",
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)  # peft's initialisation draws from the global generator only
        return get_peft_model(model, config)


def merge_lora(adapted: PeftModel, probe: Tensor | None = None) -> PreTrainedModel:
    """The plain model with the adapters' change in its weights, checked to give the same logits as before.

    Args:
        adapted: what `add_lora` gave; of no use afterwards.
        probe: [1, L] ids to compare on; the last 32 ids of the vocabulary, which are new ones, when left out.

    Raises:
        UserError: an adapter holds NaN or infinity, or the logits differ, so that nothing should be saved.
    """
    embedding = adapted.get_input_embeddings().weight
    if probe is None:
        rows = adapted.config.get_text_config().vocab_size
        probe = torch.arange(max(rows - 32, 0), rows)[None]
    probe = probe.to(embedding.device)
    adapted.eval()
    before = _logits(adapted, probe)
    try:
        merged: PreTrainedModel = adapted.merge_and_unload(safe_merge=True)
    except ValueError as error:
        raise UserError(f"adapters: hold NaN or infinity ({error}); train again with a lower learning rate") from error
    after = _logits(merged, probe)
    moved = float((after - before).abs().max() / before.std())
    limit = _TOLERANCE.get(embedding.dtype, 1e-4)
    if not moved <= limit:
        raise UserError(
            f"adapters: merging moved the logits by {moved:.2g} of their spread, expected at most {limit:g}; train "
            "again with a lower learning rate, or merge in float32"
        )
    return merged


def _logits(model: torch.nn.Module, ids: Tensor) -> Tensor:
    with torch.inference_mode():
        logits: Tensor = model(input_ids=ids).logits.float()
    return logits


def _name_of(model: PreTrainedModel, module: torch.nn.Module) -> str:
    return next(name for name, found in model.named_modules() if found is module)
