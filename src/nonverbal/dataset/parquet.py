"""Parquet files as this project writes and accepts them."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from nonverbal.dataset.rows import Row
from nonverbal.dataset.schema import READABLE_VERSIONS, SCHEMA_VERSION, VERSION_KEY, as_of
from nonverbal.verdicts import Reason, RejectedError

WRITE_OPTIONS: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "write_statistics": False,
    "write_page_checksum": True,
}
"""Settings of every Parquet file of a dataset; page checksums let a reader see a flipped byte."""


def versioned(schema: pa.Schema) -> pa.Schema:
    """`schema` with the version of the layout in its metadata."""
    return schema.with_metadata({VERSION_KEY: str(SCHEMA_VERSION)})


def write_table(path: Path, rows: Sequence[Row], schema: pa.Schema) -> None:
    """Write a small table in one go."""
    pq.write_table(pa.Table.from_pylist(list(rows), schema=versioned(schema)), path, **WRITE_OPTIONS)


def open_parquet(path: Path, schema: pa.Schema) -> pq.ParquetFile:
    """Open `path` and see that it has exactly the columns of `schema`, or those it had in the version that wrote it.

    Pages are verified as they are read.

    Raises:
        RejectedError: E_HASH where the footer cannot be read; E_SCHEMA where the version is unknown, an Arrow
            extension type is used (older pyarrow unpickled some of them; this project has no use for any), or a column
            is missing, extra or of another type.
    """
    try:
        metadata = pq.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowException) as error:
        raise RejectedError(
            Reason.E_HASH, f"{path}: cannot be read as Parquet ({_first_line(error)}); restore or rebuild the file"
        ) from error
    version = metadata.get(VERSION_KEY, b"none").decode(errors="replace")
    if version not in map(str, READABLE_VERSIONS):
        raise RejectedError(
            Reason.E_SCHEMA, f"{path}: got schema version {version}, expected {SCHEMA_VERSION}; use a matching release"
        )
    if b"ARROW:extension" in base64.b64decode(metadata.get(b"ARROW:schema", b"")):
        raise RejectedError(Reason.E_SCHEMA, f"{path}: uses Arrow extension types, which are refused")
    file = pq.ParquetFile(path, page_checksum_verification=True)
    if difference := schema_difference(file.schema_arrow, as_of(schema, int(version))):
        file.close()
        raise RejectedError(Reason.E_SCHEMA, f"{path}: {difference}")
    return file


def schema_difference(found: pa.Schema, expected: pa.Schema) -> str:
    """What sets `found` apart from `expected`, naming the first column concerned; empty where they agree."""
    missing = [name for name in expected.names if name not in found.names]
    extra = [name for name in found.names if name not in expected.names]
    if missing or extra:
        what = f"column {missing[0]!r} is missing" if missing else f"column {extra[0]!r} is not part of the schema"
        return f"{what}; expected the columns {', '.join(expected.names)}"
    for name in expected.names:
        if not found.field(name).equals(expected.field(name)):
            return f"column {name!r} is {_kind(found.field(name))}, expected {_kind(expected.field(name))}"
    return "" if found.names == expected.names else f"the columns stand in another order than {expected.names}"


def _kind(field: pa.Field) -> str:
    return str(field.type) if field.nullable else f"{field.type} not null"


def read_row_group(file: pq.ParquetFile, index: int, path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """One row group.

    Raises:
        RejectedError: E_HASH where a page does not match its checksum or cannot be decoded.
    """
    try:
        return file.read_row_group(index, columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise RejectedError(
            Reason.E_HASH, f"{path}: row group {index} is damaged ({_first_line(error)}); restore or rebuild the file"
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
