"""Validation: a sound dataset passes, and everything done to it is found and named."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nonverbal.dataset import motion_codec
from nonverbal.dataset.check_values import motion_faults, row_faults
from nonverbal.dataset.manifest import file_entry
from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.schema import ClipMotion
from nonverbal.dataset.synthetic import synthetic_clip, synthetic_motion, synthetic_source
from nonverbal.dataset.validate import Problem, validate
from nonverbal.types import Motion
from nonverbal.verdicts import Reason, UserError


def reseal(root: Path, name: str) -> None:
    """Make the manifest agree with a changed file, as a clumsy or malicious editor would."""
    manifest = json.loads((root / "dataset.json").read_text())
    manifest.pop("seal", None)
    manifest["files"][name] = dataclasses.asdict(file_entry(root / name))
    (root / "dataset.json").write_text(json.dumps(manifest))


def one_file(root: Path, pattern: str) -> tuple[Path, str]:
    path = sorted(root.glob(pattern))[0]
    return path, path.relative_to(root).as_posix()


def about(problems: list[Problem], name: str) -> set[Reason]:
    return {p.reason for p in problems if p.file == name}


def test_a_fresh_dataset_has_no_problems(dataset_dir: Path) -> None:
    assert validate(dataset_dir) == []


def test_an_empty_dataset_has_no_problems(build: Callable[..., Path]) -> None:
    assert validate(build(range(0))) == []


@pytest.mark.parametrize("pattern", ["dialogues/*", "motion/*", "sources.parquet", "clips.parquet", "README.md"])
@pytest.mark.parametrize("place", [0.01, 0.3, 0.6, 0.999])
def test_a_flipped_byte_anywhere_is_found(dataset_dir: Path, pattern: str, place: float) -> None:
    path, name = one_file(dataset_dir, pattern)
    data = bytearray(path.read_bytes())
    data[int(len(data) * place)] ^= 0x10
    path.write_bytes(data)
    problems = validate(dataset_dir)
    assert Reason.E_HASH in about(problems, name)
    assert {p.file for p in problems} == {name}


@pytest.mark.parametrize("place", [0.1, 0.4])
def test_a_flipped_page_is_found_even_if_the_manifest_was_changed_too(dataset_dir: Path, place: float) -> None:
    path, name = one_file(dataset_dir, "motion/*")
    data = bytearray(path.read_bytes())
    data[int(len(data) * place)] ^= 0x10
    path.write_bytes(data)
    reseal(dataset_dir, name)
    assert about(validate(dataset_dir), name) == {Reason.E_HASH}


@pytest.mark.parametrize("pattern", ["dialogues/*", "motion/*", "sources.parquet", "clips.parquet"])
def test_a_file_without_footer_is_found(dataset_dir: Path, pattern: str) -> None:
    path, name = one_file(dataset_dir, pattern)
    path.write_bytes(path.read_bytes()[:-20])
    reseal(dataset_dir, name)
    assert about(validate(dataset_dir), name) == {Reason.E_HASH}


@pytest.mark.parametrize("pattern", ["dialogues/*", "motion/*", "README.md", "sources.parquet"])
def test_a_missing_file_is_found(dataset_dir: Path, pattern: str) -> None:
    path, name = one_file(dataset_dir, pattern)
    path.unlink()
    problems = validate(dataset_dir)
    assert about(problems, name) == {Reason.E_HASH}
    assert any("missing" in p.message for p in problems)


def rewrite(root: Path, pattern: str, change: Callable[[pa.Table], pa.Table]) -> str:
    path, name = one_file(root, pattern)
    table = pq.read_table(path)
    metadata = pq.read_metadata(path).metadata
    changed = change(table)
    with pq.ParquetWriter(path, changed.schema.with_metadata(table.schema.metadata)) as writer:
        for i in range(len(changed)):
            writer.write_table(changed.slice(i, 1))
        writer.add_key_value_metadata({k: v for k, v in metadata.items() if k != b"ARROW:schema"})
    reseal(root, name)
    return name


@pytest.mark.parametrize("pattern", ["dialogues/*", "motion/*", "sources.parquet", "clips.parquet"])
def test_columns_that_are_extra_missing_or_of_another_type_are_named(dataset_dir: Path, pattern: str) -> None:
    def extra(table: pa.Table) -> pa.Table:
        return table.append_column("mood", pa.array(["good"] * len(table)))

    name = rewrite(dataset_dir, pattern, extra)
    assert [(p.reason, p.file) for p in validate(dataset_dir)] == [(Reason.E_SCHEMA, name)]
    assert "column 'mood' is not part of the schema" in validate(dataset_dir)[0].message
    column = pq.read_schema(dataset_dir / name).names[2]
    rewrite(dataset_dir, pattern, lambda table: table.drop_columns(["mood", column]))
    assert f"column {column!r} is missing" in validate(dataset_dir)[0].message


def test_a_column_of_another_type_is_named(dataset_dir: Path) -> None:
    def widen(table: pa.Table) -> pa.Table:
        i = table.schema.get_field_index("speaking")
        return table.set_column(i, "speaking", table["speaking"].cast(pa.list_(pa.int64())))

    name = rewrite(dataset_dir, "motion/*", widen)
    problems = validate(dataset_dir)
    assert [(p.reason, p.file) for p in problems] == [(Reason.E_SCHEMA, name)]
    assert "column 'speaking' is list<element: int64>, expected list<element: uint8 not null>" in problems[0].message


def test_extension_types_are_refused(dataset_dir: Path) -> None:
    class Loud(pa.ExtensionType):
        def __init__(self) -> None:
            super().__init__(pa.string(), "loud")

        def __arrow_ext_serialize__(self) -> bytes:
            return b""

    def disguise(table: pa.Table) -> pa.Table:
        values = pa.ExtensionArray.from_storage(Loud(), table["title"].combine_chunks())
        return table.set_column(table.schema.get_field_index("title"), "title", values)

    name = rewrite(dataset_dir, "sources.parquet", disguise)
    problems = validate(dataset_dir)
    assert [(p.reason, p.file) for p in problems] == [(Reason.E_SCHEMA, name)]
    assert "extension types" in problems[0].message


def test_nan_is_found_even_in_a_file_that_is_otherwise_right(
    dataset_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, name = one_file(dataset_dir, "motion/*")
    motion = MotionCodec().read(path)
    face = motion.participants[1].face.copy()
    face[5, 5] = np.nan
    broken = dataclasses.replace(motion.participants[1], face=face)
    monkeypatch.setattr(motion_codec, "check_motion", lambda motion: None)
    MotionCodec().write(path, ClipMotion(motion.clip_id, (motion.participants[0], broken)))
    reseal(dataset_dir, name)
    problems = validate(dataset_dir)
    assert about(problems, name) == {Reason.E_NONFINITE}
    assert "participant B, column face: 1 values are NaN" in next(p.message for p in problems if p.file == name)
    assert about(problems, "dataset.json") == {Reason.E_HASH}


def test_motion_of_another_clip_is_found(dataset_dir: Path) -> None:
    (one, name), (other, _) = one_file(dataset_dir, "motion/*"), (sorted(dataset_dir.glob("motion/*"))[1], "")
    one.unlink()
    one.write_bytes(other.read_bytes())
    reseal(dataset_dir, name)
    assert about(validate(dataset_dir), name) == {Reason.E_SCHEMA}


def test_values_changed_behind_the_footer_are_found(dataset_dir: Path) -> None:
    def shout(table: pa.Table) -> pa.Table:
        speaking = [[1] * len(row) for row in table["speaking"].to_pylist()]
        i = table.schema.get_field_index("speaking")
        return table.set_column(i, table.schema.field(i), pa.array(speaking, table.schema.field(i).type))

    name = rewrite(dataset_dir, "motion/*", shout)
    problems = validate(dataset_dir)
    assert about(problems, name) == {Reason.E_HASH}
    assert any("column 'speaking' is not what the footer's hash says" in p.message for p in problems)


def test_leftovers_are_found(dataset_dir: Path) -> None:
    (dataset_dir / "motion" / "train-old.parquet").write_bytes(b"")
    (dataset_dir / ".assembling").mkdir()
    problems = validate(dataset_dir)
    assert [p.file for p in problems] == ["motion/train-old.parquet", ".assembling"]


def test_a_channel_in_two_splits_is_found(dataset_dir: Path) -> None:
    dataset = open_dataset(dataset_dir)
    shards = sorted(dataset_dir.glob("dialogues/*"))
    assert len(shards) > 1, "the fixture's splits must not be all in one"
    table = pq.read_table(shards[0])
    channel = table["channel"][0].as_py()

    def rename(other: pa.Table) -> pa.Table:
        i = other.schema.get_field_index("channel")
        return other.set_column(i, other.schema.field(i), pa.array([channel] * len(other)))

    path = shards[1].relative_to(dataset_dir).as_posix()
    rewrite(dataset_dir, path, rename)
    assert len(dataset) == 6
    assert any("is in the split" in p.message for p in validate(dataset_dir))


def test_counts_and_hash_of_the_manifest_are_recounted(dataset_dir: Path) -> None:
    manifest = json.loads((dataset_dir / "dataset.json").read_text())
    manifest["statistics"]["turns"] += 1
    manifest["content_hash"] = "0" * 64
    (dataset_dir / "dataset.json").write_text(json.dumps(manifest))
    messages = [p.message for p in validate(dataset_dir)]
    assert any(m.startswith("content_hash is 000") for m in messages)
    assert any(m.startswith("statistics.turns is 13, counted 12") for m in messages)


def test_a_dialogue_that_clips_does_not_know_is_found(dataset_dir: Path) -> None:
    rewrite(dataset_dir, "clips.parquet", lambda table: table.slice(1))
    assert any(p.file == "clips.parquet" and "clips and dialogues only" in p.message for p in validate(dataset_dir))


def test_a_folder_without_dataset_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not found"):
        validate(tmp_path)


def test_a_damaged_manifest_is_a_problem(dataset_dir: Path) -> None:
    (dataset_dir / "dataset.json").write_text("{")
    assert [(p.reason, p.file) for p in validate(dataset_dir)] == [(Reason.E_SCHEMA, "dataset.json")]


CLIP = synthetic_clip(synthetic_source(0))


def changed(column: str, value: float) -> Motion:
    motion = synthetic_motion(CLIP).participants[0]
    values = getattr(motion, column).copy()
    values[motion.validity.all(axis=1).argmax()] = value
    return dataclasses.replace(motion, **{column: values})


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("face", 1.5, r"column 'face' ranges over \[.*, 1.5\], expected \[0, 1\]"),
        ("face", -0.1, "column 'face' ranges over"),
        ("confidence", 2.0, "column 'confidence' ranges over"),
        ("validity", 2, "column 'validity' holds 2, expected 0 or 1"),
        ("speaking", 7, "column 'speaking' holds 7, expected 0 or 1"),
        ("body", 2.0, "column 'body' holds a rotation by 3.4641 rad, expected at most pi"),
        ("head_pose", -2.0, "column 'head_pose' holds a rotation by 3.4641 rad"),
        ("validity", 0, "column 'face' is not zero in a frame where face is invalid"),
        ("gaze", np.inf, "column gaze: 4 values are NaN or infinite"),
    ],
)
def test_values_out_of_range_are_named(column: str, value: float, message: str) -> None:
    faults = [fault.message for fault in motion_faults(changed(column, value))]
    assert any(re.search(message, fault) for fault in faults), faults


def test_sound_motion_has_no_faults() -> None:
    assert [f for m in synthetic_motion(CLIP, 5).participants for f in motion_faults(m)] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"participant": "C"}, "participant 'C' is none of"),
        ({"end_s": 99.0}, "expected it in order and inside [0, 4.0) s"),
        ({"start_s": 1.7}, "expected it in order"),
        ({"sentences": [0, 0]}, "sentences [0, 0] are no rising word indices below 4"),
        ({"sentences": [4]}, "no rising word indices"),
        ({"harm": 1.1}, "harm is 1.1"),
    ],
)
def test_faults_of_turns_are_named(dataset_dir: Path, change: dict[str, Any], message: str) -> None:
    row = next(open_dataset(dataset_dir).rows())
    assert list(row_faults(row)) == []
    row["turns"][0].update(change)
    faults = [fault.message for fault in row_faults(row)]
    assert any(message in fault for fault in faults), faults


def test_faults_of_words_are_named(dataset_dir: Path) -> None:
    row = next(open_dataset(dataset_dir).rows())
    words = row["turns"][0]["words"]
    words[0], words[1] = words[1], words[0]
    words[3]["prob"] = -0.5
    messages = " ".join(fault.message for fault in row_faults(row))
    assert "starts at 0.0 s, before" in messages
    assert "prob is -0.5" in messages
