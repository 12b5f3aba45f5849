"""One run of `tokenizers.py` in a process of its own: train a tokenizer, measure it, write down what was found.

    python benchmarks/motion_tokenizers_run.py FOLDER DATASET SETS [--real DATASET] [--minutes 10]

FOLDER holds `job.json`, the run; what is trained stays there, and training that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import torch

from motion_tokenizers_measure import HELD_OUT, REAL, MeasuredSet, measure
from motion_tokenizers_plan import Run
from motion_tokenizers_report import Result
from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.records import dumps, loads
from nonverbal.tokens.motion_set import load_motion_set
from nonverbal.tokens.store import CARD_NAME, load_tokenizer, write_text
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.tokens.train import CHECKPOINT_NAME, train

RESULT_NAME, JOB_NAME, CLOCK_NAME = "result.json", "job.json", "seconds.json"


def measured_sets(dataset: Dataset, real: Dataset | None, minutes: float | None) -> list[MeasuredSet]:
    """The sets that every tokenizer is measured on."""
    held_out = MeasuredSet(HELD_OUT, dataset, "test", minutes)
    return [held_out] + ([MeasuredSet(REAL, real, None, minutes)] if real else [])


def name_of(sets: list[MeasuredSet]) -> str:
    """Names what results are measured on."""
    return "+".join(f"{s.dataset.content_hash[:16]}:{'all' if s.minutes is None else f'{s.minutes:g}'}" for s in sets)


def trained(run: Run, dataset: Dataset, folder: Path, sets: Path) -> Tokenizer:
    """The run's tokenizer, trained unless it is there."""
    if not (folder / CARD_NAME).exists():
        motion, validation = (load_motion_set(dataset, s, run.config.part, sets) for s in ("train", "validation"))
        began = time.perf_counter()
        train(motion, validation, run.config, run.training, folder)
        write_text(folder / CLOCK_NAME, json.dumps(time.perf_counter() - began))
        (folder / CHECKPOINT_NAME).unlink(missing_ok=True)
    return load_tokenizer(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("sets", type=Path)
    parser.add_argument("--real", type=Path)
    parser.add_argument("--minutes", type=float)
    asked = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    run = loads(Run, (asked.folder / JOB_NAME).read_text())
    dataset, real = open_dataset(asked.dataset), open_dataset(asked.real) if asked.real else None
    sets = measured_sets(dataset, real, asked.minutes)
    tokenizer = trained(run, dataset, asked.folder, asked.sets)
    figures = tuple(found for one in sets for found in measure(tokenizer, one))
    clock = asked.folder / CLOCK_NAME  # absent where a run ended between the last step and its clock
    train_s = float(json.loads(clock.read_text())) if clock.exists() else None
    write_text(asked.folder / RESULT_NAME, dumps(Result(run, name_of(sets), train_s, figures)))


if __name__ == "__main__":
    main()
