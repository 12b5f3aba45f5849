"""Plots of tokenizers: training curves, use of codes, motion before and after, and cues coloured by their codes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from nonverbal.ticks import Tick, silent
from nonverbal.tokens.plot_material import TRACE_S, VALIDATION, Curves, Gatherer, place_cues, read_training
from nonverbal.types import F32
from nonverbal.verdicts import UserError

K = TypeVar("K")
V = TypeVar("V")
R = TypeVar("R")

TRAINING_LOG = "train.jsonl"
"""What training writes into a tokenizer's folder, step by step."""

OVERVIEW = "overview.png"

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Six that the colour-blind tell apart (Okabe and Ito 2008); line styles and markers tell more things apart."""

COLOURED_CODES = 12
"""The most used codes, which are coloured among the cues; the others are grey."""

_TRUE, _REST = "#222222", "#d0d4d9"
_STYLES = ("-", "--", ":", "-.")
_MARKERS = ("o", "^")
_CURVES = {
    "loss": "loss",
    "reconstruction": "reconstruction",
    "velocity": "velocity",
    "commitment": "commitment",
    "perplexity": "perplexity",
    "dead_codes": "dead codes",
}
"""Curves of a training log that are drawn -> their titles; each with that of validation where there is one."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """All that the plots show.

    Attributes:
        training: tokenizer -> its training log's curves (see `read_training`); only those that have one.
        counts: tokenizer -> uses of each code [K, C].
        gathered: traces and cues.
        places: where t-SNE puts the cues of each kind in `gathered`.
    """

    training: Mapping[str, Curves]
    counts: Mapping[str, Sequence[Sequence[int]]]
    gathered: Gatherer
    places: Mapping[tuple[tuple[str, ...], int], F32]


def write_plots(
    out: Path,
    folders: Mapping[str, Path],
    counts: Mapping[str, Sequence[Sequence[int]]],
    gathered: Gatherer,
    seed: int,
    tick: Tick = silent,
) -> list[Path]:
    """Writes one PNG a plot and one with all of them into `out`; the same material gives the same bytes.

    Args:
        folders: tokenizer -> the folder it was read from, which may hold a training log.
        counts: tokenizer -> uses of each code [K, C].
        tick: told how many of the t-SNEs, which take longest, are done.

    Raises:
        UserError: matplotlib or scikit-learn is not installed, or a training log is damaged. Whatever does not need it
            has been written.
    """
    problems: list[str] = []
    training = _each(lambda path: read_training(path / TRAINING_LOG), _with_log(folders), problems)
    places = _each(lambda cues: place_cues(cues, seed), gathered.cues, problems, tick)
    material = Material(
        {name: curves for name, curves in training.items() if curves},
        counts,
        gathered,
        {kind: placed for kind, placed in places.items() if placed is not None},
    )
    written = draw(material, out)
    if problems:
        raise UserError("; ".join(dict.fromkeys(problems)))
    return written


def _with_log(folders: Mapping[str, Path]) -> dict[str, Path]:
    return {name: folder for name, folder in folders.items() if (folder / TRAINING_LOG).exists()}


def _each(make: Callable[[V], R], items: Mapping[K, V], problems: list[str], tick: Tick = silent) -> dict[K, R]:
    """`make` of each item; of one that fails, its sentence goes to `problems`."""
    made: dict[K, R] = {}
    for number, (name, item) in enumerate(items.items()):
        tick("t-SNE of cues", number, len(items))
        try:
            made[name] = make(item)
        except UserError as error:
            problems.append(str(error))
    return made


def draw(material: Material, out: Path) -> list[Path]:
    """Draws what there is material for.

    Raises:
        UserError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UserError("plots need matplotlib: run pip install 'nonverbal[tokens]'") from error
    out.mkdir(parents=True, exist_ok=True)
    pages = {name: page for name, (page, has) in _PAGES.items() if has(material)}
    written = []
    for name, page in pages.items():
        figure = Figure(figsize=(11, 7), dpi=100, layout="constrained")
        FigureCanvasAgg(figure)
        page(figure, material)
        written.append(_save(figure, out / f"{name}.png"))
    if pages:
        rows = math.ceil(len(pages) / 2)
        figure = Figure(figsize=(22, 7.5 * rows), dpi=80, layout="constrained")
        FigureCanvasAgg(figure)
        for part, page in zip(figure.subfigures(rows, 2, squeeze=False).flat, pages.values(), strict=False):
            page(part, material)
        written.append(_save(figure, out / OVERVIEW))
    return written


def _save(figure: Any, path: Path) -> Path:
    figure.savefig(path, format="png", metadata={"Software": None})
    return path


