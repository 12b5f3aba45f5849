"""Many processes that train one model: weights, gradients and optimiser in shards (FSDP2), rows dealt out by rank.

    torchrun --nproc-per-node 8 -m nonverbal train DATA --tokenizers FACE BODY --preset paper --out DIR

Without `torchrun` there is one process, and nothing here costs anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from nonverbal.mars.packing import Row
from nonverbal.verdicts import UserError

_T = TypeVar("_T")


@dataclass(frozen=True)
class World:
    """The processes that train together."""

    rank: int = 0
    """The number of this one."""
    size: int = 1
    """How many there are."""

    @property
    def first(self) -> bool:
        """Whether this is the one that writes and speaks."""
        return self.rank == 0

    def share(self, items: Sequence[_T]) -> list[tuple[_T, bool]]:
        """This process's part of some items, as long as every other's: what is too few is filled up, told by False."""
        count = -(-len(items) // self.size)
        own = list(items[self.rank :: self.size])
        return [(item, True) for item in own] + [(items[0], False)] * (count - len(own))

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum over all processes."""
        if self.size > 1:
            dist.all_reduce(tensor)
        return tensor

    def any(self, flags: Sequence[bool], device: torch.device) -> list[bool]:
        """Which of the flags is set in any process."""
        if self.size == 1:
            return list(flags)
        return [count > 0 for count in self.sum(torch.tensor(flags, dtype=torch.int32, device=device)).tolist()]

    def wait(self) -> None:
        """Until all have come so far."""
        if self.size > 1:
            dist.barrier()


@contextmanager
def joined(device: str) -> Iterator[World]:
    """The processes that `torchrun` started, joined to each other inside.

    Raises:
        UserError: there are more processes than GPUs.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World()
        return
    local, on_gpu = int(os.environ["LOCAL_RANK"]), device != "cpu" and torch.cuda.is_available()
    if on_gpu and local >= torch.cuda.device_count():
        raise UserError(
            f"torchrun: got process {local} on a machine with {torch.cuda.device_count()} GPUs, expected one process a "
            "GPU; lower --nproc-per-node"
        )
    if on_gpu:
        torch.cuda.set_device(local)
    dist.init_process_group("nccl" if on_gpu else "gloo")
    try:
        yield World(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()


def shard(model: nn.Module, world: World, device: torch.device, bf16: bool) -> None:
    """Spread the model's weights over all processes, block by block; in place."""
    if world.size == 1:
        return
    mesh = init_device_mesh(device.type, (world.size,))
    policy = MixedPrecisionPolicy(torch.bfloat16, torch.float32) if bf16 and device.type == "cuda" else None
    given = {"mesh": mesh} | ({"mp_policy": policy} if policy else {})
    blocks = max((m for m in model.modules() if isinstance(m, nn.ModuleList)), key=_weights)
    for block in blocks:
        fully_shard(block, **given)
    fully_shard(model, **given)


def sync_gradients(model: nn.Module, now: bool) -> None:
    """Whether the next way back adds up the gradients of all processes, as only the last of a step must."""
    if isinstance(model, FSDPModule):
        model.set_requires_gradient_sync(now)


def whole(tensor: Tensor, world: World) -> Tensor:
    """A tensor gathered from its shards, on the CPU; empty in all processes but the first."""
    tensor = tensor.detach()
    if isinstance(tensor, DTensor):
        tensor = tensor.full_tensor()
    return tensor.cpu() if world.first else tensor.new_empty(0, device="cpu")


def sharded_like(full: Tensor, other: Tensor) -> Tensor:
    """A whole tensor, spread as `other` is."""
    if isinstance(other, DTensor):
        return distribute_tensor(full.to(other.device), other.device_mesh, other.placements)
    return full.to(other.device)


def without_weight(row: Row) -> Row:
    """The same row, of which nothing is learnt."""
    return replace(row, weights=np.zeros_like(row.weights))


def _weights(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())
