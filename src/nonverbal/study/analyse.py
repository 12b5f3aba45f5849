"""What a table of ratings says: preferences and how sure they are, strengths, agreement, items, sides, power."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nonverbal.media.names import printable
from nonverbal.study.agreement import agreeing_share, krippendorff_alpha
from nonverbal.study.bootstrap import F64, Votes, counts_of, spread, votes_of
from nonverbal.study.design import DESIGN_FILE, Design
from nonverbal.study.exclusion import Exclusion
from nonverbal.study.items import ItemEffect, item_effects, items_differ
from nonverbal.study.preference import Counts, Interval, holm, ratings_needed, sign_test, visible_share, wilson
from nonverbal.study.raters import Record, records_of
from nonverbal.study.ratings import Rating, read_ratings
from nonverbal.study.strengths import fit, is_settled
from nonverbal.verdicts import UserError

ANALYSIS_VERSION = 1
SHARES = (0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
ROUNDS = 1000
ALPHA, POWER = 0.05, 0.8


@dataclass(frozen=True, slots=True)
class PairResult:
    """One pair of conditions under one question; probabilities are those of the exact sign test.

    Attributes:
        preference: for the first, a tie counting half, with Wilson's interval.
        decided: for the first among answers that are no tie.
        clustered: `preference` with an interval that allows for raters and items.
        p_dropped: ties dropped; `p_dropped_holm` corrected for the number of pairs.
        p_split: ties split evenly; `p_split_holm` likewise.
        design_effect: how many times the variance is that of independent ratings.
        items_differ_p: probability of items as different as these if all had the same preference.
        visible: the smallest preference that so many decided, independent ratings show in 80 % of studies.
    """

    first: str
    second: str
    wins: int
    ties: int
    losses: int
    preference: Interval
    decided: Interval
    clustered: Interval
    p_dropped: float
    p_dropped_holm: float
    p_split: float
    p_split_holm: float
    design_effect: float
    items_differ_p: float
    visible: float | None


@dataclass(frozen=True, slots=True)
class Strength:
    """A condition on the common scale: log worth, mean zero; its 95 % interval if raters and items are several."""

    condition: str
    strength: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """All that is known of one question.

    Attributes:
        strengths: by Bradley, Terry and Davidson, the strongest first.
        tie_weight: Davidson's nu: 0 without ties, 1 where a third of answers on equals are ties.
        settled: whether ratings alone settle the strengths, or a weak prior keeps them finite.
        alpha: Krippendorff's, over items and pairs that two or more raters judged.
        agreeing: share of pairs of raters who gave the same answer.
        left: share of answers that chose the left side, of those that chose one.
        left_p: of a share as uneven by chance.
    """

    question: str
    ratings: int
    raters: int
    pairs: tuple[PairResult, ...]
    strengths: tuple[Strength, ...]
    tie_weight: float
    settled: bool
    alpha: float | None
    agreeing: float | None
    left: Interval
    left_p: float
    items: tuple[ItemEffect, ...]


@dataclass(frozen=True, slots=True)
class Needed:
    """Decided, independent ratings that show a preference in 80 % of studies: for one pair, and corrected for all."""

    share: float
    alone: int | None
    corrected: int | None


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything; what the files that `nonverbal study --analyse` writes are made of."""

    analysis_version: int
    designs: tuple[str, ...]
    conditions: tuple[str, ...]
    rule: str
    raters: tuple[Record, ...]
    questions: tuple[QuestionResult, ...]
    needed: tuple[Needed, ...]
    notes: tuple[str, ...]


def analyse(path: Path, rule: Exclusion, rounds: int = ROUNDS, seed: int = 0) -> Analysis:
    """The analysis of the table at `path`.

    Raises:
        UserError: it is no such table, holds ratings of several studies, or none that counts.
    """
    ratings = read_ratings(path)
    designs = sorted({r.design for r in ratings})
    if len(designs) > 1:
        raise UserError(f"{printable(path)}: holds ratings of {len(designs)} designs ({', '.join(designs)}); part them")
    records = records_of(ratings, rule)
    counted = {record.rater for record in records if not record.left_out}
    held = [r for r in ratings if r.kind == "pair" and r.rater in counted]
    if not held:
        raise UserError(f"{printable(path)}: no rating that counts; {len(records)} raters began. {rule.sentence}")
    names, questions = _order(design_path(path), held)
    results = tuple(_question(q, [r for r in held if r.question == q], names, rounds, seed) for q in questions)
    compared = max(len(result.pairs) for result in results)
    needed = tuple(Needed(s, ratings_needed(s), ratings_needed(s, alpha=ALPHA / compared)) for s in SHARES)
    notes = _notes(results, records)
    return Analysis(
        ANALYSIS_VERSION, tuple(designs), names, rule.sentence, tuple(records), results, needed, notes
    )  # fmt: skip


def design_path(table: Path) -> Path:
    """Where the design of a table lies."""
    return table.with_suffix(".design.json")


