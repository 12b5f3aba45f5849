"""Strengths against a slow fit, and raters of known taste who are found out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from nonverbal.study.strengths import fit, is_settled


def drawn(strength: list[float], log_ties: float, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Answers of raters who follow the model."""
    dice, count = np.random.default_rng(seed), len(strength)
    wins, ties = np.zeros((1, count, count)), np.zeros((1, count, count))
    for i in range(count):
        for j in range(i + 1, count):
            a, b = np.exp(strength[i]), np.exp(strength[j])
            weights = np.array([a, b, np.exp(log_ties) * np.sqrt(a * b)])
            wins[0, i, j], wins[0, j, i], ties[0, i, j] = dice.multinomial(n, weights / weights.sum())
    return wins, ties


def slow_fit(wins: np.ndarray, ties: np.ndarray) -> np.ndarray:
    """The likeliest strengths by a general optimiser, written as Davidson writes the model."""
    count = wins.shape[1]

    def loss(x: np.ndarray) -> float:
        total = 0.005 * float(x @ x)
        for i in range(count):
            for j in range(i + 1, count):
                a, b, t = np.exp(x[i]), np.exp(x[j]), np.exp(x[-1] + (x[i] + x[j]) / 2)
                total -= wins[0, i, j] * np.log(a / (a + b + t)) + wins[0, j, i] * np.log(b / (a + b + t))
                total -= ties[0, i, j] * np.log(t / (a + b + t))
        return total

    return minimize(loss, np.zeros(count + 1), method="BFGS", options={"gtol": 1e-7}).x


def test_raters_of_known_taste_are_found_out():
    true = [0.9, 0.1, -0.3, -0.7]
    found = fit(*drawn(true, np.log(0.6), 40_000, seed=1))
    assert found.log_strength[0] == pytest.approx(np.array(true) - np.mean(true), abs=0.02)
    assert np.exp(found.log_ties[0]) == pytest.approx(0.6, abs=0.02)


@pytest.mark.parametrize("seed", range(4))
def test_a_general_optimiser_finds_the_same(seed: int):
    wins, ties = drawn([0.5, 0.0, -0.5], -0.5, 30, seed)
    slow = slow_fit(wins, ties)
    found = fit(wins, ties)
    assert found.log_strength[0] == pytest.approx(slow[:-1] - slow[:-1].mean(), abs=1e-4)
    assert found.log_ties[0] == pytest.approx(slow[-1], abs=1e-4)


def test_two_conditions_without_ties_are_a_log_odds():
    wins, ties = np.array([[[0.0, 30.0], [10.0, 0.0]]]), np.zeros((1, 2, 2))
    found = fit(wins, ties).log_strength[0]
    assert found[0] - found[1] == pytest.approx(np.log(3), abs=0.01)


def test_many_tables_at_once_are_each_their_own():
    tables = [drawn([0.4, -0.4, 0.0], -1, 25, seed) for seed in range(6)]
    together = fit(np.concatenate([w for w, _ in tables]), np.concatenate([t for _, t in tables]))
    for i, (wins, ties) in enumerate(tables):
        assert together.log_strength[i] == pytest.approx(fit(wins, ties).log_strength[0], abs=1e-7)


def test_who_never_lost_has_a_strength_all_the_same():
    wins, ties = np.array([[[0.0, 50.0], [0.0, 0.0]]]), np.zeros((1, 2, 2))
    assert not is_settled(wins[0], ties[0])
    found = fit(wins, ties)
    assert np.isfinite(found.log_strength).all()
    assert np.isfinite(found.log_ties).all()
    assert found.log_strength[0, 0] > 2


def test_a_chain_of_wins_settles_all():
    wins = np.zeros((3, 3))
    wins[0, 1] = wins[1, 2] = 1
    assert not is_settled(wins, np.zeros((3, 3)))
    wins[2, 0] = 1
    assert is_settled(wins, np.zeros((3, 3)))
