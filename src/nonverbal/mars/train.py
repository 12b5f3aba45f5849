"""Training a language model on streams: one loop over packed rows, resumable to the bit on a CPU."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

from nonverbal.mars.attention import packed
from nonverbal.mars.checkpoint import OptimiserState, TrainableWeights
from nonverbal.mars.documents import Cutting, Documents, cut
from nonverbal.mars.examples import Examples
from nonverbal.mars.packing import Row, gather_row, pack
from nonverbal.mars.rehearsal import Texts
from nonverbal.mars.targets import Targets
from nonverbal.mars.train_config import TrainConfig
from nonverbal.mars.train_log import Meter
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.records import to_plain
from nonverbal.tokens.checkpoint import load_checkpoint, save_checkpoint
from nonverbal.tokens.interrupts import held_interrupts
from nonverbal.tokens.loop import Log, Observer, device_of, learning_rate, seeded
from nonverbal.verdicts import UserError

LOG_NAME = "train.jsonl"
CHECKPOINT_NAME = "checkpoint.safetensors"


@dataclass(frozen=True)
class TrainData:
    """What a model is trained on and judged by."""

    train: tuple[Examples, ...]
    """Sets of conversations."""
    validation: tuple[Examples, ...] = ()
    """Those that losses are told of."""
    texts: Texts | None = None
    """Plain texts to rehearse."""


def train(
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    data: TrainData,
    config: TrainConfig,
    out: Path,
    observe: Observer = lambda line: None,
) -> int:
    """Train a model in place; a folder `out` with an unfinished run of the same settings is gone on with.

    Ctrl-C ends it after the step at hand, which is saved. What does not require a gradient stays as it is.

    Returns:
        How many steps were made in all.

    Raises:
        UserError: the data does not fit, `out` holds another run, memory is short, or the loss is no longer finite.
    """
    device = device_of(config.device)
    targets = Targets(vocabulary, config.loss_on, config.weights, config.level_weight)
    _check(model, vocabulary, config)
    total = config.steps or config.epochs * len(_epoch(data, config, 0)[1])
    with seeded(config.seed, device), held_interrupts() as interrupted, packed(model), _memory(config):
        run = Step(model.to(device), targets, config, device)
        out.mkdir(parents=True, exist_ok=True)
        told = {"training": to_plain(config), "stream": to_plain(vocabulary.config), "data": _fingerprint(data)}
        weights, state = TrainableWeights(model), OptimiserState(run.optimiser)
        step = load_checkpoint(out / CHECKPOINT_NAME, weights, state, told)
        log = Log(out / LOG_NAME, step, observe)
        validation = _validation(data, config, targets)
        saved = began = time.monotonic()
        meter = run.meter()
        for rows in batches(data, config, targets, step, total):
            rate = learning_rate(config, step, total)
            run.train(rows, rate, meter)
            step += 1
            if step % config.log_every == 0 or step == total:
                spent, began = time.monotonic() - began, time.monotonic()
                loss = _finite(meter, config.log_every, step)
                speed = {"step": step, "of": total, "learning_rate": rate, "tokens_per_s": meter.tokens / spent}
                log.write(speed | {"loss": loss} | meter.losses())
                meter = run.meter()
            if validation and (step % config.validate_every == 0 or step == total):
                log.write({"step": step, "of": total, "validation": run.validate(validation)})
            if step == total or interrupted() or time.monotonic() - saved > config.checkpoint_every_s:
                save_checkpoint(out / CHECKPOINT_NAME, weights, state, told, step)
                saved = time.monotonic()
            if interrupted() and step < total:
                raise KeyboardInterrupt
    model.eval()
    return total


class Step:
    """One step of training, or one look at validation rows."""

    def __init__(self, model: PreTrainedModel, targets: Targets, config: TrainConfig, device: torch.device) -> None:
        self.model, self.targets, self.config, self.device = model, targets, config, device
        self._groups = torch.from_numpy(targets.groups.astype(np.int64)).to(device)
        self._bf16 = config.precision == "bf16" or (config.precision == "auto" and computes_bf16(device))
        if config.recompute:
            model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
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
        whole = sum(float(row.weights.sum(dtype=np.float64)) for row in rows)
        for row in rows:
            losses, groups, weights = self._losses(row)
            loss = (losses * weights).sum() / max(whole, 1e-9)
            loss.backward()
            meter.add(losses, groups)
            meter.total += loss.detach()
            meter.tokens += len(row.ids)
        torch.nn.utils.clip_grad_norm_(self._trained, self.config.clip)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)

    @torch.inference_mode()
    def validate(self, rows: Sequence[Row]) -> dict[str, float]:
        """Mean losses over some rows by name, and their weighted mean as "loss"."""
        self.model.eval()
        meter, whole = self.meter(), 0.0
        for row in rows:
            losses, groups, weights = self._losses(row)
            meter.add(losses, groups)
            meter.total += (losses * weights).sum()
            whole += float(row.weights.sum(dtype=np.float64))
        return {"loss": meter.total.item() / whole} | meter.losses()

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
        tensor = torch.from_numpy(array)
        if self.device.type == "cuda":
            tensor = tensor.pin_memory()
        return tensor.to(self.device, non_blocking=True)

    def _precision(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, torch.bfloat16) if self._bf16 else nullcontext()


def computes_bf16(device: torch.device) -> bool:
    """Whether a device multiplies matrices in bf16 faster than in float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def batches(data: TrainData, config: TrainConfig, targets: Targets, step: int, total: int) -> Iterator[list[Row]]:
    """The rows of each step from `step` to `total`."""
    epoch, first = 0, 0  # the epoch at hand, and the step it begins with
    while first < total:
        documents, steps = _epoch(data, config, epoch)
        for i in range(max(step - first, 0), min(len(steps), total - first)):
            yield [gather_row(documents, numbers, targets) for numbers in steps[i]]
        epoch, first = epoch + 1, first + len(steps)


