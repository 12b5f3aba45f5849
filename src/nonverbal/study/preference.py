"""How sure a count of wins makes us: Wilson's interval, the exact sign test, Holm's correction, and power."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, binomtest, norm

MOST_RATINGS = 20_000
"""Where the search for enough ratings ends."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A share and its 95 % interval, all in [0, 1]."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Counts:
    """Answers to one question about one pair of conditions: for the first, for neither, for the second."""

    wins: float
    ties: float
    losses: float

    @property
    def total(self) -> float:
        return self.wins + self.ties + self.losses


def wilson(wins: float, total: float, level: float = 0.95) -> Interval:
    """The share of wins with Wilson's score interval, which holds for few ratings and extreme shares, too.

    A half of a win is allowed, where ties count half. Without ratings nothing is known: a half, from 0 to 1.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    if total <= 0:
        return Interval(0.5, 0.0, 1.0)
    z = float(norm.ppf(0.5 + level / 2))
    share, weight = wins / total, z * z / total
    middle = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * np.sqrt(share * (1 - share) / total + weight / (4 * total))
    return Interval(share, max(0.0, middle - float(half)), min(1.0, middle + float(half)))


def sign_test(counts: Counts, split_ties: bool) -> float:
    """Probability of a result as uneven as this one or more, if neither were preferred: two-sided, exact.

    Args:
        split_ties: give half of the ties to each side (of an odd number one is left out); otherwise they are dropped.

    Source: Dixon and Mood (1946), The statistical sign test.
    """
    half = int(counts.ties) // 2 if split_ties else 0
    wins, losses = int(counts.wins) + half, int(counts.losses) + half
    return float(binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """Each probability corrected for being one of several: none of those below 0.05 is wrong with 95 %.

    Source: Holm (1979), A simple sequentially rejective multiple test procedure.
    """
    corrected, largest = [1.0] * len(p_values), 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[i]))
        corrected[i] = largest
    return corrected


def power_of(n: int, share: float, alpha: float = 0.05) -> float:
    """Probability that the sign test on `n` decided ratings comes out below `alpha` where `share` prefer the first."""
    return float(_powers(np.array([n]), share, alpha)[0])


def ratings_needed(share: float, power: float = 0.8, alpha: float = 0.05) -> int | None:
    """Decided ratings (ties do not count) from which on a preference of `share` is seen with probability `power`.

    Power rises in a saw-tooth; the number returned is the first after which it never falls below. None where more
    than `MOST_RATINGS` were needed. Ratings are taken for independent; those of one rater and of one item are less so.
    """
    if not 0.5 < share <= 1.0:
        return None
    guess = _first_guess(share, power, alpha)
    if guess > MOST_RATINGS:
        return None
    span = np.arange(1, 2 * guess + 50)
    short = np.flatnonzero(_powers(span, share, alpha) < power)
    return int(span[short[-1] + 1]) if len(short) else 1


def visible_share(n: int, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """The smallest preference, to a thousandth, that `n` decided ratings show with probability `power`."""
    shares = np.arange(501, 1001) / 1000
    found = np.flatnonzero(_powers(np.full(len(shares), n), shares, alpha) >= power)
    return float(shares[found[0]]) if len(found) else None


def _powers(n: NDArray[np.int64], share: float | NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    """The power for each of `n`."""
    most = binom.ppf(alpha / 2, n, 0.5)  # the smallest count that reaches alpha / 2: called uneven only if it meets it
    most = np.where(2 * binom.cdf(most, n, 0.5) <= alpha, most, most - 1)
    power = binom.cdf(most, n, share) + binom.sf(n - most - 1, n, share)
    return np.where(most < 0, 0.0, power)


def _first_guess(share: float, power: float, alpha: float) -> int:
    """The textbook's approximation by a normal distribution."""
    z_alpha, z_power = norm.ppf(1 - alpha / 2), norm.ppf(power)
    return int(((0.5 * z_alpha + np.sqrt(share * (1 - share)) * z_power) / (share - 0.5)) ** 2) + 6
