"""All that an evaluation of tokenizers finds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonverbal.records import to_plain
from nonverbal.tokens.codebook_metrics import CodebookReport
from nonverbal.tokens.evaluate_settings import EvaluationSettings
from nonverbal.tokens.metrics import ReconstructionReport
from nonverbal.tokens.still import StillReport
from nonverbal.tokens.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Rate:
    """What a tokenizer's codes cost; all 0 of a baseline, which has none."""

    bits_per_s: float = 0.0
    tokens_per_s: float = 0.0
    frames_per_token: int = 0
    codebook_size: int = 0
    num_codebooks: int = 0

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> Rate:
        """The rate of a tokenizer."""
        return cls(
            bits_per_s=tokenizer.bits_per_s,
            tokens_per_s=tokenizer.fps / tokenizer.frames_per_token,
            frames_per_token=tokenizer.frames_per_token,
            codebook_size=tokenizer.codebook_size,
            num_codebooks=tokenizer.num_codebooks,
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """A tokenizer, or a baseline, and everything measured of it.

    Attributes:
        hash: of the tokenizer; empty of a baseline.
        reconstruction, still: by space; a joint tokenizer has two.
        codes: None of a baseline.
        code_counts: uses of each code, by codebook; empty of a baseline.
    """

    name: str
    method: str
    spaces: tuple[str, ...]
    hash: str
    rate: Rate
    reconstruction: dict[str, ReconstructionReport]
    still: dict[str, StillReport]
    codes: CodebookReport | None
    code_counts: tuple[tuple[int, ...], ...]

    @property
    def is_baseline(self) -> bool:
        return not self.hash


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that was measured, and on what.

    Attributes:
        dataset: name of its folder.
        dataset_hash: its content hash.
        minutes: of motion, all participants together.
        meshes: space -> name of what turned its parameters into points; spaces without any are absent.
        rows: tokenizers in the order given, then the baselines of each space.
    """

    dataset: str
    dataset_hash: str
    settings: EvaluationSettings
    dialogues: int
    participants: int
    minutes: float
    meshes: dict[str, str]
    rows: tuple[Measured, ...]

    @property
    def spaces(self) -> tuple[str, ...]:
        """The spaces that were measured."""
        return tuple(dict.fromkeys(space for row in self.rows if row.is_baseline for space in row.spaces))


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Everything as plain values."""
    plain: dict[str, Any] = _paths_as_text(to_plain(evaluation))
    return plain


def _paths_as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _paths_as_text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_paths_as_text(item) for item in value]
    return str(value) if isinstance(value, Path) else value
