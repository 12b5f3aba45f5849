"""How far speech results are from a known truth: diarization error, word error, word times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy  # loads its parts when they are used
from numpy.typing import NDArray

from nonverbal.types import SpeakerSegment

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


@dataclass(frozen=True, slots=True)
class DiarizationError:
    """Seconds of each kind of mistake; `total_s` is the truth's talk, overlap counted for each who talks."""

    missed_s: float
    false_alarm_s: float
    confused_s: float
    total_s: float

    @property
    def rate(self) -> float:
        """Diarization error rate: all mistakes over the truth's talk; 0 where both are silent."""
        wrong = self.missed_s + self.false_alarm_s + self.confused_s
        return wrong / self.total_s if self.total_s else float(wrong > 0)


def diarization_error(
    truth: Sequence[SpeakerSegment], found: Sequence[SpeakerSegment], collar_s: float = 0.0
) -> DiarizationError:
    """Exact error on the segments' own edges, overlap included, speakers matched as favourably as possible.

    What lies within `collar_s` of an edge of the truth does not count, for truths whose edges are not exact.

    Source: NIST "Rich transcription spring 2003 evaluation plan", DER.
    """
    unsure = np.array([t for s in truth for t in (s.start_s, s.end_s)])
    edges = np.unique([t for s in (*truth, *found) for t in (s.start_s, s.end_s)])
    edges = np.unique([*edges, *(unsure - collar_s), *(unsure + collar_s)])
    middles = (edges[1:] + edges[:-1]) / 2
    counted = (np.abs(middles[:, None] - unsure) >= collar_s).all(axis=1)
    lengths = np.diff(edges) * counted
    want, got = _presence(truth, edges), _presence(found, edges)
    together_s = (want * lengths) @ got.T
    rows, columns = scipy.optimize.linear_sum_assignment(-together_s)
    n_want, n_got = want.sum(axis=0), got.sum(axis=0)
    matched = sum((want[r] * got[c] for r, c in zip(rows, columns, strict=True)), np.zeros(len(lengths)))
    return DiarizationError(
        missed_s=float((np.maximum(n_want - n_got, 0) * lengths).sum()),
        false_alarm_s=float((np.maximum(n_got - n_want, 0) * lengths).sum()),
        confused_s=float(((np.minimum(n_want, n_got) - matched) * lengths).sum()),
        total_s=float((n_want * lengths).sum()),
    )


