"""What training needs, made ready: base, tokenizers, tables of tokens, conversations as ids; and where it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from transformers import PreTrainedModel
from transformers.utils.logging import disable_progress_bar

from nonverbal.dataset.manifest import TOKENS_DIR
from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.mars.base import load_base
from nonverbal.mars.checkpoint import load_trained
from nonverbal.mars.config import PartVocab, StreamConfig
from nonverbal.mars.distributed import World
from nonverbal.mars.examples import Examples, load_examples, text_mark
from nonverbal.mars.lora import LoraSettings, add_lora, merge_lora
from nonverbal.mars.of_two import crowded_out, nothing_of_two, of_two
from nonverbal.mars.rehearsal import Texts, encode_texts, read_texts
from nonverbal.mars.store import CARD_NAME, Mars, load_mars, new_mars, save_mars
from nonverbal.mars.tiny import TinyConfig
from nonverbal.mars.train import TrainData
from nonverbal.mars.train_config import TrainConfig
from nonverbal.records import to_plain
from nonverbal.ticks import Tick, ticking
from nonverbal.tokens.chosen import Chosen, load_chosen
from nonverbal.tokens.table import TokenTable, open_tokens
from nonverbal.tokens.table_write import write_tokens
from nonverbal.verdicts import UserError

if TYPE_CHECKING:
    from nonverbal.mars.train_command import Train


@dataclass(frozen=True)
class Ready:
    """All that a training begins with."""

    mars: Mars
    """The model, grown by the motion tokens, and what its ids mean."""
    model: PreTrainedModel
    """What is trained: the model itself, or it with adapters around it."""
    data: TrainData
    """Conversations and texts."""
    told: str
    """What it is, in words."""


def prepare(asked: Train, config: TrainConfig, console: Console, world: World) -> Ready:
    """Load and make what is needed; the first process writes files, the others then read them.

    Raises:
        UserError: base, tokenizers, tables and datasets do not fit each other, or there is no data.
    """
    disable_progress_bar()  # of Transformers, which draws one for a file that is read in a moment
    datasets = [open_dataset(folder) for folder in asked.data]
    chosen = load_chosen(asked.tokenizers) if asked.tokenizers else {}
    if asked.method == "ng2023" and list(chosen) != ["face"]:
        got = " and ".join(chosen) or "none"
        raise UserError(f"--tokenizers: got {got}, expected that of the face alone, which is what ng2023 tells")
    for dataset in datasets:
        there = of_two(dataset, "train")
        if not there.ids:
            raise UserError(nothing_of_two(dataset, "train", there.left_out))
    if not world.first:
        world.wait()
    with ticking(console) as tick:
        tables = [_table(dataset, chosen, tick) for dataset in datasets]
        mars, model = _model(asked, chosen, datasets)
        mark = text_mark(mars.tokenizer)

        def examples(split: str) -> tuple[Examples, ...]:
            pairs = zip(datasets, tables, strict=True)
            return tuple(
                load_examples(d, t, split, mars.vocabulary, mark, tick) for d, t in pairs if of_two(d, split).ids
            )

        data = TrainData(examples("train"), examples("validation"), _texts(asked, config, datasets, mars))
    if world.first:
        world.wait()
    tokens = sum(len(one.ids) for one in data.train)
    weights = sum(weight.numel() for weight in mars.model.parameters())
    told = f"{asked.base_name} with {weights / 1e6:,.1f} M weights and {len(mars.vocabulary.tokens)} motion tokens"
    console.print(f"{told}, {tokens:,} tokens to learn from", markup=False, highlight=False, soft_wrap=True)
    if left_out := crowded_out(datasets):
        console.print(left_out)
    if not data.validation:
        console.print("There is no validation split: losses are those of training only.")
    return Ready(mars, model, data, told)


def finish(asked: Train, config: TrainConfig, ready: Ready, world: World) -> None:
    """Write the trained model into its folder."""
    mars, model = ready.mars, ready.model
    if world.size > 1:  # its weights are spread over all processes: a fresh one takes them from the checkpoint
        chosen = load_chosen(asked.tokenizers) if asked.tokenizers else {}
        mars, model = _model(asked, chosen, [open_dataset(folder) for folder in asked.data])
        load_trained(model, asked.out)
    plain = merge_lora(model.cpu()) if asked.lora else model.cpu()
    settings = {
        "training": to_plain(config),
        "method": asked.method,
        "lora_rank": asked.lora_rank if asked.lora else 0,
        "data": [one.origin for one in ready.data.train],
    }
    save_mars(replace(mars, model=plain, info=replace(mars.info, settings=settings)), asked.out)


def said(datasets: Sequence[Dataset], split: str) -> Iterator[str]:
    """What is said in each turn of a split that is not harmful."""
    for dataset in datasets:
        for dialogue_id in of_two(dataset, split).ids:
            yield from (turn["text"] for turn in dataset.row(dialogue_id)["turns"] if not turn["harmful"])


def _model(asked: Train, chosen: Chosen, datasets: Sequence[Dataset]) -> tuple[Mars, PreTrainedModel]:
    """The base with motion tokens, and what is trained of it."""
    sizes = {name: getattr(asked, name) for name in ("width", "layers") if getattr(asked, name) is not None}
    if sizes and asked.base_name != "tiny":
        raise UserError(f"--{next(iter(sizes))}: belongs to the base tiny, got {asked.base_name}; leave it out")
    stream = stream_config(asked, chosen)
    if (Path(asked.base_name) / CARD_NAME).exists():
        mars = _taken_up(Path(asked.base_name), stream)
    else:
        base = load_base(asked.base_name, said(datasets, "train"), asked.seed, TinyConfig(**sizes) if sizes else None)
        tokenizers = {part: loaded.tokenizer for part, loaded in chosen.items()}
        mars = new_mars(base, stream, tokenizers, asked.seed)
    if not asked.lora:
        return mars, mars.model
    new_ids = range(mars.vocabulary.base_size, mars.vocabulary.size)
    settings = LoraSettings(rank=asked.lora_rank, alpha=2 * asked.lora_rank)
    return mars, add_lora(mars.model, list(new_ids), settings, asked.seed)


def _taken_up(folder: Path, stream: StreamConfig) -> Mars:
    """A model that knows motion already, to be trained further.

    Raises:
        UserError: its streams are others.
    """
    mars = load_mars(folder)
    if mars.vocabulary.config != stream:
        raise UserError(
            f"--base {folder}: was trained on other streams; give the --tokenizers, order, levels, system prompt and "
            "other flags that it was trained with"
        )
    return mars


def stream_config(asked: Train, chosen: Chosen) -> StreamConfig:
    """What streams tell.

    Raises:
        UserError: the tokenizers' steps differ in length, or they have fewer levels than asked for.
    """
    steps = {part: one.tokenizer.frames_per_token / one.tokenizer.fps for part, one in chosen.items()}
    if len(set(steps.values())) > 1:
        told = ", ".join(f"{part} {step_s:g} s" for part, step_s in steps.items())
        raise UserError(f"--tokenizers: a token of each is {told}, expected the same; train with equal --halvings")
    parts = []
    for part, one in chosen.items():
        levels = asked.levels or one.tokenizer.num_codebooks
        if not 1 <= levels <= one.tokenizer.num_codebooks:
            raise UserError(f"--levels: got {levels}, expected 1 to {one.tokenizer.num_codebooks}, as {one.folder} has")
        parts.append(PartVocab(part, one.tokenizer.codebook_size, levels, one.hash))
    return StreamConfig(
        tuple(parts),
        next(iter(steps.values()), StreamConfig.step_s),
        asked.order,
        asked.partner_motion and asked.method != "ng2023",
        asked.listener,
        asked.system,
    )


def _table(dataset: Dataset, chosen: Chosen, tick: Tick) -> TokenTable | None:
    """The dataset's table of these tokenizers; it is made where there is none at all.

    Raises:
        UserError: there are tables, but of other tokenizers or of other data.
    """
    if not chosen:
        return None
    names = sorted(path for path in (dataset.root / TOKENS_DIR).glob("*.json") if path.with_suffix(".parquet").exists())
    if not names:
        return write_tokens(dataset, chosen, tick=tick).table
    tables = [open_tokens(name) for name in names]
    fits = [
        table
        for table in tables
        if all(part in table.parts and table.parts[part].tokenizer_hash == one.hash for part, one in chosen.items())
    ]
    if not fits:
        got = ", ".join(f"{part} {one.hash[:12]}" for part, one in chosen.items())
        found = "; ".join(
            f"{table.path.name}: " + ", ".join(f"{part} {i.tokenizer_hash[:12]}" for part, i in table.parts.items())
            for table in tables
        )
        raise UserError(
            f"{dataset.root / TOKENS_DIR}: got the tokenizers {got}, but the tables are of others ({found}); "
            "codes mean nothing to another tokenizer: give the --tokenizers of one, or run `nonverbal tokenize` with "
            "these"
        )
    fits[0].check(dataset)
    return fits[0]


def _texts(asked: Train, config: TrainConfig, datasets: Sequence[Dataset], mars: Mars) -> Texts | None:
    """What is rehearsed, if anything is."""
    if not asked.rehearsal or not config.rehearsal_ratio:
        return None
    texts = said(datasets, "train") if asked.rehearsal == "dataset" else read_texts(Path(asked.rehearsal))
    return encode_texts(texts, mars.vocabulary)
