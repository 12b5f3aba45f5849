"""Random models that talk, for tests of generation."""

from __future__ import annotations

from small_models import small_model

from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.stream import Conversation, Message, Side, Step, Stream, encode
from nonverbal.mars.vocabulary import Vocabulary

PARTS = (PartVocab("face", 6, 2), PartVocab("body", 5))
CONFIGS = [
    StreamConfig(PARTS[:n], order=order, system="You talk.")  # type: ignore[arg-type]
    for order in ("text_first", "motion_first")
    for n in (2, 1, 0)
]
IDS = [f"{config.order} {len(config.parts)} parts" for config in CONFIGS]


def model_of(vocabulary: Vocabulary, kind: str = "llama"):
    """A random model whose choices are far apart, so that rounding changes none."""
    model = small_model(kind, vocabulary.size)
    model.get_output_embeddings().weight.data.mul_(8)
    return model


def partner(config: StreamConfig, length: int) -> list[Side]:
    """What a partner says and does in some steps."""
    codes = [tuple((i % p.codebook_size,) * p.levels for p in config.parts) for i in range(length)]
    return [Side(("hm", "yes")[: i % 3], code) for i, code in enumerate(codes)]


def prompts(vocabulary: Vocabulary, n: int) -> list[Stream]:
    """Conversations of unequal length in which it is the model's turn."""
    config, found = vocabulary.config, []
    for i in range(n):
        steps = tuple(Step(side) for side in partner(config, i))
        first = Message("user", steps) if i % 2 else Message("user", text="How are you? " * i)
        found.append(encode(Conversation((first,), config.system), vocabulary))
    return found