def _presence(segments: Sequence[SpeakerSegment], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """[K, len(edges) - 1] 1 where speaker k talks between two neighbouring edges."""
    names = sorted({s.speaker for s in segments})
    out = np.zeros((len(names), max(len(edges) - 1, 0)))
    for s in segments:
        first, last = np.searchsorted(edges, (s.start_s, s.end_s))
        out[names.index(s.speaker), first:last] = 1.0
    return out


def read_rttm(path: Path, recording: str) -> tuple[SpeakerSegment, ...]:
    """Segments of one recording in an RTTM file, in order of start."""
    rows = [line.split() for line in path.read_text().splitlines() if line.startswith("SPEAKER ")]
    found = [SpeakerSegment(r[7], float(r[3]), float(r[3]) + float(r[4])) for r in rows if r[1] == recording]
    return tuple(sorted(found, key=lambda s: (s.start_s, s.speaker)))


def plain_words(text: str) -> list[str]:
    """Lower-case words without punctuation, as compared for word error rates.

    Apostrophes stay, "OK" is "okay", hyphens part words, and numbers are said: "J3" is "j three", "23" "twenty three",
    "1,200" "one thousand two hundred", "1999" "nineteen ninety nine", "50 %" "fifty percent"; what has a leading
    zero or more than four digits is said digit by digit.
    """
    said = text.lower().replace("’", "'").replace("%", " percent ")
    said = re.sub(r"\$\s?(\d[\d,]*)", r"\1 dollars ", said)
    said = re.sub(r"(?<!\d)(\d),(\d{3})(?!\d)", lambda m: f" {' '.join(_cardinal(int(m[1] + m[2])))} ", said)
    said = re.sub(r"\d+", lambda m: f" {' '.join(_said(m[0]))} ", said)
    return ["okay" if word == "ok" else word for word in re.findall(r"[^\W_]+(?:'[^\W_]+)*", said)]


def _said(digits: str) -> list[str]:
    """How a run of digits is mostly read out."""
    value = int(digits)
    if len(digits) > 4 or (digits[0] == "0" and len(digits) > 1):
        return [_ONES[int(digit)] for digit in digits]
    if 1100 <= value < 2000:  # a year
        rest = _cardinal(value % 100) if value % 100 >= 10 else ["oh", _ONES[value % 100]]
        return [*_cardinal(value // 100), *(rest if value % 100 else ["hundred"])]
    return _cardinal(value)


def _cardinal(value: int) -> list[str]:
    """An integer from 0 to 9999 in words."""
    if value < 20:
        return [_ONES[value]]
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if value >= size:
            rest = _cardinal(value % size) if value % size else []
            return [*_cardinal(value // size), name, *rest]
    return [_TENS[value // 10 - 2], *([_ONES[value % 10]] if value % 10 else [])]


_SURE_MS = 1000
"""Words further apart in time than this are all alike when ties between alignments are broken."""


def align_words(
    truth: Sequence[str],
    found: Sequence[str],
    starts_s: tuple[Sequence[float], Sequence[float]] | None = None,
) -> list[tuple[int | None, int | None]]:
    """Pairs of indices of a shortest edit path; None on one side is a deletion or an insertion.

    Args:
        starts_s: when each word of the truth and of the finding begins. Of the shortest paths, that one is taken whose
            pairs lie nearest in time: of a "yeah yeah" heard as one "yeah", the right one is missing.
    """
    unit = _SURE_MS * (min(len(truth), len(found)) + 1)  # an edit outweighs the times of all pairs together
    same = np.array([[want == got for got in found] for want in truth]).reshape(len(truth), len(found))
    pair_cost = np.where(same, 0, unit).astype(np.int64)
    if starts_s is not None:
        apart_s = np.abs(np.subtract.outer(np.asarray(starts_s[0]), np.asarray(starts_s[1])))
        pair_cost += np.minimum(np.round(apart_s * 1000), _SURE_MS).astype(np.int64).reshape(same.shape)
    cost = np.zeros((len(truth) + 1, len(found) + 1), dtype=np.int64)
    cost[0] = insertions = np.arange(len(found) + 1, dtype=np.int64) * unit
    for i in range(1, len(truth) + 1):
        cost[i] = cost[i - 1] + unit
        cost[i, 1:] = np.minimum(cost[i, 1:], cost[i - 1, :-1] + pair_cost[i - 1])
        cost[i] = np.minimum.accumulate(cost[i] - insertions) + insertions
    pairs: list[tuple[int | None, int | None]] = []
    i, j = len(truth), len(found)
    while i or j:
        if i and j and cost[i, j] == cost[i - 1, j - 1] + pair_cost[i - 1, j - 1]:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif i and cost[i, j] == cost[i - 1, j] + unit:
            i -= 1
            pairs.append((i, None))
        else:
            j -= 1
            pairs.append((None, j))
    return pairs[::-1]


def word_error_rate(truth: Sequence[str], found: Sequence[str]) -> float:
    """Substitutions, deletions and insertions over the number of true words."""
    wrong = sum(i is None or j is None or truth[i] != found[j] for i, j in align_words(truth, found))
    return wrong / len(truth) if truth else float(len(found) > 0)


def quantiles(values: Iterable[float], at: Sequence[float] = (0.5, 0.95)) -> tuple[float, ...]:
    """Quantiles of the values, 0 where there are none."""
    array = np.array(list(values))
    return tuple(float(q) for q in np.quantile(array, at)) if len(array) else tuple(0.0 for _ in at)
