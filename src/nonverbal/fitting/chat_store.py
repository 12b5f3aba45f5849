"""Keeps a model small: weights rounded to half precision, stored so, and computed with in single precision.

Tokenizers are rounded before anything is made tokens of, the language model after its training. As every value is one
that half precision holds, what is loaded is to the bit what was measured.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from nonverbal.mars.store import CARD_NAME, Mars, load_mars, read_mars_card, save_mars
from nonverbal.record_files import sealed_text
from nonverbal.tokens.seal import metadata_of
from nonverbal.tokens.store import load_tokenizer, save_tokenizer, write_tensors, write_text
from nonverbal.weights import sha256_of

_EXACT = "scaling."
"""What stays in single precision: the scales of motion, a few hundred numbers."""


def round_tokenizer(trained: Path, out: Path) -> str:
    """Write the tokenizer of `trained` with rounded weights to `out`; its hash."""
    tokenizer = load_tokenizer(trained)
    tokenizer.network.load_state_dict({k: rounded(v) for k, v in tokenizer.network.state_dict().items()})
    save_tokenizer(tokenizer, out)
    return tokenizer.hash


def save_small(mars: Mars, out: Path) -> None:
    """Write a model with rounded weights, all of them stored in half precision."""
    round_weights(mars.model)
    save_mars(mars, out)
    for path in out.rglob("*.safetensors"):
        _halve(path)
    card = read_mars_card(out)
    files = {name: sha256_of([out / name]) for name in card.files}
    write_text(out / CARD_NAME, sealed_text(replace(card, files=files)))
    load_mars(out)  # says so where anything does not fit


def round_weights(model: nn.Module) -> None:
    """Round the weights in place to what half precision holds."""
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(rounded(weight))


def rounded(tensor: Tensor) -> Tensor:
    """The nearest values in half precision; whole numbers stay."""
    return tensor.half().to(tensor.dtype) if tensor.is_floating_point() else tensor


def _halve(path: Path) -> None:
    """Store a file's tensors in half precision."""
    metadata = {name: value for name, value in metadata_of(path).items() if name not in ("seal", "sealed")}
    halves = {
        name: tensor.half() if tensor.is_floating_point() and not name.startswith(_EXACT) else tensor
        for name, tensor in load_file(path).items()
    }
    write_tensors(path, halves, metadata)
