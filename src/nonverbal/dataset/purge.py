"""Taking a source out of a dataset, rows and files, when someone asks for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from nonverbal.dataset.carry import carry_entries
from nonverbal.dataset.manifest import ARRAYS_DIR, TOKENS_DIR
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.write import Contents, WriteResult, write_dataset
from nonverbal.verdicts import UserError


def purge(path: Path, source_id: str, forget: Callable[[Collection[str]], None]) -> WriteResult:
    """Remove every row and file of a source from the dataset in `path`, and the tokens that were made from it.

    Channels keep their splits; the one exception is that of `nonverbal.dataset.splits`.

    Args:
        forget: called with the ids of the source and of its clips, to remove what else is kept under them (the
            results of stages, from which the next build would bring the dialogues back). It is called first, so that
            a purge that is interrupted can be called again.

    Raises:
        UserError: there is no dataset, or it never saw the source.
    """
    dataset = open_dataset(path)
    sources, clips = dataset.sources(), dataset.clips()
    if source_id not in {row["source_id"] for row in sources}:
        raise UserError(f"{path}: no source {source_id!r} among its {len(sources)}; sources.parquet lists them")
    forget([source_id, *(row["clip_id"] for row in clips if row["source_id"] == source_id)])
    contents = Contents(
        entries=carry_entries(dataset, lambda row: row["source_id"] != source_id),
        sources=[row for row in sources if row["source_id"] != source_id],
        clips=[row for row in clips if row["source_id"] != source_id],
        config=dataset.manifest.config,
        models=dataset.manifest.models,
    )
    for derived in (TOKENS_DIR, ARRAYS_DIR):  # made from the motion of all; they are made again by their commands
        shutil.rmtree(path / derived, ignore_errors=True)
    return write_dataset(path, contents, dataset.manifest.shares)
