"""The analysis as one picture: answers of each pair, preferences with their intervals, strengths."""

from __future__ import annotations

import io
from typing import Any

from nonverbal.study.analyse import Analysis, QuestionResult
from nonverbal.verdicts import UserError

_FIRST, _TIE, _SECOND, _INK = "#2b6cb0", "#c9ced6", "#c0692b", "#2d3748"


def draw(analysis: Analysis) -> bytes:
    """A PNG; equal analyses give equal bytes.

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError("a picture needs matplotlib: run pip install 'nonverbal[offline]'") from error
    rows = len(analysis.questions)
    pairs = max(len(result.pairs) for result in analysis.questions)
    figure = Figure(
        figsize=(13, rows * (1.7 + 0.42 * max(pairs, len(analysis.conditions)))), dpi=100, layout="constrained"
    )
    FigureCanvasAgg(figure)
    grid = figure.subplots(rows, 3, squeeze=False, width_ratios=(3, 3, 2))
    for axes, result in zip(grid, analysis.questions, strict=True):
        _answers(axes[0], result)
        _preferences(axes[1], result)
        _strengths(axes[2], result)
    held = io.BytesIO()
    figure.savefig(held, format="png", metadata={"Software": None})
    return held.getvalue()


def _answers(axes: Any, result: QuestionResult) -> None:
    """Shares of answers for the first, for neither and for the second."""
    for row, pair in enumerate(result.pairs):
        total, left = pair.wins + pair.ties + pair.losses, 0.0
        for count, colour in ((pair.wins, _FIRST), (pair.ties, _TIE), (pair.losses, _SECOND)):
            axes.barh(row, count / total, left=left, color=colour, height=0.7)
            if count / total > 0.06:
                ink = _INK if colour == _TIE else "white"
                axes.text(left + count / total / 2, row, str(count), ha="center", va="center", color=ink, fontsize=9)
            left += count / total
    axes.set(xlim=(0, 1), ylim=(len(result.pairs) - 0.5, -0.5), xlabel="share of answers: first, tie, second")
    axes.set_yticks(range(len(result.pairs)), [_literal(f"{p.first} / {p.second}") for p in result.pairs])
    axes.set_title(_literal(result.question), loc="left", fontsize=11)


def _preferences(axes: Any, result: QuestionResult) -> None:
    """Preference for the first with Wilson's interval (thick) and that over raters and items (thin)."""
    axes.axvline(0.5, color=_TIE, linewidth=1)
    for row, pair in enumerate(result.pairs):
        colour = _FIRST if pair.p_dropped_holm < 0.05 else _INK
        axes.plot([pair.clustered.low, pair.clustered.high], [row, row], color=colour, linewidth=1.2)
        axes.plot([pair.preference.low, pair.preference.high], [row, row], color=colour, linewidth=4, alpha=0.5)
        axes.plot(pair.preference.share, row, "o", color=colour)
    axes.set(xlim=(0, 1), ylim=(len(result.pairs) - 0.5, -0.5), xlabel="preference for the first, ties half")
    axes.set_yticks([])
    axes.set_title("95 %: thick by counts, thin over raters and items; blue: p < 0.05", loc="left", fontsize=8)


def _strengths(axes: Any, result: QuestionResult) -> None:
    axes.axvline(0, color=_TIE, linewidth=1)
    for row, found in enumerate(result.strengths):
        if found.low is not None and found.high is not None:
            axes.plot([found.low, found.high], [row, row], color=_INK, linewidth=1.2)
        axes.plot(found.strength, row, "s", color=_INK)
    axes.set(ylim=(len(result.strengths) - 0.5, -0.5), xlabel="strength (log)")
    axes.set_yticks(range(len(result.strengths)), [_literal(s.condition) for s in result.strengths])
    axes.set_title("Bradley-Terry-Davidson", loc="left", fontsize=8)


def _literal(text: str) -> str:
    """Text in which matplotlib looks for no formula."""
    return text.replace("$", r"\$")
