"""docs/behaviour.md tells the truth: its table is the code's, and its figures are those of the motion made."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hand_talk import LONG, chat, spoken_line

from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.studio.acting.act import act
from nonverbal.studio.acting.attention import PARTNER, angles_of, looks
from nonverbal.studio.acting.expressions import EXPRESSIONS, MIXTURES
from nonverbal.studio.acting.facing import head_angles
from nonverbal.studio.acting.gesturing import plan_hands
from nonverbal.studio.acting.habits import HABITS, Doing, Habit, doings
from nonverbal.studio.acting.moments import Moment, moments_of, phrase_ends_s
from nonverbal.studio.acting.style import Style
from nonverbal.studio.talk import ACTS, Cue, Talk
from nonverbal.timeline import FPS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "behaviour.md").read_text(encoding="utf-8")
AT = np.array([0.45, 0.0, 0.9])
LENS = np.array([-0.1, 0.02, 1.0])


def documented(pattern: str) -> float:
    """The number that `pattern`'s group finds on the page."""
    (number,) = re.findall(pattern, PAGE)
    return float(number)


@cache
def rows() -> dict[tuple[str, str], tuple[float, float, str]]:
    found = re.findall(r"^\| `([a-z:]+)` \| `(\w+)` \| (\d+) % \| ([\d.]+)°? \| (.+) \|$", PAGE, re.MULTILINE)
    return {(moment, does): (int(percent) / 100, float(size), when) for moment, does, percent, size, when in found}


@pytest.mark.parametrize("habit", HABITS, ids=lambda h: f"{h.moment}-{h.does}")
def test_each_habit_stands_on_the_page(habit: Habit) -> None:
    probability, size, when = rows()[habit.moment, habit.does]
    assert probability == pytest.approx(habit.probability)
    assert size == pytest.approx(habit.size)
    if habit.when == "throughout":
        assert when == "as long as it lasts"
    else:
        assert f"{habit.delay_s:+.2f} s from its {'start' if habit.when == 'onset' else 'end'}" in when
        assert when.endswith(f"for {habit.length_s:g} s")


def test_the_page_has_no_habit_that_the_code_lacks() -> None:
    assert set(rows()) == {(habit.moment, habit.does) for habit in HABITS}
    assert len(rows()) == len(HABITS)


def test_habits_come_as_often_as_told() -> None:
    kinds = sorted({habit.moment for habit in HABITS})
    moments = [Moment(kind, 10.0 * i, 10.0 * i + 2.0) for kind in kinds for i in range(4000)]
    drawn = doings(moments, np.random.default_rng(0))
    counts: dict[str, int] = {}
    for doing in drawn:
        counts[doing.does] = counts.get(doing.does, 0) + 1
    for does, count in counts.items():
        expected = 4000 * sum(habit.probability for habit in HABITS if habit.does == does)
        assert count == pytest.approx(expected, rel=0.05), does


def test_moments_are_found_where_they_are() -> None:
    mine = spoken_line("A", "mama yes maybe, no", 1.0, act="ask", emphasis=(1,))
    theirs = spoken_line("B", "baby. you", 5.0, act="joke")
    found = moments_of(Talk((mine, theirs), 9.0), "A")
    assert [moment.kind for moment in found] == [
        "act:ask", "word:stressed", "word:yes", "word:maybe", "word:no", "heard:joke", "heard:phrase", "heard:phrase",
    ]  # fmt: skip
    assert found[1].start_s == pytest.approx(mine.words[1].phones[1].start_s)
    assert phrase_ends_s(theirs) == [theirs.words[0].end_s, theirs.words[1].end_s]


SHOWN = [habit for habit in HABITS if habit.moment.startswith(("act:", "heard:")) and habit.does in EXPRESSIONS]


@pytest.mark.parametrize("habit", [h for h in SHOWN if h.probability >= 0.8], ids=lambda h: f"{h.moment}-{h.does}")
def test_likely_expressions_are_seen_at_their_size(habit: Habit) -> None:
    """In most runs the expression's leading coefficient reaches a good part of its size while the moment lasts."""
    side, what = habit.moment.split(":")
    leading = int(np.argmax(MIXTURES[habit.does]))
    text = "" if what == "laugh" else LONG
    line = spoken_line("A" if side == "act" else "B", text, 2.0, act=what)  # type: ignore[arg-type]
    talk = Talk((line,), line.end_s + 3.0)
    peaks = []
    for seed in range(12):
        face = act(talk, "A", Style(), AT, LENS, seed).face
        peaks.append(float(face[int((line.start_s - 0.5) * 25) : int((line.end_s + 2.0) * 25), leading].max()))
    assert np.mean(np.array(peaks) > 0.5 * habit.size) >= habit.probability - 0.25, (habit, ARKIT52_NAMES[leading])


