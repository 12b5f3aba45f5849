"""Means, variances and covariances of rows that come piece by piece, and the Frechet distance of two sets of rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nonverbal.types import F32, Bool

F64 = NDArray[np.float64]


@dataclass(eq=False)
class Spread:
    """Variance of each column over the frames that count for it.

    Source: Chan, Golub and LeVeque 1983, "Algorithms for Computing the Sample Variance": pieces are merged, so that
    nothing cancels however many hours come.
    """

    dim: int
    _count: F64 = field(init=False)
    _mean: F64 = field(init=False)
    _squares: F64 = field(init=False)

    def __post_init__(self) -> None:
        self._count, self._mean, self._squares = np.zeros((3, self.dim))

    def add(self, rows: F32, counts: Bool) -> None:
        """Rows [T, D], and [T, D] which of their numbers count."""
        number = counts.sum(axis=0).astype(np.float64)
        weight = np.where(counts, 1.0, 0.0)
        mean = (rows * weight).sum(axis=0) / np.maximum(number, 1)
        squares = (((rows - mean) * weight) ** 2).sum(axis=0)
        total = np.maximum(self._count + number, 1)
        away = mean - self._mean
        self._squares += squares + away**2 * self._count * number / total
        self._mean += away * number / total
        self._count += number

    def variance(self) -> F64:
        """[D]; 0 where no more than one frame counted."""
        return self._squares / np.maximum(self._count - 1, 1)


@dataclass(eq=False)
class Cloud:
    """Mean and covariance of whole rows."""

    dim: int
    count: int = 0
    mean: F64 = field(init=False)
    _scatter: F64 = field(init=False)

    def __post_init__(self) -> None:
        self.mean, self._scatter = np.zeros(self.dim), np.zeros((self.dim, self.dim))

    def add(self, rows: F32) -> None:
        """Rows [n, D], all finite."""
        if not len(rows):
            return
        values = np.asarray(rows, np.float64)
        mean, total = values.mean(axis=0), self.count + len(values)
        away = mean - self.mean
        spread = values - mean
        self._scatter += spread.T @ spread + np.outer(away, away) * (self.count * len(values) / total)
        self.mean += away * (len(values) / total)
        self.count = total

    def covariance(self) -> F64:
        """[D, D] with n - 1 in the denominator.

        Raises:
            ValueError: fewer than two rows came.
        """
        if self.count < 2:
            raise ValueError(f"covariance: got {self.count} rows, expected 2 or more")
        return self._scatter / (self.count - 1)


def frechet_distance(one: Cloud, other: Cloud) -> float:
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), the squared Frechet distance of two normal distributions.

    The trace of (S1 S2)^(1/2) is the sum of the singular values of S1^(1/2) S2^(1/2): real and not negative even where
    columns never move, where the matrix root of the product wants a regularisation. 0 for identical moments.

    Source: Dowson and Landau 1982, "The Frechet distance between multivariate normal distributions".
    Raises:
        ValueError: one of them has fewer than two rows.
    """
    first, second = one.covariance(), other.covariance()
    if np.array_equal(first, second) and np.array_equal(one.mean, other.mean):
        return 0.0
    shared = np.linalg.svd(_root(first) @ _root(second), compute_uv=False).sum()
    apart = float(((one.mean - other.mean) ** 2).sum())
    return max(0.0, apart + float(np.trace(first) + np.trace(second) - 2 * shared))


def _root(covariance: F64) -> F64:
    """The symmetric square root; rounding may leave eigenvalues a little below zero."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0.0, None))) @ vectors.T)
