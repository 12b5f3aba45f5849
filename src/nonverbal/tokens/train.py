"""Training a tokenizer: one loop over windows of a memory-mapped motion set, resumable to the bit on a CPU."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nonverbal.records import to_plain
from nonverbal.tokens.checkpoint import load_checkpoint, save_checkpoint
from nonverbal.tokens.config import TokenizerConfig
from nonverbal.tokens.interrupts import held_interrupts
from nonverbal.tokens.loop import Log, Observer, device_of, learning_rate, moved, seeded
from nonverbal.tokens.loss import MotionLoss, motion_loss
from nonverbal.tokens.methods import PresetName
from nonverbal.tokens.motion_set import MotionSet
from nonverbal.tokens.scaling import Scaling, fit_scaling
from nonverbal.tokens.store import save_tokenizer
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.tokens.usage import CodeUse
from nonverbal.tokens.vqvae import MotionVQVAE, Reconstruction, token_mask_of
from nonverbal.verdicts import UserError

LOG_NAME = "train.jsonl"
CHECKPOINT_NAME = "checkpoint.safetensors"


@dataclass(frozen=True)
class TrainConfig:
    """How a tokenizer is trained; the defaults are the paper's."""

    batch_size: int = 256
    """Windows a step."""
    window_frames: int = 64
    """Frames of a window; a multiple of the frames a token."""
    epochs: int = 100
    """Passes over the training motion, unless `steps` says otherwise."""
    steps: int = 0
    """Steps in all; 0 means as many as `epochs` make."""
    learning_rate: float = 2e-4
    """Highest learning rate of AdamW."""
    betas: tuple[float, float] = (0.9, 0.99)
    """Decay of AdamW's two moving averages."""
    weight_decay: float = 0.0
    """Of AdamW."""
    warmup_steps: int = 2000
    """Steps over which the learning rate rises from 0; at most a tenth of all."""
    cosine: bool = False
    """Let the learning rate fall to a hundredth along a cosine; else it stays."""
    seed: int = 0
    """Decides weights, order of windows, and codes put in place of dead ones."""
    device: str = "auto"
    """cpu, cuda, or auto: cuda where there is one."""
    compile: bool = True
    """On a GPU, compile encoder and decoder (torch.compile)."""
    bf16: bool = True
    """On a GPU, run encoder and decoder in bfloat16; codebooks and losses stay in float32."""
    log_every: int = 20
    """Steps between lines of the log."""
    validate_every: int = 250
    """Steps between looks at the validation motion."""
    checkpoint_every_s: float = 60.0
    """Wall seconds between checkpoints."""

    def __post_init__(self) -> None:
        for name in ("batch_size", "window_frames", "epochs", "log_every", "validate_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: got {getattr(self, name)}, expected 1 or more")
        if self.steps < 0 or self.warmup_steps < 0:
            raise ValueError(f"steps and warmup_steps: got {self.steps}, {self.warmup_steps}, expected 0 or more")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate: got {self.learning_rate}, expected more than 0")
        if self.device not in ("auto", "cpu", "cuda"):
            raise ValueError(f"device: got {self.device!r}, expected auto, cpu or cuda")


TRAINING: dict[PresetName, TrainConfig] = {
    "paper": TrainConfig(),
    "laptop": TrainConfig(batch_size=32, steps=4000, learning_rate=1e-3, warmup_steps=100, cosine=True),
}
"""The training that goes with each preset of `methods.PRESETS`."""


