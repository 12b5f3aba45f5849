"""Makes the small model that ships with the package, and writes down what it follows from and what it reaches.

    python -m nonverbal.fitting.chat --work DIR --out src/nonverbal/mars/demo

Every step is kept in DIR, so that a run can go on. On one core of two: about an hour and a half.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from nonverbal.fitting.chat_recipe import Kitchen, Recipe
from nonverbal.fitting.chat_steps import walk
from nonverbal.fitting.chat_train import WordsPlan
from nonverbal.mars.train_config import TrainConfig
from nonverbal.studio.settings import TruthSettings

SHIPPED = Recipe(
    motion=TruthSettings(hours=3.0, minutes=3.0, seed=6_000),
    tokenizer_steps=2600,
    talks=TruthSettings(hours=32.0, minutes=4.0, seed=20_000),
    hinges=TruthSettings(hours=6.0, minutes=4.0, seed=40_000, hinges=20.0),
    small_talk=TruthSettings(hours=10.0, minutes=4.0, seed=60_000),
    words=WordsPlan(),
    words_training=TrainConfig(context=512, row_tokens=4096, batch_rows=1, steps=1000, learning_rate=3e-3),
    training=TrainConfig(
        context=512, row_tokens=4096, batch_rows=1, steps=3600, learning_rate=2.5e-3, weights={"text": 2.0},
        level_weight=0.7, typed_share=0.35, seed=1,
    ),
)  # fmt: skip
"""The model in `mars/demo`. No seed is one of those that benchmarks measure with."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the model")
    parser.add_argument("--work", type=Path, required=True, help="folder for all steps; kept, so a run can go on")
    asked = parser.parse_args()
    console = Console()
    kitchen = Kitchen(SHIPPED, asked.work)
    walk(kitchen.steps(), asked.work, console)


if __name__ == "__main__":
    main()
