"""How a stage's result becomes one file and is found again unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonverbal.records import dumps, loads


@dataclass(frozen=True)
class JsonCodec:
    """Frozen records (`kind`, or ``tuple[kind, ...]``) as canonical JSON: equal records give equal bytes.

    Floats keep every bit. File names that are not UTF-8 survive (surrogate escapes).
    """

    kind: Any
    suffix: str = ".json"

    def write(self, path: Path, value: Any) -> None:
        path.write_text(dumps(value) + "\n", encoding="utf-8", errors="surrogateescape")

    def read(self, path: Path) -> Any:
        return loads(self.kind, path.read_text(encoding="utf-8", errors="surrogateescape"))
