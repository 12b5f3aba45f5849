"""Writing a dataset: one pass over the dialogues in the order of their ids, so the same dialogues give the same bytes.

Memory holds one batch of rows a split and the motion of nobody: motion files are published as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import nonverbal
from nonverbal.dataset.card import write_card
from nonverbal.dataset.content import MotionSummary, dialogue_lines, read_summary
from nonverbal.dataset.manifest import (
    CARD_NAME,
    CLIPS_NAME,
    DIALOGUES_DIR,
    MANIFEST_NAME,
    MOTION_DIR,
    SOURCES_NAME,
    FileEntry,
    Manifest,
    ModelUse,
    file_entry,
    read_manifest,
    write_manifest,
)
from nonverbal.dataset.parquet import WRITE_OPTIONS, versioned, write_table
from nonverbal.dataset.publish import check_output, is_intact, is_published, link_file, publish, start_staging
from nonverbal.dataset.rows import Row
from nonverbal.dataset.schema import CLIP_SCHEMA, DIALOGUE_SCHEMA, SCHEMA_VERSION, SOURCE_SCHEMA, SPLITS
from nonverbal.dataset.splits import SplitConfig, assign_splits
from nonverbal.dataset.stats import Tally, as_json
from nonverbal.records import dumps
from nonverbal.verdicts import UserError

ROWS_PER_GROUP = 16
"""Dialogues in one row group: what a reader decodes to get at one of them."""

GROUPS_PER_SHARD = 32
"""Row groups in one shard of the table ``dialogues``: 512 dialogues, about 10 MB of ten-minute talks."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A dialogue to be written. Its text is loaded when its turn comes, by `load_row`.

    Attributes:
        group: what must stay in one split (`splits.group_of`).
        key: changes whenever the row or the motion file changes.
        motion: the motion file, as `MotionCodec` wrote it.
        split: the split that its group is to be in; empty: as the shares have it.
    """

    dialogue_id: str
    group: str
    key: str
    motion: Path
    load_row: Callable[[], Row]
    split: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a dataset is written from.

    Attributes:
        sources, clips: rows of these tables.
        config: stage -> its resolved settings, in the order of the stages.
    """

    entries: Sequence[Entry]
    sources: Sequence[Row]
    clips: Sequence[Row]
    config: dict[str, Any] = field(default_factory=dict)
    models: tuple[ModelUse, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What was written; `changed` is false where the dataset already was what it should be."""

    manifest: Manifest
    changed: bool


def write_dataset(root: Path, contents: Contents, splits: SplitConfig) -> WriteResult:
    """Make the folder `root` hold exactly `contents`.

    Readers see whole files only, and ``dataset.json`` changes last. Nothing is written where nothing changed.

    Raises:
        UserError: two dialogues share an id, or dialogues differ in spaces or fps, or a motion file is damaged.
        OSError: the disk is full or cannot be written to; the published dataset is as before.
    """
    entries = sorted(contents.entries, key=lambda e: e.dialogue_id)
    for one, other in pairwise(entries):
        if one.dialogue_id == other.dialogue_id:
            raise UserError(f"{root}: two dialogues have the id {one.dialogue_id}; expected each clip once")
    inputs = _fingerprint(entries, contents, splits)
    check_output(root)
    old = _old_manifest(root)
    if old and old.inputs == inputs and is_intact(root, old):
        return WriteResult(old, changed=False)
    staging = start_staging(root)
    given = {e.group: e.split for e in reversed(entries) if e.split}
    split_of = assign_splits({e.group for e in entries}, splits, given)
    body = _Body(staging)
    files: dict[str, FileEntry] = {}
    for entry in entries:
        split = split_of[entry.group]
        body.add(entry, split)
        name = f"{MOTION_DIR}/{split}-{entry.dialogue_id}.parquet"
        files[name] = _stage_motion(entry.motion, root, staging, name, old)
    body.close()
    manifest = replace(_write_rest(staging, contents, body, files, inputs, splits), given_splits=bool(given))
    write_manifest(staging / MANIFEST_NAME, manifest)
    publish(root, staging, manifest)
    return WriteResult(manifest, changed=True)


def _old_manifest(root: Path) -> Manifest | None:
    try:
        return read_manifest(root)
    except UserError:
        return None  # absent, damaged or of another version: everything is written anew


def _fingerprint(entries: Sequence[Entry], contents: Contents, splits: SplitConfig) -> str:
    total = hashlib.sha256(
        dumps([nonverbal.__version__, SCHEMA_VERSION, splits, contents.config, contents.models]).encode()
    )
    for part in (((e.dialogue_id, e.group, e.key, e.split) for e in entries), contents.sources, contents.clips):
        for item in part:
            total.update(dumps(item).encode() + b"\n")
        total.update(b"\n")
    return total.hexdigest()


def _stage_motion(source: Path, root: Path, staging: Path, name: str, old: Manifest | None) -> FileEntry:
    place = root / name
    if is_published(source, place):
        known = old.files.get(name) if old else None
        return known if known and known.size_bytes == place.stat().st_size else file_entry(place)
    link_file(source, staging / name)
    return file_entry(staging / name)


class _Body:
    """The dialogues' rows on their way into shards, hashed and counted as they pass."""

    def __init__(self, staging: Path) -> None:
        self.tally = Tally()
        self.hash = hashlib.sha256()
        self.layout: tuple[str, str, float] | None = None
        self.splits = dict.fromkeys(SPLITS, 0)
        self._shards = {split: _Shards(staging / DIALOGUES_DIR, split) for split in SPLITS}

    def add(self, entry: Entry, split: str) -> None:
        summary = _read_summary(entry.motion)
        layout = (summary.face_space, summary.body_space, summary.fps)
        self.layout = self.layout or layout
        if layout != self.layout:
            raise UserError(f"{entry.motion}: got motion of {layout}, expected {self.layout} like the other dialogues")
        row = entry.load_row()
        found = (summary.clip_id, sorted(summary.rows))
        if found != (entry.dialogue_id, sorted(row["participants"])):
            raise UserError(
                f"{entry.motion}: got the motion of {found}, expected {entry.dialogue_id}, {row['participants']}"
            )
        self.tally.add(row, summary)
        self.hash.update(dialogue_lines(row, summary.rows))
        self.splits[split] += 1
        self._shards[split].add(row)

    def close(self) -> None:
        for shards in self._shards.values():
            shards.close()


class _Shards:
    """Shards of one split: ``train-00000.parquet`` and so on, closed when full; in the end the hash is added."""

    def __init__(self, folder: Path, split: str) -> None:
        self._folder, self._split = folder, split
        self._rows: list[Row] = []
        self._groups = 0
        self._writer: pq.ParquetWriter | None = None

    def add(self, row: Row) -> None:
        self._rows.append(row)
        if len(self._rows) == ROWS_PER_GROUP:
            self._write_group()

    def close(self) -> None:
        if self._rows:
            self._write_group()
        self._close_shard()

    def _write_group(self) -> None:
        schema = versioned(DIALOGUE_SCHEMA)
        if self._writer is None:
            path = self._folder / f"{self._split}-{self._groups // GROUPS_PER_SHARD:05}.parquet"
            self._writer = pq.ParquetWriter(path, schema, **WRITE_OPTIONS)
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=schema))
        self._rows = []
        self._groups += 1
        if self._groups % GROUPS_PER_SHARD == 0:
            self._close_shard()

    def _close_shard(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _read_summary(path: Path) -> MotionSummary:
    try:
        return read_summary(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: the motion file is missing or damaged ({error}); remove it and run again") from error


def _write_rest(
    staging: Path, contents: Contents, body: _Body, files: dict[str, FileEntry], inputs: str, shares: SplitConfig
) -> Manifest:
    face_space, body_space, fps = body.layout or ("", "", 0.0)
    stats = body.tally.statistics(body.hash.hexdigest())
    write_table(staging / SOURCES_NAME, contents.sources, SOURCE_SCHEMA)
    write_table(staging / CLIPS_NAME, contents.clips, CLIP_SCHEMA)
    tables = (contents.sources, contents.clips)
    card = write_card(stats, body.splits, (face_space, body_space), tables, contents.models, tuple(contents.config))
    (staging / CARD_NAME).write_text(card, encoding="utf-8")
    for path in sorted((staging / DIALOGUES_DIR).iterdir()):
        entry = file_entry(path)
        # the hash in the name keeps the old shards in place until dataset.json names the new ones
        name = path.rename(path.with_stem(f"{path.stem}-{entry.sha256[:8]}")).relative_to(staging).as_posix()
        files[name] = entry
    for path in (staging / SOURCES_NAME, staging / CLIPS_NAME, staging / CARD_NAME):
        files[path.relative_to(staging).as_posix()] = file_entry(path)
    return Manifest(
        schema_version=SCHEMA_VERSION,
        tool=f"nonverbal {nonverbal.__version__}",
        content_hash=stats.content_hash,
        inputs=inputs,
        face_space=face_space,
        body_space=body_space,
        fps=fps,
        shares=shares,
        splits=body.splits,
        statistics=as_json(stats),
        config=contents.config,
        models=contents.models,
        files=files,
    )
