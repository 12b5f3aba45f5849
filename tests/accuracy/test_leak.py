"""No number comes out of the truth alone: with the truth of another video, or of other seconds, all scores collapse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_talk import made_dialogue, noisy

from nonverbal.accuracy.evidence import Evidence, PersonEvidence, Recovered
from nonverbal.accuracy.matching import cut
from nonverbal.accuracy.measure import Take, measure, measure_pairs, swapped
from nonverbal.accuracy.summary import Summary, summarise
from nonverbal.accuracy.table import ROWS
from nonverbal.types import Dialogue


@pytest.fixture(scope="module")
def takes() -> list[Take]:
    """Two videos and what a good pipeline finds in them, with A and B in the other order."""
    made = []
    for seed in (1, 2):
        truth = made_dialogue(seed)
        found = noisy(truth, seed + 100)
        people = tuple(PersonEvidence(m.participant, tuple(m.speaking * 0.8 + 0.1)) for m in found.participants)
        made.append(Take(f"{seed}", truth, found, Evidence(people, (Recovered(40, 40.0),))))
    return made


def _summary(takes: list[Take]) -> Summary:
    return summarise([measure(take) for take in takes])


def test_a_good_finding_meets_every_target(takes: list[Take]) -> None:
    summary = _summary(takes)
    missed = [r.name for _, rows in ROWS for r in rows if r.target and not r.target.met(summary.figures[r.name])]
    assert missed == []
    assert summary.figures["wer"].value == 0


def test_with_the_truth_of_another_video_every_target_is_missed(takes: list[Take]) -> None:
    summary = _summary(swapped(takes))
    missed = {r.name for _, rows in ROWS for r in rows if r.target and not r.target.met(summary.figures[r.name])}
    asked = {r.name for _, rows in ROWS for r in rows if r.target}
    assert missed == asked - {"kept"}, "that a clip came through says nothing of its truth"
    assert abs(summary.figures["r52"].value) < 0.1
    assert abs(summary.figures["r_talk10"].value) < 0.15
    assert summary.figures["der"].value > 0.3
    assert 0.3 < summary.figures["attribution"].value < 0.7, "chance"
    assert summary.figures["asd_ap"].value < summary.figures["asd_chance"].value + 0.2
    assert summary.figures["head"].value > 10


def test_with_the_truth_three_seconds_late_every_target_is_missed() -> None:
    truth = made_dialogue(5)
    found = noisy(truth, 6)
    early = cut(truth, 3.0, truth.clip.end_s)
    late = replace(early, clip=replace(early.clip, start_s=0.0, end_s=37.0))
    shifted, right = (summarise(measure_pairs([pair])).figures for pair in ((late, found), (truth, found)))
    assert right["r52"].value > 0.9
    assert abs(shifted["r52"].value) < 0.15
    assert shifted["word_start"].value > 1000
    assert shifted["der"].value > 0.3
    assert shifted["wrist"].value > right["wrist"].value + 20


def test_names_play_no_part(takes: list[Take]) -> None:
    truth, found = takes[0].truth, noisy(takes[0].truth, 101, renamed=False)
    same, other = (summarise(measure_pairs([(truth, f)])).figures for f in (found, noisy(truth, 101)))
    assert same["attribution"].value == other["attribution"].value == 1.0
    assert same["r52"].value == pytest.approx(other["r52"].value, abs=0.02)


def test_words_with_the_wrong_face_count_for_the_voice_but_not_for_the_face() -> None:
    """The voices are told apart, but each is given to the other's face."""
    truth = made_dialogue(7)
    found = noisy(truth, 8, renamed=False)
    crossed = replace(
        found, turns=tuple(replace(t, participant={"A": "B", "B": "A"}[t.participant]) for t in found.turns)
    )
    figures = summarise(measure_pairs([(truth, crossed)])).figures
    assert (figures["attribution"].value, figures["attribution_voice"].value) == (0.0, 1.0)


def test_a_clip_turned_down_is_a_miss_everywhere() -> None:
    truth = made_dialogue(9)
    summary = summarise(measure_pairs([(truth, None)]))
    figures = summary.figures
    assert (summary.kept, figures["kept"].value) == (0, 0.0)
    assert (figures["der"].value, figures["wer"].value, figures["speakers"].value) == (1.0, 1.0, 0.0)
    assert (figures["found_face"].value, figures["found_left_hand"].value) == (0.0, 0.0)
    assert figures["asd_ap"].value == pytest.approx(figures["asd_chance"].value)
    assert figures["head"].count == figures["forearm"].count == figures["attribution"].count == 0


def test_one_truth_cannot_be_swapped(takes: list[Take]) -> None:
    with pytest.raises(ValueError, match="at least two"):
        swapped(takes[:1])


def test_nothing_at_all_gives_an_empty_table() -> None:
    empty = Dialogue(made_dialogue(1).clip, "en", (), ())
    for scores in ([], measure_pairs([(empty, None), (empty, empty)])):
        figures = summarise(scores).figures
        assert all(row.name in figures for _, rows in ROWS for row in rows)
