"""Checking a dataset: every file, every page, every value, and that the tables agree with each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nonverbal.dataset.check_home import home_faults
from nonverbal.dataset.check_told import told_faults
from nonverbal.dataset.check_values import motion_faults, row_faults
from nonverbal.dataset.content import MotionSummary, dialogue_lines, read_summary, summarize
from nonverbal.dataset.manifest import (
    CLIPS_NAME,
    DIALOGUES_DIR,
    MANIFEST_NAME,
    MOTION_DIR,
    SOURCES_NAME,
    Manifest,
    file_entry,
    read_manifest,
)
from nonverbal.dataset.motion_codec import motion_of_row
from nonverbal.dataset.parquet import open_parquet, read_row_group
from nonverbal.dataset.publish import STAGING_NAME, leftovers
from nonverbal.dataset.read import Dataset, dialogue_shards, open_dataset
from nonverbal.dataset.rows import KEPT, Row
from nonverbal.dataset.schema import CLIP_SCHEMA, DIALOGUE_SCHEMA, SOURCE_SCHEMA, ClipMotion, motion_schema
from nonverbal.dataset.splits import group_of
from nonverbal.dataset.stats import Tally, as_json
from nonverbal.record_files import seal_fault
from nonverbal.spaces import SPACES, get_space
from nonverbal.timeline import n_frames
from nonverbal.verdicts import Reason, Reject, RejectedError, UserError


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a dataset: the reason, the file inside the dataset, and a sentence with values."""

    reason: Reason
    file: str
    message: str

    def __str__(self) -> str:
        return f"{self.reason} {self.file}: {self.message}"


def validate(path: Path) -> list[Problem]:
    """All problems of the dataset in the folder `path`, and of what a build or `tokenize` keeps beside it.

    Reads everything once, one motion file at a time. Where a table cannot be read at all, what depends on it is not
    checked further.

    Raises:
        UserError: there is no dataset in `path`.
    """
    if not (path / MANIFEST_NAME).is_file():
        read_manifest(path)
    try:
        manifest = read_manifest(path)
    except UserError as error:
        return [Problem(Reason.E_SCHEMA, MANIFEST_NAME, str(error))]
    problems = [*_file_problems(path, manifest), *(Problem(Reason.E_HASH, *f) for f in home_faults(path, manifest))]
    broken = list(_table_problems(path, manifest))
    return problems + (broken or list(_content_problems(open_dataset(path))))


def _file_problems(root: Path, manifest: Manifest) -> Iterator[Problem]:
    """Files that are missing, changed, or not part of the dataset."""
    if fault := seal_fault(root / MANIFEST_NAME):
        yield Problem(Reason.E_HASH, MANIFEST_NAME, f"{fault}; restore it or build the dataset again")
    for name, entry in sorted(manifest.files.items()):
        path = root / name
        if not path.is_file():
            yield Problem(Reason.E_HASH, name, f"the file is missing; {_mend(name)}")
            continue
        found = file_entry(path)
        if found != entry:
            yield Problem(
                Reason.E_HASH,
                name,
                f"got {found.size_bytes} bytes with sha256 {found.sha256[:12]}, expected {entry.size_bytes} bytes with "
                f"{entry.sha256[:12]}; {_mend(name)}",
            )
    for path in leftovers(root, manifest):
        name = path.relative_to(root).as_posix()
        yield Problem(Reason.E_HASH, name, f"the file is not named in {MANIFEST_NAME}; remove it")
    if (root / STAGING_NAME).exists():
        yield Problem(Reason.E_HASH, STAGING_NAME, "an assembly did not finish; run the build again")


def _mend(name: str) -> str:
    """What helps where a file is not what it was: motion is made again once its stored result is gone as well."""
    if not name.startswith(f"{MOTION_DIR}/"):
        return "restore it, or remove it and run the build again"
    clip_id = Path(name).stem.split("-", 1)[-1]
    return f"restore it, or remove it and .nonverbal/artefacts/cues/{clip_id}.* and run the build again"


def _table_problems(root: Path, manifest: Manifest) -> Iterator[Problem]:
    """Tables of text that cannot be read to their end, or hold other columns than they should."""
    schemas = dict.fromkeys(dialogue_shards(manifest), DIALOGUE_SCHEMA)
    for name, schema in (schemas | {SOURCES_NAME: SOURCE_SCHEMA, CLIPS_NAME: CLIP_SCHEMA}).items():
        try:
            with open_parquet(root / name, schema) as file:
                for group in range(file.num_row_groups):
                    read_row_group(file, group, root / name)
        except RejectedError as error:
            yield _problem(name, error.reject)
    for space in (manifest.face_space, manifest.body_space):
        if space not in SPACES and any(manifest.splits.values()):
            yield Problem(
                Reason.E_SCHEMA, MANIFEST_NAME, f"unknown space {space!r}, expected one of {', '.join(SPACES)}"
            )


def _problem(name: str, reject: Reject) -> Problem:
    return Problem(reject.reason, name, reject.message)


