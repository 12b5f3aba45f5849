"""Lists of sources: CSV or JSON Lines with the columns of `COLUMNS`, of which only path is needed, or path or url."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonverbal.media.names import check_file, clean_text, printable
from nonverbal.types import Source
from nonverbal.verdicts import RejectedError, UserError

COLUMNS = ("path", "url", "channel", "title", "licence", "fetched_at", "thumbnail")
_SUFFIXES = (".csv", ".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class SourceList:
    """The drafts of sources named by a list: absolute paths, cleaned text, no id yet."""

    sources: tuple[Source, ...]


def is_list(path: Path) -> bool:
    """Whether the file is read as a list, by its name."""
    return path.suffix.lower() in _SUFFIXES


def read_list(path: Path, or_url: bool = False) -> SourceList:
    """The sources of a list; paths in it count from the folder that the list lies in.

    Args:
        or_url: rows without a path are taken, too, if they have a url; their draft has an empty path.

    Raises:
        UserError: the list is no CSV or JSON Lines in UTF-8, has an unknown column or a row without a path; the
            sentence names the line.
    """
    try:
        check_file(path)
        text = path.read_text(encoding="utf-8-sig")
    except RejectedError as error:
        raise UserError(error.reject.message) from error
    except UnicodeDecodeError as error:
        raise UserError(
            f"{printable(path)} is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8"
        ) from error
    rows = _csv_rows(path, text) if path.suffix.lower() == ".csv" else _json_rows(path, text)
    return SourceList(tuple(_source(path, line, row, or_url) for line, row in rows))


def _mistake(path: Path, line: int, found: str) -> UserError:
    return UserError(f"{printable(path)}, line {line}: {found}; the columns are {', '.join(COLUMNS)}")


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    header: list[str] | None = None
    try:
        for row in reader:
            if header is None:
                header = row
                _check_columns(path, reader.line_num, header)
            elif row:
                if len(row) != len(header):
                    raise _mistake(
                        path, reader.line_num, f"{len(row)} values, expected {len(header)} as in the first line"
                    )
                yield reader.line_num, dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise _mistake(path, reader.line_num, f"not CSV ({error})") from error


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _mistake(path, number, f"not JSON ({error})") from error
        if not isinstance(row, dict):
            raise _mistake(path, number, f"a JSON {type(row).__name__}, expected an object")
        _check_columns(path, number, list(row))
        yield number, row


def _check_columns(path: Path, line: int, columns: list[str]) -> None:
    for name in columns:
        if name not in COLUMNS:
            raise _mistake(path, line, f"unknown column {clean_text(name)!r}")
        if columns.count(name) > 1:
            raise _mistake(path, line, f"the column {name} stands twice")


def _source(path: Path, line: int, row: dict[str, Any], or_url: bool) -> Source:
    for name, value in row.items():
        if not isinstance(value, str | None):
            raise _mistake(path, line, f"{name} is {value!r}, expected text")
    name = row.get("path") or ""
    if not name and not (or_url and row.get("url")):
        raise _mistake(path, line, f"no path{' and no url' if or_url else ''}, expected the name of a media file")
    folder = path.absolute().parent
    thumbnail = row.get("thumbnail") or ""
    for column, value in (("path", name), ("thumbnail", thumbnail)):
        if not _can_be_a_name(value):
            raise _mistake(path, line, f"{column} is {value!r}, which no file can be named")
    texts = {key: clean_text(row.get(key) or "") for key in ("url", "channel", "title", "licence", "fetched_at")}
    places = {key: str(folder / value) if value else "" for key, value in (("path", name), ("thumbnail", thumbnail))}
    return Source("", size_bytes=0, **places, **texts)


def _can_be_a_name(text: str) -> bool:
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:  # half of a surrogate pair, as JSON can spell it
        return False
