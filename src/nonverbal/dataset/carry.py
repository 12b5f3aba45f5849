"""Carrying dialogues from a dataset on disk into one to be written: what purging and merging share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nonverbal.dataset.read import Dataset
from nonverbal.dataset.rows import Row, completed
from nonverbal.dataset.splits import group_of
from nonverbal.dataset.write import Entry


def carry_entries(dataset: Dataset, wanted: Callable[[Row], bool]) -> list[Entry]:
    """Entries of the dialogues whose row is `wanted`; rows are read again when their turn comes, motion is linked."""
    return [
        Entry(
            dialogue_id=row["dialogue_id"],
            group=group_of(row["channel"], row["source_id"]),
            key=dataset.content_hash,
            motion=dataset.motion_path(row["dialogue_id"]),
            load_row=partial(_load, dataset, row["dialogue_id"]),
            split=dataset.split(row["dialogue_id"]) if dataset.manifest.given_splits else "",
        )
        for row in dataset.rows()
        if wanted(row)
    ]


def _load(dataset: Dataset, dialogue_id: str) -> Row:
    return completed(dataset.row(dialogue_id))
