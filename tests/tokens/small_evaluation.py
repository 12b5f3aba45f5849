"""What the tests of evaluations share: a dataset of four talks and what was measured of its tokenizers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nonverbal.dataset.read import Dataset
from nonverbal.tokens.evaluate_settings import EvaluationSettings
from nonverbal.tokens.evaluation import Evaluation
from nonverbal.tokens.tokenizer import Tokenizer

ALL = EvaluationSettings(split="all", raw=True)


@dataclass(frozen=True)
class Place:
    """A dataset of four talks, tokenizers on disk, and what was measured of them."""

    data: Dataset
    folders: dict[str, Path]
    tokenizers: dict[str, Tokenizer]
    found: Evaluation
