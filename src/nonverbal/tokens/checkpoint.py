"""An unfinished training on disk: weights, optimiser, random numbers and the step, in one safetensors file.

The one before it is kept as NAME.previous.safetensors, and is gone on with where the newest is damaged.
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from nonverbal.records import dumps
from nonverbal.tokens.seal import seal_fault
from nonverbal.tokens.store import read_tensors, write_tensors
from nonverbal.verdicts import UserError

_FORMAT_VERSION = "1"


class Saved(Protocol):
    """A network, an optimiser, or what stands for one of them when only a part of it is to be kept."""

    def state_dict(self) -> dict[str, Any]: ...


class Stateful(Saved, Protocol):
    """The same, to be put back."""

    def load_state_dict(self, state: dict[str, Any], /) -> Any: ...


def save_checkpoint(path: Path, network: Saved, optimiser: Saved, told: dict[str, Any], step: int) -> None:
    """Write all that `load_checkpoint` needs, whole or not at all.

    Args:
        path: the file.
        network: its weights and buffers are kept.
        optimiser: its moving averages are kept.
        told: settings and data, which a run that goes on must share.
        step: how many steps are done; with the seed it gives the place in the data.
    """
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    for index, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": torch.as_tensor(value) for name, value in state.items()}
    tensors["random.cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    _keep(path)
    write_tensors(path, tensors, {"format_version": _FORMAT_VERSION, "step": str(step), "told": dumps(told)})


def load_checkpoint(path: Path, network: Stateful, optimiser: Stateful, told: dict[str, Any]) -> int:
    """Put everything back as `save_checkpoint` found it; the number of steps done, 0 where there is no file.

    Raises:
        UserError: the file is damaged and so is the one before it, or it is of a run with other settings or data.
    """
    path = _newest_sound(path)
    if not path.exists():
        return 0
    tensors, metadata = read_tensors(path)
    if metadata.get("format_version") != _FORMAT_VERSION:
        raise UserError(f"{path}: is no checkpoint of this version; remove the folder to start again")
    other = _difference(json.loads(metadata["told"]), json.loads(dumps(told)))
    if other:
        raise UserError(
            f"{path}: belongs to a run with {other}; give another --out, or remove the folder to start again"
        )
    network.load_state_dict(_part(tensors, "network."))
    states: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _part(tensors, "optimiser.").items():
        index, key = name.split(".", 1)
        states.setdefault(int(index), {})[key] = tensor
    optimiser.load_state_dict({"state": states, "param_groups": optimiser.state_dict()["param_groups"]})
    torch.set_rng_state(tensors["random.cpu"])
    if "random.cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["random.cuda"])
    return int(metadata["step"])


def previous_of(path: Path) -> Path:
    """Where the checkpoint before the one at `path` is kept."""
    return path.with_name(f"{path.stem}.previous{path.suffix}")


def _keep(path: Path) -> None:
    """Makes the checkpoint at `path` the previous one, without a moment in which there is none; a damaged one goes."""
    if not path.exists() or seal_fault(path):
        return
    spare = path.with_name(f".{path.name}.spare")
    spare.unlink(missing_ok=True)
    try:
        os.link(path, spare)
    except OSError:  # a file system without links; a checkpoint that is moved is found under its other name
        os.replace(path, previous_of(path))
        return
    os.replace(spare, previous_of(path))


def _newest_sound(path: Path) -> Path:
    """The newest checkpoint whose bytes are as they were written."""
    previous = previous_of(path)
    fault = seal_fault(path) if path.exists() else "is missing"
    if not fault or not previous.exists():
        return path
    if path.exists():
        warnings.warn(f"{path}: {fault}; going on with the checkpoint before it, {previous.name}", stacklevel=3)
    return previous


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _difference(found: Any, asked: Any, where: str = "") -> str:
    """The first setting that differs, in words; empty where none does."""
    if isinstance(found, dict) and isinstance(asked, dict):
        parts = (
            _difference(found.get(k), asked.get(k), f"{where}.{k}" if where else k) for k in sorted({*found, *asked})
        )
        return next((part for part in parts if part), "")
    return "" if found == asked else f"{where} = {found}, not {asked}"
