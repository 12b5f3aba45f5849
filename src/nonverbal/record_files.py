"""Records in JSON files that carry a version: read with one sentence for whatever is wrong with them, and written."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from nonverbal.records import from_plain, to_plain
from nonverbal.verdicts import UserError

T = TypeVar("T")

_SEAL_KEY, _END = "seal", "\n}\n"
_SEAL = re.compile(rf',\n "{_SEAL_KEY}": "([0-9a-f]{{64}})"\n}}\n\Z')


@dataclass(frozen=True, slots=True)
class RecordFile:
    """A kind of file.

    Attributes:
        version_key: the key that holds the version.
        version: the one that is written.
        expected: what should have been there, for who looks in the wrong place.
        mend: what helps where the file is damaged.
        readable: the versions that are read; empty: `version` alone.
    """

    version_key: str
    version: int
    expected: str
    mend: str
    readable: tuple[int, ...] = ()

    def read(self, kind: type[T], path: Path) -> T:
        """The record of `kind` in `path`.

        Raises:
            UserError: the file is missing, damaged or of another version.
        """
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(f"{path}: not found; expected {self.expected}") from None
        except (OSError, ValueError) as error:
            raise UserError(f"{path}: cannot be read as JSON ({error}); {self.mend}") from error
        if isinstance(plain, dict):
            plain.pop(_SEAL_KEY, None)
        version = plain.get(self.version_key) if isinstance(plain, dict) else None
        if version not in (self.readable or (self.version,)):
            told = f"got {self.version_key.replace('_', ' ')} {version}, expected {self.version}"
            raise UserError(f"{path}: {told}; use a matching release")
        try:
            return from_plain(kind, plain, path.name)
        except ValueError as error:
            raise UserError(f"{path}: {error}; {self.mend}") from error


def record_text(record: Any) -> str:
    """A record as JSON that people can read; equal records give equal text."""
    return json.dumps(to_plain(record), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def sealed_text(record: Any) -> str:
    """`record_text` with a last key ``seal``, the sha256 of the text without it: no changed byte goes unseen.

    The record must be one that holds something.
    """
    text = record_text(record)
    return f'{text.removesuffix(_END)},\n "{_SEAL_KEY}": "{_hash(text)}"{_END}'


def seal_fault(path: Path) -> str:
    """What is wrong with the bytes of a file that `sealed_text` made; empty if nothing is, or if it has no hash.

    Raises:
        OSError: it cannot be read.
    """
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    found = _SEAL.search(text)
    if found is None:
        return f"its last lines, with the key {_SEAL_KEY}, are damaged" if f'"{_SEAL_KEY}"' in text[-200:] else ""
    own = _hash(text[: found.start()] + _END)
    return "" if own == found[1] else f"got text with sha256 {own[:12]}, expected {found[1][:12]}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
