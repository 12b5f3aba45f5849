"""`nonverbal tokenize` and `nonverbal detokenize`: the commands."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nonverbal.dataset.read import open_dataset
from nonverbal.ticks import ticking

if TYPE_CHECKING:
    from nonverbal.tokens.table import TokenTable
    from nonverbal.tokens.table_format import PartInfo


@dataclass(frozen=True)
class Tokenize:
    """Face and body of a dataset into a table of tokens beside it, in DATASET/tokens."""

    dataset: tyro.conf.Positional[Path]
    """Folder of the dataset."""
    tokenizers: tuple[Path, ...]
    """Folders of trained tokenizers: one of the face, one of the body, both, or a joint one."""
    name: str = ""
    """Name of the table; by default a hash of the dataset's content and the tokenizers."""
    raw: bool = False
    """Encode the motion as it is stored; by default it is smoothed, as it is for training."""

    def run(self, console: Console) -> int:
        dataset = open_dataset(self.dataset)
        from nonverbal.tokens.chosen import load_chosen  # torch comes along, which most commands do without
        from nonverbal.tokens.table_write import write_tokens

        chosen = load_chosen(self.tokenizers)
        started_s = time.monotonic()
        with ticking(console) as tick:
            written = write_tokens(dataset, chosen, self.name, not self.raw, tick)
        console.print(_summary(written.table))
        info, took_s = written.table.info, time.monotonic() - started_s
        rate = f", {info.frames / took_s:,.0f} frames a second" if written.changed else ""
        verb = "written" if written.changed else "unchanged"
        told = f"Tokens {verb}: {info.rows} participants in {info.dialogues} dialogues{rate}, {written.table.path}"
        console.print(told, markup=False, highlight=False, soft_wrap=True)
        return 0


@dataclass(frozen=True)
class Detokenize:
    """A table of tokens back into a dataset: face and body decoded, all else as in the dataset it was made from."""

    table: tyro.conf.Positional[Path]
    """The table: its .parquet, its .json, or the folder of a dataset that has just one."""
    tokenizers: tuple[Path, ...]
    """Folders of the tokenizers that made it; a part without one is carried over."""
    data: Path
    """Folder of the dataset that the table was made from."""
    out: Path
    """Folder of the dataset to be written."""

    def run(self, console: Console) -> int:
        dataset = open_dataset(self.data)
        from nonverbal.tokens.chosen import load_chosen  # torch comes along, which most commands do without
        from nonverbal.tokens.decode_dataset import decode_dataset
        from nonverbal.tokens.table import open_tokens

        table, chosen = open_tokens(self.table), load_chosen(self.tokenizers)
        with ticking(console) as tick:
            written = decode_dataset(table, chosen, dataset, self.out, tick)
        verb, count = "written" if written.changed else "unchanged", sum(written.manifest.splits.values())
        told = f"Dataset {verb}: {count} dialogues with {' and '.join(chosen)} decoded, {self.out}"
        console.print(told, markup=False, highlight=False, soft_wrap=True)
        return 0


def _summary(table: TokenTable) -> Table:
    """What each part's column holds."""
    shown = Table(title="Tokens", title_justify="left")
    for column in ("part", "method", "tokens", "tokens/s", "bits/s", "used codes", "invalid"):
        shown.add_column(column, justify="left" if column in ("part", "method") else "right")
    for part, info in table.parts.items():
        shown.add_row(part, escape(str(info.config["method"])), *_figures(info))
    return shown


def _figures(info: PartInfo) -> tuple[str, ...]:
    return (
        f"{info.tokens:,}",
        f"{info.fps / info.frames_per_token:.3f}",
        f"{info.bits_per_s:.1f}",
        f"{', '.join(f'{used:,}' for used in info.used_codes)} of {info.codebook_size:,}",
        f"{info.invalid_tokens / max(info.tokens, 1):.1%}",
    )
