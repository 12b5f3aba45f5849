"""What training makes small: distances of values and of their velocities, group by group, valid frames only."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from nonverbal.tokens.config import LossConfig, TokenizerConfig

_DISTANCES = {"l1": F.l1_loss, "smooth_l1": F.smooth_l1_loss, "l2": F.mse_loss}


class MotionLoss(NamedTuple):
    """Means over groups: `values` of the scaled values, `velocity` of their differences from frame to frame."""

    values: Tensor
    velocity: Tensor

    def total(self, config: LossConfig) -> Tensor:
        return self.values + config.velocity_weight * self.velocity


def motion_loss(found: Tensor, truth: Tensor, mask: Tensor, config: TokenizerConfig) -> MotionLoss:
    """The distance of `found` from `truth`, both scaled [B, T, D].

    Each group's distance is the mean over its valid frames and its columns, by the columns' weights; a velocity counts
    where both of its frames are valid. Groups are averaged with their weights; ungrouped, valid numbers count alike.

    Args:
        found: what the decoder gave.
        truth: what went in.
        mask: [B, T, G] which groups are valid.
        config: groups, kind of distance and weights.

    Source: "Speaking Beyond Language" (2025), VQ-VAE objective: L1 by groups plus 0.5 times that of velocities.
    """
    both = mask[:, 1:] & mask[:, :-1]
    return MotionLoss(
        _grouped(found, truth, mask, config),
        _grouped(found.diff(dim=1), truth.diff(dim=1), both, config),
    )


def _grouped(found: Tensor, truth: Tensor, mask: Tensor, config: TokenizerConfig) -> Tensor:
    distance = _DISTANCES[config.loss.kind](found, truth, reduction="none")
    within = config.column_weights
    if config.loss.column_weights:
        distance = distance * torch.tensor(within, device=distance.device, dtype=distance.dtype)
    sums, counts, weights = [], [], []
    for i, group in enumerate(config.groups):
        valid = mask[..., i].to(distance.dtype)
        sums.append((distance[..., group.columns].sum(dim=-1) * valid).sum())
        counts.append(valid.sum() * sum(within[group.columns]))
        weights.append(config.loss.group_weights.get(group.name, 1.0))
    if not config.loss.grouped:
        return torch.stack(sums).sum() / torch.stack(counts).sum().clamp_min(1)
    weight = torch.tensor(weights, device=distance.device, dtype=distance.dtype)
    means = torch.stack(sums) / torch.stack(counts).clamp_min(1)
    return (means * weight).sum() / weight.sum()
