"""What a person sees of a collection: a bar with rate and time left while it runs, and what became of it at the end."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from nonverbal.collect.archive import LIST_NAME, Archive
from nonverbal.collect.manners import Gate
from nonverbal.collect.run import Books
from nonverbal.media.names import printable

_MOST_SENTENCES = 20
_FILES = ("sound", "video")


@contextmanager
def watching(console: Console, gate: Gate) -> Iterator[Callable[[str, int, int], None]]:
    """A tick that draws what is at hand, and beside it all bytes so far, where somebody looks."""
    if not console.is_terminal:
        yield lambda what, done, of: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    note = TextColumn("{task.fields[note]}")
    with Progress(*columns, TimeRemainingColumn(), note, console=console, transient=True) as progress:
        everything = progress.add_task("[bold]fetched", total=None, note="")
        one = progress.add_task("", total=None, note="")

        def tick(what: str, done: int, of: int) -> None:
            if what == "found":
                progress.update(everything, note=f"{done} found")
                return
            if progress.tasks[one].description != what:
                progress.reset(one, description=what, total=None)
            is_file = what in _FILES
            progress.update(one, completed=done if is_file else 0, total=of or None if is_file else None)
            progress.update(one, note="" if is_file else f"{done} of {of}")

        gate.on_bytes = lambda count: progress.advance(everything, count)
        yield tick


def show_books(books: Books, archive: Archive, gate: Gate, console: Console) -> None:
    """Prints the summary of a run."""
    console.print(_table(books, gate))
    down = [record for record in books.records.values() if record.reason]
    for record in down[:_MOST_SENTENCES]:
        console.print(
            f"[yellow]{record.reason}[/] {escape(printable(record.message))}", highlight=False, soft_wrap=True
        )
    if len(down) > _MOST_SENTENCES:
        console.print(f"... and {len(down) - _MOST_SENTENCES} more: see the records")
    for record in books.taken_down:
        told = f"Taken down: {record.url}; delete {archive.root / record.media}, and: nonverbal purge DATASET --source"
        console.print(f"{printable(told)} {record.sha256}", style="red", markup=False, highlight=False, soft_wrap=True)
    if books.stopped:
        told = f"Stopped early: {books.stopped}; run the same again to go on."
        console.print(told, markup=False, highlight=False, soft_wrap=True)
    elif books.left:
        told = f"{books.left} were left for later, as their host asks not to be asked; run the same again to go on."
        console.print(told, highlight=False, soft_wrap=True)
    kept = sum(not record.reason for record in archive.records.values()) + len(archive.local)
    if kept:
        path = shlex.quote(str(archive.root / LIST_NAME))
        told = f"{kept} sources are ready: nonverbal build {path} --out DATASET"
        console.print(told, markup=False, highlight=False, soft_wrap=True)


def _table(books: Books, gate: Gate) -> Table:
    table = Table(title="Collection", title_justify="left")
    table.add_column("")
    table.add_column("sources", justify="right")
    table.add_column("bytes", justify="right")
    table.add_row("found", str(books.found), "")
    table.add_row("known from before", str(books.known), "")
    for reason, count in sorted(books.verdicts.items()):
        spared = sum(r.bytes_saved for r in books.records.values() if r.reason == reason)
        table.add_row(reason, str(count), f"{spared:,} saved" if spared else "")
    table.add_row("kept", str(books.kept), f"{sum(r.size_bytes for r in books.records.values()):,}")
    table.add_section()
    table.add_row("fetched in all", "", f"{gate.bytes_fetched:,}")
    table.add_row("saved by filters (as sites tell sizes)", "", f"{books.bytes_saved:,}")
    return table
