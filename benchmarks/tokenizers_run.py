"""One run of `tokenizers.py` in a process of its own: train a tokenizer, measure it, write down what was found.

    python benchmarks/tokenizers_run.py FOLDER DATASET SETS [--real DATASET] [--minutes 10]

FOLDER holds `job.json`, the run; what is trained stays there, and training that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import torch

from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.records import dumps, loads
from nonverbal.tokens.contestants import MEAN_POSE
from nonverbal.tokens.evaluate import evaluate
from nonverbal.tokens.evaluate_settings import EvaluationSettings
from nonverbal.tokens.evaluation import Evaluation, Measured
from nonverbal.tokens.motion_set import load_motion_set
from nonverbal.tokens.store import CARD_NAME, load_tokenizer, write_text
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.tokens.train import CHECKPOINT_NAME, train
from tokenizers_plan import Run
from tokenizers_report import HELD_OUT, REAL, TRUTH, Figures, Result

RESULT_NAME, JOB_NAME = "result.json", "job.json"


def measured_on(dataset: Dataset, real: Dataset | None, minutes: float | None) -> str:
    """Names what results are measured on."""
    hashes = [one.content_hash[:16] for one in (dataset, real) if one]
    return "+".join([*hashes, "all" if minutes is None else f"{minutes:g} min"])


def trained(run: Run, dataset: Dataset, folder: Path, sets: Path) -> Tokenizer:
    """The run's tokenizer, trained unless it is there."""
    if not (folder / CARD_NAME).exists():
        motion, validation = (
            load_motion_set(dataset, split, run.config.part, sets) for split in ("train", "validation")
        )
        began = time.perf_counter()
        train(motion, validation, run.config, run.training, folder)
        write_text(folder / "seconds.json", json.dumps(time.perf_counter() - began))
        (folder / CHECKPOINT_NAME).unlink(missing_ok=True)
    return load_tokenizer(folder)


def figures(row: Measured, split: str) -> list[Figures]:
    """The numbers of a tokenizer or a baseline, one `Figures` a part; what could not be measured is left out."""
    found = []
    for space, report in row.reconstruction.items():
        numbers = {
            "vmse": report.vmse_release,
            "rms_mm": report.vertex_rms_mm,
            "lvd": report.lvd_mm_per_frame,
            "mae": report.parameter_mae,
            "diversity": report.diversity_decoded,
            "fd": report.frechet_distance,
            "variance_ratio": report.variance_ratio,
            "acceleration_ratio": report.acceleration_ratio,
            "silent_ratio": row.still[space].silent_acceleration_ratio,
        }
        if row.codes is not None:
            numbers["perplexity"] = sum(row.codes.perplexity) / len(row.codes.perplexity)
            numbers["utilisation"] = sum(row.codes.utilisation) / len(row.codes.utilisation)
        found.append(Figures(split, _part(space), {k: float(v) for k, v in numbers.items() if v is not None}))
    return found


def floors(evaluation: Evaluation, split: str) -> list[tuple[str, Figures]]:
    """What the numbers stand between: the truth's own diversity, and the mean pose held throughout."""
    still = [(MEAN_POSE, f) for row in evaluation.rows if row.name == MEAN_POSE for f in figures(row, split)]
    truth = [
        (TRUTH, Figures(split, _part(space), {"diversity": report.diversity_true}))
        for row in evaluation.rows
        if row.name == MEAN_POSE
        for space, report in row.reconstruction.items()
        if report.diversity_true is not None
    ]
    return truth + still


def _part(space: str) -> str:
    return "body" if space == "smplx117" else "face"


def measure(tokenizer: Tokenizer, dataset: Dataset, split: str, minutes: float | None) -> Evaluation:
    return evaluate(dataset, {"run": tokenizer}, EvaluationSettings(split=split, max_minutes=minutes))


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
    tokenizer = trained(run, dataset, asked.folder, asked.sets)
    found, between = [], []
    for name, measured, split in ((HELD_OUT, dataset, "test"), (REAL, real, "all")):
        if measured is not None:
            evaluation = measure(tokenizer, measured, split, asked.minutes)
            found += figures(evaluation.rows[0], name)
            between += floors(evaluation, name)
    train_s = float(json.loads((asked.folder / "seconds.json").read_text()))
    result = Result(run, measured_on(dataset, real, asked.minutes), train_s, tuple(found), tuple(between))
    write_text(asked.folder / RESULT_NAME, dumps(result))


if __name__ == "__main__":
    main()
