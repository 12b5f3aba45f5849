"""Rows of the published VENUS datasets, out of Arrow's memory: who said what, and a face and a body for each frame.

The schema, as the paper's appendix A.7 and its release's loader tell of it (VENUS-1K, -5K and -10K on the hub)::

    video_id               YouTube's 11 characters
    segment_id             which 600 s of the video, from 0, after its first minute
    conversation           utterance_id, speaker, text, start_time, end_time, words {word, start_time, end_time}
    facial_expression      utt_id, frame, features [156] of EMOCA v2: 50 expression, 3 head, 3 jaw, 100 shape
    body_language          utt_id, frame, features [179] of OSX
    harmful_utterance_id   utterances held to be harmful; the paper takes them out of `conversation`

A list of records comes in two layouts, and both are read: a list of structs (the paper's JSON), or a struct of equally
long lists (what `datasets` makes of it). Ids may be numbers or text, frames numbers or names like "12_000". A row of
ten minutes holds five million numbers, so features never become Python objects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nonverbal.spaces import EMOCA156_TO_FLAME53, OSX179_TO_SMPLX117, get_space
from nonverbal.types import F32, Bool, Word
from nonverbal.verdicts import Reason, RejectedError, UserError

COLUMNS = ("video_id", "segment_id", "conversation", "facial_expression", "body_language", "harmful_utterance_id")
"""The columns that are read; all but the last must be there."""

UNKNOWN_PROB = 1.0
"""Probability of a word and confidence of a frame: the release publishes neither."""

_VIDEO_ID = re.compile(r"[A-Za-z0-9_-]{11}")


@dataclass(frozen=True, slots=True)
class Parameters:
    """Which of the numbers that a model gave for a frame make a row of a space."""

    column: str
    model: str
    width: int
    space: str
    keep: tuple[slice, ...]


FACE = Parameters("facial_expression", "EMOCA v2", 156, "flame53", EMOCA156_TO_FLAME53)
BODY = Parameters("body_language", "OSX", 179, "smplx117", OSX179_TO_SMPLX117)


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something said without interruption; times are seconds in the segment, not a number where none is given."""

    utterance_id: str
    speaker: str
    text: str
    start_s: float
    end_s: float
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The frames of one part, N of them in the order of the file.

    Attributes:
        utterance_ids: [N] what each frame belongs to.
        numbers: [N] int64 as published, -1 where it cannot be read.
        values: [N, D] in the space of the part, zeros where not `given` or not `finite`.
        given: [N] there are as many features as the model has.
        finite: [N] no kept number is NaN or infinite.
    """

    utterance_ids: Sequence[str]
    numbers: NDArray[np.int64]
    values: F32
    given: Bool
    finite: Bool


@dataclass(frozen=True, slots=True, eq=False)
class VenusRow:
    """One segment of a video."""

    utterances: tuple[Utterance, ...]
    face: Frames
    body: Frames
    harmful: frozenset[str]


def plain_name(name: str) -> str:
    """The name of a column or field as written here: "Start time" and "start_time" are the same."""
    return name.strip().lower().replace(" ", "_")


def row_ids(table: pa.RecordBatch, where: str) -> tuple[str, int]:
    """The video and the number of the segment of the only row of `table`.

    Raises:
        UserError: a column of the published schema is missing.
        RejectedError: E_SCHEMA, one of both is not what it should be.
    """
    columns = _columns(table, where)
    video, segment = columns["video_id"].as_py(), columns["segment_id"].as_py()
    if not (isinstance(video, str) and _VIDEO_ID.fullmatch(video)):
        raise RejectedError(Reason.E_SCHEMA, f"{where}: video_id is {video!r}, expected YouTube's 11 characters")
    number = str(segment).rsplit("_", 1)[-1]
    if not number.isdecimal():
        raise RejectedError(Reason.E_SCHEMA, f"{where}: segment_id is {segment!r}, expected a number from 0")
    return video, int(number)


def read_row(table: pa.RecordBatch, where: str) -> VenusRow:
    """The only row of `table`; `where` names it in messages.

    Raises:
        UserError: a column is missing, or the features are those of other models.
        RejectedError: E_SCHEMA, this row is put together in another way than the schema says.
    """
    columns = _columns(table, where)
    try:
        spoken = [_utterance(item) for item in _records(columns["conversation"].as_py())]
        harmful = columns["harmful_utterance_id"].as_py() if "harmful_utterance_id" in columns else None
        return VenusRow(
            utterances=tuple(spoken),
            face=_frames(columns[FACE.column], FACE, where),
            body=_frames(columns[BODY.column], BODY, where),
            harmful=frozenset(_id(value) for value in harmful or ()),
        )
    except (KeyError, TypeError, ValueError, pa.ArrowException) as error:
        if isinstance(error, UserError):
            raise
        raise RejectedError(Reason.E_SCHEMA, f"{where}: not a row of the published schema ({error!r})") from error


def _columns(table: pa.RecordBatch, where: str) -> dict[str, pa.Scalar]:
    columns = {plain_name(name): table.column(i)[0] for i, name in enumerate(table.schema.names)}
    missing = [name for name in COLUMNS[:-1] if name not in columns]
    if missing:
        found = ", ".join(columns)
        raise UserError(f"{where}: no column {missing[0]!r}; expected the published VENUS schema, got {found}")
    return columns


def _id(value: Any) -> str:
    """An id in one spelling: 7, "7" and "007" are the same."""
    text = str(value).strip()
    return str(int(text)) if text.isdecimal() else text


def _records(value: Any) -> list[Mapping[str, Any]]:
    """Plain records out of either layout.

    Raises:
        ValueError: the lists differ in length.
    """
    if value is None:
        return []
    if isinstance(value, Mapping):
        lists = {plain_name(name): items for name, items in value.items() if items is not None}
        return [dict(zip(lists, items, strict=True)) for items in zip(*lists.values(), strict=True)]
    return [{plain_name(name): entry for name, entry in item.items()} for item in value if item is not None]


def _utterance(item: Mapping[str, Any]) -> Utterance:
    speaker = item["speaker"]
    return Utterance(
        utterance_id=_id(item["utterance_id"] if "utterance_id" in item else item["utt_id"]),
        speaker="" if speaker is None else str(speaker).strip(),
        text=(item["text"] or "").strip(),
        start_s=_seconds(item["start_time"]),
        end_s=_seconds(item["end_time"]),
        words=tuple(
            Word(word["word"].strip(), _seconds(word["start_time"]), _seconds(word["end_time"]), UNKNOWN_PROB)
            for word in _records(item["words"])
            if word["word"] and word["word"].strip()
        ),
    )


def _seconds(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _frames(value: pa.Scalar, part: Parameters, where: str) -> Frames:
    lists = _arrays(value)
    count = len(lists["features"]) if lists else 0
    matrix = np.zeros((count, get_space(part.space).dim), np.float32)
    if not count:
        nothing = np.zeros(0, np.bool_)
        return Frames((), np.zeros(0, np.int64), matrix, nothing, nothing)
    features = lists["features"]
    given = _given(features, part, where)
    if given.any():
        flat = (features if given.all() else features.filter(pa.array(given))).flatten()
        wide = flat.cast(pa.float64()).to_numpy(zero_copy_only=False).reshape(-1, part.width)
        with np.errstate(over="ignore"):  # beyond 32 bits is infinite, and told apart below
            matrix[given] = np.concatenate([wide[:, columns] for columns in part.keep], axis=1)
    finite = np.asarray(np.isfinite(matrix).all(axis=1))
    matrix[~finite] = 0.0
    ids = lists["utt_id"] if "utt_id" in lists else lists["utterance_id"]
    return Frames(
        utterance_ids=[_id(utterance) for utterance in ids.to_pylist()],
        numbers=np.array([_frame_number(frame) for frame in lists["frame"].to_pylist()], np.int64),
        values=matrix,
        given=given,
        finite=finite,
    )


def _arrays(value: pa.Scalar) -> dict[str, pa.Array]:
    """The fields of the records, each as one array, out of either layout; nothing is copied.

    Raises:
        ValueError: the lists differ in length.
    """
    if not value.is_valid:
        return {}
    if isinstance(value, pa.StructScalar):
        arrays = {plain_name(name): entry.values for name, entry in value.items() if entry.is_valid}
    elif pa.types.is_null(value.values.type):
        return {}
    else:
        records = value.values
        arrays = dict(zip((plain_name(f.name) for f in records.type), records.flatten(), strict=True))
    if len({len(array) for array in arrays.values()}) > 1:
        raise ValueError(f"lists of {[len(array) for array in arrays.values()]} items, expected equal lengths")
    return arrays


def _given(features: pa.Array, part: Parameters, where: str) -> Bool:
    """[N] whether a frame has as many numbers as the model gives.

    Raises:
        UserError: none has, so these are the features of something else.
    """
    if pa.types.is_null(features.type):
        return np.zeros(len(features), np.bool_)
    lengths = pc.fill_null(pc.list_value_length(features), 0).to_numpy(zero_copy_only=False)
    given = lengths == part.width
    if lengths.any() and not given.any():
        found = ", ".join(str(n) for n in np.unique(lengths[lengths > 0])[:5])
        raise UserError(
            f"{where}: {part.column} has {found} numbers a frame, expected the {part.width} of {part.model}, "
            f"from which {part.space} is taken; import rows of the published VENUS schema"
        )
    return np.asarray(given)


def _frame_number(frame: Any) -> int:
    """12 of 12, "12" or "12_000"; -1 where there is none."""
    number = str(frame).split("_", 1)[0].strip()
    return int(number) if number.isdecimal() and len(number) < 10 else -1
