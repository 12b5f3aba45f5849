"""Harmful language: each turn in English gets a score and a flag; nothing is deleted.

The classifier knows English words alone: a Russian insult gets the score of a Russian greeting (0.036). Turns in other
languages are therefore not scored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from nonverbal.backends import profanity
from nonverbal.pipeline.stage import Codec, Job
from nonverbal.pipeline.store import JsonCodec
from nonverbal.venus.transcribe import Transcript

_LANGUAGE = "en"


@dataclass(frozen=True)
class Harm:
    """Scores the text of every turn in English; other turns keep no score and no flag."""

    name: ClassVar[str] = "harm"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[str, ...]] = ("transcribe",)
    codec: ClassVar[Codec | None] = JsonCodec(Transcript)

    harm_threshold: float = 0.9
    """Probability, 0 to 1, from which a turn is flagged as harmful; at 0.5 many a harmless sentence is ("lay white by
    S0 again" has 0.74). Flagged turns stay in the dataset."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.harm_threshold <= 1.0:
            raise ValueError(f"harm_threshold is {self.harm_threshold}; expected 0 to 1")

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Transcript:
        transcript: Transcript = inputs["transcribe"]
        if transcript.language != _LANGUAGE:
            return transcript
        scores = profanity.harm_probabilities([turn.text for turn in transcript.turns])
        job.tick(1.0)
        turns = []
        for turn, score in zip(transcript.turns, scores, strict=True):
            harm = round(float(score), 6)
            turns.append(replace(turn, harm=harm, harmful=harm >= self.harm_threshold))
        return replace(transcript, turns=tuple(turns))
