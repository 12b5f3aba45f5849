"""Trains a small model that talks: first on words alone, which cost next to nothing, then on words, face and body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from nonverbal.dataset.read import open_dataset
from nonverbal.fitting.chat_talks import scripts, words_alone
from nonverbal.mars.base import load_base
from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.examples import Examples, load_examples, text_mark
from nonverbal.mars.store import Mars, new_mars
from nonverbal.mars.tiny import TinyConfig
from nonverbal.mars.train import TrainData
from nonverbal.ticks import Tick, silent
from nonverbal.tokens.chosen import Chosen
from nonverbal.tokens.table_write import write_tokens

_CARELESS = 0.2
"""Share of the partner's lines in words alone that are typed without care."""
_BASE_LINES = 20_000
"""Lines of scripts that the text tokenizer learns from."""


@dataclass(frozen=True)
class WordsPlan:
    """Words alone: how much, and how they are learnt."""

    hours: float = 100.0
    """Talk as long as this, if it were spoken."""
    validation_hours: float = 1.0
    """As much again, to tell losses of."""
    kept_hours: float = 12.0
    """Of which so much is gone on with while motion is learnt."""
    small_talk: float = 0.4
    """Share of the scripts that are small talk; the others are the studio's podcasts."""
    minutes: float = 4.0
    """Length of a script."""
    seed: int = 100_000
    """Decides what is said."""


@dataclass(frozen=True)
class Material:
    """What a model is trained on."""

    stream: StreamConfig
    """What its streams tell."""
    talks: tuple[Path, ...]
    """Datasets of acted talk."""
    chosen: Chosen
    """The tokenizers."""


def stream_of(chosen: Chosen) -> StreamConfig:
    """Streams of all that the tokenizers know, without a system prompt."""
    parts = (PartVocab(p, o.tokenizer.codebook_size, o.tokenizer.num_codebooks, o.hash) for p, o in chosen.items())
    return StreamConfig(tuple(parts), system="")


def new_model(words: WordsPlan, chosen: Chosen, sizes: TinyConfig, seed: int) -> Mars:
    """An untrained model whose text tokenizer knows the words of the scripts."""
    written = scripts(words.hours, words.minutes, words.seed, words.small_talk)
    texts = list(islice((line.text for script in written for line in script), _BASE_LINES))
    base = load_base("tiny", texts, seed, sizes)
    return new_mars(base, stream_of(chosen), {part: one.tokenizer for part, one in chosen.items()}, seed)


def word_data(mars: Mars, words: WordsPlan, hours: float, tick: Tick = silent) -> TrainData:
    """Words alone, `hours` of them, and those that losses are told of."""
    held_out = replace(words, seed=words.seed + 1)

    def examples(plan: WordsPlan, length: float) -> tuple[Examples, ...]:
        written = scripts(length, plan.minutes, plan.seed, plan.small_talk, tick)
        return (words_alone(written, mars.vocabulary, plan.seed, _CARELESS),)

    return TrainData(examples(words, hours), examples(held_out, words.validation_hours))


def talk_data(mars: Mars, talks: Sequence[Path], chosen: Chosen, tick: Tick = silent) -> TrainData:
    """Acted talk as streams; the tables of tokens are made where they are not there yet."""
    mark, train_sets, validation_sets = text_mark(mars.tokenizer), [], []
    for folder in talks:
        dataset = open_dataset(folder)
        table = write_tokens(dataset, chosen, tick=tick).table
        train_sets.append(load_examples(dataset, table, "train", mars.vocabulary, mark, tick))
        if dataset.ids("validation"):
            validation_sets.append(load_examples(dataset, table, "validation", mars.vocabulary, mark, tick))
    return TrainData(tuple(train_sets), tuple(validation_sets))
