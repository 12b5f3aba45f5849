"""Makes the small model that ships with the package, and writes down what it follows from and what it reaches.

    python -m nonverbal.fitting.chat --work DIR --out src/nonverbal/mars/demo

Every step is kept in DIR (7 GB), so that a run can go on. It takes about an hour and a half of one core.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

from rich.console import Console

from nonverbal.dataset.read import open_dataset
from nonverbal.fitting.chat_judge import behaviour, conversations, perplexity, validation_of
from nonverbal.fitting.chat_recipe import Kitchen, Recipe, one_thread
from nonverbal.fitting.chat_steps import Step, walk
from nonverbal.fitting.chat_store import save_small
from nonverbal.fitting.chat_train import WordsPlan
from nonverbal.mars.demo_model import PROVENANCE_NAME, starters
from nonverbal.mars.store import load_mars
from nonverbal.mars.train_config import TrainConfig
from nonverbal.records import dumps, to_plain
from nonverbal.studio.settings import TruthSettings
from nonverbal.tokens.store import write_text

SHIPPED = Recipe(
    motion=TruthSettings(hours=3.0, minutes=3.0, seed=6_000),
    tokenizer_steps=2600,
    talks=TruthSettings(hours=32.0, minutes=4.0, seed=20_000),
    hinges=TruthSettings(hours=6.0, minutes=4.0, seed=40_000, hinges=20.0),
    small_talk=TruthSettings(hours=10.0, minutes=4.0, seed=60_000),
    words=WordsPlan(),
    words_training=TrainConfig(context=512, row_tokens=4096, batch_rows=1, steps=1000, learning_rate=3e-3),
    training=TrainConfig(
        context=512, row_tokens=4096, batch_rows=1, steps=2600, learning_rate=2.5e-3, weights={"text": 2.0},
        level_weight=0.7, typed_share=0.35, seed=1,
    ),
)  # fmt: skip
"""The model in `mars/demo`. No seed is one of those that benchmarks measure with."""

_JUDGED = 5
"""Held-out podcasts that behaviour is measured on."""
_LICENCE = (
    "Apache-2.0, as the package. Trained on nothing but talk made up by nonverbal's own studio: no recording of any "
    "person, no other model's output."
)


def pack(kitchen: Kitchen, out: Path, console: Console) -> str:
    """Round the model, store it in `out`, and measure it as it is stored."""
    save_small(load_mars(kitchen.model), out)
    told = _provenance(kitchen, out, console)
    write_text(out / PROVENANCE_NAME, json.dumps(told, indent=1, sort_keys=True, allow_nan=False) + "\n")
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    return f"{out}: {size / 1e6:.1f} MB, perplexity of words {told['held_out']['perplexity']['with_motion']}"


def _provenance(kitchen: Kitchen, out: Path, console: Console) -> dict[str, Any]:
    recipe, mars = to_plain(kitchen.recipe), load_mars(out)
    data = {folder.name: _counted(folder) for folder in (kitchen.work / "motion", *kitchen.talks)}
    tokenizers = {part: one.hash for part, one in kitchen.chosen().items()}
    words, final = validation_of(kitchen.work / "words"), validation_of(kitchen.model)
    with one_thread():
        found = behaviour(out, kitchen.talks[0], kitchen.work / "behaviour.json", _JUDGED, console)
        said = [{"you": line, "model": answer} for line, answer in conversations(mars, starters())]
    return {
        "command": "python -m nonverbal.fitting.chat --work DIR --out src/nonverbal/mars/demo",
        "licence": _LICENCE,
        "recipe": recipe,
        "inputs": hashlib.sha256(dumps([recipe, data, tokenizers]).encode()).hexdigest(),
        "data": data,
        "tokenizers": tokenizers,
        "weights": {"count": sum(weight.numel() for weight in mars.model.parameters()), "stored_as": "float16"},
        "held_out": {
            "losses_words_alone": words,
            "losses": final,
            "perplexity": {"words_alone": perplexity(words), "with_motion": perplexity(final)},
            "behaviour_f1": found,
            "answers": said,
        },
    }


def _counted(folder: Path) -> dict[str, Any]:
    manifest = open_dataset(folder).manifest
    return {"content_hash": manifest.content_hash, "dialogues": dict(manifest.splits)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the model")
    parser.add_argument("--work", type=Path, required=True, help="folder for all steps; kept, so a run can go on")
    asked = parser.parse_args()
    kitchen = Kitchen(SHIPPED, asked.work)
    last = Step(
        "pack", "Store the model small, and measure it", str(asked.out.resolve()), lambda c: pack(kitchen, asked.out, c)
    )
    walk([*kitchen.steps(), last], asked.work, Console())


if __name__ == "__main__":
    main()
