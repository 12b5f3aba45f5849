"""What the plots of tokenizers show: stretches of motion beside what came back of them, and cues with their codes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonverbal.spaces import get_space, space_columns
from nonverbal.types import F32, Bool
from nonverbal.verdicts import UserError

I32 = NDArray[np.int32]
Curves = dict[str, tuple[list[float], list[float]]]

TRACE_S = 10.0
"""Seconds of motion shown."""

TRACE_COLUMNS = 4
"""Columns shown of each space, those that move most."""

MAX_CUES = 1000
"""Tokens in one t-SNE; more take minutes and show no more."""

_STEPS = 500
"""Steps of t-SNE, half of them with exaggeration: twice as many take twice as long and show the same groups."""

_SIDES_AND_AXES = re.compile("Left|Right|left_|right_|_[xyz]$|[0-9](?=_[xyz]$)")

VALIDATION = "validation "
"""What the names of validation curves begin with."""


@dataclass(frozen=True, slots=True, eq=False)
class Rebuilt:
    """One participant through one tokenizer.

    Attributes:
        name: of the tokenizer, or of a baseline.
        spaces: of the row, one after the other.
        frames_per_token: of the tokenizer; 0 of a baseline.
        values, decoded: [T, D].
        mask: [T, D], true where a value was seen.
        codes: [L, K], -1 where a token covers nothing that was seen; None of a baseline.
    """

    name: str
    spaces: tuple[str, ...]
    fps: float
    frames_per_token: int
    values: F32
    decoded: F32
    mask: Bool
    codes: I32 | None


@dataclass(eq=False)
class Trace:
    """Seconds of the columns of one space that move most, as they were and as they came back.

    Attributes:
        columns: their names.
        person: number of the participant shown.
        first: its frame that is shown first; picked: the columns by number.
        truth: [T, C]; decoded: tokenizer -> [T, C]; seen: [T, C].
    """

    space: str
    fps: float
    columns: tuple[str, ...]
    person: int
    first: int
    picked: tuple[int, ...]
    truth: F32
    seen: Bool
    decoded: dict[str, F32] = field(default_factory=dict)


@dataclass(eq=False)
class Cues:
    """Tokens' worth of motion of the same frames for all tokenizers of one kind.

    Attributes:
        cues: a list of [n, frames_per_token * D].
        codes: tokenizer -> a list of [n], the first codebook's codes of these tokens.
    """

    cues: list[F32] = field(default_factory=list)
    codes: dict[str, list[I32]] = field(default_factory=dict)


class Gatherer:
    """Keeps what the plots need while an evaluation runs; hand `add` to it.

    Args:
        participants: how many will come, so that cues come from all of them.
        seed: of the choice of cues.
    """

    def __init__(self, participants: int, seed: int) -> None:
        self.traces: dict[str, Trace] = {}
        self.cues: dict[tuple[tuple[str, ...], int], Cues] = {}
        self._quota = math.ceil(MAX_CUES / max(1, participants))
        self._seed = seed
        self._seen: dict[str, int] = {}

    def add(self, rebuilt: Rebuilt) -> None:
        """Takes a stretch of the first participant seen in each space for its trace, and some of each one's cues."""
        if rebuilt.codes is None:
            return
        number = self._seen[rebuilt.name] = self._seen.get(rebuilt.name, -1) + 1
        self._gather_traces(rebuilt, number)
        self._gather_cues(rebuilt, number)

    def _gather_traces(self, rebuilt: Rebuilt, number: int) -> None:
        for name, own in space_columns(rebuilt.spaces).items():
            if name not in self.traces and rebuilt.mask[:, own].any():
                values, seen = rebuilt.values[:, own], rebuilt.mask[:, own]
                self.traces[name] = start_trace(name, rebuilt.fps, values, seen, number)
            trace = self.traces.get(name)
            if trace is not None and trace.person == number:
                frames = slice(trace.first, trace.first + len(trace.truth))
                trace.decoded[rebuilt.name] = rebuilt.decoded[frames, own][:, list(trace.picked)].copy()

    def _gather_cues(self, rebuilt: Rebuilt, number: int) -> None:
        """The same participant gives the same tokens to every tokenizer of the same spaces and frames a token."""
        assert rebuilt.codes is not None
        length = rebuilt.frames_per_token
        whole = len(rebuilt.values) // length
        if not whole:
            return
        seen = rebuilt.mask[: whole * length].reshape(whole, -1).all(axis=1)
        chosen = np.random.default_rng((self._seed, number)).permutation(np.flatnonzero(seen))[: self._quota]
        cues = self.cues.setdefault((rebuilt.spaces, length), Cues())
        codes = cues.codes.setdefault(rebuilt.name, [])
        if len(cues.cues) == len(codes):  # the first tokenizer of its kind brings the cues
            cues.cues.append(rebuilt.values[: whole * length].reshape(whole, -1)[chosen])
        codes.append(rebuilt.codes[chosen, 0])


