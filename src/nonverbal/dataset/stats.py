"""The paper's statistics table for a dataset, beside the published rows of others.

How each number is counted:

- sentences and words as the transcript has them; unique words are lower-cased, without leading and trailing punctuation
- frames: all motion frames of all participants, speaking or listening
- frames per turn: grid frames inside turns over turns, the motion that goes with what is said
- talk share: part of the time in which at least one participant has a turn
- validity: part of all frames in which a part of the person was seen
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from nonverbal.dataset.content import MotionSummary, read_summary
from nonverbal.dataset.read import open_dataset
from nonverbal.dataset.rows import Row
from nonverbal.records import to_plain
from nonverbal.timeline import merge_spans, n_frames
from nonverbal.types import PARTS, Span

_PUNCTUATION = " \t\n.,;:!?\"'`()[]{}<>-_…–—“”‘’«»¡¿*/\\"


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts of one dataset; shares are in [0, 1]."""

    content_hash: str
    dialogues: int
    turns: int
    hours: float
    sentences: int
    words: int
    unique_words: int
    frames: int
    frames_per_turn: float
    participants: int
    sources: int
    channels: int
    mean_turn_s: float
    talk_share: float
    harmful_turns: int
    languages: dict[str, int]
    validity: dict[str, float]
    modalities: tuple[str, ...] = ("text", "face", "head", "gaze", "body", "hands")


@dataclass(frozen=True, slots=True)
class Published:
    """A row of the paper's table as published; None: not given. Modalities: Text, Video, Nonverbal cues."""

    name: str
    dialogues: int | None
    turns: int | None
    hours: float
    modalities: str
    frames_per_turn: int | None = None
    sentences: int | None = None
    unique_words: int | None = None


PUBLISHED = (
    Published("IEMOCAP", 151, 7_333, 12, "T V"),
    Published("YTD-18M", 18_000_000, 54_000_000, 30_000, "T V"),
    Published("BEAT", None, None, 76, "N"),
    Published("EMAGE", None, None, 60, "N"),
    Published("VENUS", 89_459, 1_114_328, 14_910, "T V N", 547, 7_118_654, 527_270),
)
"""Rows of the statistics tables of the VENUS paper."""


_CAPTION = "T text, V video, N nonverbal cues; – not given; rows above the last as printed in the VENUS paper"


@dataclass
class Tally:
    """Counts that grow dialogue by dialogue; the only thing that grows with the data is the set of words."""

    dialogues: int = 0
    turns: int = 0
    seconds: float = 0.0
    turn_seconds: float = 0.0
    talk_seconds: float = 0.0
    sentences: int = 0
    words: int = 0
    frames: int = 0
    turn_frames: int = 0
    participants: int = 0
    harmful_turns: int = 0
    valid_frames: list[int] = field(default_factory=lambda: [0] * len(PARTS))
    vocabulary: set[str] = field(default_factory=set)
    languages: Counter[str] = field(default_factory=Counter)
    sources: set[str] = field(default_factory=set)
    channels: set[str] = field(default_factory=set)

    def add(self, row: Mapping[str, Any], motion: MotionSummary) -> None:
        """Count one dialogue: its row and the summary of its motion file."""
        self.dialogues += 1
        self.seconds += row["duration_s"]
        self.languages[row["language"]] += 1
        self.sources.add(row["source_id"])
        self.channels.update([row["channel"]] if row["channel"] else [])
        spans = [Span(t["start_s"], t["end_s"]) for t in row["turns"]]
        self.talk_seconds += sum(span.duration_s for span in merge_spans(spans))
        for turn, span in zip(row["turns"], spans, strict=True):
            self._add_turn(turn, span, motion.fps)
        self.participants += len(motion.rows)
        self.frames += motion.n_frames * len(motion.rows)
        for summary in motion.rows.values():
            self.valid_frames = [a + b for a, b in zip(self.valid_frames, summary.valid_frames, strict=True)]

    def _add_turn(self, turn: Row, span: Span, fps: float) -> None:
        self.turns += 1
        self.turn_seconds += span.duration_s
        self.turn_frames += n_frames(span.duration_s, fps)
        self.sentences += len(turn["sentences"])
        self.words += len(turn["words"])
        self.harmful_turns += bool(turn["harmful"])
        self.vocabulary.update(w for word in turn["words"] if (w := word["word"].strip(_PUNCTUATION).lower()))

    def statistics(self, content_hash: str) -> Statistics:
        """The counts so far."""
        return Statistics(
            content_hash=content_hash,
            dialogues=self.dialogues,
            turns=self.turns,
            hours=self.seconds / 3600,
            sentences=self.sentences,
            words=self.words,
            unique_words=len(self.vocabulary),
            frames=self.frames,
            frames_per_turn=self.turn_frames / max(self.turns, 1),
            participants=self.participants,
            sources=len(self.sources),
            channels=len(self.channels),
            mean_turn_s=self.turn_seconds / max(self.turns, 1),
            talk_share=self.talk_seconds / self.seconds if self.seconds else 0.0,
            harmful_turns=self.harmful_turns,
            languages=dict(sorted(self.languages.items())),
            validity={p: n / max(self.frames, 1) for p, n in zip(PARTS, self.valid_frames, strict=True)},
        )


