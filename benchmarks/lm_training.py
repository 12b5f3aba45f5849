"""Measures training: packed rows against padded batches, tokens a second side by side on the same documents.

    python benchmarks/lm_training.py DATASET [--base tiny] [--context 1024] [--rows 6] [--exchanges]

Documents are windows of whole conversations, as the product trains on, or with --exchanges a partner's turn and the
answer to it, as the paper does. Three ways take turns in one process,
on the same weights, so that whatever else the machine does hits all of them:

    packed     documents end to end in rows, attention within each, logits only where something is learnt
    longest    batches of random documents padded to the longest of each, as most training scripts do
    context    the same padded to the context

All three learn the same tokens of the same documents; padding counts for nothing. `logits` says for the padded ways
whether logits are computed everywhere, as they are there ("all"), or only where something is learnt ("learnt"), so
that what comes from packing alone can be told from the rest. MFU is printed where there is a GPU.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.mars.attention import packed
from nonverbal.mars.base import load_base
from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.distributed import World
from nonverbal.mars.documents import Cutting, Documents, cut
from nonverbal.mars.examples import conversations, examples_of, load_examples, text_mark
from nonverbal.mars.grow import grow
from nonverbal.mars.packing import Row, gather_row, pack
from nonverbal.mars.prepare import said
from nonverbal.mars.rehearsal import encode_texts
from nonverbal.mars.scaling import PEAK_FLOPS, Decoder
from nonverbal.mars.store import vocabulary_of
from nonverbal.mars.stream import Conversation
from nonverbal.mars.targets import Targets
from nonverbal.mars.train_config import TrainConfig
from nonverbal.mars.train_step import Step, computes_bf16
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.tokens.loop import device_of
from nonverbal.tokens.table import TokenTable, open_tokens


@dataclass(frozen=True)
class Way:
    """One way to train: what a step is made of, and the step."""

    name: str
    step: Callable[[int], int]
    """Takes the number of a step and trains on it; gives the tokens of documents in it."""


@dataclass(frozen=True)
class Setting:
    """What all ways share."""

    run: Step
    documents: Documents
    targets: Targets
    config: TrainConfig
    batch: int
    """Documents a padded batch."""


def packed_way(setting: Setting, rows: Sequence[np.ndarray]) -> Way:
    """The product's own step."""
    meter = setting.run.meter()

    def step(number: int) -> int:
        row = gather_row(setting.documents, rows[number % len(rows)], setting.targets)
        with packed(setting.run.model, setting.run.device):
            setting.run.train([row], 1e-4, meter)
        return len(row.ids)

    return Way("packed", step)


def padded_way(setting: Setting, order: np.ndarray, to_context: bool, everywhere: bool) -> Way:
    """Batches of documents [B, L] with a mask over the padding."""

    def step(number: int) -> int:
        first = number * setting.batch % (len(order) - setting.batch)
        rows = [gather_row(setting.documents, [i], setting.targets) for i in order[first : first + setting.batch]]
        train_padded(setting.run, rows, setting.config.context if to_context else 0, everywhere)
        return sum(len(row.ids) for row in rows)

    name = f"{'context' if to_context else 'longest'}, logits {'all' if everywhere else 'learnt'}"
    return Way(name, step)


def train_padded(run: Step, rows: Sequence[Row], length: int, everywhere: bool) -> None:
    """One step on documents padded to `length`, or to the longest of them."""
    length = max(length, *(len(row.ids) for row in rows))
    ids = torch.zeros(len(rows), length, dtype=torch.int64)
    mask, weights = torch.zeros_like(ids), torch.zeros(len(rows), length)
    for i, row in enumerate(rows):
        ids[i, : len(row.ids)] = torch.from_numpy(row.ids)
        mask[i, : len(row.ids)] = 1
        weights[i, torch.from_numpy(row.keep)] = torch.from_numpy(row.weights)
    ids, mask, weights = (tensor.to(run.device) for tensor in (ids, mask, weights))
    targets = ids.roll(-1, 1)
    run.model.train()
    with torch.autocast(run.device.type, torch.bfloat16) if computes_bf16(run.device) else nullcontext():
        losses = _losses(run, ids, mask, weights, targets, everywhere)
    losses.backward()
    torch.nn.utils.clip_grad_norm_(run.model.parameters(), 1.0)
    run.optimiser.step()
    run.optimiser.zero_grad(set_to_none=True)


def _losses(run: Step, ids: Tensor, mask: Tensor, weights: Tensor, targets: Tensor, everywhere: bool) -> Tensor:
    if everywhere:
        logits = run.model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        flat, wanted, counted = logits.flatten(0, 1), targets.flatten(), weights.flatten()
    else:
        hidden = run.model.model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
        learnt = weights > 0
        flat, wanted, counted = run.model.lm_head(hidden[learnt]), targets[learnt], weights[learnt]
    return (F.cross_entropy(flat.float(), wanted, reduction="none") * counted).sum() / counted.sum()


