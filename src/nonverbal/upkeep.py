"""Looking after a dataset: trying again what failed, taking a source out, clearing old results, joining datasets."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import tyro
from rich.console import Console

from nonverbal import catalogue
from nonverbal.dataset.manifest import MANIFEST_NAME
from nonverbal.dataset.merge import merge
from nonverbal.dataset.purge import purge
from nonverbal.dataset.read import open_dataset
from nonverbal.external.raw import trim_raw
from nonverbal.pipeline.lock import Output, claim
from nonverbal.pipeline.observe import RunRecord
from nonverbal.pipeline.plan import Plan
from nonverbal.pipeline.store import HOME, JsonCodec, commit_sealed, prune, retry
from nonverbal.serve.library_map import map_file
from nonverbal.settings import load_settings
from nonverbal.verdicts import Reason, UserError

_LEAST_PREFIX = 8


@dataclass(frozen=True)
class Retry:
    """Give sources and clips that were set aside in quarantine another chance in the next build."""

    dataset: tyro.conf.Positional[Path]
    """Folder of the dataset."""
    reason: Reason | None = None
    """Only what failed for this reason, such as E_TIMEOUT; everything when left out."""

    def run(self, console: Console) -> int:
        with _held(self.dataset) as output:
            count = retry(output.artefacts, self.reason)
        what = "source or clip" if count == 1 else "sources and clips"
        why = f" for {self.reason}" if self.reason else ""
        console.print(
            f"{count} {what} set aside{why} will be tried again by the next `nonverbal build`.", highlight=False
        )
        return 0


@dataclass(frozen=True)
class Purge:
    """Take a source out of a dataset, with every row, file, token and stored result that was made from it."""

    dataset: tyro.conf.Positional[Path]
    """Folder of the dataset."""
    source: str
    """Id of the source, or the beginning of it (8 letters or more); sources.parquet and `nonverbal view` list them."""

    def run(self, console: Console) -> int:
        with _held(self.dataset) as output:
            dataset = open_dataset(self.dataset)
            row = _source(dataset.sources(), self.source, self.dataset)
            source_id = str(row["source_id"])
            before = dataset.content_hash
            written = purge(self.dataset, source_id, lambda ids: forget(output, ids, before))
            trim_raw(self.dataset, open_dataset(self.dataset).ids())
        console.print(
            f"{source_id} is gone; {sum(written.manifest.splits.values())} dialogues are left.", highlight=False
        )
        console.print(
            "Its video is yours to delete, and to leave out of the next build, which would take it in again:",
            highlight=False,
        )
        console.print(f"    {row['file_name']}", markup=False, highlight=False, soft_wrap=True)
        return 0


@dataclass(frozen=True)
class Prune:
    """Remove stored results of settings that are no longer used; the dataset itself does not change."""

    dataset: tyro.conf.Positional[Path]
    """Folder of the dataset."""
    config: Path | None = None
    """Settings whose results are kept, as given to `build`; those that the dataset was made with when left out."""

    def run(self, console: Console) -> int:
        settings = load_settings(self.config).settled() if self.config else load_settings(self.dataset / MANIFEST_NAME)
        with _held(self.dataset) as output:
            count = prune(output.artefacts, Plan(settings.source_stages, settings.clip_stages))
        console.print(f"{count} results of other settings removed.", highlight=False)
        return 0


@dataclass(frozen=True)
class Merge:
    """Several datasets into a new one; a dialogue that several hold is taken from the first."""

    datasets: tyro.conf.Positional[tuple[Path, ...]]
    """Folders of the datasets."""
    out: Path
    """Folder of the new dataset."""

    def run(self, console: Console) -> int:
        written = merge(self.out, self.datasets)
        console.print(
            f"{sum(written.manifest.splits.values())} dialogues, content hash {written.manifest.content_hash[:16]}",
            highlight=False,
        )
        return 0


def forget(output: Output, ids: Collection[str], content_hash: str) -> None:
    """Removes all that is kept beside a dataset about the source and the clips in `ids`.

    Args:
        content_hash: of the dataset as it was, under which a map of its participants may be cached.
    """
    for folder in (output.attempts, *output.artefacts.glob("*")):
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name.lstrip(".").partition(".")[0] in ids:
                path.unlink(missing_ok=True)
    for path in output.runs.glob("*.json"):
        _forget_in_run(path, ids)
    catalogue.forget(output, ids)
    map_file(content_hash).unlink(missing_ok=True)


def _forget_in_run(path: Path, ids: Collection[str]) -> None:
    try:
        record: RunRecord = JsonCodec(RunRecord).read(path)
    except ValueError:
        path.unlink(missing_ok=True)  # damaged; it may name the source, and nothing depends on it
        return
    units = tuple(unit for unit in record.units if unit.unit_id not in ids)
    if units != record.units:
        commit_sealed(path, RunRecord, replace(record, units=units))


def _source(rows: list[dict[str, object]], given: str, path: Path) -> dict[str, object]:
    if len(given) < _LEAST_PREFIX:
        raise UserError(f"--source {given!r}: expected an id, or at least its first {_LEAST_PREFIX} letters")
    found = [row for row in rows if str(row["source_id"]).startswith(given)]
    if len(found) != 1:
        hint = f"expected one of its {len(rows)}, which sources.parquet lists"
        raise UserError(f"{path}: {len(found)} sources begin with {given!r}, {hint}")
    return found[0]


@contextmanager
def _held(path: Path) -> Iterator[Output]:
    """The folder of a dataset, for this process alone."""
    if not ((path / MANIFEST_NAME).is_file() or (path / HOME).is_dir()):
        raise UserError(f"{path}: holds no dataset; expected a folder that `nonverbal build` wrote to")
    with claim(path) as output:
        yield output
