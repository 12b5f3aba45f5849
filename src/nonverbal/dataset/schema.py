"""The tables of a dataset: their columns, the version of their layout, and what a motion row must satisfy.

All fields are declared non-null, so values lie in Arrow's memory as numpy wants them: one flat buffer a column,
without gaps or masks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from nonverbal.spaces import get_space
from nonverbal.types import PARTS, Motion
from nonverbal.verdicts import Reason, RejectedError

SCHEMA_VERSION = 2
"""Version of the layout on disk: what is written."""

READABLE_VERSIONS = (1, 2)
"""Versions that are read. Version 1 lacks `events`, the turns' `harm_scores` and the words' `prosody`, nothing else."""

VERSION_KEY = b"nonverbal.schema_version"
"""Key of the layout's version in the metadata of every Parquet file."""

SPLITS = ("train", "validation", "test")

MATRIX_WIDTHS = {"validity": len(PARTS), "confidence": len(PARTS), "head_pose": 6, "gaze": 4, "bbox": 4}
"""Numbers a frame of the motion columns whose width does not depend on the spaces."""

PARTS_OF_COLUMN = {"face": ("face",), "head_pose": ("head",), "gaze": ("gaze",)}
"""Motion columns that are zero where a part is invalid; the body's columns go by the groups of its space."""


@dataclass(frozen=True, slots=True, eq=False)
class ClipMotion:
    """Both participants' motion in one clip: what the stage `cues` returns and one motion shard holds."""

    clip_id: str
    participants: tuple[Motion, ...]


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


def _list(kind: pa.DataType) -> pa.DataType:
    return pa.list_(pa.field("element", kind, nullable=False))


def matrix_type(width: int, kind: pa.DataType) -> pa.DataType:
    """A list of rows of `width` numbers: a [T, width] matrix whose T differs from row to row of the table."""
    return _list(pa.list_(pa.field("element", kind, nullable=False), width))


@cache
def motion_schema(face_dim: int, body_dim: int) -> pa.Schema:
    """Columns of ``motion/``: one row a (dialogue, participant)."""
    matrices = {"face": face_dim, "body": body_dim, **MATRIX_WIDTHS}
    return pa.schema(
        [
            _required("dialogue_id", pa.string()),
            _required("participant", pa.string()),
            _required("fps", pa.float64()),
            _required("n_frames", pa.int32()),
            _required("face_space", pa.string()),
            _required("body_space", pa.string()),
            *(
                _required(name, matrix_type(width, pa.uint8() if name == "validity" else pa.float32()))
                for name, width in matrices.items()
            ),
            _required("speaking", _list(pa.uint8())),
        ]
    )


MATRIX_COLUMNS = ("face", "body", *MATRIX_WIDTHS)
ARRAY_COLUMNS = (*MATRIX_COLUMNS, "speaking")
"""Motion columns that hold arrays, in column order."""

_PROSODY = pa.struct(
    [
        _required("alone", pa.float64()),
        *(
            pa.field(name, pa.float64())  # null where unknown
            for name in ("voiced", "pitch_hz", "pitch_range_st", "pitch_slope_st_s", "energy_db", "syllables_s")
        ),
    ]
)

_LABEL_SCORE = pa.struct([_required("label", pa.string()), _required("score", pa.float64())])

_EVENT = pa.struct(
    [
        _required("participant", pa.string()),
        _required("kind", pa.string()),
        _required("start_s", pa.float64()),
        _required("end_s", pa.float64()),
        _required("during", pa.string()),
        _required("strength", pa.float64()),
        _required("confidence", pa.float64()),
    ]
)


def _word(version: int) -> pa.DataType:
    return pa.struct(
        [
            _required("word", pa.string()),
            _required("start_s", pa.float64()),
            _required("end_s", pa.float64()),
            _required("prob", pa.float64()),
            _required("interpolated", pa.bool_()),
            *([pa.field("prosody", _PROSODY)] if version > 1 else []),  # null where it was not measured
        ]
    )


