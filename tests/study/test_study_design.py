"""Designs: every pair equally often, sides even, orders that follow from seed and code alone."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studies import design_of

from nonverbal.study.design import altered, keep_design, share_of, trials_of
from nonverbal.verdicts import UserError


@settings(max_examples=30, deadline=None)
@given(
    conditions=st.integers(2, 4), items=st.integers(1, 9), share=st.integers(1, 9), raters=st.integers(1, 12),
    seed=st.integers(0, 5),
)  # fmt: skip
def test_all_pairs_come_equally_often_and_on_both_sides(
    conditions: int, items: int, share: int, raters: int, seed: int
):
    design = design_of(conditions, items, min(share, items), checks=0, seed=seed)
    shown: Counter[tuple[int, int, int]] = Counter()
    leads: Counter[tuple[int, int, int]] = Counter()
    for number in range(raters):
        kinds, sides = Counter(), Counter()
        for trial in trials_of(design, f"r{number}", number):
            if trial.kind != "pair":
                continue
            first, second = sorted((trial.left.condition, trial.right.condition))
            shown[first, second, trial.item] += 1
            leads[first, second, trial.item] += 1 if trial.left.condition == first else -1
            kinds[first, second] += 1
            sides[first, second] += 1 if trial.left.condition == first else -1
        assert set(kinds.values()) == {design.share}
        assert len(kinds) == conditions * (conditions - 1) // 2
        assert all(abs(count) <= 2 for count in sides.values())
    every = [shown[i, j, item] for i, j in design.pairs for item in range(items)]
    assert max(every) - min(every) <= 1
    assert all(abs(count) <= 1 for count in leads.values())


def test_a_rater_sees_no_pair_twice_and_seldom_an_item_twice_in_a_row():
    design = design_of(3, 9, 9, checks=0)
    for number in range(6):
        pairs = [t for t in trials_of(design, f"r{number}", number) if t.kind == "pair"]
        keys = {(t.item, frozenset((t.left.condition, t.right.condition))) for t in pairs}
        assert len(keys) == len(pairs) == 27
        assert all(a.item != b.item for a, b in pairwise(pairs))


def test_orders_follow_from_seed_and_code():
    design = design_of()
    assert trials_of(design, "one", 3) == trials_of(design, "one", 3)
    assert trials_of(design, "one", 3) != trials_of(design, "other", 3)
    assert trials_of(design, "one", 3) != trials_of(design_of(seed=1), "one", 3)
    known = [(t.kind, t.item, t.left.condition, t.right.condition) for t in trials_of(design, "one", 0)[:4]]
    assert known == [("practice", 0, 0, 0), ("pair", 0, 1, 0), ("pair", 3, 0, 1), ("pair", 2, 1, 0)]


def test_practice_comes_first_and_checks_lie_between():
    design = design_of(items=5, share=5, checks=3)
    sides = []
    for number in range(8):
        kinds = [t.kind for t in trials_of(design, f"r{number}", number)]
        assert kinds[0] == "practice"
        assert kinds.count("check") == 3
        assert kinds[1] == kinds[-1] == "pair"
        checks = [t for t in trials_of(design, f"r{number}", number) if t.kind == "check"]
        assert all((t.left.alteration == "") != (t.right.alteration == "") for t in checks)
        assert {t.left.condition for t in checks} | {t.right.condition for t in checks} == {0}
        sides += [t.left.alteration == "" for t in checks]
    assert sides.count(True) == sides.count(False)


def test_altered_copies_are_few_and_of_both_kinds():
    found = altered(design_of(items=20, checks=3))
    assert len(found) == len(set(found)) == 7
    assert {kind for _, kind in found} == {"frozen", "shuffled"}
    assert len(set(altered(design_of(items=1, checks=1)))) == 2
    assert len(set(altered(design_of(items=2, checks=3)))) == 4


def test_shares():
    assert share_of(60, 3, 30) == 10
    assert share_of(4, 3, 30) == 4
    with pytest.raises(UserError, match="give --pairs-per-rater 6 or more"):
        share_of(60, 4, 5)


def test_another_design_is_refused_by_what_differs(tmp_path):
    path = tmp_path / "a.design.json"
    keep_design(design_of(), path)
    keep_design(design_of(), path)
    for other, told in (
        (design_of(seed=5), "seed 0, this one 5"), (design_of(items=8), "item 7"), (design_of(checks=1), "checks 2"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=told):
            keep_design(other, path)
    path.write_text(path.read_text().replace('"00"', '"09"'))
    with pytest.raises(UserError, match="clips of 'item 0' have changed"):
        keep_design(design_of(), path)
    path.write_text("{")
    with pytest.raises(UserError, match="cannot be read as JSON"):
        keep_design(design_of(), path)
