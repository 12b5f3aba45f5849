"""What the user named: addresses, files with addresses, lists, searches; and the local files among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nonverbal.collect.addresses import without_secrets
from nonverbal.collect.archive import read_lines
from nonverbal.media.names import clean_text, printable
from nonverbal.types import Source
from nonverbal.venus.listing import is_list, read_list
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
            rows = read_list(Path(name), or_url=True).sources
            local += [row for row in rows if row.path]
            addresses += [_address(row.url, printable(name)) for row in rows if not row.path]
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
