"""What the metrics say about errors that everybody can picture: a mean pose, a delay, held poses, noise.

python benchmarks/metric_scale.py DATASET
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.tokens.meshes import mesh_of
from nonverbal.tokens.metrics import ReconstructionMeter, ReconstructionReport
from nonverbal.tokens.motion_set import motion_rows
from nonverbal.types import F32, Bool

SEQUENCES = 6
"""Participants measured; enough for two digits."""

NUMBERS = (
    "vmse_release", "vertex_rms_mm", "vertex_mean_mm", "lvd_mm_per_frame", "parameter_mae", "diversity_decoded",
    "frechet_distance", "variance_ratio", "acceleration_ratio",
)  # fmt: skip


def errors(mean: F32) -> Mapping[str, Callable[[F32], F32]]:
    """Name -> what makes a wrong [T, D] of a true one."""
    noise = np.random.default_rng(0)
    return {
        "always the mean pose": lambda rows: np.repeat(mean[None], len(rows), axis=0),
        "one frame late": lambda rows: np.concatenate([rows[:1], rows[:-1]]),
        "every 8th frame, held": lambda rows: np.repeat(rows[::8], 8, axis=0)[: len(rows)],
        "noise of 0.01": lambda rows: rows + noise.normal(0, 0.01, rows.shape).astype(np.float32),
    }


def sequences_of(dataset: Dataset, space: str) -> list[tuple[F32, Bool]]:
    people = [(dialogue, who) for dialogue in dataset.ids() for who in ("A", "B")][:SEQUENCES]
    return [motion_rows(dataset.motion(dialogue, who, smooth=True), (space,)) for dialogue, who in people]


def line(name: str, report: ReconstructionReport) -> str:
    numbers = [getattr(report, number) for number in NUMBERS]
    return f"| {name} | " + " | ".join("–" if n is None else f"{n:.3g}" for n in numbers) + " |"


def main(path: Path) -> None:
    dataset = open_dataset(path)
    for space in (dataset.manifest.face_space, dataset.manifest.body_space):
        sequences, mesh = sequences_of(dataset, space), mesh_of(space)
        mean = np.concatenate([rows[mask.all(axis=1)] for rows, mask in sequences]).mean(axis=0)
        print(f"\n| {space}, {mesh.name if mesh else 'no mesh'} | " + " | ".join(NUMBERS) + " |")
        print("|---" * (len(NUMBERS) + 1) + "|")
        for name, error in errors(mean).items():
            meter = ReconstructionMeter(space, mesh)
            for rows, mask in sequences:
                meter.add(rows, error(rows), mask)
            print(line(name, meter.report()))
        print(line("(the truth)", _truth(space, sequences)))


def _truth(space: str, sequences: list[tuple[F32, Bool]]) -> ReconstructionReport:
    meter = ReconstructionMeter(space, None)
    for rows, mask in sequences:
        meter.add(rows, rows, mask)
    return meter.report()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
