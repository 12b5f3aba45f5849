"""Krippendorff's alpha against his own worked example and against a slow count of pairs."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from nonverbal.study.agreement import agreeing_share, krippendorff_alpha

PUBLISHED = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
"""Four observers, twelve units (Krippendorff 2011, section C)."""


def units_of(rows: tuple[str, ...]) -> dict[int, list[str]]:
    columns = zip(*(row.split() for row in rows), strict=True)
    return {i: [value for value in column if value != "."] for i, column in enumerate(columns)}


def slow_alpha(units: dict[int, list[str]]) -> float:
    """Disagreement within units against disagreement of all pairs of values, each unit's pairs sharing its weight."""
    judged = [values for values in units.values() if len(values) > 1]
    everything = [value for values in judged for value in values]
    within = sum(sum(a != b for a, b in permutations(v, 2)) / (len(v) - 1) for v in judged) / len(everything)
    overall = sum(a != b for a, b in permutations(everything, 2)) / (len(everything) * (len(everything) - 1))
    return 1 - within / overall


def test_the_published_example():
    assert krippendorff_alpha(units_of(PUBLISHED)) == pytest.approx(0.743, abs=5e-4)


def test_by_hand():
    # units ab, aa, bb: coincidences aa 2, bb 2, ab 1, ba 1; observed 2, expected (36 - 18) / 5
    assert krippendorff_alpha({0: ["a", "b"], 1: ["a", "a"], 2: ["b", "b"]}) == pytest.approx(1 - 2 / 3.6)
    assert agreeing_share({0: ["a", "b"], 1: ["a", "a"], 2: ["b", "b"], 3: ["a"]}) == pytest.approx(2 / 3)


@pytest.mark.parametrize("seed", range(5))
def test_random_answers_with_gaps(seed: int):
    dice = np.random.default_rng(seed)
    units = {i: [str(v) for v in dice.integers(0, 3, dice.integers(0, 6))] for i in range(15)}
    assert krippendorff_alpha(units) == pytest.approx(slow_alpha(units))


def test_perfect_agreement_and_none():
    assert krippendorff_alpha({0: ["a", "a"], 1: ["b", "b"]}) == 1.0
    assert krippendorff_alpha({0: ["a", "b"], 1: ["b", "a"]}) < 0


def test_where_alpha_has_no_meaning():
    assert krippendorff_alpha({0: ["a"], 1: ["b"]}) is None
    assert krippendorff_alpha({0: ["a", "a"], 1: ["a", "a"]}) is None
    assert agreeing_share({0: ["a"]}) is None
