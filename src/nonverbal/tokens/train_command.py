"""`nonverbal train-tokenizer`: the command."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tyro
from rich.console import Console

from nonverbal.dataset.manifest import ARRAYS_DIR, MANIFEST_NAME
from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.pipeline.lock import claim, output_error
from nonverbal.tokens.config import LossKind, TokenizerConfig, spaces_of
from nonverbal.tokens.methods import MethodName, PresetName, method_config
from nonverbal.tokens.training_bar import training_bar
from nonverbal.verdicts import UserError

if TYPE_CHECKING:
    from nonverbal.tokens.tokenizer import Tokenizer
    from nonverbal.tokens.train import TrainConfig


@dataclass(frozen=True)
class TrainTokenizer:
    """A tokenizer of face, body or both, trained on the train split of a dataset; the same again goes on with it."""

    dataset: tyro.conf.Positional[Path]
    """Folder of the dataset."""
    out: Path
    """Folder for the tokenizer, its log and its checkpoint."""
    part: Literal["face", "body", "joint"] = "face"
    """What it covers; joint: one codebook for both."""
    method: MethodName = "vq"
    """vq: one codebook, as in the paper; rvq: six residual ones; fsq: a fixed grid; guo2024: the residual VQ-VAE of
    MoMask; ng2023: that of "Can Language Models Learn to Listen?"."""
    preset: PresetName = "laptop"
    """laptop: minutes on two CPU cores; paper: the paper's size and schedule, for a GPU."""
    causal: bool = False
    """Look back only, so that an avatar can move while tokens arrive."""
    loss: LossKind | None = None
    """Distance that training makes small; the method's own when left out."""
    codebook_size: int | None = None
    """Codes of each codebook; the method's own when left out."""
    levels: int | None = None
    """Residual codebooks of rvq and guo2024; the method's own when left out."""
    halvings: int | None = None
    """Stages that halve the frame rate: 3 (the default) make 8 frames a token."""
    width: int | None = None
    """Channels of the convolutions; the preset's when left out."""
    steps: int | None = None
    """Training steps; the preset's when left out."""
    batch_size: int | None = None
    """Windows a step; the preset's when left out."""
    learning_rate: float | None = None
    """Highest learning rate; the preset's when left out."""
    seed: int = 0
    """Decides weights, order of windows, and codes put in place of dead ones."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train; auto takes a GPU where there is one."""
    raw: bool = False
    """Train on the motion as it is stored; by default it is smoothed (Savitzky-Golay 5/2), as in the paper."""
    tensorboard: bool = False
    """Log to TensorBoard too, in OUT/tensorboard; train.jsonl is always written."""

    def tokenizer_config(self, dataset: Dataset) -> TokenizerConfig:
        """What is to be trained on `dataset`.

        Raises:
            ValueError: a flag is out of range, or does not go with the method.
        """
        manifest = dataset.manifest
        if self.method == "fsq" and self.codebook_size is not None:
            raise UserError("--codebook-size: the grid of fsq has 512 points, no more and no less; leave it out")
        spaces = spaces_of(self.part, manifest.face_space, manifest.body_space)
        config = replace(method_config(self.method, spaces, self.preset), fps=manifest.fps, causal=self.causal)
        asked = {name: getattr(self, name) for name in ("codebook_size", "levels", "halvings", "width")}
        config = replace(config, **{name: value for name, value in asked.items() if value is not None})
        return config if self.loss is None else replace(config, loss=replace(config.loss, kind=self.loss))

    def train_config(self) -> TrainConfig:
        """How it is to be trained.

        Raises:
            ValueError: a flag is out of range.
        """
        from nonverbal.tokens.train import TRAINING

        if self.steps is not None and self.steps < 1:
            raise UserError(f"--steps: got {self.steps}, expected 1 or more; the preset's when left out")
        if self.seed < 0:
            raise UserError(f"--seed: got {self.seed}, expected 0 or more")
        asked = {name: getattr(self, name) for name in ("steps", "batch_size", "learning_rate")}
        given = {name: value for name, value in asked.items() if value is not None}
        return replace(TRAINING[self.preset], seed=self.seed, device=self.device, **given)

    def run(self, console: Console) -> int:
        dataset = open_dataset(self.dataset)
        if not len(dataset):
            raise UserError(f"{self.dataset}: holds no dialogue, so there is no motion to learn from; build it first")
        if (self.out / MANIFEST_NAME).exists():
            raise UserError(f"{self.out}: holds a dataset, expected a folder for the tokenizer; give another --out")
        # Imported here, since torch comes along, which most commands do without.
        from nonverbal.tokens.loop import device_of

        try:
            config, training = self.tokenizer_config(dataset), self.train_config()
        except ValueError as error:  # how a record says that one of its values is out of range
            raise UserError(str(error)) from error
        device_of(training.device)
        with claim(self.out):
            try:
                tokenizer = self._train(dataset, config, training, console)
            except OSError as error:
                raise output_error(error, self.out) from error
        rate = f"{tokenizer.bits_per_s:.1f} bits a second, {tokenizer.frames_per_token} frames a token"
        console.print(f"{self.out}: {rate}, hash {tokenizer.hash[:16]}", markup=False, highlight=False, soft_wrap=True)
        return 0

    def _train(self, dataset: Dataset, config: TokenizerConfig, training: TrainConfig, console: Console) -> Tokenizer:
        """The tokenizer, trained into `out` while somebody may look on."""
        from nonverbal.tokens.loop import tensorboard
        from nonverbal.tokens.motion_set import forget_other, load_motion_set
        from nonverbal.tokens.train import train

        arrays = self.dataset / ARRAYS_DIR
        forget_other(arrays, dataset)
        load = partial(load_motion_set, dataset, part=self.part, folder=arrays, smooth=not self.raw)
        motion = load("train")
        validation = load("validation") if dataset.manifest.splits.get("validation") else None
        minutes = motion.valid_frames / motion.fps / 60
        told = f"{self.method} {self.part} tokenizer, {minutes:.1f} minutes of motion of {len(motion)} participants"
        console.print(told, markup=False, highlight=False)
        if validation is None:
            console.print("The dataset has no validation split: losses are those of training only.")
        with ExitStack() as stack:
            observers = [stack.enter_context(training_bar(console, _rate, _told))]
            if self.tensorboard:
                observers.append(stack.enter_context(tensorboard(self.out / "tensorboard")))

            def observe(line: dict[str, Any]) -> None:
                for observer in observers:
                    observer(line)

            return train(motion, validation, config, training, self.out, observe)


def _told(numbers: dict[str, Any]) -> str:
    return (
        f"values {numbers['reconstruction']:.4f}, velocity {numbers['velocity']:.4f}, "
        f"perplexity {numbers['perplexity']:.0f}, dead {numbers['dead_codes']:.0f}"
    )


def _rate(line: dict[str, Any]) -> str:
    return f"loss {line['loss']:.4f}, {line['frames_per_s']:,.0f} frames/s"
