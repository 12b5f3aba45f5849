"""What a small model reaches on what it was not trained on, and what it answers to lines that people type."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from nonverbal.chat.exchange import Exchange
from nonverbal.chat.partner import Partner
from nonverbal.chat.typed import Typed, read_typed
from nonverbal.mars.evaluate_command import EvaluateModel
from nonverbal.mars.evaluate_settings import EvaluationSettings
from nonverbal.mars.sampling import SamplingConfig
from nonverbal.mars.store import Mars
from nonverbal.mars.train import LOG_NAME

_SEED = 1


def validation_of(folder: Path) -> dict[str, float]:
    """The losses of the last validation of a training, in nats."""
    lines = (json.loads(line) for line in (folder / LOG_NAME).read_text(encoding="utf-8").splitlines())
    return next((line["validation"] for line in reversed(list(lines)) if "validation" in line), {})


def behaviour(model: Path, dataset: Path, out: Path, dialogues: int, console: Console) -> dict[str, Any]:
    """How well behaviour follows words on held-out dialogues: F1 of moments by the name of whose motion it is."""
    settings = EvaluationSettings(
        dialogues=dialogues, context=512, fresh=256, temperature=0.3, mesh="none", replies=0, no_baselines=True,
        no_likelihood=True,
    )  # fmt: skip
    EvaluateModel(model, dataset, out=out, settings=settings).run(console)
    found = json.loads(out.read_text(encoding="utf-8"))
    return {one["name"]: {"words": one["words_f1"], "all_events": one["event_f1"]} for one in found["behaviour"]}


def conversations(mars: Mars, lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each line said at the beginning of a conversation of its own, and the first answer that comes: none is chosen."""
    for line in lines:
        said = read_typed(line)
        if not isinstance(said, Typed):
            raise TypeError(f"{line!r} is a command, expected words")
        partner = Partner(mars.tokenizers, mars.vocabulary.config)
        exchange = Exchange(mars, partner, SamplingConfig(seed=_SEED))
        exchange.hear(said)
        for _ in exchange.reply():
            pass
        yield line, exchange.described(exchange.messages[-1])


def perplexity(losses: dict[str, float]) -> float:
    """Of a text token."""
    return round(math.exp(losses["text"]), 2)