def start_trace(space: str, fps: float, values: F32, seen: Bool, person: int = 0) -> Trace:
    """The ten seconds of `values` [N, D] with the most movement, and the columns that move most in them.

    Of columns that differ in side, joint number or axis only, the one that moves most stands for all.
    """
    length = min(len(values), round(TRACE_S * fps))
    moved = np.zeros((len(values), values.shape[1]))
    moved[1:] = np.abs(np.diff(values, axis=0)) * (seen[1:] & seen[:-1])
    total = np.concatenate([[0.0], np.cumsum(moved.sum(axis=1))])
    first = int(np.argmax(total[length:] - total[: len(total) - length]))
    frames = slice(first, first + length)
    columns = get_space(space).columns
    most: dict[str, int] = {}
    for column in np.argsort(-moved[frames].sum(axis=0), kind="stable"):
        most.setdefault(_SIDES_AND_AXES.sub("", columns[column]), int(column))
    picked = tuple(sorted(list(most.values())[:TRACE_COLUMNS]))
    names = tuple(columns[column] for column in picked)
    truth, cut = values[frames][:, list(picked)].copy(), seen[frames][:, list(picked)].copy()
    return Trace(space, fps, names, person, first, picked, truth, cut)


def place_cues(cues: Cues, seed: int) -> F32 | None:
    """[n, 2] where t-SNE puts the cues, the same for the same seed; None where they are too few or all the same.

    Raises:
        UserError: scikit-learn is not installed.
    """
    try:
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise UserError("the t-SNE of cues needs scikit-learn: run pip install 'nonverbal[tokens]'") from error
    rows = np.concatenate(cues.cues)[:MAX_CUES].astype(np.float64)
    rows -= rows.mean(axis=0)
    if len(rows) < 8 or np.ptp(rows, axis=0).max() == 0:
        return None
    perplexity = min(30.0, (len(rows) - 1) / 3)
    placed = TSNE(2, perplexity=perplexity, init="pca", max_iter=_STEPS, random_state=seed, n_jobs=1)
    with threadpool_limits(
        1
    ):  # its threads and those of numba, once a body was posed, wait for each other: 80 x slower
        return np.asarray(placed.fit_transform(rows), dtype=np.float32)


def read_training(path: Path) -> Curves:
    """The curves of a ``train.jsonl``: name -> (steps, values); those of validation carry `VALIDATION` before them.

    A last line that a killed run left unfinished is left out.

    Raises:
        UserError: the file is absent, or another line is no JSON object; the message names it.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: cannot be read ({error}); expected the log that training a tokenizer wrote"
        ) from error
    curves: Curves = {}
    for number, line in enumerate(lines, start=1):
        try:
            plain = json.loads(line)
        except ValueError as error:
            if number == len(lines):
                break
            raise UserError(f"{path}: line {number} is no JSON; expected one object a line") from error
        if not isinstance(plain, dict):
            raise UserError(f"{path}: line {number} holds {type(plain).__name__}; expected one JSON object a line")
        _add_line(curves, plain, number)
    return curves


def _add_line(curves: Curves, plain: Mapping[str, Any], number: int) -> None:
    step = plain.get("step", number)
    nested = plain.get("validation")
    named = {f"{VALIDATION}{name}": value for name, value in nested.items()} if isinstance(nested, dict) else {}
    for name, value in {**plain, **named}.items():
        if name != "step" and isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            steps, values = curves.setdefault(name, ([], []))
            steps.append(float(step))
            values.append(float(value))
