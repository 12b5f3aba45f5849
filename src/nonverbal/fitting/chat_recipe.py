"""The recipe of a small model that talks, from seeds to a folder: talk, tokenizers, words, words with motion."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from transformers.utils.logging import disable_progress_bar

from nonverbal.dataset.read import open_dataset
from nonverbal.fitting.chat_steps import Step
from nonverbal.fitting.chat_store import round_tokenizer
from nonverbal.fitting.chat_talks import write_small_talk_hours
from nonverbal.fitting.chat_train import WordsPlan, new_model, talk_data, word_data
from nonverbal.mars.store import Mars, load_mars, save_mars
from nonverbal.mars.tiny import TinyConfig
from nonverbal.mars.train import LOG_NAME, TrainData, train
from nonverbal.mars.train_command import losses_told
from nonverbal.mars.train_config import TrainConfig
from nonverbal.records import to_plain
from nonverbal.studio.hours import write_hours
from nonverbal.studio.settings import TruthSettings
from nonverbal.ticks import ticking
from nonverbal.tokens.chosen import Chosen, load_chosen
from nonverbal.tokens.table_write import write_tokens
from nonverbal.tokens.train_command import TrainTokenizer
from nonverbal.tokens.training_bar import training_bar

PARTS = ("face", "body")


@dataclass(frozen=True)
class Recipe:
    """All that a model follows from."""

    motion: TruthSettings
    """Talk that the tokenizers of face and body learn from."""
    tokenizer_steps: int
    """Steps of training of each tokenizer."""
    talks: TruthSettings
    """Acted podcasts."""
    hinges: TruthSettings
    """Acted podcasts full of lines whose meaning hangs on face and body."""
    small_talk: TruthSettings
    """Acted small talk."""
    words: WordsPlan
    """Words alone."""
    words_training: TrainConfig
    """How words alone are learnt."""
    training: TrainConfig
    """How words with motion are learnt."""
    sizes: TinyConfig = field(default_factory=TinyConfig)
    """The model's."""
    seed: int = 0
    """Decides the weights that training begins with."""


