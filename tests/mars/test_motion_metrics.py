"""Energy, strokes on words and rates, by hand; the rest is what tokens.metrics says."""

from __future__ import annotations

import numpy as np
import pytest

from nonverbal.mars.motion_metrics import Beats, MotionMeter, beat_alignment, energy_by_step, events_per_min, pearson
from nonverbal.motion.events import Events
from nonverbal.tokens.config import column_groups
from nonverbal.tokens.metrics import ReconstructionMeter
from nonverbal.types import F32
from nonverbal.verdicts import UserError

BODY = [group.columns for group in column_groups(("smplx117",))]


def moving(speeds: list[float]) -> F32:
    """[8 S + 1, 117] one number that grows by each of `speeds` a frame, for a step each."""
    rows = np.zeros((8 * len(speeds) + 1, 117), np.float32)
    rows[1:, 20] = np.cumsum(np.repeat(speeds, 8))
    return rows


def peaks(*at_s: float) -> Events:
    return Events(*(np.array(at_s, float) for _ in range(4)))


def test_energy_is_the_speed_of_the_rows_step_by_step() -> None:
    valid = np.ones((17, 3), bool)
    assert energy_by_step(moving([0.1, 0.3]), valid, BODY) == pytest.approx([2.5, 7.5], rel=1e-4)
    rows = moving([0.1, 0.3])
    rows[:, 100] = 2 * rows[:, 20]
    assert energy_by_step(rows, valid, BODY) == pytest.approx(np.sqrt(5) * np.array([2.5, 7.5]), rel=1e-4)
    valid[:, 2] = False  # the right hand, which has column 100
    assert energy_by_step(rows, valid, BODY) == pytest.approx([2.5, 7.5], rel=1e-4)
    valid[:9] = False
    assert energy_by_step(rows, valid, BODY) == pytest.approx([7.5], rel=1e-4)
    assert energy_by_step(rows[:5], valid[:5], BODY).tolist() == []
    assert energy_by_step(rows[:0], valid[:0], BODY).tolist() == []


def test_correlations() -> None:
    truth = np.array([1.0, 2, 3, 4, 1, 2, 3, 4])
    assert pearson(truth, 3 * truth + 1) == pytest.approx(1.0)
    assert pearson(truth, -truth) == pytest.approx(-1.0)
    assert pearson(truth, truth[::-1]) == pytest.approx(np.corrcoef(truth, truth[::-1])[0, 1])
    assert pearson(truth, np.ones(8)) == 0.0
    assert pearson(np.ones(8), truth) is None
    assert pearson(truth[:7], truth[:7]) is None


def test_a_meter_says_what_the_parameters_meter_does_and_how_energy_goes() -> None:
    rng = np.random.default_rng(0)
    speeds = rng.uniform(0, 0.02, 12).tolist()
    truth, half = moving(speeds), 0.5 * moving(speeds)
    still = np.zeros_like(truth)
    meter, other = MotionMeter("smplx117", None), ReconstructionMeter("smplx117", None)
    for generated in (half, still):
        meter.add(truth, generated)
        other.add(truth, generated)
    report = meter.report()
    assert report.parameters == other.report()
    assert report.energy_correlation == pytest.approx(0.5)  # 1 and 0
    assert report.stretches == 2
    assert report.energy_true == pytest.approx(25 * np.mean(speeds), rel=1e-3)
    assert report.energy_generated == pytest.approx(0.25 * report.energy_true, rel=1e-3)


def test_what_is_not_valid_is_not_looked_at() -> None:
    truth = moving(np.linspace(0, 0.02, 12).tolist())
    mask = np.ones((len(truth), 3), bool)
    mask[40:60] = False
    dirty = truth.copy()
    dirty[45] = np.nan
    clean, soiled = MotionMeter("smplx117", None), MotionMeter("smplx117", None)
    clean.add(truth, truth, mask)
    soiled.add(dirty, dirty, mask)
    assert soiled.report() == clean.report()
    assert soiled.report().energy_correlation == pytest.approx(1.0)


def test_beats_fall_on_words_or_beside_them() -> None:
    words = np.array([2.0, 1.0, 3.0])
    assert beat_alignment(peaks(1.0, 2.0), words) == Beats(2.0, 2)
    beside = beat_alignment(peaks(1.1, 2.8, 9.0), words)  # 0.1 s, 0.2 s, and none of any word
    assert beside.strokes == 2
    assert beside.alignment == pytest.approx((np.exp(-0.5) + np.exp(-2.0)) / 2)
    assert beat_alignment(peaks(), words).alignment is None
    assert beat_alignment(peaks(1.0), words[:0]) == Beats(0.0, 0)
    assert (Beats(1.5, 2) + Beats(0.5, 2)).alignment == 0.5


def test_rates() -> None:
    assert events_per_min({"blink": peaks(1, 2, 3), "nod": peaks()}, 30.0) == {"blink": 6.0, "nod": 0.0}
    with pytest.raises(UserError, match=r"0\.0 s"):
        events_per_min({}, 0.0)
    with pytest.raises(UserError, match="nothing to measure"):
        MotionMeter("smplx117", None).report()