def _order(design: Path, ratings: Sequence[Rating]) -> tuple[tuple[str, ...], list[str]]:
    """Conditions and questions in the order of the design, or else of names and of appearance."""
    seen = {name for r in ratings for name in (r.left, r.right)}
    asked = list(dict.fromkeys(r.question for r in sorted(ratings, key=lambda r: (r.rater, r.position))))
    if not design.exists():
        return tuple(sorted(seen)), asked
    known = DESIGN_FILE.read(Design, design)
    if not seen <= set(known.conditions) or not set(asked) <= set(known.questions):
        raise UserError(f"{printable(design)}: is the design of another table; put the right one there, or remove it")
    return tuple(c for c in known.conditions if c in seen), [q for q in known.questions if q in asked]


def _question(question: str, ratings: list[Rating], names: tuple[str, ...], rounds: int, seed: int) -> QuestionResult:
    votes = votes_of(ratings, names)
    wins, ties = counts_of(votes, np.ones((1, len(ratings))))
    fitted = fit(wins, ties)
    best = fitted.log_strength[0]
    by_strength = spread(votes, lambda w, t: fit(w, t).log_strength, rounds, seed)
    strengths = [_strength(name, float(best[i]), float(by_strength.reach[i])) for i, name in enumerate(names)]
    units = _units(votes)
    sides = [sum(r.answer == side for r in ratings) for side in ("left", "right")]
    return QuestionResult(
        question, len(ratings), len({r.rater for r in ratings}), _pairs(votes, wins[0], ties[0], rounds, seed),
        tuple(sorted(strengths, key=lambda s: -s.strength)), float(np.exp(fitted.log_ties[0])) if ties.any() else 0.0,
        is_settled(wins[0], ties[0]), krippendorff_alpha(units), agreeing_share(units),
        wilson(sides[0], sum(sides)), sign_test(Counts(sides[0], 0, sides[1]), False), item_effects(votes, ratings),
    )  # fmt: skip


def _strength(name: str, best: float, reach: float) -> Strength:
    known = np.isfinite(reach)
    return Strength(name, best, best - reach if known else None, best + reach if known else None)


def _pairs(votes: Votes, wins: F64, ties: F64, rounds: int, seed: int) -> tuple[PairResult, ...]:
    pairs = votes.pairs
    counts = [Counts(wins[i, j], ties[i, j], wins[j, i]) for i, j in pairs]
    dropped, split = ([sign_test(c, how) for c in counts] for how in (False, True))
    moved = spread(votes, lambda w, t: _preferences(w, t, pairs), rounds, seed)
    results = []
    for k, ((i, j), c) in enumerate(zip(pairs, counts, strict=True)):
        share, reach = (c.wins + c.ties / 2) / c.total, float(moved.reach[k])
        plain = float(moved.plain[k])
        results.append(PairResult(
            votes.conditions[i], votes.conditions[j], int(c.wins), int(c.ties), int(c.losses),
            wilson(c.wins + c.ties / 2, c.total), wilson(c.wins, c.wins + c.losses),
            Interval(share, max(0.0, share - reach), min(1.0, share + reach)),
            dropped[k], holm(dropped)[k], split[k], holm(split)[k],
            float(moved.error[k]) ** 2 / plain**2 if plain > 0 else 1.0,
            items_differ(votes, (i, j), seed), visible_share(int(c.wins + c.losses)),
        ))  # fmt: skip
    return tuple(results)


def _preferences(wins: F64, ties: F64, pairs: Sequence[tuple[int, int]]) -> F64:
    """[R, P] preference for the first of each pair, ties counting half; where a pair was not drawn, not a number."""
    first, second = (np.array(side) for side in zip(*pairs, strict=True))
    score = wins[:, first, second] + ties[:, first, second] / 2
    total = wins[:, first, second] + ties[:, first, second] + wins[:, second, first]
    return np.where(total > 0, score / np.maximum(total, 1), np.nan)


def _units(votes: Votes) -> dict[tuple[int, int, int], list[str]]:
    """The answers to each item and pair of conditions."""
    units: dict[tuple[int, int, int], list[str]] = {}
    for first, second, item, outcome in zip(votes.first, votes.second, votes.item, votes.outcome, strict=True):
        units.setdefault((int(first), int(second), int(item)), []).append(str(outcome))
    return units


def _notes(results: Sequence[QuestionResult], records: Sequence[Record]) -> tuple[str, ...]:
    """What a reader should not overlook."""
    notes = []
    out = sum(bool(record.left_out) for record in records)
    notes.append(f"{len(records)} raters began, {out} of them are left out.")
    sided = sum(r.side_p is not None and r.side_p < 0.01 for r in records if not r.left_out)
    if sided:
        notes.append(f"{sided} raters who count chose one side far more often than chance allows (p < 0.01).")
    for result in results:
        if result.left_p < ALPHA:
            notes.append(f"{result.question}: sides were not chosen evenly ({result.left.share:.0%} left).")
        if not result.settled:
            told = "a condition never lost or never won, so its strength has no bound but the prior"
            notes.append(f"{result.question}: {told}.")
        if min(result.raters, len({effect.item for effect in result.items})) < 2:
            notes.append(f"{result.question}: one rater or item, so no interval can tell of others.")
    return tuple(notes)
