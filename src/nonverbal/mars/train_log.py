"""Losses by modality, summed on the device and looked at only when a line is written."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class Meter:
    """Sums of losses by name."""

    def __init__(self, names: Sequence[str], device: torch.device) -> None:
        self._names = tuple(names)
        self._sums = torch.zeros(len(self._names), dtype=torch.float64, device=device)
        self._counts = torch.zeros_like(self._sums)
        self.total = torch.zeros((), dtype=torch.float64, device=device)
        """Sum of the losses that were minimised, one a step."""
        self.steps = 0
        """How many steps that were."""
        self.tokens = 0
        """Tokens that went through the model."""

    def add(self, losses: Tensor, groups: Tensor, weights: Tensor) -> None:
        """Losses [K] of tokens whose names have the numbers `groups` [K]; those of no weight [K] are not counted."""
        counted = (weights > 0).double()
        self._sums.index_add_(0, groups, losses.detach().double() * counted)
        self._counts.index_add_(0, groups, counted)

    def state(self) -> Tensor:
        """All sums as one tensor, for adding up those of several processes."""
        return torch.cat([self._sums, self._counts, self.total[None]])

    def load(self, state: Tensor) -> None:
        """What `state` gave, or a sum of such."""
        size = len(self._names)
        self._sums, self._counts, self.total = state[:size], state[size : 2 * size], state[2 * size]

    def losses(self) -> dict[str, float]:
        """Name -> mean loss in nats a token; names without a token are left out."""
        sums, counts = self._sums.tolist(), self._counts.tolist()
        return {name: s / c for name, s, c in zip(self._names, sums, counts, strict=True) if c}