def _look(number: int) -> dict[str, str]:
    """Colour and style of the line of tokenizer `number`."""
    return {"color": COLOURS[number % len(COLOURS)], "linestyle": _STYLES[number // len(COLOURS) % len(_STYLES)]}


def _grid(figure: Any, count: int, columns: int, **kwargs: Any) -> list[Any]:
    """`count` axes in rows of `columns`; those left over in the last row stay empty."""
    columns = min(columns, count)
    axes = list(figure.subplots(math.ceil(count / columns), columns, squeeze=False, **kwargs).flat)
    for empty in axes[count:]:
        empty.set_axis_off()
    return axes[:count]


def _training(figure: Any, material: Material) -> None:
    figure.suptitle("Training (thin lines) and validation (dots)")
    for axes, (key, title) in zip(_grid(figure, len(_CURVES), 3), _CURVES.items(), strict=True):
        for number, (name, curves) in enumerate(material.training.items()):
            look = _look(number)
            if key in curves:
                alone = "." if len(curves[key][0]) == 1 else ""  # of one point there is no line
                axes.plot(*curves[key], linewidth=1, label=name, marker=alone, **look)
            if VALIDATION + key in curves:
                axes.plot(*curves[VALIDATION + key], "o", markersize=3.5, color=look["color"])
        axes.set_title(title, fontsize=10, loc="left")
        axes.set_xlabel("step", fontsize=8)
        lowest = [min(curves[key][1], default=0.0) for curves in material.training.values() if key in curves]
        if lowest and min(lowest) > 0:
            axes.set_yscale("log")
        _plain_style(axes)
    handles = [_handle(name, _look(number)) for number, name in enumerate(material.training)]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=8)


def _codes(figure: Any, material: Material) -> None:
    figure.suptitle("Use of the codes, most used first")
    axes = figure.subplots()
    for number, (name, uses) in enumerate(material.counts.items()):
        counts = np.asarray(uses)
        share = -np.sort(-counts, axis=1) / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        for level, line in enumerate(share):
            used = line[line > 0]
            label = f"{name}: {len(used)} of {len(line)} used" if level == 0 else None
            axes.plot(np.arange(1, len(used) + 1), used, label=label, alpha=0.85**level, **_look(number))
    axes.set(yscale="log", xlabel="rank of the code", ylabel="share of the tokens")
    axes.legend(fontsize=8, title="paler lines: later codebooks", title_fontsize=8)
    _plain_style(axes)


def _trajectories(figure: Any, material: Material) -> None:
    traces = list(material.gathered.traces.values())
    names = list(material.counts)
    figure.suptitle(f"{TRACE_S:.0f} s of what moves most, true (black) and decoded")
    grid = figure.subplots(max(len(t.columns) for t in traces), len(traces), squeeze=False, sharex=True)
    for trace, column in zip(traces, grid.T, strict=True):
        time_s = (trace.first + np.arange(len(trace.truth))) / trace.fps - trace.first / trace.fps
        for i, (axes, label) in enumerate(zip(column, trace.columns, strict=False)):
            unseen = ~trace.seen[:, i]
            axes.plot(time_s, np.ma.masked_array(trace.truth[:, i], unseen), color=_TRUE, linewidth=1.6)
            for name, decoded in trace.decoded.items():
                line = np.ma.masked_array(decoded[:, i], unseen)
                axes.plot(time_s, line, linewidth=1, alpha=0.9, **_look(names.index(name)))
            axes.set_title(f"{trace.space}: {label}", fontsize=9, loc="left")
            _plain_style(axes)
        column[-1].set_xlabel("s")
    handles = [_handle(name, _look(number)) for number, name in enumerate(names)]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=8)


def _cues(figure: Any, material: Material) -> None:
    figure.suptitle(
        f"Cues of a token's length by t-SNE; the {COLOURED_CODES} most used codes of each tokenizer in colour"
    )
    shown = [
        (name, material.places[kind], np.concatenate(codes)[: len(material.places[kind])])
        for kind, cues in material.gathered.cues.items()
        if kind in material.places
        for name, codes in cues.codes.items()
    ]
    for axes, (name, places, codes) in zip(_grid(figure, len(shown), 3), shown, strict=True):
        axes.scatter(*places.T, s=5, color=_REST, linewidths=0)
        kinds, uses = np.unique(codes, return_counts=True)
        for rank, code in enumerate(kinds[np.argsort(-uses, kind="stable")][:COLOURED_CODES]):
            own = places[codes == code]
            marker = _MARKERS[rank // len(COLOURS) % len(_MARKERS)]
            axes.scatter(*own.T, s=14, color=COLOURS[rank % len(COLOURS)], marker=marker, linewidths=0, label=f"{code}")
        axes.set_title(f"{name}, {len(kinds)} codes", fontsize=10, loc="left")
        axes.set(xticks=[], yticks=[])
        axes.legend(fontsize=6, ncols=2, loc="upper right", handletextpad=0.1, columnspacing=0.6, framealpha=0.7)


def _handle(name: str, look: Mapping[str, str]) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], label=name, color=look["color"], linestyle=look["linestyle"])


def _plain_style(axes: Any) -> None:
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


_PAGES: Mapping[str, tuple[Callable[[Any, Material], None], Callable[[Material], bool]]] = {
    "training": (_training, lambda material: bool(material.training)),
    "codes": (_codes, lambda material: bool(material.counts)),
    "trajectories": (_trajectories, lambda material: bool(material.gathered.traces)),
    "cues": (_cues, lambda material: bool(material.places)),
}
"""A plot's file name -> how it is drawn, and whether there is anything to draw."""
