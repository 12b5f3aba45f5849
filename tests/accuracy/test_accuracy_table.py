"""What is printed, stored and drawn."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from made_talk import made_dialogue, noisy
from rich.console import Console

from nonverbal.accuracy.evidence import Evidence, PersonEvidence, Recovered
from nonverbal.accuracy.measure import Scores, Take, measure
from nonverbal.accuracy.picture import draw
from nonverbal.accuracy.summary import Figure, Summary, summarise
from nonverbal.accuracy.table import ROWS, Target, as_json, shown, tables


@pytest.fixture(scope="module")
def scores() -> list[Scores]:
    """A video that came through, one of which a hand was never seen, and one that did not."""
    truth = made_dialogue(31, 12.0)
    found = noisy(truth, 32)
    people = tuple(PersonEvidence(m.participant, tuple(m.speaking * 1.0)) for m in found.participants)
    evidence = Evidence(people, (Recovered(-80, -40.0), Recovered(0, 0.0), Recovered(80, 80.0)))
    good = Take("good", truth, found, evidence)
    return [measure(good), measure(Take("bad [red]", truth, None, verdict="E_ONE_SPEAKER: one voice"))]


@pytest.fixture(scope="module")
def summary(scores: list[Scores]) -> Summary:
    return summarise(scores)


def test_targets_know_their_side_and_need_something_measured() -> None:
    assert Target(3.5).met(Figure(3.5, 10))
    assert not Target(3.5).met(Figure(3.6, 10))
    assert Target(0.9, at_least=True).met(Figure(0.9, 1))
    assert not Target(3.5).met(Figure(0.0, 0)), "nothing measured is nothing met"


def test_the_targets_are_those_asked_for() -> None:
    asked = {r.name: (r.target.limit, r.target.at_least) for _, rows in ROWS for r in rows if r.target}
    assert asked == {
        "kept": (1.0, True),
        "der": (0.08, False),
        "word_start": (60.0, False),
        "attribution": (0.97, True),
        "asd_ap": (0.95, True),
        "r52": (0.58, True),
        "r_talk10": (0.80, True),
        "head": (3.5, False),
        "gaze": (8.0, False),
        "upper_arm": (10.0, False),
        "forearm": (10.0, False),
        "wrist": (20.0, False),
        "fingers": (15.0, False),
    }


def test_values_are_shown_in_their_units() -> None:
    assert [shown(0.0812, u) for u in ("%", "", "deg")] == ["8.1 %", "0.081", "0.1 deg"]
    assert shown(61.4, "ms") == "61 ms"


def test_the_table_says_met_missed_and_why_a_video_is_missing(summary: Summary) -> None:
    console = Console(width=140, record=True, file=StringIO())
    for part in tables(summary):
        console.print(part)
    text = console.export_text()
    assert "bad [red] E_ONE_SPEAKER: one voice" in text
    assert "1 of 2 clips came through" in text
    line = next(line for line in text.splitlines() if "videos that came through" in line)
    assert "50.0 %" in line
    assert "missed" in line
    assert "met" in next(line for line in text.splitlines() if "head rotation" in line)
    assert "-40" in next(line for line in text.splitlines() if line.strip().startswith("-80"))


def test_json_holds_every_figure_with_targets(summary: Summary) -> None:
    plain = json.loads(json.dumps(as_json(summary), allow_nan=False))
    assert plain["figures"]["head"]["at_most"] == 3.5
    assert plain["figures"]["head"]["met"] is True
    assert plain["figures"]["kept"] == {"value": 0.5, "count": 2, "of": "clips", "at_least": 1.0, "met": False}
    assert plain["figures"]["false_face"]["value"] is None, "nothing was out of view"
    assert plain["offsets_ms"] == {"-80": -40.0, "0": 0.0, "80": 80.0}
    assert plain["rejected"] == [{"name": "bad [red]", "verdict": "E_ONE_SPEAKER: one voice"}]
    assert len(plain["face"]) == 52
    assert {row.name for _, rows in ROWS for row in rows} <= set(plain["figures"])


def test_a_rejected_video_counts_where_it_was_missed(summary: Summary, scores: list[Scores]) -> None:
    alone = summarise(scores[:1]).figures
    assert alone["der"].value == pytest.approx(0.0, abs=1e-9)
    assert summary.figures["der"].value == pytest.approx(0.5)
    assert summary.figures["wer"].value == pytest.approx(0.5)
    assert summary.figures["found_face"].value == pytest.approx(0.5)
    assert summary.figures["head"].value == alone["head"].value


def test_a_take_whose_evidence_was_not_kept_is_left_out_of_the_precision(scores: list[Scores]) -> None:
    without = measure(replace(scores[0].take, evidence=None))
    assert summarise([without]).figures["asd_ap"].count == 0
    assert summarise([scores[0], without]).figures["asd_ap"] == summarise(scores[:1]).figures["asd_ap"]


def test_the_picture_has_the_same_bytes_each_time(summary: Summary, scores: list[Scores], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    draw(summary, scores, tmp_path / "a" / "one.png")
    draw(summary, scores, tmp_path / "two.png")
    assert (tmp_path / "a" / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert (tmp_path / "two.png").read_bytes()[:4] == b"\x89PNG"


def test_a_picture_of_nothing_is_drawn(scores: list[Scores], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    draw(summarise(scores[1:]), scores[1:], tmp_path / "none.png")
    assert (tmp_path / "none.png").stat().st_size > 1000
