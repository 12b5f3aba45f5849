"""What a dataset can be searched and sorted by: a number a dialogue and column, and all text in one piece."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nonverbal.dataset.parquet import open_parquet, read_row_group
from nonverbal.dataset.read import Dataset, dialogue_shards
from nonverbal.dataset.schema import DIALOGUE_SCHEMA
from nonverbal.verdicts import RejectedError, UserError

_TURN = "turns.list.element"
_COLUMNS = (
    "dialogue_id", "source_id", "channel", "title", "language", "duration_s", "participants", f"{_TURN}.participant",
    f"{_TURN}.start_s", f"{_TURN}.end_s", f"{_TURN}.text", f"{_TURN}.harmful",
    f"{_TURN}.words.list.element.interpolated",
)  # fmt: skip
"""What the index reads; of the words, the smallest column, since only their number counts."""

_SEPARATOR = "\x1f"  # ends each text, so that no phrase is found across two of them; cleaned text has none

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Texts:
    """Lower-cased text of every dialogue, one after the other, searched as a whole."""

    def __init__(self, texts: Sequence[str]) -> None:
        parts = [text.lower().encode() for text in texts]
        self._starts = np.cumsum([0, *(len(part) for part in parts)]).tolist()
        self._all = b"".join(parts)
        self._count = len(parts)

    def having(self, term: str) -> Mask:
        """[N] true for each dialogue whose text holds `term`, in whatever case."""
        found, wanted = np.zeros(self._count, dtype=bool), term.lower().encode("utf-8", "replace")
        at = self._all.find(wanted)
        while at >= 0:
            number = bisect_right(self._starts, at) - 1
            found[number] = True
            at = self._all.find(wanted, self._starts[number + 1])
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """N dialogues, in the order of splits and ids.

    Attributes:
        ids, source_ids, titles, channels, languages, splits: [N] text.
        participants: [N] names.
        duration_s: [N] seconds; `n_turns`, `n_words`, `n_harmful` [N] counts.
        talk_s: [N] participant -> seconds in which they have a turn.
        texts: titles, channels and turns; `harmful_texts` the turns that are harmful.
        turns: [M] text of every turn; those of dialogue i are `first_turn[i]` to `first_turn[i + 1]`.
        harmful: [M] whether a turn is harmful.
    """

    ids: list[str]
    source_ids: list[str]
    titles: list[str]
    channels: list[str]
    languages: list[str]
    splits: list[str]
    participants: list[list[str]]
    duration_s: NDArray[np.float64]
    n_turns: Ints
    n_words: Ints
    n_harmful: Ints
    talk_s: list[dict[str, float]]
    texts: Texts
    harmful_texts: Texts
    turns: pa.ChunkedArray
    first_turn: Ints
    harmful: Mask

    def __len__(self) -> int:
        return len(self.ids)

    def turn_texts(self, number: int, harmful: bool) -> Iterator[str]:
        """What is said in a dialogue, turn by turn; harmful turns only where asked for."""
        for turn in range(self.first_turn[number], self.first_turn[number + 1]):
            if harmful or not self.harmful[turn]:
                yield self.turns[turn].as_py()


def build_index(dataset: Dataset) -> Index:
    """The index of a dataset; words and motion are not read.

    Raises:
        UserError: a file is damaged, or holds text that is no UTF-8.
    """
    try:
        tables = list(_tables(dataset))
        return _index(dataset, pa.concat_tables(tables) if tables else DIALOGUE_SCHEMA.empty_table())
    except RejectedError as error:
        raise UserError(str(error)) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{dataset.root}: a dialogue holds text that is no UTF-8; restore or rebuild it") from error


def _tables(dataset: Dataset) -> Iterator[pa.Table]:
    for name in dialogue_shards(dataset.manifest):
        path: Path = dataset.root / name
        with open_parquet(path, DIALOGUE_SCHEMA) as file:
            for group in range(file.num_row_groups):
                yield read_row_group(file, group, path, _COLUMNS)


def _index(dataset: Dataset, table: pa.Table) -> Index:
    turns = pc.list_flatten(table["turns"])
    part = {name: pc.struct_field(turns, name) for name in ("participant", "start_s", "end_s", "text", "harmful")}
    n_turns = _counts(table["turns"])
    first_turn = np.concatenate([[0], np.cumsum(n_turns)]).astype(np.int64)
    owner = np.repeat(np.arange(len(table)), n_turns)
    harmful = part["harmful"].to_numpy(zero_copy_only=False) if len(turns) else np.zeros(0, dtype=bool)
    words = _counts(pc.struct_field(turns, "words"))
    ids, titles, channels = (table[name].to_pylist() for name in ("dialogue_id", "title", "channel"))
    texts, harmful_texts = _texts(part["text"], first_turn, harmful)
    named = [
        f"{title}{_SEPARATOR}{channel}{_SEPARATOR}{text}"
        for title, channel, text in zip(titles, channels, texts, strict=True)
    ]
    return Index(
        ids=ids,
        source_ids=table["source_id"].to_pylist(),
        titles=titles,
        channels=channels,
        languages=table["language"].to_pylist(),
        splits=[dataset.split(i) for i in ids],
        participants=table["participants"].to_pylist(),
        duration_s=np.nan_to_num(table["duration_s"].to_numpy(), posinf=0.0, neginf=0.0),
        n_turns=n_turns,
        n_words=_sums(owner, words, len(table)),
        n_harmful=_sums(owner, harmful, len(table)),
        talk_s=_talk(part, owner, len(table)),
        texts=Texts(named),
        harmful_texts=Texts(harmful_texts),
        turns=part["text"],
        first_turn=first_turn,
        harmful=harmful,
    )


def _counts(lists: pa.ChunkedArray) -> Ints:
    return np.asarray(pc.list_value_length(lists).to_numpy(zero_copy_only=False) if len(lists) else [], dtype=np.int64)


def _sums(owner: Ints, values: NDArray[np.generic], count: int) -> Ints:
    return np.bincount(owner, weights=values.astype(np.float64), minlength=count).astype(np.int64)


def _texts(turns: pa.ChunkedArray, first_turn: Ints, harmful: Mask) -> tuple[list[str], list[str]]:
    """[N] what is said in each dialogue, and [N] what of it is harmful, kept apart."""
    said, kept, withheld = turns.to_pylist(), [], []
    for first, end in pairwise(first_turn.tolist()):
        kept.append(_SEPARATOR.join(said[i] for i in range(first, end) if not harmful[i]) + _SEPARATOR)
        withheld.append("".join(said[i] + _SEPARATOR for i in range(first, end) if harmful[i]))
    return kept, withheld


def _talk(part: dict[str, pa.ChunkedArray], owner: Ints, count: int) -> list[dict[str, float]]:
    """[N] seconds that each participant's turns take."""
    talk: list[dict[str, float]] = [{} for _ in range(count)]
    seconds = np.nan_to_num(part["end_s"].to_numpy() - part["start_s"].to_numpy(), posinf=0.0, neginf=0.0)
    for number, name, length in zip(owner.tolist(), part["participant"].to_pylist(), seconds.tolist(), strict=True):
        talk[number][name] = talk[number].get(name, 0.0) + length
    return talk
