"""What `tokenizers.py` prints: Markdown tables of means and deviations over seeds, JSON with every run, one picture."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motion_tokenizers_measure import HELD_OUT, Figures
from motion_tokenizers_plan import Asked, Plan, Row, Run, Table, runs_of
from nonverbal.records import to_plain


@dataclass(frozen=True, slots=True)
class Result:
    """A run that is finished.

    Attributes:
        measured_on: names the sets that the figures come from.
        train_s: how long it trained; None where training was interrupted.
        figures: one for each part and set.
    """

    run: Run
    measured_on: str
    train_s: float | None
    figures: tuple[Figures, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the metric's name in `Figures`, its heading, and how its numbers are written."""

    metric: str
    heading: str
    form: str = ".3f"


COLUMNS = (
    Column("vmse", "VMSE ↓"),
    Column("rms_mm", "RMS mm ↓", ".2f"),
    Column("lvd", "LVD mm/frame ↓", ".4f"),
    Column("mae", "MAE ↓", ".4f"),
    Column("diversity", "diversity"),
    Column("fd", "FD ↓"),
    Column("variance_ratio", "variance ratio → 1"),
    Column("acceleration_ratio", "acceleration ratio → 1"),
    Column("silent_ratio", "while silent → 1"),
    Column("perplexity", "perplexity ↑", ".0f"),
    Column("utilisation", "used ↑", ".0%"),
)

Results = Mapping[str, Result]
"""Run's name -> its result."""

Floors = Sequence[tuple[str, Figures]]
"""Figures of what needs no training, with its name."""


def numbers(row: Row, part: str, split: str, metric: str, asked: Asked, data: str, results: Results) -> list[float]:
    """A metric of a row, seed by seed; unfinished runs are left out."""
    one = Row(row.label, {part: row.configs[part]})
    names = [run.name for seed in asked.seeds for run in runs_of([one], asked, seed, data)]
    found = [figures for name in names if name in results for figures in results[name].figures]
    return [f.values[metric] for f in found if (f.split, f.part) == (split, part) and metric in f.values]


def spread(values: Sequence[float], form: str) -> str:
    """Mean and standard deviation (n - 1) in a cell; a dash where there is nothing, the value alone where it is one."""
    if not values:
        return "-"
    mean = format(float(np.mean(values)), form)
    return mean if len(values) == 1 else f"{mean} ± {format(float(np.std(values, ddof=1)), form)}"


def markdown(plan: Plan, asked: Asked, data: str, results: Results, floors: Floors = ()) -> str:
    """All tables, one for each part and set; below their rows, the `floors`."""
    finished = [r for r in results.values() if r.run.training.seed in asked.seeds]
    splits = list(dict.fromkeys(f.split for result in finished for f in result.figures))
    parts = [
        _markdown(table, part, split, asked, data, results)
        + _floors(floors, part, split, shown_columns(table, part, split, asked, data, results))
        for table in plan.tables
        for part in table.rows[0].configs
        for split in splits
    ]
    seconds = [result.train_s for result in finished if result.train_s is not None]
    told = f"Seeds: {len(asked.seeds)}; steps: {asked.steps}; preset {asked.preset}; mean ± standard deviation."
    if seconds:
        told += f" {len(seconds)} runs trained for {np.mean(seconds):.0f} s on average."
    return "\n\n".join([told, *parts]) + "\n"


def shown_columns(table: Table, part: str, split: str, asked: Asked, data: str, results: Results) -> list[Column]:
    """The columns in which any row has a number."""
    return [c for c in COLUMNS if any(numbers(r, part, split, c.metric, asked, data, results) for r in table.rows)]


def _markdown(table: Table, part: str, split: str, asked: Asked, data: str, results: Results) -> str:
    shown = shown_columns(table, part, split, asked, data, results)
    headings = " | ".join(("bits/s", *(column.heading for column in shown)))
    lines = [f"### {table.title}: {part}, {split}", "", f"| | {headings} |", "|---" + "|---:" * (len(shown) + 1) + "|"]
    for row in table.rows:
        label = f"{row.label} ({row.note})" if row.note else row.label
        cells = [spread(numbers(row, part, split, c.metric, asked, data, results), c.form) for c in shown]
        bits_per_s = row.bits_per_s if table.both_parts else row.configs[part].bits_per_s
        lines.append(f"| {label} | {bits_per_s:.1f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _floors(floors: Floors, part: str, split: str, shown: Sequence[Column]) -> str:
    lines = ""
    for name, figures in floors:
        if (figures.split, figures.part) == (split, part):
            cells = [spread([figures.values[c.metric]] if c.metric in figures.values else [], c.form) for c in shown]
            lines += f"\n| *{name}* | - | " + " | ".join(cells) + " |"
    return lines


def as_json(plan: Plan, asked: Asked, results: Results) -> str:
    """The tables' rows with the runs behind them, and every run with its configuration and figures."""
    plain = {
        "asked": to_plain(asked),
        "tables": [to_plain(table) for table in plan.tables],
        "runs": {run.name: to_plain(results[run.name]) for run in plan.runs if run.name in results},
    }
    return json.dumps(plain, indent=1, sort_keys=True)


def draw(path: Path, plan: Plan, asked: Asked, data: str, results: Results) -> None:
    """One picture: a line of panels a table, VMSE and LVD of each part on what was held out; every seed is a point."""
    from matplotlib.figure import Figure

    columns = [c for c in COLUMNS if c.metric in ("vmse", "lvd")]
    wide = max(len(table.rows[0].configs) for table in plan.tables) * len(columns)
    figure = Figure(
        figsize=(3.4 * wide + 2.4, sum(0.34 * len(t.rows) + 1.1 for t in plan.tables)), layout="constrained"
    )
    panels = figure.subplots(
        len(plan.tables), wide, squeeze=False, height_ratios=[len(table.rows) + 1 for table in plan.tables]
    )
    for line, table in zip(panels, plan.tables, strict=True):
        asked_for = [(part, column) for part in table.rows[0].configs for column in columns]
        for i, axes in enumerate(line):
            if i >= len(asked_for):
                axes.set_axis_off()
                continue
            part, column = asked_for[i]
            _panel(axes, table, [numbers(r, part, HELD_OUT, column.metric, asked, data, results) for r in table.rows])
            axes.set_title(f"{part}: {column.heading}", fontsize=9)
            axes.set_yticks(
                range(len(table.rows)), [row.label for row in table.rows] if i == 0 else [""] * len(table.rows)
            )
    figure.suptitle("mean over seeds; a point a seed; blue: the first row, grey: another number of bits", fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120, metadata={"Software": None})


def _panel(axes, table: Table, values: Sequence[Sequence[float]]) -> None:  # type: ignore[no-untyped-def]
    for i, (row, seeds) in enumerate(zip(table.rows, values, strict=True)):
        colour = "#999999" if row.note else "#0072b2" if i == 0 else "#d55e00"
        if seeds:
            axes.barh(i, float(np.mean(seeds)), color=colour, alpha=0.35, height=0.7)
            axes.plot(seeds, [i] * len(seeds), "o", color=colour, markersize=4)
    axes.invert_yaxis()
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
