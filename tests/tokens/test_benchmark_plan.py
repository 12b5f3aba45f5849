"""The comparison of tokenizers is fair: equal data, steps and bits, and each ablation changes what it says."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("torch")

from nonverbal.records import to_plain

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def scripts() -> SimpleNamespace:
    """The modules beside the script; their folder leaves the path again, since it holds a `tokenizers` of its own."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import motion_tokenizers_measure
        import motion_tokenizers_plan
        import motion_tokenizers_report
    finally:
        sys.path.remove(str(BENCHMARKS))
    return SimpleNamespace(
        plan=motion_tokenizers_plan, report=motion_tokenizers_report, measure=motion_tokenizers_measure
    )


@pytest.fixture(scope="module")
def plan(scripts: SimpleNamespace) -> ModuleType:
    return scripts.plan


def table(plan: ModuleType, name: str, **asked: Any) -> Any:
    (made,) = plan.make_plan(plan.Asked(tables=(name,), **asked), "data").tables
    return made


def differing(one: Any, other: Any, at: str = "") -> set[str]:
    """Names of the settings in which two configurations differ."""
    one, other = (value if isinstance(value, dict) else to_plain(value) for value in (one, other))
    found = set()
    for name in one:
        if isinstance(one[name], dict):
            found |= differing(one[name], other[name], f"{at}{name}.")
        elif one[name] != other[name]:
            found.add(f"{at}{name}")
    return found


def test_everything_is_trained_alike(plan: ModuleType) -> None:
    whole = plan.make_plan(plan.Asked(steps=700, seeds=(3, 4)), "data")
    assert {table.name for table in whole.tables} == set(plan.TABLES)
    assert {run.training.steps for run in whole.runs} == {700}
    assert len({plan.dumps(replace(run.training, seed=0)) for run in whole.runs}) == 1
    assert {run.data for run in whole.runs} == {"data"}
    for row in (row for table in whole.tables for row in table.rows):
        seeds = [{run.training.seed for run in whole.runs if run.config == c} for c in row.configs.values()]
        assert seeds == [{3, 4}] * len(seeds)


def test_methods_are_compared_at_equal_bits(plan: ModuleType) -> None:
    rows = table(plan, "paper").rows
    for part in ("face", "body"):
        fair = {row.label: row.configs[part].bits_per_s for row in rows if not row.note}
        assert set(fair.values()) == {25 / 8 * 9}
        assert {row.configs[part].method for row in rows if not row.note} == {"vq", "ng2023", "guo2024"}
        more = {row.configs[part].bits_per_s for row in rows if row.note == "more bits"}
        assert more == {6 * 25 / 8 * 9}
    assert {row.configs["face"].width for row in rows} == {rows[0].configs["face"].width}
    assert {row.configs["face"].halvings for row in rows} == {3}


def test_face_and_body_apart_have_the_bits_of_the_joint_one_with_two_levels(plan: ModuleType) -> None:
    apart, half, equal = table(plan, "joint", parts=("face",)).rows
    assert apart.bits_per_s == equal.bits_per_s == 2 * 25 / 8 * 9
    assert half.bits_per_s == apart.bits_per_s / 2
    assert half.note == "half the bits"
    assert [config.part for config in apart.configs.values()] == ["face", "body"]
    assert equal.configs["face"] is equal.configs["body"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("loss", {"loss.kind"}),
        ("codebook", {"codebook_size"}),
        ("frames", {"halvings"}),
        ("levels", {"levels"}),
    ],
)
def test_an_ablation_changes_one_setting(plan: ModuleType, name: str, expected: set[str]) -> None:
    rows = table(plan, name).rows
    assert len({row.label for row in rows}) == len(rows)
    for part in ("face", "body"):
        for row in rows[1:]:
            assert differing(rows[0].configs[part], row.configs[part]) == expected


def test_a_fixed_grid_has_as_many_codes(plan: ModuleType) -> None:
    learned, grid = table(plan, "quantiser").rows
    assert learned.bits_per_s == grid.bits_per_s
    assert differing(learned.configs["face"], grid.configs["face"]) >= {"quantiser", "fsq_grid"}


def test_rows_that_are_the_same_share_a_run(plan: ModuleType) -> None:
    asked = plan.Asked(tables=("paper", "loss", "codebook", "frames"), seeds=(0,), parts=("face",))
    made = plan.make_plan(asked, "data")
    assert len({run.name for run in made.runs}) == len(made.runs)
    ours = made.tables[0].rows[0].configs["face"]
    assert [sum(ours in row.configs.values() for row in t.rows) for t in made.tables] == [1, 1, 1, 1]
    assert sum(run.config == ours for run in made.runs) == 1


def test_what_is_found_again_is_the_same_run(plan: ModuleType) -> None:
    (first, *_) = plan.make_plan(plan.Asked(), "data").runs
    again = plan.make_plan(plan.Asked(tables=("loss",)), "data").runs
    assert first.name in {run.name for run in again}
    for other in (plan.Asked(steps=2), plan.Asked(seeds=(9,)), plan.Asked(preset="paper")):
        assert first.name not in {run.name for run in plan.make_plan(other, "data").runs}
    assert first.name not in {run.name for run in plan.make_plan(plan.Asked(), "other data").runs}


def test_methods_and_parts_can_be_left_out(plan: ModuleType) -> None:
    made = plan.make_plan(plan.Asked(methods=("vq", "ng2023"), parts=("body",)), "data")
    assert {run.config.method for run in made.runs} == {"vq", "ng2023"}
    assert "levels" not in {table.name for table in made.tables}
    assert {run.config.part for run in made.runs if run.config.part != "joint"} == {"face", "body"}
    only = plan.make_plan(plan.Asked(tables=("paper",), methods=("vq",), parts=("body",), seeds=(0,)), "data")
    assert [run.config.part for run in only.runs] == ["body"]


def test_tables_hold_means_and_deviations_over_seeds(scripts: SimpleNamespace, tmp_path: Path) -> None:
    asked = scripts.plan.Asked(tables=("loss",), parts=("face",), seeds=(0, 1))
    made = scripts.plan.make_plan(asked, "data")
    floor = ("mean pose", scripts.measure.Figures("held out", "face", {"vmse": 9.0}))
    results = {}
    for run in made.runs[:-1]:  # the last seed of L2 is not finished
        value = {"l1": 1.0, "smooth_l1": 2.0, "l2": 3.0}[run.config.loss.kind] + run.training.seed
        figures = scripts.measure.Figures("held out", "face", {"vmse": value})
        results[run.name] = scripts.report.Result(run, "sets", 60.0, (figures,))
    text = scripts.report.markdown(made, asked, "data", results, [floor])
    assert "| L1 | 28.1 | 1.500 ± 0.707 |" in text
    assert "| L2 | 28.1 | 3.000 |" in text
    assert "| *mean pose* | - | 9.000 |" in text
    scripts.report.draw(tmp_path / "results.png", made, asked, "data", results)
    assert (tmp_path / "results.png").stat().st_size > 1000
    assert set(scripts.report.numbers(made.tables[0].rows[2], "face", "real", "vmse", asked, "data", results)) == set()


def test_everybody_is_measured_alike_long(scripts: SimpleNamespace) -> None:
    assert scripts.measure.equal_share([50, 10, 50], 90) == 40
    assert scripts.measure.equal_share([50, 10, 50], 1000) == 50
    assert scripts.measure.equal_share([50, 10, 50], 15) == 5
    assert scripts.measure.equal_share([50, 50], 1) == 1
