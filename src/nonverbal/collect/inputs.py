"""What the user named: addresses, files with addresses, lists, searches; and the local files among them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonverbal.collect.addresses import without_secrets
from nonverbal.collect.archive import read_lines
from nonverbal.media.names import clean_text, printable
from nonverbal.types import Source
from nonverbal.venus.listing import COLUMNS, is_list, read_list
from nonverbal.verdicts import UserError

_MOST_RESULTS = 1000


@dataclass(frozen=True, slots=True)
class Inputs:
    """Addresses in the order given, each once; and local files, which are passed on as they are."""

    addresses: tuple[str, ...]
    local: tuple[Source, ...]


def read_inputs(given: Sequence[str], searches: Sequence[str], results: int) -> Inputs:
    """All that is to be collected.

    Raises:
        UserError: an input is neither an address nor a file, or a file has a mistake in it.
    """
    addresses: list[str] = []
    local: list[Source] = []
    for name in given:
        if "://" in name:
            addresses.append(_address(name, "the command"))
        elif is_list(Path(name)):
            found = _rows(Path(name))
            addresses += found.addresses
            local += found.local
        else:
            path = Path(name)
            if not path.is_file():
                raise UserError(
                    f"{printable(name)} is neither an http(s) address nor a file; give addresses, files with one "
                    "address a line, or lists (.csv, .jsonl)"
                )
            addresses += [_address(line, printable(path)) for line in read_lines(path)]
    if not 1 <= results <= _MOST_RESULTS:
        raise UserError(f"--search-results {results}: expected 1 to {_MOST_RESULTS}")
    for words in searches:
        if not clean_text(words):
            raise UserError("--search is empty, expected words to search for")
        addresses.append(f"ytsearch{results}:{clean_text(words)}")
    if not addresses and not local:
        raise UserError("nothing to collect: give addresses, files with addresses, lists, or --search")
    return Inputs(tuple(dict.fromkeys(addresses)), tuple(local))


def _address(text: str, where: str) -> str:
    if not text.lower().startswith(("http://", "https://")):
        raise UserError(f"{where}: {without_secrets(text)!r} is no http(s) address, expected https://...")
    return text


def _rows(path: Path) -> Inputs:
    """A list: rows with a path are local files, rows with only a url are addresses."""
    rows = list(_plain_rows(path))
    if all(row.get("path") for row in rows):
        return Inputs((), read_list(path).sources)
    addresses, kept = [], []
    for row in rows:
        if row.get("path"):
            kept.append(row)
            continue
        if not row.get("url"):
            raise UserError(f"{printable(path)}: a row has neither path nor url, expected one of them")
        addresses.append(_address(str(row["url"]), printable(path)))
    folder = path.absolute().parent
    local = tuple(_source(folder, row) for row in kept)
    return Inputs(tuple(addresses), local)


def _source(folder: Path, row: dict[str, Any]) -> Source:
    texts = {name: clean_text(str(row.get(name) or "")) for name in COLUMNS[1:-1]}
    thumbnail = str(folder / row["thumbnail"]) if row.get("thumbnail") else ""
    return Source("", str(folder / row["path"]), 0, thumbnail=thumbnail, **texts)


def _plain_rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".csv":
            found: list[Any] = list(csv.DictReader(io.StringIO(text), strict=True))
        else:
            found = [json.loads(line) for line in text.split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError, ValueError, RecursionError, csv.Error) as error:
        raise UserError(f"{printable(path)} cannot be read as a list ({error}); expected CSV or JSON Lines") from error
    for row in found:
        unknown = set(row) - set(COLUMNS) if isinstance(row, dict) else {"?"}
        if unknown:
            name = clean_text(str(next(iter(unknown))))
            raise UserError(f"{printable(path)}: unknown column {name!r}; the columns are {', '.join(COLUMNS)}")
        yield row
