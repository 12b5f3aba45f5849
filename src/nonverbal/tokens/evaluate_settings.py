"""What an evaluation of tokenizers is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nonverbal.dataset.schema import SPLITS


@dataclass(frozen=True)
class EvaluationSettings:
    """What is measured on, and how."""

    split: str = "test"
    """train, validation, test, or all."""
    mesh: Literal["auto", "anny", "skeleton", "flame", "smplx"] = "auto"
    """What turns parameters into points; auto takes your FLAME or SMPL-X file if given, else Anny, else the skeleton.
    Another kind holds for the spaces that it can show, the other spaces get auto."""
    flame: Path | None = None
    """Your own FLAME model (docs/metrics.md says in which format)."""
    smplx: Path | None = None
    """Your own SMPL-X model (docs/metrics.md says in which format)."""
    hands_from_mean: bool = False
    """The data's hands are counted from SMPL-X's mean hand, as OSX's are and so VENUS's, instead of from flat ones."""
    raw: bool = False
    """Measure on motion as it is stored, not on what the paper's filter makes of it."""
    seed: int = 0
    """Seed of the pairs of diversity, of the poses that are held, and of the plots."""
    max_minutes: float | None = None
    """Measure at most so many minutes of motion, all participants together; all of it when left out."""

    def __post_init__(self) -> None:
        if self.split not in (*SPLITS, "all"):
            raise ValueError(f"split: got {self.split!r}, expected {', '.join(SPLITS)} or all")
        if self.max_minutes is not None and not (self.max_minutes > 0 and math.isfinite(self.max_minutes)):
            raise ValueError(f"max_minutes: got {self.max_minutes}, expected a number above 0")
        if self.seed < 0:
            raise ValueError(f"seed: got {self.seed}, expected 0 or more")
