"""Writing a tokens table: motion through the tokenizers, dialogue by dialogue, so that memory holds one at a time.

NAME.json is removed before NAME.parquet changes and comes back last: a table with its JSON is whole. Each of both is
written under a temporary name, read back, flushed and renamed. Equal motion and equal tokenizers give equal bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nonverbal import __version__
from nonverbal.dataset.manifest import TOKENS_DIR, FileEntry, file_entry
from nonverbal.dataset.parquet import WRITE_OPTIONS, versioned
from nonverbal.dataset.read import Dataset
from nonverbal.pipeline.lock import claim, output_error
from nonverbal.pipeline.store import commit
from nonverbal.records import dumps, to_plain
from nonverbal.ticks import Tick, silent
from nonverbal.tokens.chosen import Chosen, Loaded, check_fit
from nonverbal.tokens.codebook_metrics import CodebookMeter
from nonverbal.tokens.motion_set import motion_rows
from nonverbal.tokens.table import TokenTable, open_tokens
from nonverbal.tokens.table_format import (
    OWN_COLUMNS,
    TABLE_VERSION,
    PartInfo,
    TableInfo,
    TokenRow,
    check_codes,
    read_info,
    table_schema,
    write_info,
)
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.types import Motion
from nonverbal.verdicts import UserError

ROWS_PER_GROUP = 32
"""Rows in one row group, what a reader decodes to get at one of them: 16 dialogues of two."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 100

Codes = NDArray[np.int32]
EncodedRow = tuple[TokenRow, dict[str, Codes]]


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """The table, and whether anything had to be done for it."""

    table: TokenTable
    changed: bool


def write_tokens(
    dataset: Dataset, chosen: Chosen, name: str = "", smooth: bool = True, tick: Tick = silent
) -> WrittenTable:
    """Make ``DATASET/tokens/NAME`` the tokens of everybody in `dataset`.

    Args:
        name: the table's name; characters that do not belong in a file's name become "-". Without one, it is a hash
            of the dataset's content, the tokenizers and `smooth`. A table of this name that differs is replaced.
        smooth: read the motion as `Dataset.motion` smooths it, which is what tokenizers are trained on.

    Raises:
        UserError: the tokenizers do not fit the dataset, or the name has no character that may stand in a file's name.
        OutputError: the folder cannot be written to, or another run writes it.
    """
    check_fit(chosen, dataset)
    base = dataset.root / TOKENS_DIR / (_safe(name) if name else _made_of(dataset, chosen, smooth)[:12])
    if table := _same_table(base, dataset, chosen, smooth):
        return WrittenTable(table, changed=False)
    with claim(dataset.root):
        try:
            _write(base, dataset, chosen, smooth, tick)
        except FileExistsError as error:
            raise UserError(f"{base.parent}: is a file, expected a folder for tables or nothing; move it") from error
        except OSError as error:
            raise output_error(error, base.parent) from error
    return WrittenTable(open_tokens(base), changed=True)


def _safe(name: str) -> str:
    safe = _UNSAFE.sub("-", name).strip("-.")[:_LONGEST_NAME]
    if not safe:
        raise UserError(f"--name: got {name!r}, expected letters or digits that may stand in the name of a file")
    return safe


def _made_of(dataset: Dataset, chosen: Chosen, smooth: bool) -> str:
    hashes = {part: loaded.hash for part, loaded in chosen.items()}
    return hashlib.sha256(dumps([TABLE_VERSION, dataset.content_hash, hashes, smooth]).encode()).hexdigest()


def _same_table(base: Path, dataset: Dataset, chosen: Chosen, smooth: bool) -> TokenTable | None:
    """The table that is there already, if it is sound and what would be written."""
    try:
        table = open_tokens(base)
        table.check(dataset)
    except UserError:
        return None  # absent, damaged, of another version or another dataset: it is written anew
    hashes = {part: info.tokenizer_hash for part, info in table.parts.items()}
    same = hashes == {part: loaded.hash for part, loaded in chosen.items()} and table.info.smooth == smooth
    return table if same and file_entry(table.path) == table.info.file else None


@dataclass
class _Counts:
    """What a table holds, counted as its rows pass: the uses of codes and the tokens, valid or not, of each part."""

    codes: dict[str, CodebookMeter]
    tokens: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    frames: int = 0

    def watch(self, rows: Iterator[EncodedRow]) -> Iterator[EncodedRow]:
        for row, codes in rows:
            self.rows += 1
            self.frames += row.n_frames
            for part, meter in self.codes.items():
                meter.add(codes[part])
                self.tokens[part] += len(codes[part])
            yield row, codes