def test_gaze_shares_are_those_of_the_page() -> None:
    talk = chat(3600.0, ("tell",))
    fixations = looks(talk, "A", Style(), angles_of(np.stack([AT, LENS])), np.random.default_rng(0))
    times = (np.arange(int(talk.duration_s * FPS)) + 0.5) / FPS
    on_partner = fixations.targets_at(times) == PARTNER
    masks = {name: np.zeros(len(times), dtype=bool) for name in ("speaking", "begin", "end")}
    for line in talk.of("A"):
        masks["speaking"] |= (times >= line.start_s) & (times < line.end_s)
        masks["begin"] |= (times >= line.start_s) & (times < line.start_s + 0.5)
        masks["end"] |= (times >= line.end_s - 0.5) & (times < line.end_s)
    masks["listening"] = ~masks["speaking"]
    shares = {name: 100 * float(on_partner[mask].mean()) for name, mask in masks.items()}
    assert shares["speaking"] == pytest.approx(documented(r"(\d+) % of the time while speaking"), abs=3)
    assert shares["listening"] == pytest.approx(documented(r"(\d+) % while not"), abs=3)
    assert shares["begin"] == pytest.approx(documented(r"(\d+) % in the first 0.5 s"), abs=5)
    assert shares["end"] == pytest.approx(documented(r"(\d+) % in its last 0.5 s"), abs=4)


def test_cues_and_beats_are_made_as_often_as_told() -> None:
    rng = np.random.default_rng(0)
    gestures = ("point_self", "point_you", "count", "palm_up", "stop", "big", "small", "shrug")
    lines, at_s = [], 1.0
    while at_s < 3000.0:
        cues = [Cue(int(rng.integers(2, 13)), gestures[int(rng.integers(len(gestures)))])]
        emphasis = tuple(i for i in (3, 7, 11) if i != cues[0].word)
        lines.append(spoken_line("A", LONG, at_s, cues=tuple(cues), emphasis=emphasis))
        at_s = lines[-1].end_s + 4.0
    made = plan_hands(lines, Style(gesture_rate=1.0), AT, at_s, np.random.default_rng(1)).made
    beats = sum(m.gesture == "beat" for m in made)
    assert 100 * (len(made) - beats) / len(lines) > documented(r"made in (\d+) % of cases") - 12
    free = [i for line in lines for i in line.line.emphasis if all(not -3 < cue.word - i < 4 for cue in line.line.cues)]
    assert 100 * beats / len(free) > documented(r"of which (\d+) % are made") - 20


@pytest.mark.parametrize(("does", "column", "degrees"), [
    ("nod", 1, -6.0), ("nod_once", 1, -6.0), ("shake", 0, 6.0), ("tilt", 2, 6.0), ("chin_up", 1, 6.0),
    ("chin_down", 1, -6.0),
])  # fmt: skip
def test_heads_turn_by_the_size_of_the_habit(does: str, column: int, degrees: float) -> None:
    towards = angles_of(np.stack([AT, LENS]))
    fixations = looks(chat(10.0), "A", Style(), towards, np.random.default_rng(0))
    with_it, without = (
        head_angles(fixations, acts, Style(), towards, np.zeros(250), np.random.default_rng(1))
        for acts in ([Doing(does, 4.0, 5.2, 6.0)], [])
    )
    added = np.degrees(with_it - without)
    peak = added[np.argmax(np.abs(added[:, column])), column]
    assert abs(peak) == pytest.approx(abs(degrees), rel=0.25)
    assert does in ("shake", "tilt") or np.sign(peak) == np.sign(degrees)
    assert not np.delete(added, column, axis=1).any()
    assert not added[:80].any()


def test_every_act_has_habits() -> None:
    assert {habit.moment for habit in HABITS if habit.moment.startswith("act:")} == {f"act:{name}" for name in ACTS}
