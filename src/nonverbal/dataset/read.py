"""Reading a dataset: dialogues one at a time, motion as views into Arrow's memory, nothing loaded before it is needed.

Example::

    dataset = open_dataset(Path("DATASET"))
    for dialogue in dataset:
        motion = dataset.motion(dialogue.clip.clip_id, "A", smooth=True)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nonverbal.dataset.manifest import CLIPS_NAME, DIALOGUES_DIR, MOTION_DIR, SOURCES_NAME, Manifest, read_manifest
from nonverbal.dataset.motion_codec import column_view, motion_of_row
from nonverbal.dataset.parquet import open_parquet, read_row_group
from nonverbal.dataset.rows import Row
from nonverbal.dataset.schema import (
    ARRAY_COLUMNS,
    CLIP_SCHEMA,
    DIALOGUE_SCHEMA,
    SOURCE_SCHEMA,
    SPLITS,
    motion_schema,
)
from nonverbal.records import from_plain
from nonverbal.spaces import get_space
from nonverbal.types import Clip, Dialogue, Event, Motion, Turn
from nonverbal.verdicts import RejectedError, UserError

_OPEN_ROW_GROUPS = 4  # one a split, for walks in the order of ids across all splits, and one to spare


@dataclass(frozen=True, slots=True)
class _Place:
    shard: Path
    row_group: int
    row: int
    split: str


class Dataset:
    """A dataset on disk. Iterating gives its dialogues in the order of splits and ids.

    Attributes:
        root: its folder.
        manifest: the contents of ``dataset.json``.
    """

    def __init__(self, root: Path, manifest: Manifest, places: dict[str, _Place]) -> None:
        self.root = root
        self.manifest = manifest
        self._places = places
        self._row_group = lru_cache(_OPEN_ROW_GROUPS)(_read_dialogues)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, dialogue_id: object) -> bool:
        return dialogue_id in self._places

    def __iter__(self) -> Iterator[Dialogue]:
        return (self.dialogue(dialogue_id) for dialogue_id in self._places)

    @property
    def content_hash(self) -> str:
        return self.manifest.content_hash

    def ids(self, split: str | None = None) -> tuple[str, ...]:
        """Ids of the dialogues of one split, or of all."""
        return tuple(i for i, place in self._places.items() if split in (None, place.split))

    def split(self, dialogue_id: str) -> str:
        """The split that holds a dialogue."""
        return self._place(dialogue_id).split

    def row(self, dialogue_id: str) -> Row:
        """A dialogue's row of the table ``dialogues`` as plain values: text, times and events, no motion.

        A dataset of an earlier version lacks columns that came later; `nonverbal.dataset.rows.completed` adds them.
        """
        place = self._place(dialogue_id)
        row: Row = self._row_group(place.shard, place.row_group).slice(place.row, 1).to_pylist()[0]
        return row

    def rows(self) -> Iterator[Row]:
        """All rows of the table ``dialogues``."""
        return (self.row(dialogue_id) for dialogue_id in self._places)

    def dialogue(self, dialogue_id: str) -> Dialogue:
        """Everything about one dialogue."""
        row = self.row(dialogue_id)
        clip = Clip(dialogue_id, row["source_id"], row["start_s"], row["start_s"] + row["duration_s"])
        turns = from_plain(tuple[Turn, ...], row["turns"])
        participants = tuple(self.motion(dialogue_id, name) for name in row["participants"])
        events = from_plain(tuple[Event, ...], row.get("events", []))
        return Dialogue(clip, row["language"], turns, participants, events)

    def motion(self, dialogue_id: str, participant: str, smooth: bool = False) -> Motion:
        """The motion of one participant, as read-only views into Arrow's memory.

        Args:
            smooth: filter each valid stretch (Savitzky-Golay, window 5, order 2, as in the paper). What is stored is
                raw; smoothing makes copies.
        """
        motion = motion_of_row(self._motion_table(dialogue_id, participant))
        if not smooth:
            return motion
        from nonverbal.motion.smooth import (
            smooth_motion,
        )  # scipy takes a second to load, and most readers want raw values

        return smooth_motion(motion)

    def column(self, dialogue_id: str, participant: str, name: str) -> np.ndarray:
        """One motion column, [T, D] or [T]; the others are not read from disk."""
        if name not in ARRAY_COLUMNS:
            raise UserError(f"unknown motion column {name!r}; the columns are {', '.join(ARRAY_COLUMNS)}")
        return column_view(self._motion_table(dialogue_id, participant, name)[name], 0)

    def motion_path(self, dialogue_id: str) -> Path:
        """The file with the motion of a dialogue's participants."""
        return self.root / MOTION_DIR / f"{self.split(dialogue_id)}-{dialogue_id}.parquet"

    def sources(self) -> list[Row]:
        """All sources ever seen, with verdict and reason."""
        return _read_small(self.root / SOURCES_NAME, SOURCE_SCHEMA)

    def clips(self) -> list[Row]:
        """All clips ever cut, with verdict and reason."""
        return _read_small(self.root / CLIPS_NAME, CLIP_SCHEMA)

    def _place(self, dialogue_id: str) -> _Place:
        if dialogue_id not in self._places:
            raise UserError(f"{self.root}: no dialogue {dialogue_id!r} among its {len(self)}")
        return self._places[dialogue_id]

    def _motion_table(self, dialogue_id: str, participant: str, column: str | None = None) -> pa.Table:
        names = self.row(dialogue_id)["participants"]
        if participant not in names:
            raise UserError(f"{self.root}: dialogue {dialogue_id} has the participants {names}, not {participant!r}")
        path = self.motion_path(dialogue_id)
        spaces = get_space(self.manifest.face_space), get_space(self.manifest.body_space)
        with _open(path, motion_schema(spaces[0].dim, spaces[1].dim)) as file:
            return _row_group(file, names.index(participant), path, column)