def train(
    motion: MotionSet,
    validation: MotionSet | None,
    config: TokenizerConfig,
    training: TrainConfig,
    out: Path,
    observe: Observer = lambda line: None,
) -> Tokenizer:
    """Train a tokenizer into the folder `out`; a folder with an unfinished run of the same settings is gone on with.

    Ctrl-C ends it after the step at hand, which is saved.

    Raises:
        UserError: no window has a valid frame, `out` holds another run, or the loss is no longer finite.
    """
    device = device_of(training.device)
    check(motion, config, training)
    total = training.steps or training.epochs * math.ceil(len(_epoch(motion, training, 0)) / training.batch_size)
    with seeded(training.seed, device), held_interrupts() as interrupted:
        network = MotionVQVAE(config).to(device)
        optimiser = torch.optim.AdamW(
            network.parameters(), training.learning_rate, training.betas, weight_decay=training.weight_decay
        )
        out.mkdir(parents=True, exist_ok=True)
        told = {"tokenizer": to_plain(config), "training": to_plain(training), "windows": _fingerprint(motion)}
        step = load_checkpoint(out / CHECKPOINT_NAME, network, optimiser, told)
        scaling = fit_scaling(motion, config.scale_floor)
        log = Log(out / LOG_NAME, step, observe)
        run = Step(network, optimiser, scaling, config, training, device, tokens_of_a_batch(motion, config, training))
        use, saved, began, frames = CodeUse(config, device), time.monotonic(), time.monotonic(), 0
        for windows in batches(motion, training, step, total):
            rate = learning_rate(training, step, total)
            losses, codes = run.train(*motion.gather(windows, training.window_frames), rate)
            use.add(codes)
            step += 1
            frames += len(windows) * training.window_frames
            if step % training.log_every == 0 or step == total:
                _finite(losses, step)
                spent, began = time.monotonic() - began, time.monotonic()
                speed = {"step": step, "of": total, "learning_rate": rate, "frames_per_s": frames / spent}
                log.write(speed | losses.numbers() | use.numbers())
                use, frames = CodeUse(config, device), 0
            if validation is not None and (step % training.validate_every == 0 or step == total):
                log.write({"step": step, "of": total, "validation": run.validate(validation)})
            if step == total or interrupted() or time.monotonic() - saved > training.checkpoint_every_s:
                save_checkpoint(out / CHECKPOINT_NAME, network, optimiser, told, step)
                saved = time.monotonic()
            if interrupted():
                raise KeyboardInterrupt
    tokenizer = Tokenizer(config, network.cpu(), scaling)
    save_tokenizer(tokenizer, out, told | {"steps": total})
    return tokenizer


@dataclass(frozen=True)
class Losses:
    """The parts of a step's loss; tensors, so that a GPU is waited for only when somebody looks."""

    total: Tensor
    reconstruction: MotionLoss
    commitment: Tensor

    def numbers(self) -> dict[str, float]:
        """Name -> value, for the log."""
        return {
            "loss": self.total.item(),
            "reconstruction": self.reconstruction.values.item(),
            "velocity": self.reconstruction.velocity.item(),
            "commitment": self.commitment.item(),
        }


