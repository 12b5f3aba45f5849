"""The numbers of an evaluation side by side: a line a tokenizer, its bit rate first, the best of each column bold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from nonverbal.media.names import printable
from nonverbal.tokens.evaluation import Evaluation, Measured

Better = Literal["lower", "higher", "one", "none"]
"""Which value of a column is best; one is nearest to 1, none says that there is no best."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what it says of a tokenizer in a space (None: nothing), how it is printed, and which value is best."""

    heading: str
    value: Callable[[Measured, str], float | None]
    better: Better = "lower"
    form: str = "#.3g"


def _from_report(heading: str, name: str, better: Better = "lower", form: str = "#.3g") -> Column:
    return Column(heading, lambda row, space: getattr(row.reconstruction[space], name), better, form)


def _from_still(heading: str, name: str, better: Better = "lower", form: str = "#.3g") -> Column:
    return Column(heading, lambda row, space: getattr(row.still[space], name), better, form)


def _diversity_ratio(row: Measured, space: str) -> float | None:
    report = row.reconstruction[space]
    if report.diversity_decoded is None or not report.diversity_true:
        return None
    return report.diversity_decoded / report.diversity_true


ERRORS = (
    _from_report("VMSE", "vmse_release", form=".4f"),
    _from_report("RMS\nmm", "vertex_rms_mm", form=".2f"),
    _from_report("mean\nmm", "vertex_mean_mm", form=".2f"),
    _from_report("LVD\nmm/\nframe", "lvd_mm_per_frame", form=".3f"),
    _from_report("MSE", "parameter_mse"),
    _from_report("MAE", "parameter_mae"),
    _from_report("FD", "frechet_distance"),
)
"""How far off: see docs/metrics.md."""

LIFE = (
    _from_report("diver-\nsity", "diversity_decoded", "none", ".3f"),
    Column("of the\ntruth's", _diversity_ratio, "one", ".3f"),
    _from_report("var.\nratio", "variance_ratio", "one", ".3f"),
    _from_report("accel.\nratio", "acceleration_ratio", "one", ".3f"),
    _from_still("while\nsilent", "silent_acceleration_ratio", "one", ".3f"),
    _from_still("held\nmm/\nframe2", "held_mm_per_frame2", form=".4f"),
    _from_still("held\nunits/\nframe2", "held_units_per_frame2", form=".1e"),
)
"""How lively, and how still where nothing happens."""


def tables(evaluation: Evaluation) -> list[Table | str]:
    """Everything to print, in order: for each space errors and liveliness, then the codes, then what was measured."""
    shown: list[Table | str] = []
    for space in evaluation.spaces:
        mesh = evaluation.meshes.get(space)
        points = f"points of the mesh {mesh}" if mesh else "no mesh: parameters only"
        shown.append(_table(evaluation, space, f"{space}: how far off ({points})", ERRORS))
        shown.append(_table(evaluation, space, f"{space}: how lively, how still", LIFE))
    shown.append(codes_table(evaluation))
    name, counts = (
        escape(printable(evaluation.dataset)),
        f"{evaluation.dialogues}, participants {evaluation.participants}",
    )
    shown.append(
        f"Measured on {evaluation.minutes:.1f} minutes of motion, its valid frames alone (dialogues {counts}): {name}, "
        f"split {evaluation.settings.split}, content {evaluation.dataset_hash[:16]}"
    )
    return shown


def _table(evaluation: Evaluation, space: str, title: str, columns: Sequence[Column]) -> Table:
    rows = [row for row in evaluation.rows if space in row.spaces]
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("tokenizer")
    for heading in ("bits/s", *(column.heading for column in columns)):
        table.add_column(heading, justify="right", no_wrap=True)
    best = [best_of(column, rows, space) for column in columns]
    for number, row in enumerate(rows):
        cells = [_cell(column, row, space, number in marked) for column, marked in zip(columns, best, strict=True)]
        rate = "-" if row.is_baseline else f"{row.rate.bits_per_s:.1f}"
        table.add_row(_name(row), rate, *cells, style="dim" if row.is_baseline else None)
    rates = {round(row.rate.bits_per_s, 1) for row in rows if not row.is_baseline}
    if len(rates) > 1:
        table.caption = "Bit rates differ: more bits buy smaller errors."
    return table


def best_of(column: Column, rows: Sequence[Measured], space: str) -> set[int]:
    """Numbers of the rows to mark: those of the best value as printed, among at least two tokenizers; no baseline."""
    values = {i: column.value(row, space) for i, row in enumerate(rows) if not row.is_baseline}
    known = {i: value for i, value in values.items() if value is not None}
    if len(known) < 2 or column.better == "none":
        return set()
    cost = {"lower": lambda v: v, "higher": lambda v: -v, "one": lambda v: abs(v - 1.0)}[column.better]
    lowest = format(known[min(known, key=lambda i: cost(known[i]))], column.form)
    return {i for i, value in known.items() if format(value, column.form) == lowest}


def _cell(column: Column, row: Measured, space: str, is_best: bool) -> str:
    value = column.value(row, space)
    if value is None:
        return "-"
    text = format(value, column.form)
    return f"[bold]{text}[/]" if is_best else text


def _name(row: Measured) -> str:
    kind = [] if row.method in ("baseline", row.name) else [row.method]
    kind += ["joint"] if len(row.spaces) > 1 and row.name != "joint" else []
    return escape(printable(f"{row.name} ({', '.join(kind)})" if kind else row.name))


def codes_table(evaluation: Evaluation) -> Table:
    """How the codebooks are used: the first, and of residual ones the range of the later ones."""
    table = Table(title="Codes", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("tokenizer")
    for heading in ("bits/s", "tokens/s", "codes", "perplexity", "entropy\nbits", "used\n%", "dead"):
        table.add_column(heading, justify="right")
    for row in evaluation.rows:
        if row.codes is None:
            continue
        rate, codes = row.rate, row.codes
        size = f"{rate.num_codebooks} x {rate.codebook_size}" if rate.num_codebooks > 1 else f"{rate.codebook_size}"
        table.add_row(
            _name(row),
            f"{rate.bits_per_s:.1f}",
            f"{rate.tokens_per_s:.3f}",
            size,
            _over_levels(codes.perplexity, ".1f"),
            _over_levels(codes.entropy_bits, ".2f"),
            _over_levels([100 * share for share in codes.utilisation], ".0f"),
            _over_levels(codes.dead_codes, ".0f"),
        )
    return table


def _over_levels(values: Sequence[float], form: str) -> str:
    """The one number, or the first codebook's and below it the range of the later ones'."""
    first, *later = (format(value, form) for value in values)
    return f"{first}\n{min(later, key=float)}-{max(later, key=float)}" if later else first
