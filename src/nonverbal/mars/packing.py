"""Documents of all lengths in rows of one length, as few as can be, and what a model is to learn of each row.

    documents   aaaaaaa bbb ccccc dd eeee          row 0   aaaaaaabbb
                                                   row 1   cccccddeee..    (the first row with room)

Attention stays within a document (`attention.py`), and positions begin at 0 in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nonverbal.mars.documents import Documents
from nonverbal.mars.targets import Targets

OPEN_ROWS = 64
"""Rows that are looked at for room; a row that has been passed over for longest is closed when there are more."""


@dataclass(frozen=True, eq=False)
class Row:
    """Documents end to end.

    Attributes:
        ids: [N] int64.
        positions: [N] int64, from 0 in each document.
        bounds: [D + 1] int32, where each document begins.
        keep: [K] int64, the places whose next token is to be learnt.
        targets: [K] int64, those next tokens.
        weights: [K] float32, how much each counts.
    """

    ids: NDArray[np.int64]
    positions: NDArray[np.int64]
    bounds: NDArray[np.int32]
    keep: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: NDArray[np.float32]

    @property
    def longest(self) -> int:
        """Tokens of the longest document."""
        return int(np.diff(self.bounds).max())


def pack(lengths: NDArray[np.int64], row_tokens: int, order: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Which documents go into each row, first fit.

    Args:
        lengths: [D] tokens of each document, at most `row_tokens`.
        row_tokens: most tokens of a row.
        order: the documents in the order they are placed.
    """
    rows: list[list[int]] = []
    numbers: list[int] = []
    free = np.zeros(0, np.int64)
    for document in order.tolist():
        size = lengths[document]
        fits = np.flatnonzero(free >= size)
        if len(fits):
            place = int(fits[0])
            rows[numbers[place]].append(document)
            free[place] -= size
            continue
        if len(numbers) == OPEN_ROWS:
            full = int(np.argmin(free))
            del numbers[full]
            free = np.delete(free, full)
        numbers.append(len(rows))
        rows.append([document])
        free = np.append(free, row_tokens - size)
    return [np.array(row, np.int64) for row in rows]


def gather_row(documents: Documents, numbers: Sequence[int] | NDArray[np.int64], targets: Targets) -> Row:
    """The row of some documents, in their order."""
    parts = [documents.gather(int(number)) for number in numbers]
    lengths = np.array([len(ids) for ids, _ in parts], np.int64)
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    ids = np.concatenate([ids for ids, _ in parts]).astype(np.int64)
    weights = targets.weights(ids, np.concatenate([marks for _, marks in parts]))
    weights[bounds[:-1]] = 0.0  # nothing comes before a document's first token
    learnt = np.flatnonzero(weights)
    positions = np.arange(len(ids)) - np.repeat(bounds[:-1], lengths)
    return Row(ids, positions, bounds.astype(np.int32), learnt - 1, ids[learnt], weights[learnt])
