"""The content hash: what a dataset says, whatever its shards, its compression and the number of workers.

It is the sha256 over one line a value, in sorted order::

    <dialogue_id> TAB <participant> TAB <column> TAB <sha256 of the value's bytes> NEWLINE

Arrays count as their little-endian bytes in row order, everything else as canonical JSON. The columns of a dialogue's
own row stand under the participant "". The digests of a motion file lie in its footer, so a dataset of any size is
hashed again without reading its motion.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from nonverbal.records import dumps
from nonverbal.types import Motion

CONTENT_KEY = "nonverbal.content"
"""Key of the digests in the metadata of a motion file."""

Digests = dict[str, str]
"""Column name -> sha256 of its bytes."""


def digest(value: Any) -> str:
    """sha256 of an array's little-endian bytes, or of any other value's canonical JSON."""
    if isinstance(value, np.ndarray):
        little = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
        return hashlib.sha256(little.data if little.size else b"").hexdigest()
    return hashlib.sha256(dumps(value).encode()).hexdigest()


def motion_digests(motion: Motion) -> Digests:
    """The digest of every column of a motion row."""
    names = [name for name in Motion.__slots__ if name != "participant"]
    return {name: digest(getattr(motion, name)) for name in names}


def stored_digests(path: Path) -> dict[str, Digests]:
    """Participant -> column -> digest, as the footer of the motion file `path` holds them.

    Raises:
        ValueError: the footer holds none.
    """
    metadata = pq.read_metadata(path).metadata or {}
    if CONTENT_KEY.encode() not in metadata:
        raise ValueError(f"{path}: the footer holds no {CONTENT_KEY}; expected a motion file of this project")
    found: dict[str, Digests] = json.loads(metadata[CONTENT_KEY.encode()])
    return found


def dialogue_lines(dialogue_id: str, row: Mapping[str, Any], motion: Mapping[str, Digests]) -> bytes:
    """The sorted lines of one dialogue: the columns of its own `row`, and those of each participant's motion."""
    digests = {"": {name: digest(value) for name, value in row.items()}, **motion}
    lines = [
        f"{dialogue_id}\t{participant}\t{column}\t{value}\n"
        for participant, columns in sorted(digests.items())
        for column, value in sorted(columns.items())
    ]
    return "".join(lines).encode()


def content_hash(lines: Iterable[bytes]) -> str:
    """sha256 over the lines of all dialogues; `lines` must come in the order of their ids."""
    total = hashlib.sha256()
    for part in lines:
        total.update(part)
    return total.hexdigest()
