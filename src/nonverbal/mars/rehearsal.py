"""Plain texts that a model goes on reading while it learns motion, so that it does not forget how to talk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nonverbal.mars.examples import SPOKEN
from nonverbal.mars.vocabulary import Vocabulary
from nonverbal.verdicts import UserError

_EXPECTED = 'a text file with blank lines between texts, or .jsonl with a line {"text": "..."} a text'


@dataclass(frozen=True, eq=False)
class Texts:
    """Plain texts as ids.

    Attributes:
        ids: [N] int32, one text after the other, each with what the base begins a sequence with.
        marks: [N] uint8, all of a text is to be learnt.
        bounds: [T, 2] first token and the token after the last of each.
        begin: how many tokens a text begins with that are not its own.
    """

    ids: NDArray[np.int32]
    marks: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    begin: int

    def __len__(self) -> int:
        """How many texts there are."""
        return len(self.bounds)


def encode_texts(texts: Iterable[str], vocabulary: Vocabulary) -> Texts:
    """The ids of plain texts."""
    begin = list(vocabulary.format.begin)
    rows = [begin + vocabulary.text.encode(text) for text in texts]
    lengths = np.array([len(row) for row in rows], np.int64)
    ends = np.cumsum(lengths)
    ids = np.concatenate([np.array(row, np.int32) for row in rows]) if rows else np.zeros(0, np.int32)
    return Texts(ids, np.full(len(ids), SPOKEN, np.uint8), np.stack([ends - lengths, ends], 1), len(begin))


def read_texts(path: Path) -> Iterator[str]:
    """The texts of a file: paragraphs of plain text, or the "text" of each line of a .jsonl file.

    Raises:
        UserError: it cannot be read, or a line is no such text.
    """
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text ({error}); expected {_EXPECTED}") from error
    found = _lines(path, content) if path.suffix == ".jsonl" else content.split("\n\n")
    texts = [text.strip() for text in found if text.strip()]
    if not texts:
        raise UserError(f"{path}: holds no text, expected {_EXPECTED}")
    yield from texts


def _lines(path: Path, content: str) -> Iterator[str]:
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            text = json.loads(line)["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f'{path}: line {number} has no "text", expected {_EXPECTED}') from error
        if not isinstance(text, str):
            raise UserError(f"{path}: line {number}: got {type(text).__name__} as text, expected {_EXPECTED}")
        yield text