@dataclass(frozen=True)
class Kitchen:
    """Where a recipe is cooked."""

    recipe: Recipe
    work: Path

    @property
    def model(self) -> Path:
        """The finished model's folder."""
        return self.work / "model"

    @property
    def talks(self) -> tuple[Path, ...]:
        """The datasets that the language model learns from."""
        return tuple(self.work / name for name in ("talks", "hinges", "small_talk"))

    def chosen(self) -> Chosen:
        """The tokenizers, rounded."""
        return load_chosen(self.work / "tokenizers" / part for part in PARTS)

    def steps(self) -> tuple[Step, ...]:
        """All of it, in order."""
        disable_progress_bar()  # of Transformers, which draws one for a file that is read in a moment
        recipe = self.recipe
        tokenizers = (
            Step(
                f"{part}-tokenizer",
                f"Train the tokenizer of the {part}: eight frames of motion become two codes out of 512 each",
                recipe.tokenizer_steps,
                lambda console, part=part: self._tokenizer(part, console),  # type: ignore[misc]
            )
            for part in PARTS
        )
        return (
            Step("motion", "Act the talk that tokenizers learn from", recipe.motion, self._motion),
            *tokenizers,
            Step(
                "talk",
                "Act the talk that the language model learns from",
                (recipe.talks, recipe.hinges, recipe.small_talk),
                self._talk,
            ),
            Step("tokens", "Turn the motion of that talk into tokens", None, self._tokens),
            Step(
                "words",
                "Train the language model on words alone",
                (recipe.words, recipe.sizes, recipe.words_training, recipe.seed),
                self._words,
            ),
            Step("model", "Train it on words, face and body", recipe.training, self._model),
        )

    def _motion(self, console: Console) -> str:
        with ticking(console) as tick:
            count = write_hours(self.work / "motion", self.recipe.motion, tick)
        return f"{count} dialogues of {self.recipe.motion.minutes:g} minutes, all of whose motion is known"

    def _tokenizer(self, part: str, console: Console) -> str:
        trained, steps = self.work / f"trained-{part}", self.recipe.tokenizer_steps
        with one_thread():
            TrainTokenizer(self.work / "motion", trained, part, "behaviour", steps=steps).run(console)  # type: ignore[arg-type]
        mark = round_tokenizer(trained, self.work / "tokenizers" / part)
        return f"rounded to half precision: hash {mark[:16]}"

    def _talk(self, console: Console) -> str:
        recipe, (talks, hinges, small_talk) = self.recipe, self.talks
        with ticking(console) as tick:
            counts = [
                write_hours(talks, recipe.talks, tick),
                write_hours(hinges, recipe.hinges, tick),
                write_small_talk_hours(small_talk, recipe.small_talk, tick),
            ]
        return "{} podcasts, {} of lines that faces decide, {} of small talk".format(*counts)

    def _tokens(self, console: Console) -> str:
        chosen, rows, frames = self.chosen(), 0, 0
        with ticking(console) as tick, one_thread():
            for folder in self.talks:
                info = write_tokens(open_dataset(folder), chosen, tick=tick).table.info
                rows, frames = rows + info.rows, frames + info.frames
        return f"{frames:,} frames of {rows} participants, four codes every 0.32 s"

    def _words(self, console: Console) -> str:
        recipe, out = self.recipe, self.work / "words"
        mars = new_model(recipe.words, self.chosen(), recipe.sizes, recipe.seed)
        with ticking(console) as tick:
            data = word_data(mars, recipe.words, recipe.words.hours, tick)
        last = self._train(mars, data, recipe.words_training, out, console)
        save_mars(mars, out)
        return (
            f"{_size(mars)} weights, {_tokens_of(data):,} tokens of words; losses on held-out ones: {losses_told(last)}"
        )

    def _model(self, console: Console) -> str:
        recipe = self.recipe
        mars = load_mars(self.work / "words")
        with ticking(console) as tick:
            data = talk_data(mars, self.talks, self.chosen(), tick)
            words = word_data(mars, recipe.words, recipe.words.kept_hours, tick)
        data = replace(data, train=data.train + words.train)
        last = self._train(mars, data, recipe.training, self.model, console)
        mars.model.config.max_position_embeddings = recipe.training.context  # it has never looked further back
        told = to_plain(recipe) | {"data": [one.origin for one in data.train]}
        save_mars(replace(mars, info=replace(mars.info, settings=told)), self.model)
        return f"{_tokens_of(data):,} tokens of words and motion; losses on held-out ones: {losses_told(last)}"

    def _train(self, mars: Mars, data: TrainData, config: TrainConfig, out: Path, console: Console) -> dict[str, float]:
        """Trains the model in place; the losses of the last validation."""
        last: dict[str, float] = {}
        with one_thread(), training_bar(console, _told, losses_told) as show:

            def observe(line: dict[str, Any]) -> None:
                last.update(line.get("validation", {}))
                show(line)

            train(mars.model, mars.vocabulary, data, config, out, observe)
        return last or _logged(out)


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch computes with one thread inside: the quickest for networks as small as these, and the same everywhere."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _told(line: dict[str, Any]) -> str:
    return f"{losses_told(line)}, {line['tokens_per_s']:,.0f} tokens/s"


def _logged(out: Path) -> dict[str, float]:
    """The losses of the last validation of a training that was over before."""
    lines = (json.loads(line) for line in (out / LOG_NAME).read_text(encoding="utf-8").splitlines())
    return next((line["validation"] for line in reversed(list(lines)) if "validation" in line), {})


def _size(mars: Mars) -> str:
    return f"{sum(weight.numel() for weight in mars.model.parameters()) / 1e6:.1f} million"


def _tokens_of(data: TrainData) -> int:
    return sum(len(one.ids) for one in data.train)
