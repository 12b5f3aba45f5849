"""Ablations of one training: each variant with the same data, seeds and steps, evaluated and put into one table.

    python benchmarks/mars/ablations.py DATASET OUT --tokenizers FACE BODY [--steps 2000] [--seeds 0] [--base tiny]

text first     what the others differ from: words before motion, the partner seen, no rehearsal, all weights
motion first   a step's words after its motion
partner unseen the partner's face and body are never told
rehearsal      a fifth of the tokens is plain text: what is said in the training split
lora           adapters and the rows of motion tokens alone; only of a base that somebody trained (--base gemma ...)

OUT/VARIANT-SEED holds each model; a run that is there is not made again, one that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from reporting import Column, markdown
from rich.console import Console

from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.mars.documents import whole_texts
from nonverbal.mars.evaluate import evaluate
from nonverbal.mars.evaluate_settings import EvaluationSettings
from nonverbal.mars.evaluation import Behaviour, Evaluation, as_json
from nonverbal.mars.history import context_of
from nonverbal.mars.likelihood import score
from nonverbal.mars.rehearsal import encode_texts
from nonverbal.mars.store import CARD_NAME, Mars, load_mars
from nonverbal.mars.train_command import Train
from nonverbal.ticks import ticking

VARIANTS: dict[str, dict[str, Any]] = {
    "text first": {},
    "motion first": {"order": "motion_first"},
    "partner unseen": {"partner_motion": False},
    "rehearsal": {"rehearsal": "dataset"},
    "lora": {"lora": True},
}


@dataclass(frozen=True, slots=True)
class Result:
    """A run and what was measured of it.

    Attributes:
        plain_text: perplexity of the held-out turns as plain text, each on its own.
        train_s: how long its training took here; None where it was there already.
    """

    evaluation: Evaluation
    plain_text: float
    train_s: float | None

    @property
    def behaviour(self) -> Behaviour:
        return self.evaluation.behaviour[0]

    def perplexity(self, kind: str) -> float | None:
        """Of one kind of token."""
        found = self.evaluation.likelihood.get(kind)
        return None if found is None else found.perplexity

    def moment(self, name: str) -> float | None:
        return self.behaviour.moment_f1(name)

    def distance(self, number: int) -> float | None:
        """Frechet distance of the first or second space."""
        found = list(self.behaviour.motion.values())
        return found[number].parameters.frechet_distance if number < len(found) else None


COLUMNS: tuple[Column[Result], ...] = (
    Column("words F1 ↑", lambda r: r.behaviour.moments.words_f1),
    Column("smile back ↑", lambda r: r.moment("smile_back")),
    Column("nod along ↑", lambda r: r.moment("nod_along")),
    Column("events F1 ↑", lambda r: r.behaviour.event_f1),
    Column("FD face ↓", lambda r: r.distance(0), ".3f"),
    Column("FD body ↓", lambda r: r.distance(1), ".3f"),
    Column("perplexity: text ↓", lambda r: r.perplexity("text"), ".2f"),
    Column("face ↓", lambda r: r.perplexity("face level 0"), ".1f"),
    Column("body ↓", lambda r: r.perplexity("body level 0"), ".1f"),
    Column("plain text ↓", lambda r: r.plain_text, ".1f"),
    Column("training s", lambda r: r.train_s, ".0f"),
)


def trained(asked: argparse.Namespace, variant: str, seed: int, folder: Path, console: Console) -> float | None:
    """Trains a variant unless it is there; seconds it took."""
    if (folder / CARD_NAME).exists():
        return None
    began = time.perf_counter()
    Train(
        data=(asked.dataset,),
        out=folder,
        tokenizers=tuple(asked.tokenizers),
        base=asked.base,
        steps=asked.steps,
        context=asked.context,
        learning_rate=asked.learning_rate,
        seed=seed,
        device=asked.device,
        **VARIANTS[variant],
    ).run(console)
    return time.perf_counter() - began


def plain_text_perplexity(mars: Mars, dataset: Dataset, split: str, most: int = 400) -> float:
    """Of the turns of a split, each as plain text; the first token of each is given."""
    texts = [
        turn["text"] for i in dataset.ids(split) for turn in dataset.row(i)["turns"] if len(turn["text"].split()) > 2
    ]
    encoded = encode_texts(texts[:most], mars.vocabulary)
    documents = whole_texts(encoded, context_of(mars.model))
    total, count = 0.0, 0
    for number in range(len(documents)):
        ids, _ = documents.gather(number)
        wanted = np.arange(len(ids)) > encoded.begin
        total -= float(score(mars.model, ids, wanted).log_p.sum())
        count += int(wanted.sum())
    return math.exp(total / count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--tokenizers", type=Path, nargs="+", required=True)
    parser.add_argument("--base", default="tiny")
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS))
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--learning-rate", type=float)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--dialogues", type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda"])
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    console, dataset = Console(stderr=True), open_dataset(asked.dataset)
    variants = asked.variants or [name for name in VARIANTS if name != "lora" or asked.base != "tiny"]
    settings = EvaluationSettings(
        dialogues=asked.dialogues,
        replies=0,
        context=asked.context,
        fresh=asked.context // 2,
        mesh="none",
        no_baselines=True,
        no_hiding=True,
    )
    results: dict[str, list[Result]] = {}
    plain: dict[str, Any] = {}
    for seed in asked.seeds:
        for variant in variants:
            folder = asked.out / f"{variant.replace(' ', '_')}-{seed}"
            train_s = trained(asked, variant, seed, folder, console)
            mars = load_mars(folder, "cuda" if asked.device != "cpu" and torch.cuda.is_available() else "cpu")
            with ticking(console) as tick:
                found = evaluate(mars, dataset, settings, folder.name, tick=tick)
            result = Result(found, plain_text_perplexity(mars, dataset, "test"), train_s)
            results.setdefault(variant, []).append(result)
            plain[folder.name] = as_json(found) | {"plain_text_perplexity": result.plain_text, "train_s": train_s}
    told = f"Seeds {len(asked.seeds)}, steps {asked.steps}, base {asked.base}, dialogues {found.dialogues}."
    text = f"{told}\n\n{markdown(results, COLUMNS)}\n"
    (asked.out / "ablations.json").write_text(json.dumps(plain, indent=1, sort_keys=True) + "\n")
    (asked.out / "ablations.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
