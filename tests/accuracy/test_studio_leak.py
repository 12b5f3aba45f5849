"""The leak test on the real thing: two studio videos through the pipeline, then measured with each other's truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from nonverbal.accuracy.films import films, shoot
from nonverbal.accuracy.measure import measure, swapped
from nonverbal.accuracy.summary import summarise
from nonverbal.accuracy.taking import measured, take_all
from nonverbal.pipeline.observe import Silent
from nonverbal.settings import BuildSettings

pytest.importorskip("mediapipe", reason="the models are not installed: pip install 'nonverbal[offline]'")
pytest.importorskip("anny", reason="the studio is not installed: pip install 'nonverbal[studio]'")


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_scores_collapse_with_the_truth_of_another_podcast(tmp_path: Path) -> None:
    shots = [shoot(film, tmp_path / "videos") for film in films(2, 0.6, 510, ("split", "wide"))]
    takes = take_all(shots, tmp_path / "dataset", measured(BuildSettings()), Silent(), lambda path: None)
    assert all(take.found for take in takes), [take.verdict for take in takes]
    right, wrong = (summarise([measure(take) for take in some]).figures for some in (takes, swapped(takes)))
    assert right["r_talk10"].value > 0.5
    # Not quite nothing is left: in both podcasts A greets first, and whoever greets smiles and waves.
    assert abs(wrong["r52"].value) < right["r52"].value / 3
    assert abs(wrong["r_talk10"].value) < right["r_talk10"].value / 3
    assert right["attribution"].value > 0.9
    assert wrong["attribution"].count < 0.25 * right["attribution"].count  # hardly a word is found where it was said
    assert right["der"].value < 0.2
    assert wrong["der"].value > 0.4
    assert wrong["wer"].value > 0.8 > right["wer"].value
    assert wrong["asd_ap"].value < wrong["asd_chance"].value + 0.15 < right["asd_ap"].value
    for name in ("head_steady_off", "gaze", "upper_arm", "forearm", "wrist"):
        assert wrong[name].value > 1.3 * right[name].value, name
    # Hands mostly rest, and resting fingers are much alike.
    assert wrong["fingers"].value > 1.05 * right["fingers"].value