def _content_problems(dataset: Dataset) -> Iterator[Problem]:
    """Values out of range, tables that disagree, counts and hashes that are not those of the content."""
    tally, total, sound = Tally(), hashlib.sha256(), True
    for dialogue_id in sorted(dataset.ids()):
        row = dataset.row(dialogue_id)
        faults = (*row_faults(row), *told_faults(row, dataset.manifest.config))
        yield from (_problem(f"{DIALOGUES_DIR}/{dataset.split(dialogue_id)}", r) for r in faults)
        name = dataset.motion_path(dialogue_id).relative_to(dataset.root).as_posix()
        try:
            motion = _read_motion(dataset, row)
        except RejectedError as error:
            sound = False
            yield _problem(name, error.reject)
            continue
        yield from (_problem(name, reject) for m in motion.participants for reject in motion_faults(m))
        summary = summarize(motion)
        yield from (_problem(name, reject) for reject in _summary_faults(summary, dataset, row))
        tally.add(row, summary)
        total.update(dialogue_lines(row, summary.rows))
    yield from (Problem(Reason.E_SCHEMA, name, message) for name, message in _disagreements(dataset))
    if sound:
        yield from _count_problems(dataset.manifest, tally, total.hexdigest())


def _read_motion(dataset: Dataset, row: Row) -> ClipMotion:
    """The motion of a dialogue, every page of it.

    Raises:
        RejectedError: the file or a row of it is not as it should be.
    """
    path, manifest = dataset.motion_path(row["dialogue_id"]), dataset.manifest
    schema = motion_schema(get_space(manifest.face_space).dim, get_space(manifest.body_space).dim)
    with open_parquet(path, schema) as file:
        tables = [read_row_group(file, group, path) for group in range(file.num_row_groups)]
    found = [(t["dialogue_id"].to_pylist(), t["participant"].to_pylist()) for t in tables]
    expected = [([row["dialogue_id"]], [name]) for name in row["participants"]]
    if found != expected:
        raise RejectedError(
            Reason.E_SCHEMA,
            f"columns 'dialogue_id' and 'participant' hold {found}, expected {expected}, a row group each",
        )
    for table in tables:
        _check_nulls(table)
    motions = tuple(motion_of_row(table) for table in tables)
    for motion, table in zip(motions, tables, strict=True):
        layout = (motion.face_space, motion.body_space, motion.fps)
        if layout != (manifest.face_space, manifest.body_space, manifest.fps):
            raise RejectedError(Reason.E_SCHEMA, f"got motion of {layout}, expected that named in {MANIFEST_NAME}")
        if table["n_frames"][0].as_py() != motion.n_frames:
            message = f"column 'n_frames' says {table['n_frames'][0]}, column 'face' has {motion.n_frames} rows"
            raise RejectedError(Reason.E_SCHEMA, message)
    return ClipMotion(row["dialogue_id"], motions)


def _summary_faults(found: MotionSummary, dataset: Dataset, row: Row) -> Iterator[Reject]:
    expected = n_frames(row["duration_s"], found.fps)
    if abs(found.n_frames - expected) > 1:
        yield Reject(
            Reason.E_SCHEMA,
            f"column 'n_frames' is {found.n_frames}, expected {expected} for {row['duration_s']} s at {found.fps} fps",
        )
    try:
        written = read_summary(dataset.motion_path(row["dialogue_id"]))
    except ValueError as error:
        yield Reject(Reason.E_SCHEMA, str(error))
        return
    for name, one in found.rows.items():
        other = written.rows.get(name)
        changed = [c for c, digest in one.digests.items() if other is None or other.digests.get(c) != digest]
        if changed:
            yield Reject(Reason.E_HASH, f"participant {name}, column {changed[0]!r} is not what the footer's hash says")


def _disagreements(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Rows that one table has and another lacks, and people who are in two splits."""
    kept = {row["clip_id"] for row in dataset.clips() if row["verdict"] == KEPT}
    sources = {row["source_id"] for row in dataset.sources()}
    splits: dict[str, str] = {}
    for dialogue_id in dataset.ids():
        row, split = dataset.row(dialogue_id), dataset.split(dialogue_id)
        group = group_of(row["channel"], row["source_id"])
        if splits.setdefault(group, split) != split:
            yield f"{DIALOGUES_DIR}/{split}", f"{group} is in the split {splits[group]} as well"
        if row["source_id"] not in sources:
            yield SOURCES_NAME, f"the source {row['source_id']} of dialogue {dialogue_id} is missing"
    for dialogue_id in sorted(kept ^ set(dataset.ids())):
        yield CLIPS_NAME, f"dialogue {dialogue_id} is in one of the tables clips and dialogues only"
    named = {Path(name).stem.split("-", 1)[1] for name in dataset.manifest.files if name.startswith(f"{MOTION_DIR}/")}
    for dialogue_id in sorted(named ^ set(dataset.ids())):
        yield MOTION_DIR, f"dialogue {dialogue_id} is in one of the tables motion and dialogues only"
    rows = sum(pq.read_metadata(dataset.root / name).num_rows for name in dialogue_shards(dataset.manifest))
    if rows != len(dataset):
        yield DIALOGUES_DIR, f"{rows} rows hold {len(dataset)} ids; expected each id once"


def _count_problems(manifest: Manifest, tally: Tally, content_hash: str) -> Iterator[Problem]:
    if content_hash != manifest.content_hash:
        message = f"content_hash is {manifest.content_hash}, the content's is {content_hash}"
        yield Problem(Reason.E_HASH, MANIFEST_NAME, message)
    for name, value in as_json(tally.statistics(manifest.content_hash)).items():
        if manifest.statistics.get(name) != value:
            message = f"statistics.{name} is {manifest.statistics.get(name)!r}, counted {value!r}"
            yield Problem(Reason.E_SCHEMA, MANIFEST_NAME, message)


def _check_nulls(table: pa.Table) -> None:
    for name in table.column_names:
        if table[name].null_count:
            raise RejectedError(Reason.E_SCHEMA, f"column {name!r} holds nulls, expected values")
