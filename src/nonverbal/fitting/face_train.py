"""Trains one of the face's networks: squared error over what each output varies by, on clean and on shaken inputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from nonverbal.motion.learned_face import Network
from nonverbal.types import F32

_LEAK = 0.05  # slope outside the outputs' range: beyond it only the direction back counts


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How a network is trained."""

    hidden: tuple[int, int] = (192, 96)
    """Widths of the two hidden layers."""
    epochs: int = 20
    """Times every example is seen."""
    batch: int = 256
    """Examples a step."""
    rate: float = 1e-3
    """Highest learning rate."""
    decay: float = 1e-2
    """Weight decay."""
    drop: float = 0.2
    """Share of hidden units left out at random."""
    shake: float = 0.05
    """Standard deviation of what is added to the inputs."""
    low: float = -np.inf
    """Outputs below are cut off."""
    high: float = np.inf
    """Outputs above are cut off."""


class Trainee(nn.Module):
    """`Network` while it learns."""

    def __init__(self, inputs: int, outputs: int, config: TrainConfig) -> None:
        super().__init__()
        first, second = config.hidden
        self.skip, self.first = nn.Linear(inputs, outputs), nn.Linear(inputs, first)
        self.second, self.last = nn.Linear(first, second), nn.Linear(second, outputs, bias=False)
        self.drop = config.drop
        nn.init.zeros_(self.skip.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = functional.dropout(functional.relu(self.first(x)), self.drop, self.training)
        hidden = functional.dropout(functional.relu(self.second(hidden)), self.drop, self.training)
        return torch.as_tensor(self.skip(x) + self.last(hidden))

    def finished(self) -> Network:
        weights = {name: layer.weight.detach().numpy().T.copy() for name, layer in self.named_children()}
        biases = {
            f"{name}_bias": layer.bias.detach().numpy().copy()
            for name, layer in self.named_children()
            if layer.bias is not None
        }
        return Network(**weights, **biases)


def train(inputs: F32, targets: F32, config: TrainConfig, seed: int) -> Network:
    """The network that gives `targets` [N, O] for `inputs` [N, D]; `seed` sets first weights, order and noise."""
    torch.manual_seed(seed)
    x, y = torch.as_tensor(inputs), torch.as_tensor(targets)
    trainee = Trainee(x.shape[1], y.shape[1], config)
    with torch.no_grad():
        trainee.skip.bias.copy_(y.mean(dim=0))
    weight = 1.0 / y.std(dim=0).clamp_min(0.03)
    optimiser = torch.optim.AdamW(trainee.parameters(), lr=config.rate, weight_decay=config.decay)
    steps = len(x) // config.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.rate, total_steps=config.epochs * steps + 1, pct_start=0.1
    )
    for _ in range(config.epochs):
        for rows in torch.randperm(len(x))[: steps * config.batch].reshape(steps, -1):
            seen = x[rows] + config.shake * torch.randn(config.batch, x.shape[1])
            found = _cut(trainee(seen), config.low, config.high)
            loss = ((found - y[rows]) * weight).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return trainee.finished()


def _cut(found: torch.Tensor, low: float, high: float) -> torch.Tensor:
    inside = found.clamp(low, high)
    return inside + _LEAK * (found - inside)
