"""Training a language model on streams: one loop over packed rows, resumable to the bit on a CPU."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel

from nonverbal.mars.attention import packed
from nonverbal.mars.checkpoint import CHECKPOINT_NAME, OptimiserState, TrainableWeights
from nonverbal.mars.distributed import World, without_weight
from nonverbal.mars.documents import Cutting, Documents, cut
from nonverbal.mars.examples import Examples
from nonverbal.mars.packing import Row, gather_row, pack
from nonverbal.mars.rehearsal import Texts
from nonverbal.mars.targets import Targets
from nonverbal.mars.train_config import TrainConfig
from nonverbal.mars.train_log import Meter
from nonverbal.mars.train_step import Step
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.records import to_plain
from nonverbal.tokens.checkpoint import load_checkpoint, save_checkpoint
from nonverbal.tokens.interrupts import held_interrupts
from nonverbal.tokens.loop import Log, Observer, device_of, learning_rate, seeded
from nonverbal.verdicts import UserError

LOG_NAME = "train.jsonl"


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
    world: World | None = None,
) -> int:
    """Train a model in place; a folder `out` with an unfinished run of the same settings is gone on with.

    Ctrl-C ends it after the step at hand, which is saved. What does not require a gradient stays as it is.

    Returns:
        How many steps were made in all.

    Raises:
        UserError: the data does not fit, `out` holds another run, memory is short, or the loss is no longer finite.
    """
    world, device = world or World(), device_of(config.device)
    targets = Targets(vocabulary, config.loss_on, config.weights, config.level_weight)
    _check(model, vocabulary, config)
    total = config.steps or config.epochs * len(_epoch(data, config, 0)[1])
    with seeded(config.seed, device), held_interrupts() as interrupted, packed(model, device), _memory(config):
        run = Step(model.to(device), targets, config, device, world)
        out.mkdir(parents=True, exist_ok=True)
        keep = Keeper(run, out, {"training": to_plain(config), "stream": to_plain(vocabulary.config)} | _told(data))
        step = keep.load()
        log = Log(out / LOG_NAME, step, observe) if world.first else None
        validation = _validation(data, config, targets)
        began, meter = time.monotonic(), run.meter()
        for rows in batches(data, config, targets, step, total, world):
            rate = learning_rate(config, step, total)
            run.train(rows, rate, meter)
            step += 1
            if step % config.log_every == 0 or step == total:
                spent, began = time.monotonic() - began, time.monotonic()
                line = {"step": step, "of": total, "learning_rate": rate} | _numbers(meter, world, spent, step)
                meter = run.meter()
                if log:
                    log.write(line)
            if validation and (step % config.validate_every == 0 or step == total):
                found = run.validate(validation)
                if log:
                    log.write({"step": step, "of": total, "validation": found})
            stop, due = world.any([interrupted(), keep.due], device)
            if step == total or stop or due:
                keep.save(step)
            if stop and step < total:
                raise KeyboardInterrupt
    model.eval()
    return total


class Keeper:
    """Writes the checkpoints of a run and reads them."""

    def __init__(self, run: Step, out: Path, told: dict[str, Any]) -> None:
        self._world, self._path, self._told = run.world, out / CHECKPOINT_NAME, told
        self._every_s, self._saved_s = run.config.checkpoint_every_s, time.monotonic()
        self._weights = TrainableWeights(run.model, run.world)
        self._optimiser = OptimiserState(run.optimiser, run.world)

    @property
    def due(self) -> bool:
        """Whether it is time for another one."""
        return self._world.first and time.monotonic() - self._saved_s > self._every_s

    def load(self) -> int:
        """Go on where the checkpoint is; the number of steps done."""
        return load_checkpoint(self._path, self._weights, self._optimiser, self._told)

    def save(self, step: int) -> None:
        """After `step` steps."""
        weights, optimiser = _Given(self._weights.state_dict()), _Given(self._optimiser.state_dict())
        if self._world.first:
            save_checkpoint(self._path, weights, optimiser, self._told, step)
        self._world.wait()
        self._saved_s = time.monotonic()


@dataclass(frozen=True)
class _Given:
    """A state that all processes have gathered, for the one that writes it."""

    state: dict[str, Any]

    def state_dict(self) -> dict[str, Any]:
        return self.state


def batches(
    data: TrainData, config: TrainConfig, targets: Targets, step: int, total: int, world: World
) -> Iterator[list[Row]]:
    """This process's rows of each step from `step` to `total`."""
    epoch, first = 0, 0  # the epoch at hand, and the step it begins with
    while first < total:
        documents, steps = _epoch(data, config, epoch)
        for i in range(max(step - first, 0), min(len(steps), total - first)):
            rows = ((gather_row(documents, numbers, targets), own) for numbers, own in world.share(steps[i]))
            yield [row if own else without_weight(row) for row, own in rows]
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


def _told(data: TrainData) -> dict[str, Any]:
    """What data a run is on."""
    sets = {"train": data.train, "validation": data.validation}
    texts = 0 if data.texts is None else len(data.texts.ids)
    return {name: [one.origin for one in some] for name, some in sets.items()} | {"text_tokens": texts}


def _numbers(meter: Meter, world: World, spent_s: float, step: int) -> dict[str, float]:
    """Rate and losses since the last line, over all processes."""
    meter.load(world.sum(meter.state()))
    loss = float(meter.total.item()) / meter.steps
    if not math.isfinite(loss):
        raise UserError(f"the loss is no longer finite at step {step}: lower --learning-rate and start again")
    return {"tokens_per_s": meter.tokens * world.size / spent_s, "loss": loss} | meter.losses()


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
    "out of memory with rows of {} tokens and a context of {}: lower --row-tokens (and --context), or give "
    "--recompute, --lora or a smaller --base"
)
