"""Each rater's record: checks failed, sides taken, time; and who is left out, by rules that stand beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from nonverbal.study.exclusion import Exclusion
from nonverbal.study.ratings import Rating

_LEAST_FOR_SIDE = 10


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one rater.

    Attributes:
        rater: code.
        pairs: how many pairs were rated.
        checks: how many checks were seen.
        failed: how many of them were failed.
        left_share: how often the left clip was preferred where one was, to the first question; None where none was.
        side_p: how likely a share as uneven as that is by chance; None for fewer than ten such answers.
        tie_share: of answers to the first question.
        median_seconds: that a pair took.
        replays: how often a clip was played again, on average.
        left_out: why the rater does not count; empty for one who does.
    """

    rater: str
    pairs: int
    checks: int
    failed: int
    left_share: float | None
    side_p: float | None
    tie_share: float
    median_seconds: float
    replays: float
    left_out: str


def records_of(ratings: Sequence[Rating], rule: Exclusion) -> list[Record]:
    """A record for each rater, in order of codes."""
    own: dict[str, list[Rating]] = {}
    for rating in ratings:
        own.setdefault(rating.rater, []).append(rating)
    return [_record(rater, own[rater], rule) for rater in sorted(own)]


def is_failed(check: Rating) -> bool:
    """Whether an answer to a check fails it."""
    return ":" in check.preferred or check.answer == "tie"


def _record(rater: str, own: list[Rating], rule: Exclusion) -> Record:
    pairs = [r for r in own if r.kind == "pair"]
    checks = {r.position: r for r in reversed([r for r in own if r.kind == "check"])}  # the first question of each
    failed = sum(is_failed(r) for r in checks.values())
    trials = {r.position: r for r in pairs}
    # one answer a pair, as answers to several questions about it would count one inclination several times
    once = list({r.position: r for r in reversed(pairs)}.values())
    left, right = (sum(r.answer == side for r in once) for side in ("left", "right"))
    decided = left + right
    why = ""
    if failed > rule.allowed_failures:
        why = f"failed {failed} of {len(checks)} checks"
    elif len(trials) < rule.min_pairs:
        why = f"rated {len(trials)} pairs"
    return Record(
        rater, len(trials), len(checks), failed, left / decided if decided else None,
        float(binomtest(left, decided).pvalue) if decided >= _LEAST_FOR_SIDE else None,
        1 - decided / len(once) if once else 0.0,
        float(np.median([r.seconds for r in trials.values()])) if trials else 0.0,
        float(np.mean([(r.plays_left + r.plays_right) / 2 - 1 for r in trials.values()])) if trials else 0.0, why,
    )  # fmt: skip
