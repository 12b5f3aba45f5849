"""What an evaluation of a model is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nonverbal.dataset.schema import SPLITS


@dataclass(frozen=True)
class EvaluationSettings:
    """What is measured on, and how."""

    split: str = "test"
    """train, validation or test."""
    dialogues: int | None = 8
    """Measure on the first so many of them; None for all."""
    train_dialogues: int = 24
    """Training dialogues that the codes and the mean pose of the baselines come from; nearest turns come from all."""
    replies: int = 64
    """Turns of which the words are made freely, too, and compared with the true ones; 0 for none."""
    context: int = 1024
    """Most tokens that the model sees at once; as in its training, beyond which it has never looked."""
    fresh: int = 512
    """Tokens of each window that are new: motion is drawn, and likelihood taken, after the rest of it."""
    mesh: Literal["none", "auto", "skeleton"] = "auto"
    """What turns parameters into points for VMSE and LVD; none is faster and leaves them out."""
    no_baselines: bool = False
    """Measure the model alone."""
    no_hiding: bool = False
    """Do not measure once more with the partner's face and body hidden."""
    no_likelihood: bool = False
    """Do not take the likelihood of what was said and done."""
    temperature: float = 1.0
    """Of drawing motion."""
    top_p: float = 0.95
    """Codes are drawn from the likeliest that together have this probability."""
    text_temperature: float = 0.8
    """Of drawing the words of free replies."""
    max_steps: int = 94
    """Most steps of a free reply."""
    seed: int = 0
    """Seed of all that is drawn, and of the pairs of diversity."""

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise ValueError(f"split: got {self.split!r}, expected {', '.join(SPLITS)}")
        for name in ("dialogues", "train_dialogues", "context", "fresh"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name}: got {value}, expected 1 or more")
        if self.replies < 0:
            raise ValueError(f"replies: got {self.replies}, expected 0 or more")
        for name in ("temperature", "text_temperature", "top_p"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}: got {getattr(self, name)}, expected more than 0")
        if self.fresh >= self.context:
            raise ValueError(f"fresh: got {self.fresh}, expected less than the context of {self.context}")
