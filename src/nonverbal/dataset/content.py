"""The content hash: what a dataset says, whatever its shards, its compression and the number of workers.

It is the sha256 over one line a value, in sorted order::

    <dialogue_id> TAB <participant> TAB <column> TAB <sha256 of the value's bytes> NEWLINE

Arrays count as their little-endian bytes in row order, everything else as canonical JSON. The columns of a dialogue's
own row stand under the participant "". The digests of a motion file lie in its footer, so a dataset of any size is
hashed again without reading its motion.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from nonverbal.dataset.schema import ClipMotion
from nonverbal.records import dumps, loads
from nonverbal.types import Motion

CONTENT_KEY = "nonverbal.content"
"""Key of the digests in the metadata of a motion file."""

Digests = dict[str, str]
"""Column name -> sha256 of its bytes."""


@dataclass(frozen=True, slots=True)
class RowSummary:
    """One participant's row: the digest of every column, how many frames they speak, and are valid in, part by part."""

    speaking_frames: int
    valid_frames: tuple[int, ...]
    digests: Digests


@dataclass(frozen=True, slots=True)
class MotionSummary:
    """What the footer of a motion file tells about its rows."""

    clip_id: str
    face_space: str
    body_space: str
    fps: float
    n_frames: int
    rows: dict[str, RowSummary]


def digest(value: Any) -> str:
    """sha256 of an array's little-endian bytes, or of any other value's canonical JSON."""
    if isinstance(value, np.ndarray):
        little = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
        return hashlib.sha256(little.data if little.size else b"").hexdigest()
    return hashlib.sha256(dumps(value).encode()).hexdigest()


def summarize(motion: ClipMotion) -> MotionSummary:
    """The summary of a clip's motion; all participants share spaces, fps and length."""
    first = motion.participants[0]
    return MotionSummary(
        clip_id=motion.clip_id,
        face_space=first.face_space,
        body_space=first.body_space,
        fps=first.fps,
        n_frames=first.n_frames,
        rows={m.participant: _summarize_row(m) for m in motion.participants},
    )


def _summarize_row(motion: Motion) -> RowSummary:
    names = [name for name in Motion.__slots__ if name != "participant"]
    return RowSummary(
        speaking_frames=int(motion.speaking.sum(dtype=np.int64)),
        valid_frames=tuple(int(n) for n in motion.validity.sum(axis=0, dtype=np.int64)),
        digests={name: digest(getattr(motion, name)) for name in names},
    )


def read_summary(path: Path) -> MotionSummary:
    """The summary in the footer of the motion file `path`; no page is read.

    Raises:
        ValueError: the footer holds none.
        OSError: `path` is no Parquet file.
    """
    metadata = pq.read_metadata(path).metadata or {}
    if CONTENT_KEY.encode() not in metadata:
        raise ValueError(f"{path}: the footer holds no {CONTENT_KEY}; expected a motion file of this project")
    return loads(MotionSummary, metadata[CONTENT_KEY.encode()].decode())


def dialogue_lines(row: Mapping[str, Any], motion: Mapping[str, RowSummary]) -> bytes:
    """The sorted lines of one dialogue: the columns of its own `row`, and those of each participant's motion."""
    own = {name: digest(value) for name, value in row.items()}
    digests = {"": own, **{participant: summary.digests for participant, summary in motion.items()}}
    lines = [
        f"{row['dialogue_id']}\t{participant}\t{column}\t{value}\n"
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
