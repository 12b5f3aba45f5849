"""Whole analyses of raters whose taste is known, and the spread they are told with."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from studies import NATURAL, design_of, simulated, write_table

from nonverbal.record_files import record_text
from nonverbal.study.analyse import analyse, design_path
from nonverbal.study.bootstrap import counts_of, spread, votes_of
from nonverbal.study.design import keep_design
from nonverbal.study.exclusion import Exclusion
from nonverbal.study.items import items_differ
from nonverbal.study.picture import draw
from nonverbal.study.raters import is_failed, records_of
from nonverbal.study.report import write_report
from nonverbal.study.tables import latex, markdown
from nonverbal.verdicts import UserError

TRUE = [0.8, 0.0, -0.8]


def preference(wins: np.ndarray, ties: np.ndarray) -> np.ndarray:
    """[R, 1] of condition 0 over 1."""
    total = wins[:, 0, 1] + wins[:, 1, 0] + ties[:, 0, 1]
    return ((wins[:, 0, 1] + ties[:, 0, 1] / 2) / np.maximum(total, 1))[:, None]


def pairs_of(ratings):
    return [r for r in ratings if r.kind == "pair"]


def test_raters_of_known_taste(tmp_path):
    design = design_of(3, 12, 12, questions=(NATURAL, "Which fits what is said better?"))
    write_table(simulated(design, 40, TRUE, ties=0.4, careless=3), tmp_path / "r.csv")
    keep_design(design, design_path(tmp_path / "r.csv"))
    found = analyse(tmp_path / "r.csv", Exclusion(), rounds=200)
    assert [r.left_out for r in found.raters[:4]] == ["failed 2 of 2 checks"] * 3 + [""]
    assert [q.question for q in found.questions] == list(design.questions)
    first = found.questions[0]
    assert first.raters == 37
    assert first.ratings == 37 * 36
    assert [s.condition for s in first.strengths] == list(design.conditions)
    for true, told in zip(TRUE, first.strengths, strict=True):
        assert told.strength == pytest.approx(true, abs=0.2)
        assert told.low < true < told.high
    assert first.tie_weight == pytest.approx(0.4, abs=0.08)
    assert [(p.first, p.second) for p in first.pairs] == [
        ("condition 0", "condition 1"), ("condition 0", "condition 2"), ("condition 1", "condition 2"),
    ]  # fmt: skip
    for p in first.pairs:
        assert p.wins + p.ties + p.losses == 37 * 12
        assert p.p_dropped <= p.p_dropped_holm < 0.001
        assert p.clustered.low > 0.5
        assert 0.3 < p.design_effect < 3
    assert first.left.low < 0.5 < first.left.high
    assert found.needed[1].share == 0.6
    assert found.needed[1].alone < found.needed[1].corrected


def test_raters_without_taste_are_seldom_thought_to_have_one(tmp_path):
    wrong = 0
    for seed in range(20):
        ratings = pairs_of(simulated(design_of(2, 10, 10), 8, [0, 0], seed=seed))
        votes = votes_of(ratings, ["condition 0", "condition 1"])
        moved = spread(votes, preference, 100, 0)
        wins, ties = counts_of(votes, np.ones((1, len(ratings))))
        wrong += abs(preference(wins, ties)[0, 0] - 0.5) > moved.reach[0]
    assert wrong <= 3


@pytest.mark.parametrize(("of_rater", "of_item"), [(0.0, 0.0), (1.2, 0.0), (0.0, 1.2)])
def test_the_spread_is_that_of_studies_with_other_raters_and_items(of_rater: float, of_item: float):
    design, told, estimates = design_of(2, 12, 12, checks=0), [], []
    for seed in range(50):
        ratings = pairs_of(simulated(design, 12, [0.3, -0.3], seed=seed, of_rater=of_rater, of_item=of_item))
        votes = votes_of(ratings, design.conditions)
        wins, ties = counts_of(votes, np.ones((1, len(ratings))))
        estimates.append(preference(wins, ties)[0, 0])
        if seed < 12:
            told.append(spread(votes, preference, 100, seed).error[0])
    assert np.mean(told) == pytest.approx(np.std(estimates), rel=0.3)


def test_counts_by_hand():
    ratings = pairs_of(simulated(design_of(3, 7, 7), 3, TRUE, seed=4))
    votes = votes_of(ratings, [f"condition {k}" for k in range(3)])
    wins, ties = counts_of(votes, np.ones((1, len(ratings))))
    for i in range(3):
        for j in range(3):
            names = f"condition {i}", f"condition {j}"
            own = [r for r in ratings if {r.left, r.right} == set(names)] if i != j else []
            assert wins[0, i, j] == sum(r.preferred == names[0] for r in own)
            assert ties[0, i, j] == (sum(r.answer == "tie" for r in own) if i < j else 0)


def test_items_that_differ_are_told_from_items_that_do_not():
    design = design_of(2, 10, 10, checks=0)
    alike = votes_of(pairs_of(simulated(design, 20, [0.5, -0.5], seed=1)), design.conditions)
    unlike = votes_of(pairs_of(simulated(design, 20, [0.5, -0.5], seed=1, of_item=2.0)), design.conditions)
    assert items_differ(alike, (0, 1), 0) > 0.05
    assert items_differ(unlike, (0, 1), 0) < 0.005


def test_a_side_that_is_favoured_is_told(tmp_path):
    write_table(simulated(design_of(2, 10, 10), 20, [0, 0], left=1.5), tmp_path / "r.csv")
    found = analyse(tmp_path / "r.csv", Exclusion(), rounds=100)
    assert found.questions[0].left.low > 0.6
    assert found.questions[0].left_p < 1e-6
    assert any("sides were not chosen evenly" in note for note in found.notes)


def test_records_by_hand():
    ratings = simulated(design_of(2, 4, 4, checks=2), 1, [9, -9], ties=1e-9, careless=1)
    (record,) = records_of(ratings, Exclusion(allowed_failures=2))
    assert (record.pairs, record.checks, record.failed, record.left_out) == (4, 2, 2, "")
    assert (record.median_seconds, record.replays, record.tie_share, record.left_share) == (12.5, 0.5, 0.0, 0.5)
    assert records_of(ratings, Exclusion(min_pairs=5, allowed_failures=2))[0].left_out == "rated 4 pairs"


def test_a_check_is_failed_by_the_altered_copy_and_by_a_tie():
    check = next(r for r in simulated(design_of(), 1, TRUE) if r.kind == "check")
    altered, other = ("left", "right") if ":" in check.left else ("right", "left")
    assert [is_failed(replace(check, answer=a)) for a in (altered, "tie", other)] == [True, True, False]


def test_one_rater_and_one_item_have_no_interval_and_no_number_is_missing(tmp_path):
    for raters, items in ((1, 1), (1, 5), (5, 1)):
        path = tmp_path / f"{raters}{items}.csv"
        write_table(simulated(design_of(2, items, items, checks=1), raters, [9, -9], ties=1e-9), path)
        found = analyse(path, Exclusion(), rounds=50)
        assert found.questions[0].strengths[0].low is None
        assert (found.questions[0].pairs[0].clustered.low, found.questions[0].pairs[0].clustered.high) == (0, 1)
        assert not found.questions[0].settled
        assert "nan" not in (record_text(found) + markdown(found) + latex(found)).lower()


def test_the_report_is_whole_and_equal_each_time(tmp_path):
    write_table(simulated(design_of(3, 5, 5), 4, TRUE), tmp_path / "r.csv")
    first = [
        p.read_bytes() for p in write_report(analyse(tmp_path / "r.csv", Exclusion(), rounds=50), tmp_path / "r.csv")
    ]
    paths = write_report(analyse(tmp_path / "r.csv", Exclusion(), rounds=50), tmp_path / "r.csv")
    assert [p.read_bytes() for p in paths] == first
    assert [p.name for p in paths] == [f"r.analysis.{kind}" for kind in ("json", "md", "tex", "png")]
    told = json.loads(paths[0].read_text())
    assert told["questions"][0]["pairs"][0]["first"] == "condition 0"
    assert first[3].startswith(b"\x89PNG")


def test_names_are_text_in_markdown_latex_and_pictures(tmp_path):
    design = design_of(2, 3, 3)
    ratings = simulated(design, 3, [1, -1])
    for name, other in (("a_b & 50 % | <i> \\input{x} $y^2$", "=SUM(A1)"),):
        path = tmp_path / "odd.csv"
        rename = {"condition 0": name, "condition 1": other}
        changed = [r for r in ratings if r.kind == "pair"]
        write_table([replace(r, left=rename[r.left], right=rename[r.right]) for r in changed], path)
        found = analyse(path, Exclusion(), rounds=20)
        assert (
            r"a\_b \& 50 \% | \textless{}i\textgreater{} \textbackslash{}input\{x\} \$y\textasciicircum{}2\$"
            in latex(found)
        )
        assert r"| =SUM(A1) / a\_b & 50 % \| \<i\> \\input{x} $y^2$ |" in markdown(found)
        assert draw(found).startswith(b"\x89PNG")


def test_tables_that_tell_nothing(tmp_path):
    ratings = simulated(design_of(), 2, TRUE, careless=2)
    write_table(ratings, tmp_path / "r.csv")
    with pytest.raises(UserError, match="no rating that counts; 2 raters began"):
        analyse(tmp_path / "r.csv", Exclusion())
    write_table([*ratings, *simulated(design_of(seed=9), 1, TRUE)], tmp_path / "two.csv")
    with pytest.raises(UserError, match="ratings of 2 designs"):
        analyse(tmp_path / "two.csv", Exclusion())
    write_table(simulated(design_of(4), 2, [0, 0, 0, 0]), tmp_path / "other.csv")
    keep_design(design_of(2), design_path(tmp_path / "other.csv"))
    with pytest.raises(UserError, match="design of another table"):
        analyse(tmp_path / "other.csv", Exclusion())
