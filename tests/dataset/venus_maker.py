"""Small rows in the schema of the published VENUS datasets, written the ways they come in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

VIDEO = "G51M8YGs_OM"

Record = dict[str, Any]

_RECORDS = ("conversation", "words", "facial_expression", "body_language")
_WORD = {"word": pa.string(), "start_time": pa.float64(), "end_time": pa.float64()}
_FRAME = {"utt_id": pa.string(), "frame": pa.string(), "features": pa.list_(pa.float64())}


def features(utterance: int, frame: int, width: int) -> np.ndarray:
    """[width] numbers that tell which frame and which column they are; any three make less than pi."""
    return frame * 1e-4 + utterance * 1e-2 + np.arange(width) * 1e-3


def utterance(number: int, speaker: Any, start_s: float, end_s: float, text: str = "Well, yes. Go on.") -> Record:
    """Words spread evenly over an utterance."""
    names = text.split()
    edges = np.linspace(start_s, end_s, len(names) + 1)
    words = [
        {"word": name, "start_time": float(a), "end_time": float(b)}
        for name, a, b in zip(names, edges[:-1], edges[1:], strict=True)
    ]
    times = {"start_time": start_s, "end_time": end_s}
    return {"utterance_id": number, "speaker": speaker, "text": text, **times, "words": words}


def frames(number: int, numbers: Iterable[int], width: int, suffix: str = "_000") -> list[Record]:
    """Frames of one utterance."""
    return [
        {"utt_id": str(number), "frame": f"{n}{suffix}", "features": list(features(number, n, width))} for n in numbers
    ]


def row(video: str = VIDEO, segment: Any = 0, **changes: Any) -> Record:
    """Two people, three utterances, every frame of each there: 0 is 0 to 1 s, 1 is 1 to 2 s, 2 is 3 to 4 s."""
    spoken = [utterance(0, 0, 0.0, 1.0), utterance(1, 1, 1.0, 2.0), utterance(2, 0, 3.0, 4.0)]
    spans = ((0, range(25)), (1, range(25, 50)), (2, range(75, 100)))
    made = {
        "video_id": video,
        "segment_id": segment,
        "conversation": spoken,
        "facial_expression": [frame for n, span in spans for frame in frames(n, span, 156)],
        "body_language": [frame for n, span in spans for frame in frames(n, span, 179)],
        "harmful_utterance_id": [],
    }
    return made | changes


def write_parquet(path: Path, rows: Sequence[Record], lists_of_structs: bool = False) -> Path:
    """Rows as `datasets` writes them, a struct of lists for a list of records, or as lists of structs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    speaker = _kind(said["speaker"] for row in rows for said in row["conversation"])
    words = _records(_WORD, lists_of_structs)
    spoken = {"utterance_id": pa.int64(), "speaker": speaker, "text": pa.string()}
    spoken |= {"start_time": pa.float64(), "end_time": pa.float64(), "words": words}
    schema = pa.schema(
        {
            "video_id": pa.string(),
            "segment_id": _kind(row["segment_id"] for row in rows),
            "conversation": _records(spoken, lists_of_structs),
            "facial_expression": _records(_FRAME, lists_of_structs),
            "body_language": _records(_FRAME, lists_of_structs),
            "harmful_utterance_id": pa.list_(pa.int64()),
        }
    )
    plain = rows if lists_of_structs else [turned(row) for row in rows]
    pq.write_table(pa.Table.from_pylist(list(plain), schema=schema), path)
    return path


def write_jsonl(path: Path, rows: Sequence[Record]) -> Path:
    """Rows as the paper prints one: lists of structs, names with capitals and spaces."""
    path.write_text("".join(json.dumps(_titled(row)) + "\n" for row in rows))
    return path


def _records(fields: dict[str, pa.DataType], lists_of_structs: bool) -> pa.DataType:
    if lists_of_structs:
        return pa.list_(pa.struct(fields))
    return pa.struct({name: pa.list_(kind) for name, kind in fields.items()})


def _kind(values: Iterable[Any]) -> pa.DataType:
    return pa.string() if any(isinstance(value, str) for value in values) else pa.int64()


def turned(value: Any, name: str = "") -> Any:
    """A list of records as a record of lists, all the way down."""
    if isinstance(value, dict):
        return {name: turned(entry, name) for name, entry in value.items()}
    if name not in _RECORDS:
        return value
    return {key: [turned(record[key], key) for record in value] for key in (value[0] if value else ())}


def _titled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name.replace("_", " ").capitalize(): _titled(entry) for name, entry in value.items()}
    return [_titled(entry) for entry in value] if isinstance(value, list) else value
