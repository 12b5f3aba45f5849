"""Records to rows of the tables, with text that any reader can show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonverbal.records import to_plain
from nonverbal.types import Clip, Event, Source, Turn

Row = dict[str, Any]

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

KEPT, REJECTED, QUARANTINED, PENDING = "kept", "rejected", "quarantined", "pending"


@dataclass(frozen=True, slots=True)
class SourceVerdict:
    """What became of a source as a whole; `stage`, `reason` and `message` say why it was not kept."""

    source: Source
    verdict: str = KEPT
    stage: str = ""
    reason: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class ClipVerdict:
    """What became of a clip; `stage`, `reason` and `message` say why it was not kept."""

    clip: Clip
    verdict: str
    stage: str
    reason: str
    message: str


def clean(text: str) -> str:
    """`text` as valid UTF-8 without control characters: those, and what changes the direction of text, are escaped."""
    text = text.encode("utf-8", errors="backslashreplace").decode()
    return _CONTROLS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def dialogue_row(
    clip: Clip,
    source: Source,
    language: str,
    participants: Sequence[str],
    turns: Sequence[Turn],
    events: Sequence[Event] = (),
) -> Row:
    """A row of ``dialogues/``."""
    return {
        "dialogue_id": clip.clip_id,
        "source_id": clip.source_id,
        "url": clean(source.url),
        "channel": clean(source.channel),
        "title": clean(source.title),
        "licence": clean(source.licence),
        "start_s": clip.start_s,
        "duration_s": clip.duration_s,
        "language": language,
        "participants": list(participants),
        "turns": [_turn(turn) for turn in turns],
        "events": to_plain(list(events)),
    }


def completed(row: Row) -> Row:
    """A row of ``dialogues/`` as any readable version has it, with the columns that came later: empty, or null."""
    turns = [
        {
            **turn,
            "words": [{**word, "prosody": word.get("prosody")} for word in turn["words"]],
            "harm_scores": turn.get("harm_scores", []),
        }
        for turn in row["turns"]
    ]
    return {**row, "turns": turns, "events": row.get("events", [])}


def _turn(turn: Turn) -> Row:
    row: Row = to_plain(turn)
    row["text"] = clean(turn.text)
    for word in row["words"]:
        word["word"] = clean(word["word"])
    for score in row["harm_scores"]:
        score["label"] = clean(score["label"])
    return row


def clip_row(clip: Clip, verdict: str, stage: str = "", reason: str = "", message: str = "") -> Row:
    """A row of ``clips.parquet``."""
    return {
        "clip_id": clip.clip_id,
        "source_id": clip.source_id,
        "start_s": clip.start_s,
        "duration_s": clip.duration_s,
        "verdict": verdict,
        "stage": stage,
        "reason": str(reason),
        "message": clean(message),
    }


def source_row(seen: SourceVerdict, clips: Sequence[Row]) -> Row:
    """A row of ``sources.parquet``; `clips` are the rows of the source's clips.

    Only the file's name is kept of its path: a published dataset says nothing of the machine that made it. A source
    none of whose clips was kept counts as rejected for the commonest of their reasons.
    """
    source, name = seen.source, clean(Path(seen.source.path).name)
    row: Row = {
        "source_id": source.source_id,
        "file_name": name,
        "size_bytes": source.size_bytes,
        **{k: clean(getattr(source, k)) for k in ("url", "channel", "title", "licence", "fetched_at")},
        "verdict": seen.verdict,
        "stage": seen.stage,
        "reason": str(seen.reason),
        "message": clean(seen.message.replace(source.path, name) if source.path else seen.message),
        "n_clips": len(clips),
        "n_dialogues": sum(clip["verdict"] == KEPT for clip in clips),
    }
    if seen.verdict == KEPT and clips and row["n_dialogues"] == 0:
        row.update(_commonest(clips))
    return row


def _commonest(clips: Sequence[Row]) -> Row:
    counts = Counter((clip["verdict"], clip["stage"], clip["reason"]) for clip in clips)
    (verdict, stage, reason), _ = min(counts.items(), key=lambda item: (-item[1], item[0]))
    parts = ", ".join(f"{n} {r or v}" for (v, _, r), n in sorted(counts.items()))
    return {
        "verdict": verdict,
        "stage": stage,
        "reason": reason,
        "message": f"no clip was kept of {len(clips)}: {parts}",
    }


def group_by_source(clips: Iterable[Row]) -> dict[str, list[Row]]:
    """Clip rows by the id of their source."""
    groups: dict[str, list[Row]] = {}
    for clip in clips:
        groups.setdefault(clip["source_id"], []).append(clip)
    return groups