def _turn(version: int) -> pa.DataType:
    return pa.struct(
        [
            _required("participant", pa.string()),
            _required("start_s", pa.float64()),
            _required("end_s", pa.float64()),
            _required("text", pa.string()),
            _required("words", _list(_word(version))),
            _required("sentences", _list(pa.int32())),
            pa.field("harm", pa.float64()),  # null where the text was not scored
            _required("harmful", pa.bool_()),
            *([_required("harm_scores", _list(_LABEL_SCORE))] if version > 1 else []),
        ]
    )


def _dialogues(version: int) -> pa.Schema:
    return pa.schema(
        [
            _required("dialogue_id", pa.string()),
            _required("source_id", pa.string()),
            _required("url", pa.string()),
            _required("channel", pa.string()),
            _required("title", pa.string()),
            _required("licence", pa.string()),
            _required("start_s", pa.float64()),
            _required("duration_s", pa.float64()),
            _required("language", pa.string()),
            _required("participants", _list(pa.string())),
            _required("turns", _list(_turn(version))),
            *([_required("events", _list(_EVENT))] if version > 1 else []),
        ]
    )


DIALOGUE_SCHEMA = _dialogues(SCHEMA_VERSION)
"""Columns of ``dialogues/``: one row a dialogue; `start_s` lies in the source, all other times in the clip."""

_DIALOGUES_1 = _dialogues(1)


def as_of(schema: pa.Schema, version: int) -> pa.Schema:
    """What `schema`, one of this module's, was in the layout of a version that is read."""
    return _DIALOGUES_1 if version == 1 and schema is DIALOGUE_SCHEMA else schema


SOURCE_SCHEMA = pa.schema(
    [
        _required("source_id", pa.string()),
        _required("file_name", pa.string()),
        _required("size_bytes", pa.int64()),
        _required("url", pa.string()),
        _required("channel", pa.string()),
        _required("title", pa.string()),
        _required("licence", pa.string()),
        _required("fetched_at", pa.string()),
        _required("verdict", pa.string()),
        _required("stage", pa.string()),
        _required("reason", pa.string()),
        _required("message", pa.string()),
        _required("n_clips", pa.int32()),
        _required("n_dialogues", pa.int32()),
    ]
)
"""Columns of ``sources.parquet``: every source ever seen, its verdict and why."""

CLIP_SCHEMA = pa.schema(
    [
        _required("clip_id", pa.string()),
        _required("source_id", pa.string()),
        _required("start_s", pa.float64()),
        _required("duration_s", pa.float64()),
        _required("verdict", pa.string()),
        _required("stage", pa.string()),
        _required("reason", pa.string()),
        _required("message", pa.string()),
    ]
)
"""Columns of ``clips.parquet``: every clip ever cut, its verdict and why."""


def check_motion(motion: Motion) -> None:
    """See that `motion` fits the schema.

    Raises:
        RejectedError: E_SCHEMA names the column whose shape or type is wrong, E_NONFINITE the one with NaN or infinity.
    """
    widths = {
        "face": get_space(motion.face_space).dim,
        "body": get_space(motion.body_space).dim,
        **MATRIX_WIDTHS,
    }
    for name in ARRAY_COLUMNS:
        values = getattr(motion, name)
        expected = (motion.n_frames, widths[name]) if name in widths else (motion.n_frames,)
        dtype = np.uint8 if name in ("validity", "speaking") else np.float32
        if values.shape != expected or values.dtype != dtype:
            raise RejectedError(
                Reason.E_SCHEMA,
                f"participant {motion.participant}, column {name}: got {values.dtype} {list(values.shape)}, expected "
                f"{np.dtype(dtype)} {list(expected)} for the spaces {motion.face_space} and {motion.body_space}",
            )
        if dtype is np.float32 and not np.isfinite(values).all():
            raise RejectedError(
                Reason.E_NONFINITE,
                f"participant {motion.participant}, column {name}: {int((~np.isfinite(values)).sum())} values are NaN "
                "or infinite; expected finite numbers, zero where a part is invalid",
            )