def _write(base: Path, dataset: Dataset, chosen: Chosen, smooth: bool, tick: Tick) -> None:
    base.parent.mkdir(exist_ok=True)
    for left in base.parent.glob(".*.tmp"):
        left.unlink()  # of a run that was killed; nobody else writes here now
    note, place = (base.with_name(f"{base.name}.{ending}") for ending in ("json", "parquet"))
    note.unlink(missing_ok=True)
    sizes = {part: (loaded.tokenizer.num_codebooks, loaded.tokenizer.codebook_size) for part, loaded in chosen.items()}
    counts = _Counts({part: CodebookMeter(codebook_size, levels) for part, (levels, codebook_size) in sizes.items()})
    rows = counts.watch(_encoded_rows(dataset, chosen, smooth, tick))
    entry: FileEntry = commit(place, lambda path: write_rows(path, rows, table_schema(sizes)), file_entry)
    info = TableInfo(
        schema_version=TABLE_VERSION,
        tool=f"nonverbal {__version__}",
        content_hash=dataset.content_hash,
        smooth=smooth,
        dialogues=len(dataset),
        rows=counts.rows,
        frames=counts.frames,
        parts={part: _part_info(loaded, counts.codes[part], counts.tokens[part]) for part, loaded in chosen.items()},
        file=entry,
    )
    commit(note, lambda path: write_info(path, info), read_info)


def _part_info(loaded: Loaded, meter: CodebookMeter, tokens: int) -> PartInfo:
    tokenizer = loaded.tokenizer
    return PartInfo(
        tokenizer_hash=loaded.hash,
        folder=loaded.folder.resolve().name,
        config=to_plain(tokenizer.config),
        spaces=tuple(tokenizer.spaces),
        fps=tokenizer.fps,
        frames_per_token=tokenizer.frames_per_token,
        codebook_size=tokenizer.codebook_size,
        num_codebooks=tokenizer.num_codebooks,
        bits_per_s=tokenizer.bits_per_s,
        tokens=tokens,
        invalid_tokens=tokens - int(meter.counts[0].sum()),
        used_codes=tuple(int(used) for used in (meter.counts > 0).sum(axis=1)),
    )


def write_rows(path: Path, rows: Iterator[EncodedRow], schema: pa.Schema) -> None:
    """Write NAME.parquet with the columns of `table_schema`, holding no more rows in memory than one row group has."""
    with pq.ParquetWriter(path, versioned(schema), **WRITE_OPTIONS) as writer:
        while group := list(islice(rows, ROWS_PER_GROUP)):
            own = [
                pa.array([getattr(row, f.name) for row, _ in group], f.type) for f in schema if f.name in OWN_COLUMNS
            ]
            parts = [_matrices([codes[f.name] for _, codes in group], f.type) for f in schema if f.name in group[0][1]]
            writer.write_table(pa.table([*own, *parts], writer.schema))


def _matrices(matrices: list[Codes], kind: pa.DataType) -> pa.Array:
    offsets = np.cumsum([0, *(len(codes) for codes in matrices)], dtype=np.int32)
    flat = pa.array(np.concatenate(matrices).reshape(-1), kind.value_type.value_type)
    rows = pa.FixedSizeListArray.from_arrays(flat, type=kind.value_type)
    return pa.ListArray.from_arrays(pa.array(offsets), rows, type=kind)


def _encoded_rows(dataset: Dataset, chosen: Chosen, smooth: bool, tick: Tick) -> Iterator[EncodedRow]:
    ids = dataset.ids()
    for number, dialogue_id in enumerate(ids):
        tick("dialogues", number, len(ids))
        for participant in dataset.row(dialogue_id)["participants"]:
            motion = dataset.motion(dialogue_id, participant, smooth)
            row = TokenRow(dialogue_id, participant, dataset.split(dialogue_id), motion.n_frames)
            yield row, {part: _encode(motion, loaded.tokenizer) for part, loaded in chosen.items()}
    tick("dialogues", len(ids), len(ids))


def _encode(motion: Motion, tokenizer: Tokenizer) -> Codes:
    values, mask = motion_rows(motion, tokenizer.spaces)
    codes = tokenizer.encode(values, mask)
    assert codes.shape == (-(-len(values) // tokenizer.frames_per_token), tokenizer.num_codebooks)
    assert not check_codes(codes, tokenizer.codebook_size)
    return codes
