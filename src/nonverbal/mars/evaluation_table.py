"""The numbers of an evaluation side by side: a line a contestant; the models first, then what they must beat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from nonverbal.mars.evaluation import Behaviour, Evaluation, Standing
from nonverbal.mars.event_scores import PARTNER_MOMENTS, WORD_MOMENTS
from nonverbal.media.names import printable

_STYLES: dict[Standing, str | None] = {"model": None, "baseline": "dim", "bound": "dim italic"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, what it says of a contestant (None: nothing), and how that is printed."""

    heading: str
    value: Callable[[Behaviour], float | None]
    form: str = ".2f"


def _moment(heading: str, name: str) -> Column:
    return Column(heading, lambda row: row.moment_f1(name))


MOMENTS = (
    Column("words\nF1", lambda row: row.moments.words_f1),
    *(_moment(name.replace("_", "\n"), name) for name in WORD_MOMENTS),
)
"""Whether behaviour comes when the own words call for it: see docs/behaviour_metrics.md."""

TIMING = (
    *(_moment(name.replace("_", "\n"), name) for name in PARTNER_MOMENTS),
    Column("events\nF1", lambda row: row.event_f1),
    Column("strokes\non words", lambda row: row.beat_alignment),
    Column("blinks\n/min", lambda row: row.events_per_min.get("blink"), ".1f"),
)
"""Whether it comes when the partner calls for it, at the true times, and how often."""


def space_columns(space: str) -> tuple[Column, ...]:
    """How the motion of a space compares with the truth as a whole: see docs/metrics.md."""

    def parameter(heading: str, name: str, form: str = "#.3g") -> Column:
        return Column(heading, lambda row: getattr(row.motion[space].parameters, name), form)

    def ratio(row: Behaviour) -> float | None:
        report = row.motion[space].parameters
        if report.diversity_decoded is None or not report.diversity_true:
            return None
        return report.diversity_decoded / report.diversity_true

    return (
        parameter("FD", "frechet_distance"),
        parameter("VMSE", "vmse_release", ".4f"),
        parameter("LVD\nmm/\nframe", "lvd_mm_per_frame", ".3f"),
        Column("diversity\nof truth's", ratio),
        parameter("var.\nratio", "variance_ratio", ".2f"),
        parameter("accel.\nratio", "acceleration_ratio", ".2f"),
        Column("energy\ncorrel.", lambda row: row.motion[space].energy_correlation),
    )


def tables(found: Evaluation) -> list[Table | str]:
    """Everything to print, in order."""
    shown: list[Table | str] = []
    if found.behaviour:
        shown.append(_behaviour("Behaviour that the own words call for: F1", found.behaviour, MOMENTS))
        shown.append(_behaviour("Behaviour that the partner calls for: F1; all events", found.behaviour, TIMING))
        shown += [
            _behaviour(f"{space}: as a whole", found.behaviour, space_columns(space))
            for space in found.behaviour[0].motion
        ]
    if found.words:
        shown.append(_words(found))
    if found.likelihood:
        shown.append(_likelihood(found))
    return [*shown, *_lines(found)]


def _behaviour(title: str, rows: Sequence[Behaviour], columns: Sequence[Column]) -> Table:
    used = [column for column in columns if any(column.value(row) is not None for row in rows)]
    table = _table(title, "contestant", [column.heading for column in used])
    for row in rows:
        cells = [_cell(column.value(row), column.form) for column in used]
        table.add_row(escape(printable(row.name)), *cells, style=_STYLES[row.standing])
    return table


def _words(found: Evaluation) -> Table:
    headings = ("BLEU", "chrF", "ROUGE-L", "distinct-1", "distinct-2", "words")
    table = _table(f"Words of free replies: {found.words[0].report.texts} turns", "contestant", headings)
    for row in found.words:
        r = row.report
        values = ((r.bleu, ".1f"), (r.chrf, ".1f"), (r.rouge_l, ".3f"), (r.distinct_1, ".3f"), (r.distinct_2, ".3f"))
        cells = [_cell(value, form) for value, form in (*values, (r.mean_words, ".1f"))]
        table.add_row(escape(printable(row.name)), *cells, style=_STYLES[row.standing])
    r = found.words[0].report
    true = [_cell(value, form) for value, form in ((r.distinct_1_true, ".3f"), (r.distinct_2_true, ".3f"))]
    table.add_row("truth", "-", "-", "-", *true, _cell(r.mean_words_true, ".1f"), style=_STYLES["bound"])
    return table


def _likelihood(found: Evaluation) -> Table:
    table = _table(
        "How well the model foretells what it is to say and do", "tokens of", ("tokens", "NLL", "perplexity", "hits %")
    )
    for name, one in found.likelihood.items():
        table.add_row(name, f"{one.tokens:,}", f"{one.nll:.3f}", f"{one.perplexity:,.1f}", f"{100 * one.accuracy:.1f}")
    return table


def _lines(found: Evaluation) -> Iterable[str]:
    if found.outputs:
        yield f"{found.parsed:,} of {found.outputs:,} outputs parse."
    if found.speed is not None and found.speed.turns:
        speed = found.speed
        yield (
            f"First step after {1000 * speed.first_step_s:.0f} ms, {speed.steps_per_s:.1f} steps/s, "
            f"{speed.real_time_factor:.1f} times real time (median of {speed.turns} turns, {speed.device}, "
            f"threads {speed.threads})."
        )
    yield (
        f"{escape(printable(found.model))}, from {escape(printable(found.base))}, on {found.minutes:.1f} minutes of "
        f"motion (dialogues {found.dialogues}, participants {found.participants}): "
        f"{escape(printable(found.dataset))}, split {found.settings.split}, content {found.dataset_hash[:16]}"
    )


def _table(title: str, first: str, headings: Iterable[str]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(first, no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
