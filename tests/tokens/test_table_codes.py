"""Codes in a table: any that are written come back, and what no tokenizer can have made is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_talks import FACE

from nonverbal.dataset.manifest import file_entry
from nonverbal.tokens import table_write
from nonverbal.tokens.table import open_tokens
from nonverbal.tokens.table_format import PartInfo, TableInfo, TokenRow, info_schema, write_info
from nonverbal.tokens.table_write import write_rows
from nonverbal.verdicts import UserError


def made_table(folder: Path, sizes: dict[str, tuple[int, int]], rows: list[tuple[TokenRow, dict[str, Any]]]) -> Path:
    """A table of given codes with a note that agrees with it; tokens cover four frames."""
    part = PartInfo("0" * 64, "made", {"method": "vq"}, FACE, 25.0, 4, 2, 1, 1.0, 0, 0, (0,))
    parts = {name: replace(part, num_codebooks=count, codebook_size=size) for name, (count, size) in sizes.items()}
    path = folder / "made.parquet"
    info = TableInfo(1, "test", "0" * 64, True, len(rows), len(rows), 0, parts, file_entry(Path(__file__)))
    write_rows(path, iter(rows), info_schema(info))
    write_info(path.with_suffix(".json"), replace(info, file=file_entry(path)))
    return path


@pytest.mark.parametrize(
    ("codes", "sentence"),
    [
        ([[3, 4], [32, 0]], "column 'face' holds the code 32, expected -1 to 31; the table is damaged"),
        ([[3, 4], [-2, 0]], "holds the code -2, expected -1 to 31"),
        ([[3, 4], [-1, 0]], "holds a token with only some codes -1, expected all of them or none"),
        ([[3, 4]], "has 1 tokens for 8 frames, expected 2"),
    ],
)
def test_codes_that_no_tokenizer_made_are_told(tmp_path: Path, codes: list[list[int]], sentence: str) -> None:
    row = TokenRow("d", "A", "train", 8)
    table = open_tokens(made_table(tmp_path, {"face": (2, 32)}, [(row, {"face": np.array(codes, np.int32)})]))
    with pytest.raises(UserError, match=sentence):
        table.codes("d", "A", "face")


@pytest.mark.parametrize(("size", "kind"), [(1 << 15, pa.int16()), ((1 << 15) + 1, pa.int32())])
def test_codes_are_as_narrow_as_the_codebook_lets_them_be(tmp_path: Path, size: int, kind: pa.DataType) -> None:
    codes = np.array([[size - 1], [-1]], np.int32)
    path = made_table(tmp_path, {"face": (1, size)}, [(TokenRow("d", "A", "train", 8), {"face": codes})])
    assert pq.read_schema(path).field("face").type.value_type == pa.list_(pa.field("element", kind, False), 1)
    assert np.array_equal(open_tokens(path).codes("d", "A", "face"), codes)


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, tuple[int, int]], list[tuple[TokenRow, dict[str, Any]]]]:
    names = draw(st.sampled_from([("face",), ("body",), ("face", "body"), ("joint",)]))
    sizes = {name: (draw(st.integers(1, 6)), draw(st.sampled_from([1, 2, 512, 40000]))) for name in names}
    rows = []
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    for number, n_frames in enumerate(draw(st.lists(st.integers(0, 90), max_size=9))):
        row = TokenRow(f"d{number // 2}", "AB"[number % 2], "train", n_frames)
        codes = {
            name: rng.integers(0, size, (-(-n_frames // 4), count), np.int32) for name, (count, size) in sizes.items()
        }
        for matrix in codes.values():
            matrix[rng.random(len(matrix)) < 0.3] = -1
        rows.append((row, codes))
    return sizes, rows


@settings(max_examples=40, deadline=None)
@given(tables())
def test_codes_of_any_length_come_back(made: Any) -> None:
    sizes, rows = made
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(table_write, "ROWS_PER_GROUP", 4)
        table = open_tokens(made_table(Path(folder), sizes, rows))
        assert table.rows == tuple(row for row, _ in rows)
        assert len(table) == len(rows)
        for row, codes in reversed(rows):
            for part, expected in codes.items():
                found = table.codes(row.dialogue_id, row.participant, part)
                assert found.dtype == np.int32
                assert np.array_equal(found, expected)
