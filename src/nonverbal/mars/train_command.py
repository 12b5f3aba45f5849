"""`nonverbal train`: the command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tyro
from rich.console import Console

from nonverbal.dataset.manifest import MANIFEST_NAME
from nonverbal.dataset.read import open_dataset
from nonverbal.mars.config import SYSTEM_PROMPT, Order
from nonverbal.pipeline.lock import claim, output_error
from nonverbal.tokens.training_bar import training_bar
from nonverbal.verdicts import UserError

if TYPE_CHECKING:
    from nonverbal.mars.distributed import World
    from nonverbal.mars.train_config import TrainConfig
    from nonverbal.tokens.loop import Observer

BASES = {"laptop": "tiny", "paper": "Qwen/Qwen2.5-3B-Instruct"}
"""The base of each preset."""


@dataclass(frozen=True)
class Train:
    """A language model that reads and writes text, face and body; the same again goes on with an unfinished one."""

    data: tyro.conf.Positional[tuple[Path, ...]]
    """Folders of datasets."""
    out: Path
    """Folder for the model, its log and its checkpoint."""
    tokenizers: tuple[Path, ...] = ()
    """Folders of the tokenizers of face and body; none for a model of words and their time alone."""
    base: str = ""
    """The model to start from: tiny, gemma, a folder (of a model of this command, too), a .gguf file or a hub id; the
    preset's when left out."""
    preset: Literal["laptop", "paper"] = "laptop"
    """laptop: a tiny model on two CPU cores; paper: Qwen2.5-3B with the paper's schedule, for GPUs."""
    method: Literal["mars", "ng2023"] = "mars"
    """mars: words and behaviour of both; ng2023: the partner's words to the listener's face, as in "Can Language Models
    Learn to Listen?"."""
    lora: bool = False
    """Train adapters and the motion tokens' rows only; they are merged at the end."""
    lora_rank: int = 16
    """Rank of the adapters."""
    order: Order = "text_first"
    """text_first: a step's words come before its motion; motion_first: after it."""
    partner_motion: bool = True
    """Show the model its partner's face and body."""
    listener: bool = True
    """Let it learn its own behaviour while its partner speaks."""
    levels: int | None = None
    """Residual levels of the tokenizers that are used; all when left out."""
    system: str = SYSTEM_PROMPT
    """What every conversation begins with."""
    context: int | None = None
    """Most tokens of a document; the preset's when left out, as all that follow."""
    row_tokens: int | None = None
    """Tokens of a packed row."""
    batch_rows: int | None = None
    """Rows a step, over all processes."""
    epochs: int | None = None
    """Passes over the data."""
    steps: int | None = None
    """Training steps, in place of epochs."""
    learning_rate: float | None = None
    """Highest learning rate."""
    loss_on: Literal["response", "listening", "all"] | None = None
    """What is learnt: what the model says and does, only what it does while listening, or every token."""
    weights: dict[str, float] = field(default_factory=dict)
    """How much losses count, such as: text 1 face 0.5; 1 where left out."""
    level_weight: float | None = None
    """How much each further residual level counts, as a share of the one before."""
    typed_share: float | None = None
    """Share of the partner's messages given as typed text."""
    rehearsal: str = ""
    """Plain texts to go on reading: a .txt or .jsonl file, or `dataset` for what is said in the datasets."""
    rehearsal_ratio: float | None = None
    """Share of tokens that are plain text; 0.2 with --rehearsal when left out."""
    width: int | None = None
    """Of the tiny base: numbers per position; 192 when left out."""
    layers: int | None = None
    """Of the tiny base: transformer blocks; 4 when left out."""
    precision: Literal["auto", "bf16", "fp32"] | None = None
    """Of matrix products; auto is bf16 where the device computes it in hardware."""
    recompute: bool = False
    """Compute activations again on the way back: slower, far less memory."""
    seed: int = 0
    """Decides weights, documents, and their order."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to train; auto takes a GPU where there is one."""
    tensorboard: bool = False
    """Log to TensorBoard too, in OUT/tensorboard; train.jsonl is always written."""

    @property
    def base_name(self) -> str:
        """The base, as it is or by the preset."""
        return self.base or BASES[self.preset]

    def train_config(self) -> TrainConfig:
        """How it is to be trained.

        Raises:
            UserError: a flag is out of range, or does not go with another.
        """
        from nonverbal.mars.train_config import NG2023, TRAINING

        names = ("context", "row_tokens", "batch_rows", "epochs", "steps", "learning_rate", "loss_on", "precision")
        asked = {name: getattr(self, name) for name in (*names, "level_weight", "typed_share", "rehearsal_ratio")}
        given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
        if self.method == "ng2023":
            given = NG2023 | given
        if self.weights:
            given["weights"] = self.weights
        if self.rehearsal and self.rehearsal_ratio is None:
            given["rehearsal_ratio"] = 0.2
        if self.rehearsal_ratio and not self.rehearsal:
            raise UserError("--rehearsal-ratio: there is nothing to rehearse; give --rehearsal FILE or dataset too")
        preset = TRAINING[self.preset]
        if "row_tokens" not in given and given.get("context", 0) > preset.row_tokens:
            given["row_tokens"] = given["context"]
        try:
            return replace(
                preset,
                seed=self.seed,
                device=self.device,
                recompute=self.recompute or preset.recompute,
                **given,
            )
        except ValueError as error:  # how a record says that one of its values is out of range
            raise UserError(str(error)) from error

    def run(self, console: Console) -> int:
        if not self.data:
            raise UserError("no data: give the folder of at least one dataset")
        if (self.out / MANIFEST_NAME).exists():
            raise UserError(f"{self.out}: holds a dataset, expected a folder for the model; give another --out")
        for folder in self.data:
            if not len(open_dataset(folder)):
                raise UserError(f"{folder}: holds no dialogue, so there is nothing to learn from; build it first")
        # Imported here, since torch comes along, which most commands do without.
        from nonverbal.mars.distributed import joined
        from nonverbal.mars.prepare import finish, prepare
        from nonverbal.mars.train import train
        from nonverbal.tokens.loop import device_of

        config = self.train_config()
        device_of(config.device)
        with joined(config.device) as world, claim(self.out) if world.first else nullcontext():
            if not world.first:
                console.quiet = True
            try:
                ready = prepare(self, config, console, world)
                with self._observers(console, world) as observe:
                    train(ready.model, ready.mars.vocabulary, ready.data, config, self.out, observe, world)
                world.wait()
                if world.first:
                    finish(self, config, ready, world)
            except OSError as error:
                raise output_error(error, self.out) from error
        console.print(f"{self.out}: {ready.told}", markup=False, highlight=False, soft_wrap=True)
        return 0

    @contextmanager
    def _observers(self, console: Console, world: World) -> Iterator[Observer]:
        """Those who look on while it trains."""
        from nonverbal.tokens.loop import tensorboard

        with ExitStack() as stack:
            observers = [stack.enter_context(training_bar(console, _told, losses_told))]
            if self.tensorboard and world.first:
                observers.append(stack.enter_context(tensorboard(self.out / "tensorboard")))

            def observe(line: dict[str, Any]) -> None:
                for observer in observers:
                    observer(line)

            yield observe


_NO_LOSSES = ("step", "of", "learning_rate", "tokens_per_s", "loss")


def losses_told(line: dict[str, Any]) -> str:
    """The losses of a line of the log in few words."""
    return " ".join(f"{name} {value:.2f}" for name, value in line.items() if name not in _NO_LOSSES)


def _told(line: dict[str, Any]) -> str:
    return f"{losses_told(line)}, {line['tokens_per_s']:,.0f} tokens/s"
