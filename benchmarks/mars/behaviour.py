"""Behaviour of models beside baselines on held-out dialogues, and what becomes of it when the partner is hidden.

    python benchmarks/mars/behaviour.py DATASET MODEL [MODEL ...] [--dialogues 30] [--seeds 0 1 2] [--json FILE]

Trains nothing. Each model moves to the true words (`mars/enact.py`), once a seed; columns are F1 of behaviour that
words and the partner call for (docs/behaviour_metrics.md), mean and standard deviation over seeds. Baselines and bounds
are measured once, with the tokenizers of the first model. What to look for: a model above every baseline in "words",
and "smile back" lower where the partner is hidden.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from reporting import Column, behaviour_columns, markdown
from rich.console import Console

from nonverbal.dataset.read import open_dataset
from nonverbal.mars.evaluate import evaluate
from nonverbal.mars.evaluate_settings import EvaluationSettings
from nonverbal.mars.evaluation import MODEL, Behaviour, as_json
from nonverbal.mars.store import load_mars
from nonverbal.ticks import ticking


def rows_of(found: Sequence[tuple[str, Behaviour]]) -> dict[str, list[Behaviour]]:
    """Rows by the name they are shown under, one a seed."""
    rows: dict[str, list[Behaviour]] = {}
    for model, row in found:
        name = f"{model}{row.name.removeprefix(MODEL)}" if row.standing == "model" else row.name
        rows.setdefault(name, []).append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--split", default="test")
    parser.add_argument("--dialogues", type=int)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--top-p", type=float, default=0.95)
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    settings = EvaluationSettings(
        split=asked.split,
        dialogues=asked.dialogues,
        replies=0,
        context=asked.context,
        fresh=asked.context // 2,
        mesh="none",
        no_likelihood=True,
        temperature=asked.temperature,
        top_p=asked.top_p,
    )
    dataset = open_dataset(asked.dataset)
    found: list[tuple[str, Behaviour]] = []
    plain: list[dict[str, Any]] = []
    for number, folder in enumerate(asked.models):
        for seed in asked.seeds:
            own = replace(settings, seed=seed, no_baselines=bool(number) or seed != asked.seeds[0])
            with ticking(Console(stderr=True)) as tick:
                evaluation = evaluate(load_mars(folder, asked.device), dataset, own, folder.name, tick=tick)
            found += [(folder.name, row) for row in evaluation.behaviour]
            plain.append(as_json(evaluation))
    columns: Sequence[Column[Behaviour]] = behaviour_columns()
    print(markdown(rows_of(found), columns))
    if asked.json:
        asked.json.write_text(json.dumps(plain, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
