"""Small studies for tests: takes, designs, and raters of known taste."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from nonverbal.formats.motion_file import SUFFIX, write_motion
from nonverbal.formats.take import Take
from nonverbal.study.design import DESIGN_FILE, Design, Item, label, trials_of
from nonverbal.study.durable_csv import DurableCsv
from nonverbal.study.ratings import COLUMNS, Rating
from nonverbal.types import Word

NATURAL = "Which looks more natural?"


def take_of(seed: int, seconds: float = 2.0, fps: float = 25.0, words: bool = True) -> Take:
    """Somebody who moves at random and says two words at the end."""
    dice, count = np.random.default_rng(seed), round(seconds * fps)
    face = dice.random((count, 52)).astype(np.float32)
    body = (0.1 * dice.standard_normal((count, 117))).astype(np.float32)
    said = (Word("well", seconds - 0.8, seconds - 0.5, 1.0), Word("then", seconds - 0.4, seconds - 0.1, 1.0))
    gaze = np.zeros((count, 4), np.float32)
    return Take(f"take {seed}", fps, "arkit52", face, "smplx117", body, gaze, said if words else ())


def motion_folders(root: Path, names: Sequence[str], items: Sequence[str], **how: float) -> list[str]:
    """A folder of takes for each condition, as arguments of the command."""
    for k, name in enumerate(names):
        for i, item in enumerate(items):
            write_motion(take_of(100 * k + i, **how), root / name / f"{item}{SUFFIX}")
    return [f"{name}={root / name}" for name in names]


def design_of(
    conditions: int = 3,
    items: int = 7,
    share: int = 4,
    checks: int = 2,
    seed: int = 0,
    questions: Sequence[str] = (NATURAL,),
) -> Design:
    """A design of clips that need not exist."""
    names = tuple(f"condition {k}" for k in range(conditions))
    held = tuple(Item(f"item {i}", 0.0, 2.0, tuple(f"{i}{k}" for k in range(conditions))) for i in range(items))
    return Design(DESIGN_FILE.version, seed, "motion", names, held, tuple(questions), share, checks, True, "I agree.")


def simulated(
    design: Design, raters: int, strength: Sequence[float], ties: float = 0.5, seed: int = 0, left: float = 0.0,
    of_rater: float = 0.0, of_item: float = 0.0, careless: int = 0,
) -> list[Rating]:  # fmt: skip
    """Raters who answer by strengths.

    Args:
        ties: Davidson's nu.
        left: what the left side adds to a strength.
        of_rater: standard deviation of raters' own taste in the first condition, of_item: of items' favour for it.
        careless: how many of the raters fail all checks.
    """
    dice = np.random.default_rng(seed)
    items = of_item * dice.standard_normal(len(design.items))
    found = []
    for number in range(raters):
        code, taste = f"rater{number:04d}", of_rater * dice.standard_normal()
        for trial in _trials(design, code, number):
            sides = label(design, trial.left), label(design, trial.right)
            if trial.kind == "pair":
                worth = [strength[side.condition] for side in (trial.left, trial.right)]
                for i, side in enumerate((trial.left, trial.right)):
                    worth[i] += (taste + items[trial.item]) * (side.condition == 0)
                a, b = np.exp(worth[0] + left), np.exp(worth[1])
                weights = np.array([a, ties * np.sqrt(a * b), b])
                answer = ("left", "tie", "right")[dice.choice(3, p=weights / weights.sum())]
            else:
                answer = "left" if (":" in sides[0]) == (number < careless) else "right"
            found += [
                Rating(
                    "2026-01-01T00:00:00.000Z", code, trial.position, trial.kind, design.items[trial.item].name, *sides,
                    question, answer, 12.5, 1, 2, design.seed, design.digest, "0",
                )
                for question in design.questions
            ]  # fmt: skip
    return found


_trials = lru_cache(maxsize=2048)(trials_of)


def write_table(ratings: Sequence[Rating], path: Path) -> None:
    table = DurableCsv(path, COLUMNS)
    table.append([rating.row() for rating in ratings])
    table.close()
