"""How much of a codebook is used: perplexity, entropy, utilisation and dead codes, level by level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nonverbal.verdicts import UserError


@dataclass(frozen=True, slots=True)
class CodebookReport:
    """Use of each codebook; tuples hold one number a level (a residual codebook), the first level first."""

    codebook_size: int
    """Codes of each codebook."""
    tokens: tuple[int, ...]
    """Codes counted."""
    perplexity: tuple[float, ...]
    """2 ^ entropy: as many equally frequent codes would be as varied; 1 to codebook_size."""
    entropy_bits: tuple[float, ...]
    """- sum of p log2 p over the codes' frequencies p; at most log2(codebook_size)."""
    utilisation: tuple[float, ...]
    """Share of the codes used at least once, in [0, 1]."""
    dead_codes: tuple[int, ...]
    """Codes never used."""


class CodebookMeter:
    """Counts codes, sequence by sequence, in any order.

    Attributes:
        counts: [K, C] how often each code of each level came.
    """

    def __init__(self, codebook_size: int, levels: int) -> None:
        self.counts: NDArray[np.int64] = np.zeros((levels, codebook_size), np.int64)

    def add(self, codes: NDArray[np.integer]) -> None:
        """Codes [L, K] of one sequence; -1 where a token covers no valid frame.

        Raises:
            UserError: the shape does not fit, or a code is not of the codebook.
        """
        levels, size = self.counts.shape
        if codes.ndim != 2 or codes.shape[1] != levels or codes.dtype.kind not in "iu":
            raise UserError(f"codes: got {list(codes.shape)} of {codes.dtype}, expected [L, {levels}] of integers")
        if codes.size and (codes.min() < -1 or codes.max() >= size):
            raise UserError(
                f"codes: got {codes.min()} to {codes.max()}, expected -1 to {size - 1}; is it another tokenizer's?"
            )
        for level in range(levels):
            column = codes[:, level]
            self.counts[level] += np.bincount(column[column >= 0], minlength=size)

    def report(self) -> CodebookReport:
        """All numbers.

        Raises:
            UserError: a level got no code.
        """
        tokens = self.counts.sum(axis=1)
        if not tokens.all():
            raise UserError("codebook use: no token covers a valid frame, so there is nothing to count")
        share = self.counts / tokens[:, None]
        entropy = -(share * np.log2(np.where(share > 0, share, 1.0))).sum(axis=1) + 0.0  # no -0 for a single code
        used = (self.counts > 0).sum(axis=1)
        size = self.counts.shape[1]
        return CodebookReport(
            codebook_size=size,
            tokens=tuple(tokens.tolist()),
            perplexity=tuple((2.0**entropy).tolist()),
            entropy_bits=tuple(entropy.tolist()),
            utilisation=tuple((used / size).tolist()),
            dead_codes=tuple((size - used).tolist()),
        )
