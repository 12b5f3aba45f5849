"""How much would change with other raters and other items: both are drawn anew, and what they share is counted once.

Ratings of one rater, and of one item, resemble each other; an interval that took them for independent would be too
narrow. Drawing raters and items at the same time would make it too wide instead (three times the variance where ratings
are independent), so variances are put together:

    variance = (raters drawn anew) + (items drawn anew) - (single cells of rater and item drawn anew)

Source: Cameron, Gelbach and Miller (2011), Robust inference with multiway clustering; Owen (2007), The pigeonhole
bootstrap, on why not to draw both at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from nonverbal.study.ratings import Rating

F64 = NDArray[np.float64]

_AT_ONCE = 100


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """N ratings of pairs as numbers.

    Attributes:
        conditions: names, in order; [N] arrays hold indices into them.
        first: [N] the condition that comes first in `conditions`.
        second: [N] the other one.
        outcome: [N] 0 where the first was preferred, 1 for a tie, 2 where the second was.
        rater: [N] whose rating it is.
        item: [N] of which item.
    """

    conditions: tuple[str, ...]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    outcome: NDArray[np.int64]
    rater: NDArray[np.int64]
    item: NDArray[np.int64]

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Pairs of conditions that were compared."""
        return sorted(set(zip(self.first.tolist(), self.second.tolist(), strict=True)))


def votes_of(ratings: Sequence[Rating], conditions: Sequence[str]) -> Votes:
    """Ratings of pairs as numbers."""
    places = {name: i for i, name in enumerate(conditions)}
    raters = {name: i for i, name in enumerate(sorted({r.rater for r in ratings}))}
    items = {name: i for i, name in enumerate(sorted({r.item for r in ratings}))}
    rows = []
    for r in ratings:
        first, second = sorted((places[r.left], places[r.right]))
        outcome = 1 if not r.preferred else 0 if places[r.preferred] == first else 2
        rows.append((first, second, outcome, raters[r.rater], items[r.item]))
    table = np.array(rows, np.int64).reshape(-1, 5)
    return Votes(tuple(conditions), *(table[:, i] for i in range(5)))


def counts_of(votes: Votes, weights: F64) -> tuple[F64, F64]:
    """Wins [R, K, K] (row over column) and ties [R, K, K] (above the diagonal) under weights [R, N] of the votes."""
    count = len(votes.conditions)
    cells = (votes.first * count + votes.second) * 3 + votes.outcome
    rows = [np.bincount(cells, row, 3 * count * count) for row in weights]
    sums: F64 = np.stack(rows).astype(np.float64).reshape(-1, count, count, 3)
    return sums[..., 0] + sums[..., 2].transpose(0, 2, 1), sums[..., 1]


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How far an estimate would move.

    Attributes:
        error: its standard error with other raters and items.
        plain: what it would be if all ratings were independent.
        reach: half of its 95 % interval.
    """

    error: F64
    plain: F64
    reach: F64


def spread(votes: Votes, estimate: Callable[[F64, F64], F64], rounds: int, seed: int) -> Spread:
    """The spread of what `estimate` makes of wins [R, K, K] and ties [R, K, K], for each of its columns [R, M].

    The 95 % interval takes Student's t with one degree of freedom less than there are raters or items, whichever are
    fewer.
    """
    cells = np.unique(votes.rater * (int(votes.item.max()) + 1) + votes.item, return_inverse=True)[1]
    singles = np.arange(len(votes.outcome))
    found = []
    for number, groups in enumerate((votes.rater, votes.item, cells, singles)):
        dice = np.random.default_rng([seed, number])
        parts = [estimate(*counts) for counts in _resampled(votes, groups, rounds, dice)]
        found.append(np.nanvar(np.concatenate(parts), axis=0))
    by_rater, by_item, by_cell, plain = found
    # two variances that count what raters and items share once each; never less than what either alone accounts for
    error = np.sqrt(np.maximum.reduce([by_rater + by_item - by_cell, by_rater, by_item, plain]))
    fewest = min(len(np.unique(votes.rater)), len(np.unique(votes.item)))
    reach = error * student.ppf(0.975, fewest - 1) if fewest > 1 else np.full_like(error, np.inf)
    return Spread(error, np.sqrt(plain), reach)


def _resampled(
    votes: Votes, groups: NDArray[np.int64], rounds: int, dice: np.random.Generator
) -> Iterator[tuple[F64, F64]]:
    """Counts when whole groups of votes are drawn anew with replacement, some rounds at a time."""
    count = int(groups.max()) + 1
    for done in range(0, rounds, _AT_ONCE):
        times = dice.multinomial(count, np.full(count, 1 / count), min(_AT_ONCE, rounds - done))
        yield counts_of(votes, times[:, groups].astype(np.float64))