def statistics(path: Path) -> Statistics:
    """Count the dataset in `path` anew, from its tables and the footers of its motion files.

    Raises:
        UserError: `path` holds no dataset of this version.
    """
    dataset = open_dataset(path)
    tally = Tally()
    for row in dataset.rows():
        tally.add(row, read_summary(dataset.motion_path(row["dialogue_id"])))
    return tally.statistics(dataset.content_hash)


def as_json(stats: Statistics) -> dict[str, Any]:
    """The statistics as a plain dict: what ``nonverbal stats --json`` prints."""
    plain: dict[str, Any] = to_plain(stats)
    return plain


def comparison_table(stats: Statistics, name: str = "this dataset") -> Table:
    """The paper's table: published datasets, then this one; 80 characters wide."""
    table = Table(title="Dialogue datasets", caption=_CAPTION, box=SIMPLE_HEAD, padding=0, pad_edge=False)
    table.add_column("dataset", no_wrap=True)
    for heading in ("dialogues", "turns", "hours", "sentences", "unique\nwords", "frames\nper turn"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("has", no_wrap=True)
    for p in PUBLISHED:
        counts = (p.dialogues, p.turns, p.hours, p.sentences, p.unique_words, p.frames_per_turn)
        table.add_row(p.name, *(_number(n) for n in counts), p.modalities)
    own = (stats.dialogues, stats.turns, stats.hours, stats.sentences, stats.unique_words, stats.frames_per_turn)
    table.add_row(name, *(_number(n) for n in own), "T N", style="bold")
    return table


def detail_table(stats: Statistics) -> Table:
    """What the paper's table has no column for."""
    table = Table(title="In detail", show_header=False)
    table.add_column("what")
    table.add_column("value", justify="right")
    for what, value in detail_rows(stats):
        table.add_row(what, value)
    return table


def detail_rows(stats: Statistics) -> list[tuple[str, str]]:
    """Names and printed values of the detailed counts."""
    languages = ", ".join(f"{name} {count}" for name, count in stats.languages.items())
    return [
        ("sources", _number(stats.sources)),
        ("channels", _number(stats.channels)),
        ("participants", _number(stats.participants)),
        ("participants a dialogue", f"{stats.participants / max(stats.dialogues, 1):.3g}"),
        ("words", _number(stats.words)),
        ("motion frames", _number(stats.frames)),
        ("mean turn", f"{stats.mean_turn_s:.2f} s"),
        ("talk share", f"{stats.talk_share:.1%}"),
        ("harmful turns", _number(stats.harmful_turns)),
        ("languages", languages or "–"),
        *((f"valid frames: {part.replace('_', ' ')}", f"{share:.1%}") for part, share in stats.validity.items()),
        ("content hash", stats.content_hash[:16]),
    ]


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
