"""A random model with its tokenizers, and held-out people to measure it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from small_models import motion_tokenizers, small_model, small_tokenizer, stream_of

from nonverbal.dataset.read import Dataset
from nonverbal.mars.config import StreamConfig
from nonverbal.mars.grow import grow
from nonverbal.mars.held_out import Person, held_out
from nonverbal.mars.store import Mars, MarsInfo, vocabulary_of
from nonverbal.tokens.tokenizer import Tokenizer


def small_mars(tokenizers: Mapping[str, Tokenizer] | None = None) -> Mars:
    """One that nobody trained; without face and body for an empty mapping."""
    tokenizers = settled(motion_tokenizers()) if tokenizers is None else dict(tokenizers)
    tokenizer = small_tokenizer()
    size = len(tokenizer)
    model = small_model("llama", size)
    vocabulary = vocabulary_of(stream_of(tokenizers) if tokenizers else StreamConfig(()), tokenizer, size)
    grow(model, tokenizer, vocabulary.tokens)
    return Mars(model, tokenizer, vocabulary, tokenizers, MarsInfo("small", "chatml"))


def settled(tokenizers: dict[str, Tokenizer]) -> dict[str, Tokenizer]:
    """The same with codes that stay: a codebook that nobody trained takes them from the first motion that it sees."""
    generator = torch.Generator().manual_seed(0)
    for one in tokenizers.values():
        for name, buffer in one.network.named_buffers():
            if name.endswith("initted"):
                buffer.fill_(True)
            elif name.endswith(("embed", "embed_avg")):
                buffer.normal_(generator=generator)
    return tokenizers


@dataclass(frozen=True)
class Stage:
    """A dataset, a model, and everybody in the dataset as the model sees them."""

    data: Dataset
    mars: Mars
    people: tuple[Person, ...]


def stage_of(data: Dataset) -> Stage:
    mars = small_mars()
    return Stage(data, mars, held_out(data, mars.vocabulary, mars.tokenizers, data.ids()))