def _epoch(data: TrainData, config: TrainConfig, epoch: int) -> tuple[Documents, list[list[np.ndarray]]]:
    """The documents of an epoch, and those of each row of each step."""
    documents = cut(data.train, data.texts, config.cutting, config.seed, epoch)
    rng = np.random.default_rng((config.seed, epoch, 1 << 20))
    rows = pack(documents.lengths, config.row_tokens, rng.permutation(len(documents)))
    rows = [rows[i] for i in rng.permutation(len(rows))]
    return documents, [rows[i : i + config.batch_rows] for i in range(0, len(rows), config.batch_rows)]


def _validation(data: TrainData, config: TrainConfig, targets: Targets) -> list[Row]:
    """The same rows every time."""
    if not data.validation:
        return []
    documents = cut(data.validation, None, Cutting(config.context), config.seed, None)
    few = np.arange(max(int(np.searchsorted(np.cumsum(documents.lengths), config.validate_tokens)), 1))
    few = few[: len(documents)]
    return [gather_row(documents, row, targets) for row in pack(documents.lengths, config.row_tokens, few)]


def _check(model: PreTrainedModel, vocabulary: Vocabulary, config: TrainConfig) -> None:
    rows = len(model.get_input_embeddings().weight)
    if rows < vocabulary.size:
        raise UserError(
            f"the model has {rows} embeddings, expected at least the {vocabulary.size} of the stream; grow it first"
        )
    longest = getattr(model.config.get_text_config(), "max_position_embeddings", config.context)
    if config.context > longest:
        raise UserError(f"--context: got {config.context}, expected at most {longest}, as far as the base model sees")


def _fingerprint(data: TrainData) -> dict[str, Any]:
    sets = {"train": data.train, "validation": data.validation}
    texts = 0 if data.texts is None else len(data.texts.ids)
    return {name: [one.origin for one in some] for name, some in sets.items()} | {"text_tokens": texts}


def _finite(meter: Meter, steps: int, step: int) -> float:
    loss = float(meter.total.item()) / steps
    if not math.isfinite(loss):
        raise UserError(f"the loss is no longer finite at step {step}: lower --learning-rate and start again")
    return loss


@contextmanager
def _memory(config: TrainConfig) -> Iterator[None]:
    """Says what to change where memory is short."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise UserError(_SHORT.format(config.row_tokens, config.context)) from error
    except RuntimeError as error:
        if "can't allocate memory" not in str(error):
            raise
        raise UserError(_SHORT.format(config.row_tokens, config.context)) from error


_SHORT = (
    "out of memory with rows of {} tokens and a context of {}: lower --row-tokens (and --context), or give --recompute, "
    "--lora or a smaller --base"
)
