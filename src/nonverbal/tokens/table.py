"""The tokens table, DATA/tokens/NAME.parquet with NAME.json: reading it, and seeing that it fits what it is used with.

One row a (dialogue, participant), in the order of the dataset's ids; after four columns of its own, one column a part::

    dialogue_id  participant  split  n_frames   face                             body
    "0a3f..."    "A"          train  36         [[17], [17], [402], [3], [-1]]   [[5, 9], [5, 2], ...]
                                                5 tokens of 8 frames, 1 code     5 tokens of 2 residual codes

A token is -1 (all its codes are) where none of its frames is valid. DuckDB, Polars and `datasets` read the file as it
is; `NAME.json` says which tokenizers and which dataset the codes belong to.

Example::

    table = open_tokens(Path("DATASET/tokens/NAME"))
    table.check(open_dataset(Path("DATASET")))
    codes = table.codes(table.rows[0].dialogue_id, "A", "face")     # int32 [L, K]
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nonverbal.dataset.manifest import TOKENS_DIR
from nonverbal.dataset.motion_codec import column_view
from nonverbal.dataset.parquet import open_parquet, read_row_group
from nonverbal.dataset.read import Dataset
from nonverbal.tokens.table_format import (
    AGAIN,
    PartInfo,
    TableInfo,
    TokenRow,
    check_codes,
    info_schema,
    read_info,
)
from nonverbal.verdicts import RejectedError, UserError

if TYPE_CHECKING:
    from nonverbal.tokens.tokenizer import Tokenizer

_OPEN_COLUMNS = 16  # columns of row groups kept decoded: below 1 MB each, enough for a walk over every part at once


@dataclass(eq=False)
class TokenTable:
    """A tokens table on disk; see `open_tokens`. Codes are read when they are asked for, some rows at a time.

    Attributes:
        path: NAME.parquet.
        info: the contents of NAME.json.
        rows: whose tokens there are, in the table's order.
    """

    path: Path
    info: TableInfo
    rows: tuple[TokenRow, ...]
    metadata: pq.FileMetaData = field(repr=False)

    def __post_init__(self) -> None:
        sizes = (self.metadata.row_group(i).num_rows for i in range(self.metadata.num_row_groups))
        self._firsts = list(accumulate(sizes, initial=0))
        self._numbers = {(row.dialogue_id, row.participant): i for i, row in enumerate(self.rows)}
        self._column = lru_cache(_OPEN_COLUMNS)(self._read_column)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def parts(self) -> dict[str, PartInfo]:
        """The tokenizer of each part that has a column, by the part's name."""
        return self.info.parts

    def row(self, dialogue_id: str, participant: str) -> TokenRow:
        """Split and length of one participant's motion in one dialogue."""
        return self.rows[self._number(dialogue_id, participant)]

    def codes(self, dialogue_id: str, participant: str, part: str) -> NDArray[np.int32]:
        """The codes of one participant in one dialogue.

        Returns:
            [L, K] in -1..codebook_size - 1; L is the number of frames / frames_per_token, rounded up.

        Raises:
            UserError: there is no such dialogue, participant or part, or the table is damaged.
        """
        number, info = self._number(dialogue_id, participant), self.part(part)
        group = bisect_right(self._firsts, number) - 1
        codes = column_view(self._column(group, part), number - self._firsts[group]).astype(np.int32)
        expected = -(-self.rows[number].n_frames // info.frames_per_token)
        if len(codes) != expected:
            frames = f"{self.rows[number].n_frames} frames"
            raise self._damaged(f"column {part!r} has {len(codes)} tokens for {frames}, expected {expected}")
        return codes

    def part(self, part: str) -> PartInfo:
        """The tokenizer of one part.

        Raises:
            UserError: the table has no such column.
        """
        if part not in self.parts:
            raise UserError(f"{self.path}: holds tokens of {', '.join(self.parts)}, none of {part!r}")
        return self.parts[part]

    def check(self, dataset: Dataset) -> None:
        """See that the codes stand for the motion of `dataset` as it is now.

        Raises:
            UserError: they were made from another dataset, or it has changed since.
        """
        expected, found = self.info.content_hash, dataset.content_hash
        if found != expected:
            raise UserError(
                f"{self.path}: was made from a dataset with the content hash {expected[:12]}, got {found[:12]} in "
                f"{dataset.root}; give the dataset it belongs to, or {AGAIN}"
            )

    def check_tokenizer(self, part: str, tokenizer: Tokenizer) -> None:
        """See that the codes of `part` were made by this very tokenizer.

        Raises:
            UserError: they were not; the message names both.
        """
        info, found = self.part(part), tokenizer.hash
        if found != info.tokenizer_hash:
            raise UserError(
                f"{self.path}: the tokens of {part!r} were made by the tokenizer {info.tokenizer_hash[:12]} (folder "
                f"{info.folder!r}), got {found[:12]}; codes mean nothing to another one: give that one, or {AGAIN}"
            )

    def verify(self) -> None:
        """Read every row group of every part.

        Raises:
            UserError: something in the table is damaged.
        """
        for group in range(self.metadata.num_row_groups):
            for part in self.parts:
                self._read_column(group, part)

    def _number(self, dialogue_id: str, participant: str) -> int:
        key = (dialogue_id, participant)
        if key not in self._numbers:
            raise UserError(f"{self.path}: no dialogue {dialogue_id!r} with a participant {participant!r} in it")
        return self._numbers[key]

    def _read_column(self, group: int, part: str) -> pa.ChunkedArray:
        try:
            # the footer is handed over, so that opening costs nothing however many row groups there are
            with pq.ParquetFile(self.path, metadata=self.metadata, page_checksum_verification=True) as file:
                column = read_row_group(file, group, self.path, [part])[part]
        except (RejectedError, OSError) as error:
            raise UserError(f"{error}; or {AGAIN}") from error
        info = self.parts[part]
        for chunk in column.chunks:
            codes = chunk.flatten().flatten().to_numpy().reshape(-1, info.num_codebooks)
            if fault := check_codes(codes, info.codebook_size):
                raise self._damaged(f"column {part!r} {fault}")
        return column

    def _damaged(self, what: str) -> UserError:
        return UserError(f"{self.path}: {what}; the table is damaged, {AGAIN}")


def open_tokens(path: Path) -> TokenTable:
    """Open a tokens table: NAME.parquet, NAME.json, NAME alone, or the dataset that has just one.

    Only NAME.json and the ids are read.

    Raises:
        UserError: there is none, it is of another version, or a file of it is missing or damaged.
    """
    base = _base(path)
    info = read_info(base.with_name(f"{base.name}.json"))
    table = base.with_name(f"{base.name}.parquet")
    size_bytes = table.stat().st_size if table.is_file() else None
    if size_bytes != info.file.size_bytes:
        got = "no file" if size_bytes is None else f"{size_bytes:,} bytes"
        raise UserError(f"{table}: got {got}, expected the {info.file.size_bytes:,} bytes of {base.name}.json; {AGAIN}")
    try:
        with open_parquet(table, info_schema(info)) as file:
            rows = _read_rows(file, table)
            metadata = file.metadata
    except RejectedError as error:
        raise UserError(f"{error}; or {AGAIN}") from error
    if len(rows) != info.rows:
        raise UserError(f"{table}: got {len(rows)} rows, expected the {info.rows} of {base.name}.json; {AGAIN}")
    return TokenTable(table, info, rows, metadata)


def _read_rows(file: pq.ParquetFile, path: Path) -> tuple[TokenRow, ...]:
    names = list(TokenRow.__slots__)
    groups = [read_row_group(file, i, path, names) for i in range(file.num_row_groups)]
    columns = [[value for group in groups for value in group[name].to_pylist()] for name in names]
    return tuple(TokenRow(*values) for values in zip(*columns, strict=True))


def _base(path: Path) -> Path:
    """The table's path without its ending."""
    if path.is_dir():
        folder = path / TOKENS_DIR if (path / TOKENS_DIR).is_dir() else path
        names = sorted(p.stem for p in folder.glob("*.json") if p.with_suffix(".parquet").exists())
        if len(names) != 1:
            found = f"the tables {', '.join(names)}; name one of them" if names else "no tokens table"
            raise UserError(f"{folder}: holds {found}, expected one that `nonverbal tokenize` wrote")
        return folder / names[0]
    return path.with_suffix("") if path.suffix in (".json", ".parquet") else path