def open_dataset(path: Path) -> Dataset:
    """Open the dataset in the folder `path`; only its manifest and the ids of its dialogues are read.

    Raises:
        UserError: it is no dataset, of another version, or a file is missing or damaged; the message names the file.
    """
    manifest = read_manifest(path)
    places: dict[str, _Place] = {}
    for name in dialogue_shards(manifest):
        shard = path / name
        with _open(shard, DIALOGUE_SCHEMA) as file:
            for group in range(file.num_row_groups):
                ids = _row_group(file, group, shard, "dialogue_id")["dialogue_id"].to_pylist()
                places |= {i: _Place(shard, group, row, _split_of(name)) for row, i in enumerate(ids)}
    return Dataset(path, manifest, places)


def dialogue_shards(manifest: Manifest) -> list[str]:
    """The files of the table ``dialogues`` in the order of splits and numbers."""
    names = [name for name in manifest.files if name.startswith(f"{DIALOGUES_DIR}/")]
    return sorted(names, key=lambda name: (SPLITS.index(_split_of(name)), name))


def _split_of(name: str) -> str:
    return Path(name).name.split("-", 1)[0]


def _open(path: Path, schema: pa.Schema) -> pq.ParquetFile:
    try:
        return open_parquet(path, schema)
    except RejectedError as error:
        raise UserError(str(error)) from error


def _row_group(file: pq.ParquetFile, index: int, path: Path, column: str | None = None) -> pa.Table:
    try:
        return read_row_group(file, index, path, None if column is None else [column])
    except RejectedError as error:
        raise UserError(str(error)) from error


def _read_dialogues(shard: Path, row_group: int) -> pa.Table:
    with _open(shard, DIALOGUE_SCHEMA) as file:
        return _row_group(file, row_group, shard)


def _read_small(path: Path, schema: pa.Schema) -> list[Row]:
    with _open(path, schema) as file:
        rows: list[Row] = [row for i in range(file.num_row_groups) for row in _row_group(file, i, path).to_pylist()]
    return rows
