"""Intervals, tests, corrections and power against numbers worked out by hand or slowly."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from nonverbal.study.preference import (
    Counts,
    holm,
    power_of,
    ratings_needed,
    sign_test,
    visible_share,
    wilson,
)


def slow_sign_test(wins: int, losses: int) -> float:
    """Two-sided: everything as unlikely as what was seen, or more."""
    n = wins + losses
    chances = [comb(n, k) / 2**n for k in range(n + 1)]
    return min(1.0, sum(c for c in chances if c <= chances[wins] * (1 + 1e-9)))


def slow_power(n: int, share: float, alpha: float) -> float:
    return sum(
        comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1) if slow_sign_test(k, n - k) <= alpha
    )


def test_wilson_is_the_published_interval():
    # Newcombe (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29
    for wins, total, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = wilson(wins, total)
        assert found.low == pytest.approx(low, abs=6e-5)
        assert found.high == pytest.approx(high, abs=6e-5)


def test_without_ratings_nothing_is_known():
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0.0, 1.0)
    assert sign_test(Counts(0, 5, 0), split_ties=False) == 1.0


@pytest.mark.parametrize(("wins", "losses"), [(9, 1), (5, 5), (0, 7), (61, 39), (3, 0)])
def test_the_sign_test_is_a_sum_over_all_outcomes(wins: int, losses: int):
    assert sign_test(Counts(wins, 8, losses), split_ties=False) == pytest.approx(slow_sign_test(wins, losses))


def test_ties_are_split_evenly_and_an_odd_one_is_left_out():
    assert sign_test(Counts(9, 5, 1), split_ties=True) == pytest.approx(slow_sign_test(11, 3))
    assert sign_test(Counts(9, 4, 1), split_ties=True) == pytest.approx(slow_sign_test(11, 3))


def test_holm_by_hand():
    # sorted 0.01 x 4, 0.02 x 3, 0.03 x 2 -> 0.06 not below 0.06, 0.04 x 1 -> kept at 0.06
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize("n", [1, 5, 6, 20, 37])
@pytest.mark.parametrize("share", [0.5, 0.65, 0.9])
def test_power_is_a_sum_over_all_outcomes(n: int, share: float):
    assert power_of(n, share) == pytest.approx(slow_power(n, share, 0.05))


def test_from_the_number_of_ratings_needed_power_never_falls_short():
    needed = ratings_needed(0.75)
    assert needed is not None
    assert power_of(needed - 1, 0.75) < 0.8
    assert all(power_of(n, 0.75) >= 0.8 for n in range(needed, needed + 60))


def test_more_ratings_are_needed_for_smaller_preferences_and_more_pairs():
    found = [ratings_needed(share) for share in (0.55, 0.6, 0.7, 0.8, 1.0)]
    assert found == sorted(found, reverse=True)
    assert ratings_needed(0.7, alpha=0.05 / 3) > ratings_needed(0.7)
    assert ratings_needed(0.5) is None
    assert ratings_needed(0.5001) is None


def test_what_so_many_ratings_show():
    needed = ratings_needed(0.7)
    found = visible_share(needed)
    assert found <= 0.7
    assert power_of(needed, found) >= 0.8 > power_of(needed, found - 0.001)
    assert visible_share(3) is None


def test_wilson_covers_what_it_promises():
    found = [wilson(k, 40) for k in range(41)]
    shares = np.linspace(0.05, 0.95, 91)
    covered = [
        sum(comb(40, k) * p**k * (1 - p) ** (40 - k) for k in range(41) if found[k].low <= p <= found[k].high)
        for p in shares
    ]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.005)
    assert min(covered) > 0.9
