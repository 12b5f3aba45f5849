"""Datasets of the layout before this one are read, checked and carried over; what came later is empty in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nonverbal.dataset.content import dialogue_lines, read_summary
from nonverbal.dataset.manifest import file_entry, read_manifest, write_manifest
from nonverbal.dataset.merge import merge
from nonverbal.dataset.parquet import WRITE_OPTIONS
from nonverbal.dataset.read import dialogue_shards, open_dataset
from nonverbal.dataset.rows import Row
from nonverbal.dataset.schema import DIALOGUE_SCHEMA, VERSION_KEY, as_of
from nonverbal.dataset.validate import validate
from nonverbal.verdicts import UserError


def older(row: Row) -> Row:
    """A row as version 1 had it."""
    turns = [
        {key: value for key, value in turn.items() if key != "harm_scores"}
        | {"words": [{k: v for k, v in word.items() if k != "prosody"} for word in turn["words"]]}
        for turn in row["turns"]
    ]
    return {key: value for key, value in row.items() if key != "events"} | {"turns": turns}


def make_older(root: Path) -> Path:
    """Turn a dataset into what a release of version 1 would have written."""
    dataset = open_dataset(root)
    manifest, files, total = dataset.manifest, dict(dataset.manifest.files), hashlib.sha256()
    for dialogue_id in sorted(dataset.ids()):
        motion = read_summary(dataset.motion_path(dialogue_id))
        total.update(dialogue_lines(older(dataset.row(dialogue_id)), motion.rows))
    schema = as_of(DIALOGUE_SCHEMA, 1).with_metadata({VERSION_KEY: "1"})
    for name in dialogue_shards(manifest):
        rows = [older(row) for row in pq.read_table(root / name).to_pylist()]
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), root / name, **WRITE_OPTIONS)
        files[name] = file_entry(root / name)
    digest = total.hexdigest()
    statistics = manifest.statistics | {"content_hash": digest}
    changed = {"schema_version": 1, "files": files, "content_hash": digest, "statistics": statistics}
    write_manifest(root / "dataset.json", replace(manifest, **changed))
    return root


def test_version_1_is_read_with_what_came_later_empty(dataset_dir: Path) -> None:
    before = {i: open_dataset(dataset_dir).dialogue(i) for i in open_dataset(dataset_dir).ids()}
    dataset = open_dataset(make_older(dataset_dir))
    assert "events" not in dataset.row(dataset.ids()[0])
    for dialogue_id, new in before.items():
        old = dataset.dialogue(dialogue_id)
        assert new.events, "there must be something to be without"
        assert old.events == ()
        assert [t.text for t in old.turns] == [t.text for t in new.turns]
        assert all(t.harm_scores == () and t.harm is not None for t in old.turns)
        assert all(word.prosody is None for t in old.turns for word in t.words)
    assert validate(dataset_dir) == []


def test_version_1_and_2_merge_to_2(build: Callable[..., Path], tmp_path: Path) -> None:
    old, new = make_older(build(range(2), "old")), build(range(2, 4), "new")
    merge(tmp_path / "both", [old, new])
    both = open_dataset(tmp_path / "both")
    assert read_manifest(tmp_path / "both").schema_version == 2
    assert validate(tmp_path / "both") == []
    assert [bool(both.row(i)["events"]) for i in (*open_dataset(old).ids(), *open_dataset(new).ids())] == [
        False, False, True, True,
    ]  # fmt: skip
    words = [w for i in open_dataset(new).ids() for t in both.dialogue(i).turns for w in t.words]
    assert {word.prosody is None for word in words} == {True, False}


def test_columns_of_the_other_version_are_no_part_of_one(dataset_dir: Path) -> None:
    manifest = read_manifest(make_older(dataset_dir))
    path = dataset_dir / dialogue_shards(manifest)[0]
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({VERSION_KEY: "2"}), path, **WRITE_OPTIONS)
    with pytest.raises(UserError, match="column 'events' is missing"):
        open_dataset(dataset_dir)
