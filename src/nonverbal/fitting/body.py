"""Fits the body's models on rendered sitters and tells how well they do on sitters they never saw.

    python -m nonverbal.fitting.body --out src/nonverbal/motion/fitted/body.safetensors --work DIR --seed 30000

Rendering takes most of the time; the work folder keeps what is done.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from safetensors.numpy import save_file

from nonverbal.fitting.body_examples import Examples, chained, examples_of
from nonverbal.fitting.body_renders import TAKES_A_SITTER, Take, gather_takes
from nonverbal.fitting.body_train import Training, fit_arm, fit_finger
from nonverbal.motion.learned_body import ARM_ERRORS, ARM_OUTPUTS, CHEST, FINGERS, Models, models_from
from nonverbal.motion.rotations import F, angle_between_rad, matrix_from_axis_angle, matrix_from_rot6d, unit
from nonverbal.types import F32
from nonverbal.verdicts import UserError

FIRST_SEED = 30_000
"""Takes of fitting have seeds from 1,000 on; smaller ones are left to those who measure."""
LEAST_SEED = 1_000

CHECK_SHARE, TEST_SHARE = 1 / 6, 1 / 6
"""Shares of the sitters that settle how much is corrected, and that no fitting sees."""
_DISTURBED = 2
"""How many disturbed copies join each clear take."""


@dataclass(frozen=True)
class Plan:
    """What is rendered and fitted on."""

    seed: int = FIRST_SEED
    """Seed of the first take; the others follow."""
    sitters: int = 330
    """How many people are rendered."""

    def __post_init__(self) -> None:
        if self.seed < LEAST_SEED:
            raise UserError(f"seed={self.seed}: expected {LEAST_SEED} or more; smaller seeds are for measuring")
        if self.sitters < 6:
            raise UserError(f"sitters={self.sitters}: expected at least 6, to have some that are not fitted on")

    @property
    def seeds(self) -> range:
        """Of the takes."""
        first = -(-self.seed // TAKES_A_SITTER) * TAKES_A_SITTER
        return range(first, first + self.sitters * TAKES_A_SITTER)


def fit(takes: list[Take], seed: int) -> tuple[dict[str, F32], Examples]:
    """Arrays of the models, and the examples that no fitting saw; takes are in order of their sitters."""
    test, check = (round(len(takes) * (1.0 - share)) for share in (TEST_SHARE, TEST_SHARE + CHECK_SHARE))
    rng = np.random.default_rng(seed)
    seen = [examples_of(takes[:check], None)]
    seen += [examples_of(takes[:check], rng) for _ in range(_DISTURBED)]
    examples, checked = chained(seen), examples_of(takes[check:test], None)
    config = Training(seed=seed)
    return fit_arm(examples, checked, config) | fit_finger(examples, checked, config), examples_of(takes[test:], None)


def score(models: Models, unseen: Examples) -> dict[str, tuple[float, float]]:
    """Part -> mean degrees by geometry and by the models; its ``r``: foreseen against true errors, 0 for geometry."""
    arm, finger = models.arm.run(unseen.arm, unseen.taps), models.finger.run(unseen.finger)
    found = unseen.arm_base + arm[:, : CHEST.stop]
    before, after = errors_deg(unseen.arm_base, unseen), errors_deg(found, unseen)
    before["fingers"], after["fingers"] = (
        finger_errors_deg(guess, unseen) for guess in (unseen.finger_base, unseen.finger_base + finger[:, FINGERS])
    )
    table = {part: (float(before[part].mean()), float(after[part].mean())) for part in after}
    foreseen = {part: arm[:, ARM_ERRORS][:, i] for i, part in enumerate(("upper", "fore"))}
    foreseen["fingers"] = finger[unseen.hand_known, -1]
    for part, values in foreseen.items():
        table[f"{part} r"] = (0.0, float(np.corrcoef(np.exp(values), after[part])[0, 1]))
    return table


def errors_deg(found: F, examples: Examples) -> dict[str, F]:
    """Part -> [N] degrees off; hands only where they are seen."""
    truth = examples.arm_truth
    off = {
        part: np.degrees(np.arccos(np.clip((unit(found[:, c]) * truth[:, c]).sum(axis=1), -1.0, 1.0)))
        for part, c in ARM_OUTPUTS.items()
        if part != "hand"
    }
    for part, c in (("hand", ARM_OUTPUTS["hand"]), ("chest", CHEST)):
        off[part] = np.degrees(angle_between_rad(matrix_from_rot6d(found[:, c]), matrix_from_rot6d(truth[:, c])))
    chests = [matrix_from_rot6d(rows[:, CHEST]) for rows in (found, truth)]
    for name, angle in (("chest yaw", _yaw_deg), ("chest lean", _lean_deg)):
        off[name] = np.abs(angle(chests[0]) - angle(chests[1]))
    return off | {"hand": off["hand"][examples.hand_known]}


def _yaw_deg(chest: F) -> F:
    return np.asarray(np.degrees(np.arctan2(chest[:, 0, 2], chest[:, 2, 2])))


def _lean_deg(chest: F) -> F:
    return np.asarray(np.degrees(np.arcsin(np.clip(-chest[:, 1, 2], -1.0, 1.0))))


def finger_errors_deg(found: F, examples: Examples) -> F:
    """[N] degrees off of each seen hand, mean over its joints."""
    both = [
        matrix_from_axis_angle(rows[examples.hand_known].reshape(-1, 15, 3)) for rows in (found, examples.finger_truth)
    ]
    return np.asarray(np.degrees(angle_between_rad(*both)).mean(axis=1))


def save(path: Path, arrays: dict[str, F32], scores: dict[str, tuple[float, float]], command: str, seed: int) -> None:
    """Writes weights as float16 with where they come from and how well they do."""
    half = {name: np.ascontiguousarray(array.astype(np.float16)) for name, array in sorted(arrays.items())}
    told = {part: [round(value, 2) for value in pair] for part, pair in scores.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(half, path, {"command": command, "seed": str(seed), "geometry_and_fitted_deg": json.dumps(told)})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="safetensors file to write")
    parser.add_argument("--work", type=Path, required=True, help="folder for rendered takes; kept, so a run can go on")
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--sitters", type=int, default=Plan().sitters)
    asked = parser.parse_args()
    plan = Plan(seed=asked.seed, sitters=asked.sitters)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    arrays, unseen = fit(gather_takes(asked.work, plan.seeds), plan.seed)
    scores = score(models_from({name: array.astype(np.float16) for name, array in arrays.items()}), unseen)
    table = Table("sitters not fitted on", "geometry", "fitted")
    for part, (before, after) in scores.items():
        table.add_row(part, f"{before:.2f}", f"{after:.2f}")
    Console().print(table)
    save(
        asked.out,
        arrays,
        scores,
        f"python -m nonverbal.fitting.body --seed {plan.seed} --sitters {plan.sitters}",
        plan.seed,
    )


if __name__ == "__main__":
    main()
