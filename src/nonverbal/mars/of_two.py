"""Which dialogues a model can learn from and be measured on: those of at most two people.

A stream has two sides, the model and its partner. A third person's words would be put into the mouth of nobody, so that
dialogues of three or more are left out as a whole, and counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nonverbal.dataset.parquet import open_parquet, read_row_group
from nonverbal.dataset.read import Dataset, dialogue_shards
from nonverbal.dataset.schema import DIALOGUE_SCHEMA
from nonverbal.verdicts import RejectedError, UserError

_MOST = 2


@dataclass(frozen=True, slots=True)
class OfTwo:
    """Dialogues of a split, or of all.

    Attributes:
        ids: those of at most two people, in the order of the dataset.
        left_out: how many others there are.
    """

    ids: tuple[str, ...]
    left_out: int


def of_two(dataset: Dataset, split: str | None = None) -> OfTwo:
    """The dialogues of a split that have at most two participants; only their ids and names are read.

    Raises:
        UserError: a file is damaged.
    """
    ids, crowded = dataset.ids(split), _crowded(dataset)
    kept = tuple(i for i in ids if i not in crowded)
    return OfTwo(kept, len(ids) - len(kept))


def nothing_of_two(dataset: Dataset, split: str, left_out: int) -> str:
    """The sentence for a split that a model can do nothing with."""
    if left_out:
        return (
            f"{dataset.root}: all {left_out} dialogues of the split {split!r} have three or more people, expected some "
            'of two, which is what a model learns from: add data built with --participants 2 or "2..6"'
        )
    counts = ", ".join(f"{name} {count}" for name, count in dataset.manifest.splits.items()) or "nothing"
    return f"{dataset.root}: no dialogue in the split {split!r}; it has {counts}: choose another or add data"


def crowded_out(datasets: Sequence[Dataset]) -> str:
    """How many dialogues are left out of several datasets, as a sentence; empty where none is."""
    count = sum(of_two(dataset).left_out for dataset in datasets)
    return f"{count:,} dialogues of three or more people are left out: a model has one partner." if count else ""


def _crowded(dataset: Dataset) -> set[str]:
    """Ids of the dialogues with more people."""
    found: set[str] = set()
    try:
        for name in dialogue_shards(dataset.manifest):
            path = dataset.root / name
            with open_parquet(path, DIALOGUE_SCHEMA) as file:
                for group in range(file.num_row_groups):
                    table = read_row_group(file, group, path, ["dialogue_id", "participants"])
                    pairs = zip(table["dialogue_id"].to_pylist(), table["participants"].to_pylist(), strict=True)
                    found |= {dialogue_id for dialogue_id, names in pairs if len(names) > _MOST}
    except RejectedError as error:
        raise UserError(str(error)) from error
    return found
