"""The table: every figure with its unit, what is asked of it, and whether that is met; and the same as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from nonverbal.accuracy.face import Coefficient
from nonverbal.accuracy.summary import Figure, Summary
from nonverbal.media.names import printable


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked of a figure: at most `limit`, or at least."""

    limit: float
    at_least: bool = False

    def met(self, figure: Figure) -> bool:
        """Whether the figure, measured on something, keeps to the limit."""
        good = figure.value >= self.limit if self.at_least else figure.value <= self.limit
        return bool(figure.count and good)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: the name of its figure, what it is, and how it is printed ("" is a plain number)."""

    name: str
    label: str
    unit: str = ""
    target: Target | None = None


ROWS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    ("Funnel", (Row("kept", "videos that came through", "%", Target(1.0, at_least=True)),)),
    ("Speech", (
        Row("der", "diarization error", "%", Target(0.08)),
        Row("der_turns", "  of the turns", "%"),
        Row("speakers", "right number of speakers", "%"),
        Row("wer", "word error rate", "%"),
        Row("wer_content", "  less back-channels", "%"),
        Row("word_start", "word start off, median", "ms", Target(60.0)),
        Row("word_start_p95", "  95th percentile", "ms"),
        Row("word_end", "word end off, median", "ms"),
        Row("word_end_p95", "  95th percentile", "ms"),
        Row("attribution", "words to the right face", "%", Target(0.97, at_least=True)),
        Row("attribution_voice", "  to the right voice", "%"),
    )),
    ("Active speaker", (
        Row("asd_ap", "average precision", "", Target(0.95, at_least=True)),
        Row("asd_chance", "  knowing nothing"),
        Row("av_offset", "sound offset, off by", "ms"),
    )),
    ("Found in view", (
        Row("found_face", "face", "%"),
        Row("found_upper_body", "upper body", "%"),
        Row("found_left_hand", "left hand", "%"),
        Row("found_right_hand", "right hand", "%"),
        Row("false_face", "out of view: face", "%"),
        Row("false_upper_body", "  upper body", "%"),
        Row("false_left_hand", "  left hand", "%"),
        Row("false_right_hand", "  right hand", "%"),
    )),
    ("Face", (
        Row("r52", "correlation, all that move", "", Target(0.58, at_least=True)),
        Row("r_talk10", "  the ten of talk", "", Target(0.80, at_least=True)),
        Row("mae52", "mean absolute error"),
    )),
    ("Head and gaze", (
        Row("head", "head rotation", "deg", Target(3.5)),
        Row("head_median", "  median", "deg"),
        Row("head_steady_off", "  less constant part", "deg"),
        Row("gaze", "gaze, each eye", "deg", Target(8.0)),
        Row("gaze_both", "  both eyes' mean", "deg"),
    )),
    ("Body", (
        Row("upper_arm", "upper arm", "deg", Target(10.0)),
        Row("forearm", "forearm", "deg", Target(10.0)),
        Row("forearm_hand_in_view", "  with the hand in view", "deg"),
        Row("wrist", "hand orientation", "deg", Target(20.0)),
        Row("wrist_joint", "  wrist joint alone", "deg"),
        Row("fingers", "finger joints", "deg", Target(15.0)),
        Row("collar", "collars", "deg"),
        Row("head_joint", "head on chest", "deg"),
    )),
    ("Jitter, found / true", (
        Row("jitter_face", "face coefficients"),
        Row("jitter_head", "head"),
        Row("jitter_upper_body", "upper body"),
        Row("jitter_hands", "fingers"),
    )),
)  # fmt: skip
"""The rows in order, by section; figures are explained where they are measured."""


def accuracy_table(summary: Summary) -> Table:
    """All rows."""
    table = Table(title="Accuracy against known truth", title_justify="left", box=SIMPLE_HEAD)
    for column in ("", "value", "asked for", "", "measured on"):
        table.add_column(column, justify="right" if column == "value" else "left", no_wrap=True)
    table.caption = (
        "Diarization: no collar, overlap counted. Degrees: means over frames valid in truth and finding. Word edges: "
        "words that were recognised. Correlation: mean over people. Jitter: mean acceleration."
    )
    for section, rows in ROWS:
        table.add_section()
        table.add_row(f"[bold]{section}[/]")
        for row in rows:
            figure = summary.figures[row.name]
            value = shown(figure.value, row.unit) if figure.count else "-"
            table.add_row(row.label, value, _asked(row), _verdict(row, figure), f"{figure.count} {figure.of}")
    return table


def shown(value: float, unit: str) -> str:
    """A value as printed."""
    if unit == "%":
        return f"{100 * value:.1f} %"
    return f"{value:.0f} {unit}" if unit == "ms" else f"{value:.1f} {unit}" if unit else f"{value:.3f}"


def _asked(row: Row) -> str:
    if row.target is None:
        return ""
    limit = shown(row.target.limit, row.unit).removesuffix(" deg")
    return f"{'>=' if row.target.at_least else '<='} {limit}"


def _verdict(row: Row, figure: Figure) -> str:
    if row.target is None:
        return ""
    if not figure.count:
        return "[red]nothing[/]"
    return "[green]met[/]" if row.target.met(figure) else "[red]missed[/]"


def face_table(face: Sequence[Coefficient]) -> Table:
    """The 52 coefficients, best correlation first; those that never move in the truth last."""
    table = Table(title="Face coefficients", title_justify="left", box=SIMPLE_HEAD)
    for column in ("coefficient", "r", "mean abs error", "moves in"):
        table.add_column(column, justify="left" if column == "coefficient" else "right")
    for one in sorted(face, key=lambda c: (not c.moving, -c.r, c.name)):
        table.add_row(one.name, f"{one.r:.2f}" if one.moving else "-", f"{one.mae:.3f}", f"{one.moving} people")
    return table


def offset_table(summary: Summary) -> Table:
    """What came back of each sound offset."""
    table = Table(title="Sound late by (ms)", title_justify="left", box=SIMPLE_HEAD)
    for column in ("put in", "recovered", "clips"):
        table.add_column(column, justify="right")
    for injected_ms, figure in summary.offsets.items():
        table.add_row(f"{injected_ms:+d}", f"{figure.value:+.0f}", f"{figure.count}")
    return table


def tables(summary: Summary) -> list[Table | str]:
    """Everything to print, in order."""
    lines = [f"[yellow]{escape(name)}[/] {escape(printable(verdict))}" for name, verdict in summary.rejected]
    targets = [(row, summary.figures[row.name]) for _, rows in ROWS for row in rows if row.target]
    met = sum(bool(row.target and row.target.met(figure)) for row, figure in targets)
    verdict = f"{met} of {len(targets)} targets met; {summary.kept} of {summary.takes} clips came through"
    return [accuracy_table(summary), face_table(summary.face), offset_table(summary), *lines, verdict]


def as_json(summary: Summary) -> dict[str, Any]:
    """All figures, those without a row of their own too, with units and targets where they have one."""
    rows = {row.name: row for _, section in ROWS for row in section}
    return {
        "figures": {name: _plain(figure, rows.get(name)) for name, figure in sorted(summary.figures.items())},
        "face": {c.name: {"r": c.r if c.moving else None, "mae": c.mae, "moving": c.moving} for c in summary.face},
        "offsets_ms": {str(ms): figure.value for ms, figure in summary.offsets.items()},
        "clips": summary.takes,
        "kept": summary.kept,
        "rejected": [{"name": name, "verdict": verdict} for name, verdict in summary.rejected],
    }


def _plain(figure: Figure, row: Row | None) -> dict[str, Any]:
    plain: dict[str, Any] = {"value": figure.value if figure.count else None, "count": figure.count, "of": figure.of}
    if row is not None and row.target is not None:
        side = "at_least" if row.target.at_least else "at_most"
        plain |= {side: row.target.limit, "met": row.target.met(figure)}
    return plain
