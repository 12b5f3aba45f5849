"""Published VENUS rows into a dataset of ours: ids, verdicts, splits; one row in memory at a time.

A row becomes the dialogue of a cut of its video, with the id that hashes (video, start, end) and the link to the video
as its source. The published train and test splits stay what they are; a video that stands in both is kept in test only,
because the people in it would be in both.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from nonverbal.dataset.manifest import ModelUse, file_entry
from nonverbal.dataset.motion_codec import MotionCodec
from nonverbal.dataset.rows import (
    KEPT,
    REJECTED,
    Row,
    SourceVerdict,
    clip_row,
    dialogue_row,
    group_by_source,
    source_row,
)
from nonverbal.dataset.schema import ClipMotion
from nonverbal.dataset.splits import SplitConfig, assign_splits, group_of
from nonverbal.dataset.venus_files import Origin
from nonverbal.dataset.venus_motion import place_motion
from nonverbal.dataset.venus_rows import BODY, FACE, read_row, row_ids
from nonverbal.dataset.venus_turns import PARTICIPANTS, SEGMENT_S, read_conversation
from nonverbal.dataset.write import Contents, Entry, WriteResult, write_dataset
from nonverbal.pipeline.lock import output_error
from nonverbal.types import Clip, Source
from nonverbal.venus.backchannels import listener_events
from nonverbal.venus.segment import clip_id
from nonverbal.verdicts import Reason, Reject, RejectedError, UserError

STAGE = "import"
INTRO_S = 60.0
"""What the release cuts off at the start of a video before it counts segments, in seconds."""

MODELS = tuple(
    ModelUse(STAGE, part.model, f"{part.column} as published with VENUS", "see the card of the published dataset")
    for part in (FACE, BODY)
)

_SAME_ROW = "the same segment again"

Tick = Callable[[int], None]
"""Told how many rows have been read."""


@dataclass
class Counts:
    """What became of what was read.

    Attributes:
        rows: rows by verdict, "kept" or the reason.
        utterances: utterances left out of kept rows, by why.
        face, body: published frames of kept rows, by fate (`venus_motion.FATES`).
        turns, words, interpolated, harmful: of kept rows.
    """

    rows: Counter[str] = field(default_factory=Counter)
    utterances: Counter[str] = field(default_factory=Counter)
    face: Counter[str] = field(default_factory=Counter)
    body: Counter[str] = field(default_factory=Counter)
    turns: int = 0
    words: int = 0
    interpolated: int = 0
    harmful: int = 0


@dataclass(frozen=True, slots=True)
class Imported:
    """The dataset that was written, what was counted, and the first sentences about rows that were turned down."""

    written: WriteResult
    counts: Counts
    sentences: tuple[str, ...]


def video_source(video_id: str) -> Source:
    """The source of all segments of a video; its bytes are not known, so its id hashes where it lies."""
    url = f"https://www.youtube.com/watch?v={video_id}"
    return Source(hashlib.sha256(url.encode()).hexdigest(), "", 0, url=url)


def segment_clip(source: Source, segment: int) -> Clip:
    """The cut of the video that a segment is."""
    start_s = INTRO_S + segment * SEGMENT_S
    return Clip(clip_id(source.source_id, start_s, start_s + SEGMENT_S), source.source_id, start_s, start_s + SEGMENT_S)


def import_rows(origin: Origin, out: Path, limit: int | None, train_share: float, tick: Tick) -> Imported:
    """Makes `out` a dataset of the rows of `origin`; until the last moment there is no `out`.

    Args:
        limit: most rows read of a split; None: all.
        train_share: share of the videos of the published train split that stay there; the others go to validation.

    Raises:
        UserError: `out` exists, or a file cannot be read or holds other rows than the published ones.
        OutputError: `out` cannot be written.
    """
    if out.exists():
        raise UserError(f"{out}: exists already; give a folder that does not, as an import starts from nothing")
    held_out = SplitConfig(train_share, 1.0 - train_share)
    try:
        return _import(origin, out, limit, held_out, tick)
    except FileExistsError as error:
        raise UserError(
            f"{error.filename}: is a file, expected a folder to make {out.name} in; give another"
        ) from error
    except OSError as error:
        raise output_error(error, out) from error


def _import(origin: Origin, out: Path, limit: int | None, held_out: SplitConfig, tick: Tick) -> Imported:
    out.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}.importing-", dir=out.parent))
    try:
        gathered = _Gathered(work)
        for done, (split, row, where) in enumerate(_rows(origin, limit)):
            tick(done)
            gathered.add(split, row, where)
        told = {**origin.told, "splits": origin.splits, "limit": limit, "train_share": held_out.train_share}
        written = write_dataset(work / out.name, gathered.contents(held_out, {STAGE: told}), held_out)
        (work / out.name).rename(out)
        return Imported(written, gathered.counts, tuple(gathered.sentences))
    finally:
        shutil.rmtree(work)


def _rows(origin: Origin, limit: int | None) -> Iterator[tuple[str, pa.RecordBatch, str]]:
    for split in origin.splits:
        files = [file for file in origin.files if file.split == split]
        rows = ((split, row, f"{file.name}, row {i}") for file in files for i, row in enumerate(file.rows()))
        yield from islice(rows, limit)


class _Gathered:
    """What has been read so far: motion and text on disk, ids and verdicts in memory."""

    def __init__(self, work: Path) -> None:
        self.counts = Counts()
        self.sentences: list[str] = []
        self._work = work
        self._sources: dict[str, SourceVerdict] = {}
        self._clips: dict[str, Row] = {}
        self._kept: dict[str, tuple[Path, Path]] = {}
        self._split: dict[str, str] = {}

    def add(self, split: str, table: pa.RecordBatch, where: str) -> None:
        """Takes one row in, or notes why not."""
        try:
            video_id, segment = row_ids(table, where)
        except RejectedError as error:
            self._turn_down(error.reject)
            nameless = Source(hashlib.sha256(where.encode()).hexdigest(), "", 0)
            told = (error.reject.reason, error.reject.message)
            self._sources[nameless.source_id] = SourceVerdict(nameless, REJECTED, STAGE, *told)
            return
        source = video_source(video_id)
        clip = segment_clip(source, segment)
        other = self._split.get(source.source_id, split)
        if clip.clip_id in self._clips and other == split:
            self.counts.rows[_SAME_ROW] += 1
            return
        self._sources.setdefault(source.source_id, SourceVerdict(source))
        try:
            if other != split:
                raise RejectedError(Reason.E_SCHEMA, f"{where}: the video {video_id} is in the {other} split as well")
            self._keep(clip, source, table, where)
        except RejectedError as error:
            self._turn_down(error.reject)
            row = clip_row(clip, REJECTED, STAGE, error.reject.reason, error.reject.message)
            self._clips.setdefault(clip.clip_id, row)
        else:
            self._split[source.source_id] = split
            self._clips[clip.clip_id] = clip_row(clip, KEPT)
            self.counts.rows[KEPT] += 1

    def _turn_down(self, reject: Reject) -> None:
        self.counts.rows[reject.reason] += 1
        self.sentences.append(f"{reject.reason} {reject.message}")

    def _keep(self, clip: Clip, source: Source, table: pa.RecordBatch, where: str) -> None:
        row = read_row(table, where)
        talk = read_conversation(row, where)
        motions, face, body = place_motion(row, talk.spoken, where)
        motion, text = (self._work / f"{clip.clip_id}.{kind}" for kind in ("parquet", "json"))
        MotionCodec().write(motion, ClipMotion(clip.clip_id, motions))
        events = listener_events([(turn.participant, turn) for turn in talk.turns], "en", motions)
        told = dialogue_row(clip, source, "en", PARTICIPANTS, talk.turns, events)
        text.write_text(json.dumps(told), encoding="utf-8")
        self._kept[clip.clip_id] = motion, text
        self.counts.face += face.fates
        self.counts.body += body.fates
        self.counts.utterances += talk.left_out
        self.counts.turns += len(talk.turns)
        self.counts.harmful += sum(turn.harmful for turn in talk.turns)
        self.counts.words += sum(len(turn.words) for turn in talk.turns)
        self.counts.interpolated += sum(word.interpolated for turn in talk.turns for word in turn.words)

    def contents(self, held_out: SplitConfig, config: dict[str, Any]) -> Contents:
        """All of it, for `write_dataset`."""
        by_source = group_by_source(self._clips.values())
        splits = self._final_splits(held_out)
        return Contents(
            entries=[_entry(self._clips[i], splits, *paths) for i, paths in self._kept.items()],
            sources=[source_row(seen, by_source.get(i, [])) for i, seen in sorted(self._sources.items())],
            clips=[self._clips[i] for i in sorted(self._clips)],
            config=config,
            models=MODELS,
        )

    def _final_splits(self, held_out: SplitConfig) -> dict[str, str]:
        """Source -> split, once some of the train split is held out for validation."""
        groups = {group_of("", i): i for i, split in self._split.items() if split == "train"}
        shared = assign_splits(groups, held_out)
        return self._split | {groups[group]: split for group, split in shared.items()}


def _entry(clip: Row, splits: Mapping[str, str], motion: Path, text: Path) -> Entry:
    source_id = clip["source_id"]
    key = f"{file_entry(motion).sha256} {file_entry(text).sha256}"
    return Entry(clip["clip_id"], group_of("", source_id), key, motion, partial(_load, text), split=splits[source_id])


def _load(path: Path) -> Row:
    row: Row = json.loads(path.read_text(encoding="utf-8"))
    return row
