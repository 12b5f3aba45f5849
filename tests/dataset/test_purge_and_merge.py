"""Taking a source out leaves nothing of it; putting datasets together doubles nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path

import pytest

from nonverbal.dataset.manifest import ARRAYS_DIR, TOKENS_DIR
from nonverbal.dataset.merge import merge
from nonverbal.dataset.purge import purge
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_source
from nonverbal.dataset.validate import validate
from nonverbal.verdicts import UserError


def everything_in(root: Path) -> bytes:
    """All names and bytes under a folder; text columns are compressed, so tables are read as rows."""
    dataset = open_dataset(root)
    tables = [*dataset.rows(), *dataset.sources(), *dataset.clips()]
    names = [path.relative_to(root).as_posix() for path in root.rglob("*")]
    texts = [path.read_text() for path in (root / "README.md", root / "dataset.json")]
    return json.dumps([tables, names, texts]).encode()


def test_purge_leaves_no_row_and_no_file(dataset_dir: Path) -> None:
    source = synthetic_source(2)
    clip_id = synthetic_clip(source).clip_id
    assert source.source_id.encode() in everything_in(dataset_dir)
    before = open_dataset(dataset_dir)
    kept = {i: before.split(i) for i in before.ids() if i != clip_id}

    def forget(ids: Collection[str]) -> None:
        assert set(ids) == {source.source_id, clip_id}
        for path in (dataset_dir / ".nonverbal").rglob("*.parquet"):
            if path.name.split(".")[0] in ids:
                path.unlink()

    for derived in (TOKENS_DIR, ARRAYS_DIR):  # what was made from everybody's motion
        (dataset_dir / derived).mkdir(parents=True)
        (dataset_dir / derived / "made").write_bytes(b"from " + source.source_id.encode())
    result = purge(dataset_dir, source.source_id, forget)
    assert not (dataset_dir / TOKENS_DIR).exists()
    assert not (dataset_dir / ARRAYS_DIR).exists()
    left = everything_in(dataset_dir)
    for trace in (source.source_id, clip_id, source.title):
        assert trace.encode() not in left
    after = open_dataset(dataset_dir)
    assert {i: after.split(i) for i in after.ids()} == kept
    assert result.manifest.content_hash == after.content_hash != before.content_hash
    assert validate(dataset_dir) == []


def test_purging_equals_never_having_seen(dataset_dir: Path, build: Callable[..., Path]) -> None:
    purge(dataset_dir, synthetic_source(5).source_id, lambda ids: None)
    other = build(range(5), name="other")
    assert open_dataset(dataset_dir).content_hash == open_dataset(other).content_hash
    for name in ("sources.parquet", "clips.parquet", "README.md"):
        assert (dataset_dir / name).read_bytes() == (other / name).read_bytes(), name


def test_purging_everything_leaves_an_empty_dataset(dataset_dir: Path) -> None:
    for talk in range(6):
        purge(dataset_dir, synthetic_source(talk).source_id, lambda ids: None)
    assert len(open_dataset(dataset_dir)) == 0
    assert not list((dataset_dir / "motion").iterdir())
    assert not list((dataset_dir / "dialogues").iterdir())
    assert validate(dataset_dir) == []


def test_purging_an_unknown_source_is_a_mistake(dataset_dir: Path) -> None:
    with pytest.raises(UserError, match="no source 'abc' among its 6"):
        purge(dataset_dir, "abc", lambda ids: None)


def test_merging_takes_each_dialogue_once(build: Callable[..., Path], tmp_path: Path) -> None:
    parts = [build(range(4), name="one"), build(range(2, 6), name="two")]
    result = merge(tmp_path / "merged", parts)
    whole = build(range(6), name="whole")
    assert result.manifest.content_hash == open_dataset(whole).content_hash
    assert open_dataset(tmp_path / "merged").sources() == open_dataset(whole).sources()
    assert result.manifest.statistics == open_dataset(whole).manifest.statistics
    assert validate(tmp_path / "merged") == []
    assert all(validate(part) == [] for part in parts)


def test_merging_into_a_dataset_is_refused(build: Callable[..., Path]) -> None:
    one, two = build(range(1), name="one"), build(range(1, 2), name="two")
    with pytest.raises(UserError, match="is a dataset already"):
        merge(one, [two])


def test_merging_other_spaces_is_refused(build: Callable[..., Path], tmp_path: Path) -> None:
    one, two = build(range(1), name="one"), build(range(1, 2), name="two")
    text = (two / "dataset.json").read_text()
    (two / "dataset.json").write_text(text.replace('"arkit52"', '"flame53"'))
    with pytest.raises(UserError, match=r"two: got motion of \('flame53', .*expected \('arkit52'"):
        merge(tmp_path / "merged", [one, two])
