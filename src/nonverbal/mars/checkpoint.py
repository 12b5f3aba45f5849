"""What of a model and its optimiser goes into a checkpoint: only the weights that are trained, gathered from shards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nonverbal.mars.distributed import World, sharded_like, whole
from nonverbal.tokens.store import read_tensors
from nonverbal.verdicts import UserError

CHECKPOINT_NAME = "checkpoint.safetensors"


class TrainableWeights:
    """The weights of a model that are trained, each once however often it is used."""

    def __init__(self, model: nn.Module, world: World) -> None:
        self._weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
        self._world = world

    def state_dict(self) -> dict[str, Tensor]:
        """Name -> weight."""
        return {name: whole(weight, self._world) for name, weight in self._weights.items()}

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
                weight.copy_(sharded_like(state[name], weight))


class OptimiserState:
    """The moving averages of an optimiser."""

    def __init__(self, optimiser: torch.optim.Optimizer, world: World) -> None:
        self._optimiser, self._world = optimiser, world

    def state_dict(self) -> dict[str, Any]:
        """As the optimiser's own, of whole tensors."""
        found = self._optimiser.state_dict()
        state = {
            index: {name: whole(value, self._world) for name, value in values.items()}
            for index, values in found["state"].items()
        }
        return found | {"state": state}

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Put them back."""
        weights = [weight for group in self._optimiser.param_groups for weight in group["params"]]
        spread = {
            index: {k: sharded_like(v, weights[index]) if v.ndim else v for k, v in values.items()}
            for index, values in state["state"].items()
        }
        self._optimiser.load_state_dict(state | {"state": spread})


def load_trained(model: nn.Module, out: Path) -> None:
    """Give a fresh model the weights of the checkpoint in `out`.

    Raises:
        UserError: there is none, or it is of another model.
    """
    tensors, _ = read_tensors(out / CHECKPOINT_NAME)
    state = {name.removeprefix("network."): v for name, v in tensors.items() if name.startswith("network.")}
    TrainableWeights(model, World()).load_state_dict(state)
