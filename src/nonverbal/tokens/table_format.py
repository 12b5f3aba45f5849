"""What a tokens table consists of: columns of NAME.parquet, records of NAME.json (see `nonverbal.tokens.table`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nonverbal.dataset.manifest import FileEntry
from nonverbal.dataset.schema import matrix_type
from nonverbal.record_files import RecordFile, sealed_text

TABLE_VERSION = 1
"""Version of NAME.json. A reader refuses any other."""

INVALID = -1
"""The code of a token none of whose frames is valid."""

AGAIN = "run `nonverbal tokenize` again"
"""What helps where a table is damaged or out of date."""


@dataclass(frozen=True, slots=True)
class PartInfo:
    """One tokenizer as NAME.json tells of it, and what its column holds.

    Attributes:
        tokenizer_hash: of its config, scaling and weights.
        folder: name of the folder it was loaded from; for people.
        config: `TokenizerConfig` as plain values.
        tokens: rows of all the column's matrices together, the invalid ones too.
        used_codes: how many codes of each codebook occur.
    """

    tokenizer_hash: str
    folder: str
    config: dict[str, Any]
    spaces: tuple[str, ...]
    fps: float
    frames_per_token: int
    codebook_size: int
    num_codebooks: int
    bits_per_s: float
    tokens: int
    invalid_tokens: int
    used_codes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TableInfo:
    """The contents of NAME.json.

    Attributes:
        content_hash: that of the dataset whose motion the codes stand for.
        smooth: the motion was smoothed before it was encoded.
        rows: (dialogue, participant) pairs.
        file: size and hash of NAME.parquet.
    """

    schema_version: int
    tool: str
    content_hash: str
    smooth: bool
    dialogues: int
    rows: int
    frames: int
    parts: dict[str, PartInfo]
    file: FileEntry


@dataclass(frozen=True, slots=True)
class TokenRow:
    """Whose tokens a row holds, and over how many frames."""

    dialogue_id: str
    participant: str
    split: str
    n_frames: int


OWN_COLUMNS = MappingProxyType(
    {"dialogue_id": pa.string(), "participant": pa.string(), "split": pa.string(), "n_frames": pa.int32()}
)
"""Columns of every table, named as the fields of `TokenRow`; those of the parts follow."""


def table_schema(sizes: dict[str, tuple[int, int]]) -> pa.Schema:
    """Columns of NAME.parquet; `sizes` are codebooks and codes of each part."""
    kinds = {part: matrix_type(count, _code_type(size)) for part, (count, size) in sizes.items()}
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in (OWN_COLUMNS | kinds).items()])


def _code_type(codebook_size: int) -> pa.DataType:
    return pa.int16() if codebook_size <= 1 << 15 else pa.int32()


def info_schema(info: TableInfo) -> pa.Schema:
    """The columns that NAME.parquet of this NAME.json has."""
    return table_schema({part: (p.num_codebooks, p.codebook_size) for part, p in info.parts.items()})


def check_codes(codes: NDArray[np.integer[Any]], codebook_size: int) -> str:
    """What is wrong with the values of [N, K] codes; empty if nothing is."""
    outside = (codes < INVALID) | (codes >= codebook_size)
    if outside.any():
        return f"holds the code {int(codes[outside][0])}, expected -1 to {codebook_size - 1}"
    mixed = (codes == INVALID).any(axis=1) != (codes == INVALID).all(axis=1)
    return "holds a token with only some codes -1, expected all of them or none" if mixed.any() else ""


_FILE = RecordFile("schema_version", TABLE_VERSION, "a tokens table that `nonverbal tokenize` wrote", AGAIN)


def read_info(path: Path) -> TableInfo:
    """What NAME.json says.

    Raises:
        UserError: it is missing, damaged or of another version.
    """
    return _FILE.read(TableInfo, path)


def write_info(path: Path, info: TableInfo) -> None:
    """Write NAME.json; equal tables have equal files."""
    path.write_text(sealed_text(info), encoding="utf-8")
