"""All that an evaluation of a model finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from nonverbal.mars.evaluate_settings import EvaluationSettings
from nonverbal.mars.event_scores import F1, MomentReport
from nonverbal.mars.likelihood import Likelihood
from nonverbal.mars.motion_metrics import MotionReport
from nonverbal.mars.text_metrics import TextReport
from nonverbal.records import to_plain

MODEL, HIDDEN, TEXT_ONLY = "model", "model, partner hidden", "text-only model"
"""Names of contestants that the baselines stand against."""

Standing = Literal["model", "baseline", "bound"]
"""What a contestant is: a model, something that it must beat, or something that it cannot beat."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A contestant, and how its motion compares with the truth.

    Attributes:
        moments: what depends on words and on the partner.
        events: kind -> F1 of events matched in time.
        motion: space -> numbers of its rows.
        beat_alignment: how strokes fall on words.
        events_per_min: kind -> how often.
    """

    name: str
    standing: Standing
    moments: MomentReport
    events: Mapping[str, F1]
    motion: Mapping[str, MotionReport]
    beat_alignment: float | None
    events_per_min: Mapping[str, float]

    def moment_f1(self, name: str) -> float | None:
        """F1 of one kind of moment; None where there is none."""
        counts = self.moments.counts.get(name)
        return None if counts is None else counts.value

    @property
    def event_f1(self) -> float | None:
        """Mean F1 of the kinds of events that the truth has."""
        values = [f1.value or 0.0 for f1 in self.events.values() if f1.truth]
        return sum(values) / len(values) if values else None


@dataclass(frozen=True, slots=True)
class Words:
    """A contestant's freely made replies beside the true ones."""

    name: str
    standing: Standing
    report: TextReport


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a model talks, one conversation at a time.

    Attributes:
        turns: that were timed.
        first_step_s: median seconds from the end of the partner's turn, which is read then, to the first step.
        steps_per_s: after the first step.
        step_s: seconds of motion in a step.
        threads: of the processor.
    """

    turns: int
    first_step_s: float
    steps_per_s: float
    step_s: float
    threads: int
    device: str

    @property
    def real_time_factor(self) -> float:
        """Seconds of motion made in a second; above 1 keeps up with an avatar."""
        return self.steps_per_s * self.step_s


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that was measured, and on what.

    Attributes:
        model: name of its folder.
        base: what it was trained from.
        dataset: name of its folder.
        dataset_hash: its content hash.
        minutes: of motion asked for, all participants together.
        likelihood: kind of token -> how well it was foretold.
        behaviour: the model first, then baselines, then bounds.
        words: likewise.
        parsed, outputs: how many outputs parse, and of how many.
        speed: None where nothing was timed.
    """

    model: str
    base: str
    dataset: str
    dataset_hash: str
    settings: EvaluationSettings
    dialogues: int
    participants: int
    minutes: float
    likelihood: Mapping[str, Likelihood]
    behaviour: tuple[Behaviour, ...]
    words: tuple[Words, ...]
    parsed: int
    outputs: int
    speed: Speed | None


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """Everything as plain values, with the numbers that follow from the others."""
    plain: dict[str, Any] = to_plain(evaluation)
    for name, tokens in evaluation.likelihood.items():
        plain["likelihood"][name]["perplexity"] = tokens.perplexity
    for row, behaviour in zip(plain["behaviour"], evaluation.behaviour, strict=True):
        row["words_f1"], row["event_f1"] = behaviour.moments.words_f1, behaviour.event_f1
        for name, f1 in behaviour.moments.counts.items():
            row["moments"]["counts"][name]["f1"] = f1.value
        for kind, f1 in behaviour.events.items():
            row["events"][kind]["f1"] = f1.value
    if evaluation.speed is not None:
        plain["speed"]["real_time_factor"] = evaluation.speed.real_time_factor
    return plain
