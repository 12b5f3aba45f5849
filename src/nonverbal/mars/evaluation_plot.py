"""One picture of an evaluation: F1 of each contestant, and a stretch of talk with true and made behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nonverbal.mars.baselines import Played
from nonverbal.mars.evaluation import MODEL, Evaluation
from nonverbal.mars.held_out import Person
from nonverbal.mars.trial import TrueRun
from nonverbal.motion.events import head_angles_deg
from nonverbal.spaces import get_space
from nonverbal.types import F32, Turn
from nonverbal.verdicts import UserError

STRETCH_S = 14.0
"""How much of a dialogue is shown."""

_CURVES = {
    "smile": ("arkit52", ("mouthSmileLeft", "mouthSmileRight")),
    "brows up": ("arkit52", ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")),
    "brows down": ("arkit52", ("browDownLeft", "browDownRight")),
}
_DIP = "head down, degrees"
_TRUE, _MADE = "#000000", "#d55e00"
_BARS = {"model": "#0072b2", "baseline": "#b0b0b0", "bound": "#56b4e9"}


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Some seconds of one participant, true and made.

    Attributes:
        first_s: when it begins in its dialogue.
        curves: name -> true [T] and made [T].
        busy: how much happens in it, to choose by.
    """

    participant: str
    turns: tuple[Turn, ...]
    first_s: float
    fps: float
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]]
    busy: int


@dataclass
class Gatherer:
    """Keeps the stretch in which most different kinds of behaviour truly happen."""

    best: Stretch | None = field(default=None)

    def add(self, name: str, person: Person, true: TrueRun, played: Played) -> None:
        """Shown all motion; looks at the model's alone."""
        if name != MODEL:
            return
        made = signals(played)
        curves = {label: (signal, made[label]) for label, signal in signals(true.rows).items()}
        if not curves:
            return
        starts = np.arange(0.0, max(person.n_frames / true.fps - STRETCH_S, 0.0) + 1e-9, 2.0)
        busy = [self._busy(true, start) for start in starts]
        at = int(np.argmax(busy))
        if self.best is None or busy[at] > self.best.busy:
            first, last = (round(float(s) * true.fps) for s in (starts[at], starts[at] + STRETCH_S))
            cut = {label: (one[first:last], other[first:last]) for label, (one, other) in curves.items()}
            self.best = Stretch(person.participant, true.turns, float(starts[at]), true.fps, cut, busy[at])

    def _busy(self, true: TrueRun, start_s: float) -> int:
        """Events in a stretch, those beyond the third of a kind not counted; speech at both is preferred."""
        counts = [
            int(((e.peak_s >= start_s) & (e.peak_s < start_s + STRETCH_S)).sum())
            for kind, e in true.events.items()
            if kind in ("smile", "brows_up", "brows_down", "nod")
        ]
        speakers = {t.participant for t in true.turns if t.start_s < start_s + STRETCH_S and t.end_s > start_s}
        return sum(min(count, 3) for count in counts) + 2 * len(speakers)


def signals(rows: Mapping[str, F32]) -> dict[str, np.ndarray]:
    """The curves that can be shown of some spaces' rows: name -> [T]."""
    found = {}
    for label, (space, columns) in _CURVES.items():
        if space in rows:
            names = get_space(space).columns
            found[label] = rows[space][:, [names.index(column) for column in columns]].mean(axis=1)
    if "smplx117" in rows:
        found[_DIP] = head_angles_deg(rows["smplx117"].astype(np.float64))[0]
    return found


def draw(path: Path, found: Evaluation, gathered: Gatherer) -> None:
    """Writes the picture.

    Raises:
        UserError: matplotlib is missing, there is no motion to draw, or the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise UserError("the picture needs matplotlib: pip install 'nonverbal[lm]'") from error
    if not found.behaviour:
        raise UserError("picture: the model has no face and no body, so there is nothing to draw; leave out --picture")
    stretch = gathered.best
    lines = len(stretch.curves) + 1 if stretch else 0
    figure = Figure(figsize=(12, 3.6 + 1.2 * lines), layout="constrained")
    grid = figure.add_gridspec(
        1 + lines, 2, height_ratios=[3.2, *([0.6] * min(lines, 1)), *([1.0] * max(lines - 1, 0))]
    )
    _bars(figure.add_subplot(grid[0, 0]), found, "words F1: behaviour that the own words call for")
    _bars(figure.add_subplot(grid[0, 1]), found, "events F1: all kinds, within half a second")
    if stretch:
        axes = [figure.add_subplot(grid[1 + i, :]) for i in range(lines)]
        _words(axes[0], stretch)
        for ax, (label, (true, made)) in zip(axes[1:], stretch.curves.items(), strict=True):
            _curve(ax, label, true, made, stretch)
        axes[1].legend(loc="upper right", fontsize=8, ncols=2, frameon=False)
        for ax in axes[:-1]:
            ax.tick_params(labelbottom=False)
        axes[-1].set_xlabel("seconds")
    try:
        figure.savefig(path, dpi=110, metadata={"Software": None})
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}); give another file") from error


def _bars(ax: Any, found: Evaluation, title: str) -> None:
    rows = found.behaviour
    values = [row.moments.words_f1 if title.startswith("words") else row.event_f1 for row in rows]
    ax.barh(range(len(rows)), [v or 0.0 for v in values], color=[_BARS[row.standing] for row in rows])
    for i, value in enumerate(values):
        ax.text((value or 0.0) + 0.01, i, "-" if value is None else f"{value:.2f}", va="center", fontsize=8)
    ax.set_yticks(range(len(rows)), [row.name for row in rows], fontsize=8)
    ax.invert_yaxis()
    ax.set_xlim(0, 1.08)
    ax.set_title(title, fontsize=9, loc="left")
    ax.spines[["top", "right"]].set_visible(False)


def _words(ax: Any, stretch: Stretch) -> None:
    end_s = stretch.first_s + STRETCH_S
    for turn in stretch.turns:
        own = turn.participant == stretch.participant
        for number, word in enumerate(turn.words):
            if stretch.first_s <= word.start_s < end_s:
                height = (0.55 if own else 0.0) + 0.2 * (number % 2)
                ax.text(word.start_s, height, word.word, fontsize=7, color=_TRUE if own else "#777777", clip_on=True)
    ax.set_ylim(-0.1, 1.0)
    ax.set_yticks([0.1, 0.65], ["partner says", "says"], fontsize=8)
    _frame(ax, stretch)


def _curve(ax: Any, label: str, true: np.ndarray, made: np.ndarray, stretch: Stretch) -> None:
    for values, colour, name in ((true, _TRUE, "true"), (made, _MADE, "model")):
        ax.plot(stretch.first_s + np.arange(len(values)) / stretch.fps, values, color=colour, linewidth=1.1, label=name)
    ax.set_ylabel(label, fontsize=8)
    ax.tick_params(labelsize=7)
    _frame(ax, stretch)


def _frame(ax: Any, stretch: Stretch) -> None:
    ax.set_xlim(stretch.first_s, stretch.first_s + STRETCH_S)
    ax.spines[["top", "right"]].set_visible(False)
