"""How far raters agree: Krippendorff's alpha for answers without an order, with answers missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np

K = TypeVar("K", bound=Hashable)


def krippendorff_alpha(units: Mapping[K, Sequence[str]]) -> float | None:
    """1 where all raters of a unit agree, 0 where they agree as much as chance would let them, below 0 where less.

    Args:
        units: for each thing that was judged, the answers of those who judged it. Those judged once do not count.

    Returns:
        None where nothing was judged twice, or where there is but one answer in all, as alpha has no meaning then.

    Source: Krippendorff (2011), Computing Krippendorff's alpha-reliability, section D.
    """
    kinds = sorted({answer for answers in units.values() if len(answers) > 1 for answer in answers})
    if len(kinds) < 2:
        return None
    coincidences = np.zeros((len(kinds), len(kinds)))
    for answers in units.values():
        if len(answers) < 2:
            continue
        counts = np.array([answers.count(kind) for kind in kinds], np.float64)
        coincidences += (np.outer(counts, counts) - np.diag(counts)) / (len(answers) - 1)
    each = coincidences.sum(axis=1)
    total = each.sum()
    observed = total - np.trace(coincidences)
    expected = (total * total - (each * each).sum()) / (total - 1)
    return float(1.0 - observed / expected)


def agreeing_share(units: Mapping[K, Sequence[str]]) -> float | None:
    """Share of pairs of answers to one unit that are equal; None where nothing was judged twice."""
    equal = pairs = 0.0
    for answers in units.values():
        n = len(answers)
        pairs += n * (n - 1)
        equal += sum(c * (c - 1) for c in Counter(answers).values())
    return equal / pairs if pairs else None
