"""What a stream of text, face and body is made of; stored beside every model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Order = Literal["text_first", "motion_first"]

SYSTEM_PROMPT = "You are in a conversation. You see and hear your partner, and answer with words, face and body."


@dataclass(frozen=True)
class PartVocab:
    """The motion tokens of one part of the body."""

    part: str
    """face or body, as the tokenizer calls it."""
    codebook_size: int
    """Codes of each codebook."""
    levels: int = 1
    """Codes a token: residual levels, the coarsest first."""
    tokenizer_hash: str = ""
    """Hash of the tokenizer that the codes belong to; codes mean nothing to another one."""

    def __post_init__(self) -> None:
        if not self.part.isidentifier():
            raise ValueError(f"part: got {self.part!r}, expected a name such as face or body")
        for name in ("codebook_size", "levels"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} of {self.part}: got {getattr(self, name)}, expected 1 or more")


@dataclass(frozen=True)
class StreamConfig:
    """Which tokens there are and what stands where."""

    parts: tuple[PartVocab, ...]
    """Parts of the body in the order they follow each other within a step; none for text with time only."""
    step_s: float = 0.32
    """Seconds of a step: the frames of one motion token."""
    order: Order = "text_first"
    """text_first: a step's words come before its motion, as in the paper; motion_first: after it."""
    partner_motion: bool = True
    """The partner's face and body are told; else only the partner's words and their time."""
    listener: bool = True
    """The own face and body are told, and learnt, while the partner holds the floor."""
    system: str = SYSTEM_PROMPT
    """What every conversation begins with; empty for nothing."""

    def __post_init__(self) -> None:
        names = [part.part for part in self.parts]
        if len(set(names)) < len(names):
            raise ValueError(f"parts: got {', '.join(names)}, expected each once")
        if not self.step_s > 0:
            raise ValueError(f"step_s: got {self.step_s}, expected more than 0")
        if self.order not in ("text_first", "motion_first"):
            raise ValueError(f"order: got {self.order!r}, expected text_first or motion_first")

    def part(self, name: str) -> PartVocab:
        """The tokens of one part.

        Raises:
            ValueError: there are none of it.
        """
        for part in self.parts:
            if part.part == name:
                return part
        raise ValueError(f"part: got {name!r}, expected one of {', '.join(p.part for p in self.parts) or 'none'}")

    @property
    def unseen(self) -> tuple[tuple[int, ...], ...]:
        """The codes of a step in which somebody is not seen: none of any part."""
        return ((),) * len(self.parts)

    @property
    def tokens_per_step(self) -> int:
        """Motion tokens of one participant in a step in which everything is seen."""
        return sum(part.levels for part in self.parts)
