"""Markdown tables of means and deviations over runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from nonverbal.mars.evaluation import Behaviour
from nonverbal.mars.event_scores import PARTNER_MOMENTS, WORD_MOMENTS

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column: its heading, what it says of a run (None: nothing), and how that is written."""

    heading: str
    value: Callable[[T], float | None]
    form: str = ".2f"


def behaviour_columns() -> tuple[Column[Behaviour], ...]:
    """What words and the partner call for, and how the motion is as a whole."""
    moments = [(name.replace("_", " "), name) for name in (*WORD_MOMENTS, *PARTNER_MOMENTS)]
    return (
        Column("words F1 ↑", lambda row: row.moments.words_f1),
        *(Column(heading, lambda row, name=name: row.moment_f1(name)) for heading, name in moments),  # type: ignore[misc]
        Column("events F1 ↑", lambda row: row.event_f1),
        Column("strokes on words ↑", lambda row: row.beat_alignment),
        Column("blinks/min", lambda row: row.events_per_min.get("blink"), ".1f"),
        *(_distance(space) for space in ("arkit52", "flame53", "smplx117")),
    )


def _distance(space: str) -> Column[Behaviour]:
    def value(row: Behaviour) -> float | None:
        return row.motion[space].parameters.frechet_distance if space in row.motion else None

    return Column(f"FD {space} ↓", value, ".3f")


def markdown(rows: Mapping[str, Sequence[T]], columns: Sequence[Column[T]]) -> str:
    """A table; columns in which nobody has a number are left out."""
    shown = [c for c in columns if any(c.value(run) is not None for runs in rows.values() for run in runs)]
    lines = [f"| | {' | '.join(c.heading for c in shown)} |", "|---" + "|---:" * len(shown) + "|"]
    for name, runs in rows.items():
        cells = [spread([v for run in runs if (v := c.value(run)) is not None], c.form) for c in shown]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def spread(values: Sequence[float], form: str) -> str:
    """Mean and standard deviation (n - 1); the value alone where it is one, a dash where there is none."""
    if not values:
        return "-"
    mean = format(float(np.mean(values)), form)
    return mean if len(values) == 1 else f"{mean} ± {format(float(np.std(values, ddof=1)), form)}"
