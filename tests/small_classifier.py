"""A classifier of texts with random weights, small enough to make in a test, in the files that the hub keeps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

WORDS = ("you", "are", "kind", "bad", "the", "river", "is", "cold", "so")


def make_classifier(folder: Path, labels: Sequence[str], several: bool = True, positions: int = 34) -> Path:
    """A BERT of one layer that knows `WORDS`, with windows of `positions` - 2 tokens."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=positions, initializer_range=0.8,
        id2label=dict(enumerate(labels)), label2id={name: i for i, name in enumerate(labels)},
        problem_type="multi_label_classification" if several else "single_label_classification",
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return folder