def take_turns(ways: Sequence[Way], rounds: int) -> dict[str, list[float]]:
    """Tokens of documents a second of each way in each round; the first round warms up and is left out."""
    rates: dict[str, list[float]] = {way.name: [] for way in ways}
    for number in range(rounds + 1):
        for way in ways:
            began = time.process_time() if not torch.cuda.is_available() else time.perf_counter()
            tokens = way.step(number)
            if torch.cuda.is_available():
                torch.cuda.synchronize()
                spent = time.perf_counter() - began
            else:  # seconds of this process: on a shared machine the clock tells of others
                spent = time.process_time() - began
            if number:
                rates[way.name].append(tokens / spent)
    return rates


def setting_of(asked: argparse.Namespace) -> Setting:
    """Model, documents and settings."""
    dataset, table = open_dataset(asked.dataset), open_tokens(asked.dataset)
    base = load_base(asked.base, said([dataset], "train"))
    parts = tuple(PartVocab(p, i.codebook_size, i.num_codebooks, i.tokenizer_hash) for p, i in table.parts.items())
    vocabulary = vocabulary_of(StreamConfig(parts), base.tokenizer, base.size)
    grow(base.model, base.tokenizer, vocabulary.tokens)
    if asked.exchanges:
        examples = examples_of(exchanges(dataset, table, asked.split, vocabulary), vocabulary)
    else:
        examples = load_examples(dataset, table, asked.split, vocabulary, text_mark(base.tokenizer))
    texts = encode_texts(said([dataset], "train"), vocabulary) if asked.rehearsal else None
    documents = cut([examples], texts, Cutting(asked.context, 0.0, asked.rehearsal), 0, 0)
    config = replace(TrainConfig(), context=asked.context, row_tokens=max(asked.row_tokens, asked.context))
    device, targets = device_of("auto"), Targets(vocabulary)
    run = Step(base.model.to(device), targets, config, device, World())
    return Setting(run, documents, targets, config, asked.batch)


def exchanges(dataset: Dataset, table: TokenTable, split: str, vocabulary: Vocabulary) -> Iterator[Conversation]:
    """Each turn of a partner with the answer to it, for both participants."""
    for whole in conversations(dataset, table, split, vocabulary):
        for heard, said_back in pairwise(whole.messages):
            if heard.role == "user":
                yield Conversation((heard, said_back), whole.system)


def measure(asked: argparse.Namespace) -> None:
    """Prints what is measured."""
    setting = setting_of(asked)
    rng, lengths = np.random.default_rng(0), setting.documents.lengths
    order = rng.permutation(len(lengths))
    rows = pack(lengths, setting.config.row_tokens, order)
    ways = [packed_way(setting, rows)]
    for to_context in (False, True):
        ways += [padded_way(setting, order, to_context, everywhere) for everywhere in (True, False)]
    quartiles = ", ".join(f"{q:.0f}" for q in np.percentile(lengths, (10, 25, 50, 75, 90)))
    print(f"{len(lengths)} documents of at most {setting.config.context} tokens, {quartiles} at 10, 25, 50, 75, 90 %")
    full = lengths.sum() / len(rows) / setting.config.row_tokens
    print(f"rows of {setting.config.row_tokens} tokens are {full:.1%} full")
    batches = order[: len(order) // asked.batch * asked.batch].reshape(-1, asked.batch)
    padded = lengths[batches].sum(1) / (lengths[batches].max(1) * asked.batch)
    print(f"batches of {asked.batch} padded to the longest are {padded.mean():.1%} full")
    rates = take_turns(ways, asked.rows)
    medians = {name: float(np.median(some)) for name, some in rates.items()}
    for name, rate in medians.items():
        ratios = np.array(rates["packed"]) / np.array(rates[name])
        told = f"packed is {np.median(ratios):.2f} x ({ratios.min():.2f}-{ratios.max():.2f})"
        print(f"{name:24} {rate:10,.0f} tokens/s   {told}", flush=True)
    if torch.cuda.is_available():
        name = torch.cuda.get_device_name()
        peak: Any = next((flops for kind, flops in PEAK_FLOPS.items() if kind in name), None)
        decoder = Decoder.of(setting.run.model.config.get_text_config())
        flops = decoder.flops_per_token(setting.config.context) * medians["packed"]
        print(f"{name}: {flops / 1e12:.1f} TFLOP/s" + (f", MFU {flops / peak:.1%}" if peak else ""))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--base", default="tiny")
    parser.add_argument("--split", default="train")
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--row-tokens", type=int, default=4096)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--exchanges", action="store_true", help="documents are a turn and its answer")
    parser.add_argument("--rehearsal", type=float, default=0.0, help="share of tokens that are plain texts")
    parser.add_argument("--rows", type=int, default=6, help="rounds that are measured")
    measure(parser.parse_args())