class Step:
    """One step of training, or one look at a batch: from the rows of a motion set to losses and codes."""

    def __init__(
        self,
        network: MotionVQVAE,
        optimiser: torch.optim.Optimizer,
        scaling: Scaling,
        config: TokenizerConfig,
        training: TrainConfig,
        device: torch.device,
        tokens_per_batch: float,
    ) -> None:
        self.network, self.optimiser, self.config, self.training, self.device = (
            network, optimiser, config, training, device,
        )  # fmt: skip
        self.mean = torch.from_numpy(scaling.mean).to(device)
        self.scale = torch.from_numpy(scaling.scale).to(device)
        network.quantiser.expect_tokens(tokens_per_batch)
        if device.type == "cuda" and training.compile:
            network.encoder.compile()
            network.decoder.compile()

    def train(self, values: np.ndarray, mask: np.ndarray, learning_rate: float) -> tuple[Losses, Tensor]:
        """Changes the weights by one batch [B, T, D]; losses and codes [B, L, K]."""
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate
        self.network.train()
        losses, found = self._losses(values, mask)
        self.optimiser.zero_grad(set_to_none=True)
        losses.total.backward()
        self.optimiser.step()
        return losses, found.codes

    @torch.inference_mode()
    def validate(self, motion: MotionSet) -> dict[str, float]:
        """Mean losses over the windows of `motion`, and how the codes are used."""
        self.network.eval()
        windows = motion.windows(self.training.window_frames)
        sums, frames, use = dict.fromkeys(("reconstruction", "velocity"), 0.0), 0, CodeUse(self.config, self.device)
        for start in range(0, len(windows), self.training.batch_size):
            batch = windows[start : start + self.training.batch_size]
            losses, found = self._losses(*motion.gather(batch, self.training.window_frames))
            use.add(found.codes)
            frames += len(batch)
            for name in sums:
                sums[name] += losses.numbers()[name] * len(batch)
        return {name: value / frames for name, value in sums.items()} | use.numbers()

    def _losses(self, values: np.ndarray, mask: np.ndarray) -> tuple[Losses, Reconstruction]:
        truth = (self._move(values) - self.mean) / self.scale
        seen = self._move(mask)
        with self._precision():
            found = self.network(truth, token_mask_of(seen, self.config.frames_per_token))
        parts = motion_loss(found.values.float(), truth, seen, self.config)
        total = parts.total(self.config.loss) + self.config.commitment * found.commitment
        return Losses(total, parts, found.commitment), found

    def _move(self, array: np.ndarray) -> Tensor:
        return moved(array, self.device)

    def _precision(self) -> AbstractContextManager[Any]:
        if self.device.type == "cuda" and self.training.bf16:
            return torch.autocast("cuda", torch.bfloat16)
        return nullcontext()


def batches(motion: MotionSet, training: TrainConfig, step: int, total: int) -> Iterator[np.ndarray]:
    """The windows [B, 2] of each step from `step` to `total`."""
    epoch, first = 0, 0  # the epoch at hand, and the step it begins with
    while first < total:
        windows = _epoch(motion, training, epoch)
        count = math.ceil(len(windows) / training.batch_size)
        for i in range(max(step - first, 0), min(count, total - first)):
            yield windows[i * training.batch_size : (i + 1) * training.batch_size]
        epoch, first = epoch + 1, first + count


def tokens_of_a_batch(motion: MotionSet, config: TokenizerConfig, training: TrainConfig) -> float:
    """Valid frames of an average batch, in tokens: how often codes are used is judged by these."""
    windows = len(motion.windows(training.window_frames))
    per_window = motion.valid_frames / max(windows, 1) / config.frames_per_token
    return min(training.batch_size, windows) * per_window


def check(motion: MotionSet, config: TokenizerConfig, training: TrainConfig) -> None:
    """That motion, tokenizer and training fit each other.

    Raises:
        UserError: they do not.
    """
    if motion.spaces != config.spaces or motion.fps != config.fps:
        raise UserError(
            f"the motion is {'+'.join(motion.spaces)} at {motion.fps:g} fps, the tokenizer for "
            f"{'+'.join(config.spaces)} at {config.fps:g} fps; choose one that fits"
        )
    if training.window_frames % config.frames_per_token:
        raise UserError(
            f"window_frames: got {training.window_frames}, expected a multiple of {config.frames_per_token}, "
            "the frames a token"
        )
    if not motion.valid_frames:
        raise UserError("the training motion has no valid frame: nothing can be learnt from it; add data")


def _epoch(motion: MotionSet, training: TrainConfig, epoch: int) -> np.ndarray:
    return motion.windows(training.window_frames, np.random.default_rng((training.seed, epoch)))


def _fingerprint(motion: MotionSet) -> dict[str, Any]:
    counts = {"sequences": len(motion), "frames": len(motion.values), "valid_frames": motion.valid_frames}
    return counts | {"origin": motion.origin}


def _finite(losses: Losses, step: int) -> None:
    if not math.isfinite(losses.total.item()):
        raise UserError(f"the loss is no longer finite at step {step}: lower --learning-rate and start again")
