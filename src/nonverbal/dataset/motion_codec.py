"""Motion to Parquet and back: the file of one clip is both the result of the stage `cues` and a shard of the dataset.

The stage returns ``ClipMotion(clip_id, participants)`` and names ``codec = MotionCodec()``; the runner calls
``write(path, clip_motion)`` and ``read(path)``. Assembly publishes the very file by a hard link, so motion is
written once. One participant is one row and one row group: reading A does not touch B.

Reading decodes Parquet pages into Arrow memory; from there on nothing is copied. The arrays handed out are
read-only views into Arrow's buffers::

    column "face" of a row group   list offsets   [0, T]
                                   fixed-size     T rows of D
                                   floats         T * D float32, contiguous   <- numpy sees these, shaped [T, D]
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from nonverbal.dataset.content import CONTENT_KEY, summarize
from nonverbal.dataset.parquet import WRITE_OPTIONS, versioned
from nonverbal.dataset.schema import (
    ARRAY_COLUMNS,
    MATRIX_COLUMNS,
    ClipMotion,
    check_motion,
    motion_schema,
)
from nonverbal.records import dumps
from nonverbal.types import Motion

_OPTIONS: dict[str, Any] = {**WRITE_OPTIONS, "use_dictionary": False}

_FLOAT_LEAVES = [f"{name}.list.element.list.element" for name in MATRIX_COLUMNS if name != "validity"]


class MotionCodec:
    """`ClipMotion` to one Parquet file and back, byte for byte the same on every run."""

    suffix = ".parquet"

    def write(self, path: Path, value: ClipMotion) -> None:
        """Write the motion of one clip.

        Raises:
            RejectedError: an array has the wrong shape or type (E_SCHEMA) or holds NaN or infinity (E_NONFINITE).
            ValueError: there is no participant, or they differ in spaces, fps or length.
        """
        for motion in value.participants:
            check_motion(motion)
        layouts = {(m.face_space, m.body_space, m.fps, m.n_frames) for m in value.participants}
        if len(layouts) != 1:
            raise ValueError(f"clip {value.clip_id}: got {layouts}, expected participants of one layout and length")
        first = value.participants[0]
        schema = versioned(motion_schema(first.face.shape[1], first.body.shape[1]))
        with pq.ParquetWriter(path, schema, use_byte_stream_split=_FLOAT_LEAVES, **_OPTIONS) as writer:
            for motion in value.participants:
                writer.write_table(_row(value.clip_id, motion, schema))
            writer.add_key_value_metadata({CONTENT_KEY: dumps(summarize(value))})

    def read(self, path: Path) -> ClipMotion:
        """The motion of one clip, as read-only views into Arrow's memory.

        Raises:
            ValueError: the file is no Parquet file or holds other columns.
            OSError: it cannot be read, or a page's checksum does not match.
        """
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                rows = [file.read_row_group(i) for i in range(file.num_row_groups)]
            return ClipMotion(rows[0]["dialogue_id"][0].as_py(), tuple(motion_of_row(row) for row in rows))
        except (pa.ArrowException, KeyError, IndexError) as error:
            raise ValueError(f"{path}: not the motion of a clip ({error})") from error


def _row(clip_id: str, motion: Motion, schema: pa.Schema) -> pa.Table:
    scalars = {
        "dialogue_id": clip_id,
        "participant": motion.participant,
        "fps": float(motion.fps),
        "n_frames": motion.n_frames,
        "face_space": motion.face_space,
        "body_space": motion.body_space,
    }
    columns = [
        pa.array([scalars[f.name]], type=f.type) if f.name in scalars else _list_array(getattr(motion, f.name), f.type)
        for f in schema
    ]
    return pa.table(columns, schema=schema)


def _list_array(values: np.ndarray, kind: pa.DataType) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    offsets = pa.array([0, len(values)], type=pa.int32())
    if values.ndim == 2:
        flat = pa.FixedSizeListArray.from_arrays(flat, type=kind.value_type)
    return pa.ListArray.from_arrays(offsets, flat, type=kind)


def motion_of_row(table: pa.Table, row: int = 0) -> Motion:
    """Row `row` of a motion table as a `Motion` whose arrays are views into the table's buffers."""
    scalars = {name: table[name][row].as_py() for name in ("participant", "face_space", "body_space", "fps")}
    fields: dict[str, Any] = scalars | {name: column_view(table[name], row) for name in ARRAY_COLUMNS}
    return Motion(**fields)


def column_view(column: pa.ChunkedArray, row: int) -> np.ndarray:
    """[T, D] or [T] of one row of a list column, without copying; the view keeps Arrow's buffer alive."""
    for chunk in column.chunks:
        if row < len(chunk):
            break
        row -= len(chunk)
    first, last = chunk.offsets[row].as_py(), chunk.offsets[row + 1].as_py()
    rows = chunk.values
    if not pa.types.is_fixed_size_list(rows.type):
        return rows.to_numpy(zero_copy_only=True)[first:last]
    width = rows.type.list_size
    matrix = rows.values.to_numpy(zero_copy_only=True).reshape(-1, width)
    return matrix[rows.offset + first : rows.offset + last]
