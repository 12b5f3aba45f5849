"""The table as a picture: correlation of each coefficient, how errors are spread, and who was heard when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nonverbal.accuracy.face import Coefficient
from nonverbal.accuracy.measure import Scores
from nonverbal.accuracy.speech import voices
from nonverbal.accuracy.summary import Summary, pooled_degrees
from nonverbal.verdicts import UserError

_SPREAD = (
    ("head", "head"), ("gaze", "gaze"), ("upper_arm", "upper arm"), ("forearm", "forearm"), ("wrist", "hand"),
    ("fingers", "fingers"),
)  # fmt: skip
_WIDEST_DEG = 45.0
_TRUE, _FOUND = "#9aa5b1", "#2b6cb0"
_TIMELINE_S = 60.0


def draw(summary: Summary, scores: Sequence[Scores], path: Path) -> None:
    """Writes a PNG; the same scores give the same bytes.

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError("a picture needs matplotlib: run pip install 'nonverbal[offline]'") from error
    figure = Figure(figsize=(12, 11), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    bars, spread, offsets, timeline = figure.subplot_mosaic("AA;BC;DD", height_ratios=(3, 2.4, 1.6)).values()
    _bars(bars, summary.face)
    _spread(spread, scores)
    _offsets(offsets, summary)
    _timeline(timeline, scores)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", metadata={"Software": None})


def _bars(axes: Any, face: Sequence[Coefficient]) -> None:
    moving = sorted((c for c in face if c.moving), key=lambda c: (-c.r, c.name))
    axes.bar(range(len(moving)), [c.r for c in moving], color=_FOUND)
    axes.set_xticks(range(len(moving)), [c.name for c in moving], rotation=90, fontsize=7)
    axes.set(ylim=(-0.2, 1.0), xlim=(-0.6, max(len(moving), 1) - 0.4), ylabel="Pearson r")
    axes.set_title("Face coefficients against the truth", loc="left")
    axes.grid(axis="y", alpha=0.3)


def _spread(axes: Any, scores: Sequence[Scores]) -> None:
    bins = np.linspace(0.0, _WIDEST_DEG, 46)
    for name, label in _SPREAD:
        values = pooled_degrees(scores, name)
        if len(values):
            share = np.histogram(np.minimum(values, _WIDEST_DEG), bins)[0] / len(values)
            axes.stairs(np.cumsum(share), bins, baseline=None, label=f"{label}, median {np.median(values):.1f}")
    axes.set(xlabel="degrees off at most", ylabel="share of frames", ylim=(0, 1), xlim=(0, _WIDEST_DEG))
    axes.set_title("Rotations and directions", loc="left")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, loc="lower right")


def _offsets(axes: Any, summary: Summary) -> None:
    injected = list(summary.offsets)
    widest = max([abs(ms) for ms in injected], default=100)
    axes.plot([-widest, widest], [-widest, widest], color=_TRUE, label="right")
    axes.plot(injected, [summary.offsets[ms].value for ms in injected], "o-", color=_FOUND, label="recovered")
    axes.set(xlabel="sound made late by, ms", ylabel="recovered, ms")
    axes.set_title("Offset of sound and picture", loc="left")
    axes.legend(fontsize=8)


def _timeline(axes: Any, scores: Sequence[Scores]) -> None:
    """True and found speech of the first clip that came through, its first minute."""
    first = next((s for s in scores if s.take.found), None)
    axes.set_title("Who is heard when" + (f": {first.take.name}" if first else ""), loc="left")
    if first is None:
        return
    axes.set(xlim=(0, min(_TIMELINE_S, first.pair.truth.clip.duration_s)), xlabel="s")
    names, labels = first.pair.names, []
    true_names = [m.participant for m, _ in first.pair.people]
    for row, (dialogue, colour) in enumerate(((first.pair.truth, _TRUE), (first.pair.found, _FOUND))):
        for segment in voices(dialogue):
            person = segment.speaker if row == 0 else names.get(segment.speaker)
            if person in true_names:
                at = -2.5 * true_names.index(person) - row
                axes.broken_barh([(segment.start_s, segment.end_s - segment.start_s)], (at, 0.8), color=colour)
    for i, name in enumerate(true_names):
        labels += [(-2.5 * i + 0.4, f"{name} true"), (-2.5 * i - 0.6, f"{name} found")]
    axes.set_yticks([at for at, _ in labels], [label for _, label in labels])
