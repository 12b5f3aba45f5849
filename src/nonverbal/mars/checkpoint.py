"""What of a model and its optimiser goes into a checkpoint: only the weights that are trained."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from nonverbal.verdicts import UserError


class TrainableWeights:
    """The weights of a model that are trained, each once however often it is used."""

    def __init__(self, model: nn.Module) -> None:
        self._weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}

    def state_dict(self) -> dict[str, Tensor]:
        """Name -> weight."""
        return {name: weight.detach() for name, weight in self._weights.items()}

    def load_state_dict(self, state: dict[str, Tensor], /) -> None:
        """Put weights back.

        Raises:
            UserError: they are those of another model.
        """
        shapes = {name: tuple(weight.shape) for name, weight in self._weights.items()}
        if shapes != {name: tuple(weight.shape) for name, weight in state.items()}:
            raise UserError("the checkpoint is of another model; give another --out, or remove the folder")
        with torch.no_grad():
            for name, weight in self._weights.items():
                weight.copy_(state[name])


class OptimiserState:
    """The moving averages of an optimiser."""

    def __init__(self, optimiser: torch.optim.Optimizer) -> None:
        self._optimiser = optimiser

    def state_dict(self) -> dict[str, Any]:
        """As the optimiser's own."""
        return self._optimiser.state_dict()

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Put them back."""
        self._optimiser.load_state_dict(state)
