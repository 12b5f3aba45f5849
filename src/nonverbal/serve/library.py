"""A dataset as the viewer shows it: what it is, its dialogues, what was rejected; read only, by known ids."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nonverbal.dataset.manifest import MANIFEST_NAME, read_manifest
from nonverbal.dataset.read import Dataset, open_dataset
from nonverbal.dataset.rows import KEPT, Row
from nonverbal.media.names import clean_text
from nonverbal.records import to_plain
from nonverbal.serve.errors import LOG, ApiError
from nonverbal.serve.library_index import build_index
from nonverbal.serve.library_motion import MotionReader
from nonverbal.serve.library_search import Query, Search
from nonverbal.spaces import get_space
from nonverbal.verdicts import UserError

_FILE = re.compile(r"((dialogues|motion)/(train|validation|test)-[\w-]+|[\w-]+)\.(parquet|md|json)", re.ASCII)
_ID = re.compile(r"[\w-]{1,128}", re.ASCII)
_MOST_NAMES = 1000
"""Channels listed for the filter; of more, those with the most dialogues."""


class Library:
    """One dataset, opened once and shared by all requests; nothing in it ever changes.

    Attributes:
        dataset: the dataset itself.
        search: its index.
        motion: its motion.
    """

    def __init__(self, path: Path) -> None:
        self.dataset: Dataset = _opened(path)
        self.search = Search(build_index(self.dataset))
        self.motion = MotionReader(self.dataset)
        self.sources: dict[str, Row] = {row["source_id"]: row for row in self.dataset.sources()}
        self._clips = _verdicts(self.sources.values(), self.dataset.clips())
        self._numbers = {dialogue_id: i for i, dialogue_id in enumerate(self.search.index.ids)}
        self._summary = self._summarized(clean_text(path.resolve().name))

    def participants(self, dialogue_id: str) -> list[str]:
        """Names of who takes part in a dialogue.

        Raises:
            ApiError: the dataset has none of that id.
        """
        return self.search.index.participants[self._number(dialogue_id)]

    def source_id(self, dialogue_id: str) -> str:
        """The source of a dialogue.

        Raises:
            ApiError: the dataset has none of that id.
        """
        return self.search.index.source_ids[self._number(dialogue_id)]

    def summary(self) -> dict[str, Any]:
        """What the dataset is and what is in it."""
        return self._summary

    def dialogues(self, query: Query, offset: int, limit: int) -> dict[str, Any]:
        """A page of the dialogues that fit a query."""
        found = self.search.find(query)
        cards = [self.search.card(int(number), query) for number in found[offset : offset + limit]]
        return {"total": len(found), "dialogues": cards}

    def clips(self, verdict: str, offset: int, limit: int) -> dict[str, Any]:
        """A page of what was cut or refused; `verdict` is one of its words or reasons, or empty for all."""
        rows = [row for row in self._clips if verdict in ("", row["verdict"], row["reason"])]
        counts = Counter(row["verdict"] for row in self._clips)
        reasons = Counter(row["reason"] for row in self._clips if row["reason"])
        page = rows[offset : offset + limit]
        return {"total": len(rows), "verdicts": dict(counts), "reasons": dict(sorted(reasons.items())), "clips": page}

    def dialogue(self, dialogue_id: str, harmful: bool) -> dict[str, Any]:
        """Everything about a dialogue but its motion; what harmful turns say is withheld unless asked for.

        Raises:
            ApiError: the dataset has none of that id, or its file is damaged.
        """
        number = self._number(dialogue_id)
        with _intact(dialogue_id):
            row, n_frames = self.dataset.row(dialogue_id), self.motion.n_frames(dialogue_id)
        order, place, ids = self.search.by_title, self.search.place[number], self.search.index.ids
        return {
            "id": dialogue_id,
            **{name: row[name] for name in ("title", "url", "channel", "licence", "language", "participants")},
            "split": self.search.index.splits[number],
            "start_s": _finite(row["start_s"]),
            "duration_s": _finite(row["duration_s"]),
            "fps": self.dataset.manifest.fps,
            "n_frames": n_frames,
            "turns": [_turn(turn, harmful) for turn in row["turns"]],
            "events": [_event(event) for event in row.get("events", ())],
            "previous": ids[order[place - 1]] if place else None,
            "next": ids[order[place + 1]] if place + 1 < len(order) else None,
        }

    def chunk(self, dialogue_id: str, participant: str, first: int, frames: int, smooth: bool) -> bytes:
        """Frames of a participant on the wire, as in `MotionReader.chunk`."""
        self._check(dialogue_id, participant)
        with _intact(dialogue_id):
            return self.motion.chunk(dialogue_id, participant, first, frames, smooth)

    def curve(
        self, dialogue_id: str, participant: str, columns: Sequence[str], points: int, smooth: bool
    ) -> dict[str, Any]:
        """Columns of a participant to draw, as in `MotionReader.curve`."""
        self._check(dialogue_id, participant)
        with _intact(dialogue_id):
            return self.motion.curve(dialogue_id, participant, columns, points, smooth)

    def timeline(self, dialogue_id: str, bins: int) -> dict[str, Any]:
        """Who speaks and who is seen when, as in `MotionReader.timeline`."""
        names = self.participants(dialogue_id)
        with _intact(dialogue_id):
            return self.motion.timeline(dialogue_id, names, bins)

    def _number(self, dialogue_id: str) -> int:
        if dialogue_id not in self._numbers:
            raise ApiError(404, "This dataset has no dialogue of that id.", "not_found")
        return self._numbers[dialogue_id]

    def _check(self, dialogue_id: str, participant: str) -> None:
        if participant not in self.participants(dialogue_id):
            raise ApiError(404, "This dialogue has no participant of that name.", "not_found")

    def _summarized(self, name: str) -> dict[str, Any]:
        manifest, index = self.dataset.manifest, self.search.index
        channels = Counter(index.channels)
        columns = {}
        for part, space in (("face", manifest.face_space), ("body", manifest.body_space)):
            columns[part] = list(get_space(space).columns) if space else []
        return {
            "name": name,
            "n_dialogues": len(index),
            "face_space": manifest.face_space,
            "body_space": manifest.body_space,
            "fps": manifest.fps,
            "columns": columns,
            "splits": manifest.splits,
            "languages": dict(sorted(Counter(index.languages).items())),
            "channels": dict(channels.most_common(_MOST_NAMES)),
            "n_channels": len(channels),
            "participants": sorted({p for names in index.participants for p in names})[:_MOST_NAMES],
            "longest_s": float(max(index.duration_s, default=0.0)),
            "most_words": int(max(index.n_words, default=0)),
            "verdicts": dict(Counter(row["verdict"] for row in self._clips)),
            "funnel": funnel(list(self.sources.values()), self.dataset.clips(), list(manifest.config)),
            "statistics": manifest.statistics,
            "models": [to_plain(model) for model in manifest.models],
            "content_hash": manifest.content_hash,
        }


def _opened(path: Path) -> Dataset:
    """The dataset in a folder, once all names in it are known to stay inside.

    Raises:
        UserError: there is none, it is damaged, or it names files elsewhere.
    """
    for name in read_manifest(path).files:
        if not _FILE.fullmatch(name):
            raise UserError(f"{path / MANIFEST_NAME}: names {ascii(name)[:80]}, which is no file of a dataset")
        if (path / name).is_symlink():
            raise UserError(f"{path / name}: is a link; expected the file itself (`cp -rL` copies what links lead to)")
    dataset = open_dataset(path)
    odd = next((i for i in dataset.ids() if not _ID.fullmatch(i)), None)
    if odd is not None:
        raise UserError(f"{path}: has a dialogue with the id {ascii(odd)[:80]}; expected letters, digits and dashes")
    return dataset


@contextmanager
def _intact(dialogue_id: str) -> Iterator[None]:
    """Tells a reader of damaged data so; what exactly is wrong, and where, stands in the log only."""
    try:
        yield
    except (ValueError, OSError) as error:
        LOG.error("dialogue %s cannot be read: %s", dialogue_id, error)
        sentence = "This dialogue is damaged and cannot be read; `nonverbal validate` says what is wrong."
        raise ApiError(500, sentence, "damaged") from error


def funnel(sources: Sequence[Row], clips: Sequence[Row], stages: Sequence[str]) -> list[dict[str, Any]]:
    """What each stage took in and let through, in the order of `stages`; only those that kept something back."""
    order = {stage: i for i, stage in enumerate(stages)}
    steps = []
    for unit, rows in (("source", [s for s in sources if s["n_clips"] == 0]), ("clip", clips)):
        left = len(sources) if unit == "source" else len(clips)
        lost = Counter((row["stage"], row["reason"] or row["verdict"]) for row in rows if row["verdict"] != KEPT)
        for stage in sorted({stage for stage, _ in lost}, key=lambda name: (order.get(name, len(order)), name)):
            reasons = {reason: n for (where, reason), n in sorted(lost.items()) if where == stage}
            out = left - sum(reasons.values())
            steps.append({"unit": unit, "stage": stage, "in": left, "out": out, "reasons": reasons})
            left = out
    return steps


def _verdicts(sources: Sequence[Row] | Any, clips: Sequence[Row]) -> list[dict[str, Any]]:
    """Sources that were refused as a whole, then all clips; each with its verdict and why."""
    sources = list(sources)
    names = {row["source_id"]: row["file_name"] for row in sources}
    refused = [
        {"id": row["source_id"], "kind": "source", "source": row["file_name"], "start_s": 0.0, "end_s": None}
        | {name: row[name] for name in ("verdict", "stage", "reason", "message")}
        for row in sources
        if row["n_clips"] == 0
    ]
    return refused + [
        {
            "id": row["clip_id"],
            "kind": "clip",
            "source": names.get(row["source_id"], ""),
            "start_s": _finite(row["start_s"]),
            "end_s": _finite(row["start_s"] + row["duration_s"]),
        }
        | {name: row[name] for name in ("verdict", "stage", "reason", "message")}
        for row in clips
    ]


def _turn(turn: Row, harmful: bool) -> dict[str, Any]:
    hidden = bool(turn["harmful"]) and not harmful
    harm = turn["harm"]
    return {
        "participant": turn["participant"],
        "start_s": _finite(turn["start_s"]),
        "end_s": _finite(turn["end_s"]),
        "harm": None if harm is None else _finite(harm),
        "harmful": bool(turn["harmful"]),
        "harm_scores": [[score["label"], _finite(score["score"])] for score in turn.get("harm_scores", ())],
        "hidden": hidden,
        "text": "" if hidden else turn["text"],
        "words": [] if hidden else [_word(word) for word in turn["words"]],
    }


def _word(word: Row) -> list[Any]:
    return [
        word["word"],
        _finite(word["start_s"]),
        _finite(word["end_s"]),
        _finite(word["prob"]),
        bool(word["interpolated"]),
    ]


def _event(event: Row) -> dict[str, Any]:
    names = ("start_s", "end_s", "strength", "confidence")
    return {key: _finite(value) if key in names else value for key, value in event.items()}


def _finite(value: float) -> float:
    """To the millisecond; 0 for what a damaged dataset may hold in place of a number."""
    return round(value, 3) if math.isfinite(value) else 0.0
