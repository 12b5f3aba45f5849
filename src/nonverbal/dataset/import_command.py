"""`nonverbal import venus`: the command."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from nonverbal.verdicts import UserError

if TYPE_CHECKING:  # pyarrow and the tables take half a second to load, which no other command has to wait for
    from nonverbal.dataset.import_venus import Imported, Tick
    from nonverbal.dataset.venus_files import Origin

_MOST_SENTENCES = 10


@dataclass(frozen=True)
class ImportVenus:
    """The published VENUS rows as a dataset of ours: flame53 faces and smplx117 bodies of who talks."""

    source: tyro.conf.Positional[str]
    """A Parquet or JSONL file, a folder of them, or hub:OWNER/NAME[@REVISION] on the Hugging Face hub."""
    out: Path
    """Folder of the dataset to be; it must not exist."""
    splits: tuple[str, ...] = ("train", "test")
    """Published splits to read; rows keep theirs. A file whose name tells of none counts as train."""
    limit: int | None = None
    """Most rows to read of each split."""
    train_share: float = 1.0
    """Share of the videos of the published train split that stay in train; the others become validation, which is
    not published."""

    def run(self, console: Console) -> int:
        from nonverbal.dataset.import_venus import import_rows
        from nonverbal.dataset.venus_files import find_rows

        if self.limit is not None and self.limit < 1:
            raise UserError(f"--limit is {self.limit}, expected at least 1")
        origin = find_rows(self.source, self.splits)
        start = time.perf_counter()
        with _watching(console, origin, self.limit) as tick:
            imported = import_rows(origin, self.out, self.limit, self.train_share, tick)
        _show(imported, time.perf_counter() - start, console)
        return 0 if imported.counts.rows["kept"] else 1


@contextmanager
def _watching(console: Console, origin: Origin, limit: int | None) -> Iterator[Tick]:
    """A tick that draws a bar with rate and time left where somebody looks."""
    if not console.is_terminal:
        yield lambda done: None
        return
    columns = (TextColumn("rows"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    times = (TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, *times, console=console, transient=True) as progress:
        bar = progress.add_task("", rate="", total=_total(origin, limit))

        def tick(done: int) -> None:
            speed = progress.tasks[bar].speed
            progress.update(bar, completed=done, rate=f"{speed:.2f} rows/s" if speed else "")

        yield tick


def _total(origin: Origin, limit: int | None) -> int | None:
    """Rows to be read; None where only reading them would tell."""
    totals: Counter[str] = Counter()
    for file in origin.files:
        rows = file.count()
        if rows is None:
            return None
        totals[file.split] += rows
    return sum(total if limit is None else min(total, limit) for total in totals.values())


def _show(imported: Imported, seconds: float, console: Console) -> None:
    from nonverbal.dataset.venus_motion import FATES

    counts = imported.counts
    table = Table(title="Import", title_justify="left", show_header=False)
    table.add_column("what")
    table.add_column("count", justify="right")
    for verdict, number in sorted(counts.rows.items(), key=lambda item: (item[0] != "kept", item[0])):
        table.add_row(f"rows: {verdict}", f"{number:,}")
    table.add_section()
    told = (counts.turns, counts.harmful, counts.words, counts.interpolated)
    for what, number in zip(("turns", "harmful turns", "words", "words with filled-in times"), told, strict=True):
        table.add_row(what, f"{number:,}")
    for why, number in sorted(counts.utterances.items()):
        table.add_row(f"utterances left out: {why}", f"{number:,}")
    for part, fates in (("face", counts.face), ("body", counts.body)):
        table.add_section()
        for fate in FATES:
            if fates[fate] or fate == FATES[0]:
                table.add_row(f"{part} frames {fate}", f"{fates[fate]:,}")
    rows = counts.rows.total()
    table.caption = f"{rows / seconds:.2f} rows/s"
    console.print(table)
    _show_end(imported, console)


def _show_end(imported: Imported, console: Console) -> None:
    for sentence in imported.sentences[:_MOST_SENTENCES]:
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)
    if len(imported.sentences) > _MOST_SENTENCES:
        console.print(f"... and {len(imported.sentences) - _MOST_SENTENCES} more: see clips.parquet")
    manifest = imported.written.manifest
    splits = ", ".join(f"{count} {split}" for split, count in manifest.splits.items() if count)
    console.print(f"Dataset written: {splits or 'no'} dialogues, content hash {manifest.content_hash[:16]}")
