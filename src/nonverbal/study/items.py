"""Whether some items speak for a condition and others against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nonverbal.study.bootstrap import Votes
from nonverbal.study.ratings import Rating

_ROUNDS = 2000


@dataclass(frozen=True, slots=True)
class ItemEffect:
    """Preference for the first condition of a pair on one item, a tie counting half."""

    item: str
    first: str
    second: str
    ratings: int
    preference: float


def item_effects(votes: Votes, ratings: Sequence[Rating]) -> tuple[ItemEffect, ...]:
    """Each item and pair that was rated, by pairs and names."""
    names = sorted({r.item for r in ratings})
    found = []
    for i, j in votes.pairs:
        own = (votes.first == i) & (votes.second == j)
        for item in np.unique(votes.item[own]):
            score = 1 - votes.outcome[own & (votes.item == item)] / 2
            pair = votes.conditions[i], votes.conditions[j]
            found.append(ItemEffect(names[item], *pair, len(score), float(score.mean())))
    return tuple(found)


def items_differ(votes: Votes, pair: tuple[int, int], seed: int) -> float:
    """Probability of preferences as different between items if items made no difference, by permutation.

    The statistic is the sum over items of (ratings) x (preference less that of all items)^2.
    """
    own = (votes.first == pair[0]) & (votes.second == pair[1])
    score, items = 1 - votes.outcome[own] / 2, np.unique(votes.item[own], return_inverse=True)[1]
    sizes = np.bincount(items)
    if len(sizes) < 2 or np.ptp(score) == 0:
        return 1.0
    dice, centred = np.random.default_rng([seed, *pair]), score - score.mean()

    def statistic(values: np.ndarray) -> float:
        return float((np.bincount(items, values) ** 2 / sizes).sum())

    seen = statistic(centred)
    more = sum(statistic(dice.permutation(centred)) >= seen * (1 - 1e-12) for _ in range(_ROUNDS))
    return (more + 1) / (_ROUNDS + 1)
