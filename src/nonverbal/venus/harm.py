"""Harmful language: each turn in a language the model knows gets scores and a flag; nothing is deleted.

The default classifier knows English words alone: a Russian insult gets the score of a Russian greeting (0.036). Turns
in languages that a model was not made for are therefore not scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from nonverbal.backends import harm_models
from nonverbal.backends.requirements import Backend
from nonverbal.pipeline.stage import Codec, Job, Needs
from nonverbal.pipeline.store import JsonCodec
from nonverbal.types import LabelScore, Turn
from nonverbal.venus.transcribe import Transcript


@dataclass(frozen=True)
class Harm:
    """Scores the text of every turn in a language of the model; other turns keep no score and no flag."""

    name: ClassVar[str] = "harm"
    version: ClassVar[int] = 3
    reads: ClassVar[tuple[str, ...]] = ("transcribe",)
    codec: ClassVar[Codec | None] = JsonCodec(Transcript)

    harm_model: str = harm_models.DEFAULT
    """What scores the turns: profanity, tox-block, detoxify:original, detoxify:unbiased (all for English),
    detoxify:multilingual (en, es, fr, it, pt, ru, tr), or any classifier of texts on the hub or in a folder."""
    harm_threshold: float = 0.9
    """Probability, 0 to 1, from which a turn is flagged as harmful; at 0.5 many a harmless sentence is ("lay white by
    S0 again" has 0.74). Flagged turns stay in the dataset."""
    harm_labels: tuple[str, ...] = ()
    """Labels of the model of which the highest score decides; all that are stored where none is named."""
    harm_languages: tuple[str, ...] = ()
    """Languages, as two letters, whose turns are scored; those the model is known for where none is named, English for
    a model of your own."""
    harm_device: str = "cpu"
    """Where the model runs: cpu or cuda."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.harm_threshold <= 1.0:
            raise ValueError(f"harm_threshold is {self.harm_threshold}; expected 0 to 1")
        harm_models.check_settings(self.harm_model, self.harm_device, self.harm_labels, self.harm_languages)

    @property
    def needs(self) -> Needs:
        """A card where the model runs on one."""
        return Needs(gpus=1.0) if self.harm_device == "cuda" else Needs()

    def backends(self) -> tuple[Backend, ...]:
        """The model that this stage will use."""
        return (harm_models.backend_of(self.harm_model, self.harm_device, self.harm_labels),)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Transcript:
        transcript: Transcript = inputs["transcribe"]
        if transcript.language not in (self.harm_languages or harm_models.languages_of(self.harm_model)):
            return transcript
        model = harm_models.load(self.harm_model, self.harm_device, self.harm_labels)
        rows = model.score([turn.text for turn in transcript.turns], job.tick)
        job.tick(1.0)
        turns = [self._scored(turn, model.labels, row) for turn, row in zip(transcript.turns, rows, strict=True)]
        return replace(transcript, turns=tuple(turns))

    def _scored(self, turn: Turn, labels: Sequence[str], row: Sequence[float]) -> Turn:
        scores = tuple(LabelScore(label, round(float(score), 6)) for label, score in zip(labels, row, strict=True))
        harm = harm_of(scores, self.harm_labels)
        return replace(turn, harm=harm, harmful=harm >= self.harm_threshold, harm_scores=scores)


def harm_of(scores: Sequence[LabelScore], labels: Sequence[str]) -> float:
    """The score that decides: the highest of those `labels`, of all where none is named."""
    return max(score.score for score in scores if not labels or score.label in labels)
