"""What every training loop here shares: log, learning rate, device, and random numbers that follow from a seed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from nonverbal.verdicts import UserError

Observer = Callable[[dict[str, Any]], None]
"""Is told each line of the log as it is written."""


class Schedule(Protocol):
    """The settings that decide the learning rate of each step."""

    @property
    def learning_rate(self) -> float: ...
    @property
    def warmup_steps(self) -> int: ...
    @property
    def cosine(self) -> bool: ...


class Log:
    """Lines of JSON in a file that a run which goes on cuts to where it goes on from."""

    def __init__(self, path: Path, step: int, observe: Observer) -> None:
        self._observe = observe
        kept = [line for line in path.read_text().splitlines() if _step_of(line) <= step] if path.exists() else []
        path.write_text("".join(f"{line}\n" for line in kept))
        self._path = path

    def write(self, line: dict[str, Any]) -> None:
        """Adds a line and tells the observer."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, allow_nan=False) + "\n")
        self._observe(line)


def _step_of(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return math.inf  # a line that was cut short


def learning_rate(schedule: Schedule, step: int, total: int) -> float:
    """Of the step after `step` are done: a linear rise, then level or along a cosine to a hundredth."""
    warmup = max(min(schedule.warmup_steps, total // 10), 1)
    rise = min((step + 1) / warmup, 1.0)
    if not schedule.cosine or step < warmup:
        return schedule.learning_rate * rise
    share = (step - warmup) / max(total - warmup, 1)
    return schedule.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))


def moved(array: np.ndarray, device: torch.device) -> torch.Tensor:
    """An array on a device; a GPU gets it while the CPU goes on."""
    tensor = torch.from_numpy(array)
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def device_of(device: str) -> torch.device:
    """The device to train on: cpu, cuda, or the better of them for auto.

    Raises:
        UserError: cuda is asked for and there is none.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("device: got cuda, but PyTorch sees no GPU here; use --device cpu or install a CUDA build")
    return torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """PyTorch's random numbers follow from `seed` inside and are as before afterwards."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


@contextmanager
def tensorboard(folder: Path) -> Iterator[Observer]:
    """Gives an observer that writes what it is told into a folder for TensorBoard.

    Raises:
        UserError: tensorboard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise UserError(f"--tensorboard needs {error.name}: run pip install tensorboard") from error
    with SummaryWriter(str(folder)) as writer:

        def observe(line: dict[str, Any]) -> None:
            numbers = line.get("validation", line)
            kind = "validation" if "validation" in line else "train"
            for name, value in numbers.items():
                if name not in ("step", "of"):
                    writer.add_scalar(f"{kind}/{name}", value, line["step"])

        yield observe
