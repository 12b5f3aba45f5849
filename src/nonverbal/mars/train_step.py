"""One step of training a language model: packed rows to losses, gradients and new weights."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

from nonverbal.mars.distributed import World, shard, sync_gradients, without_weight
from nonverbal.mars.packing import Row
from nonverbal.mars.targets import Targets
from nonverbal.mars.train_config import TrainConfig
from nonverbal.mars.train_log import Meter
from nonverbal.tokens.loop import moved


class Step:
    """One step of training, or one look at validation rows."""

    def __init__(
        self, model: PreTrainedModel, targets: Targets, config: TrainConfig, device: torch.device, world: World
    ) -> None:
        self.model, self.targets, self.config, self.device, self.world = model, targets, config, device, world
        self._groups = torch.from_numpy(targets.groups.astype(np.int64)).to(device)
        self._bf16 = config.precision == "bf16" or (config.precision == "auto" and computes_bf16(device))
        if config.recompute:
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        shard(model, world, device, self._bf16)
        if device.type == "cuda" and config.compile:
            model.compile()
        trained = [weight for weight in model.parameters() if weight.requires_grad]
        matrices = [weight for weight in trained if weight.ndim > 1]
        groups = [
            {"params": matrices, "weight_decay": config.weight_decay},
            {"params": [weight for weight in trained if weight.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(
            [group for group in groups if group["params"]], config.learning_rate, config.betas, fused=True
        )
        self._trained = trained

    def meter(self) -> Meter:
        """An empty one."""
        return Meter(self.targets.names, self.device)

    def train(self, rows: Sequence[Row], rate: float, meter: Meter) -> None:
        """Changes the weights by some rows; the loss is the weighted mean over all their tokens."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.model.train()
        whole = self.world.sum(self._weight_of(rows)).clamp(min=1e-9)
        for i, row in enumerate(rows):
            sync_gradients(self.model, i == len(rows) - 1)
            losses, groups, weights = self._losses(row)
            loss = (losses * weights).sum() / whole
            (loss * self.world.size).backward()  # sharded gradients are means over the processes
            meter.add(losses, groups, weights)
            meter.total += loss.detach()
            meter.tokens += len(row.ids)
        meter.steps += 1
        torch.nn.utils.clip_grad_norm_(self._trained, self.config.clip)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)

    @torch.inference_mode()
    def validate(self, rows: Sequence[Row]) -> dict[str, float]:
        """Mean losses over some rows by name, and their weighted mean as "loss"."""
        self.model.eval()
        meter = self.meter()
        for row, own in self.world.share(rows):
            losses, groups, weights = self._losses(row if own else without_weight(row))
            meter.add(losses, groups, weights)
            meter.total += (losses * weights).sum()
        whole = self._weight_of([row for row, own in self.world.share(rows) if own])
        meter.load(self.world.sum(meter.state()))
        return {"loss": (meter.total / self.world.sum(whole)).item()} | meter.losses()

    def _weight_of(self, rows: Sequence[Row]) -> Tensor:
        return torch.tensor(sum(float(r.weights.sum(dtype=np.float64)) for r in rows), device=self.device)

    def _losses(self, row: Row) -> tuple[Tensor, Tensor, Tensor]:
        """Loss [K], number of its name [K] and weight [K] of each token that is to be learnt."""
        ids, positions, bounds, keep, targets = (
            self._move(array) for array in (row.ids, row.positions, row.bounds, row.keep, row.targets)
        )
        with self._precision():
            logits = self.model(
                input_ids=ids[None],
                position_ids=positions[None],
                cu_seq_lens_q=bounds,
                logits_to_keep=keep,
                use_cache=False,
            ).logits[0]
        losses = F.cross_entropy(logits.float(), targets, reduction="none")
        return losses, self._groups[targets], self._move(row.weights)

    def _move(self, array: np.ndarray) -> Tensor:
        return moved(array, self.device)

    def _precision(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, torch.bfloat16) if self._bf16 else nullcontext()


def computes_bf16(device: torch.device) -> bool:
    """Whether a device multiplies matrices in bf16 faster than in float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
