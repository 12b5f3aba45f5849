"""Lines in time: gaps, overlaps, the end of a talk."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonverbal.studio.speech.layout import LEAD_IN_S, TAIL_S, lay_out
from nonverbal.studio.talk import Line, Phone, SpokenWord, Talk

WORD_S = 0.3


def say(number: int, line: Line) -> tuple[tuple[SpokenWord, ...], float]:
    """Every word takes `WORD_S`, from a second that means nothing; a laugh takes one second."""
    words = []
    for i, word in enumerate(line.text.split(" ") if line.text else ()):
        start_s = 7.0 + i * WORD_S
        words.append(SpokenWord(word, start_s, start_s + WORD_S, (Phone("a", start_s, start_s + WORD_S),)))
    return tuple(words), 1.0


def line(participant: str, words: int, gap_s: float, act: str = "tell") -> Line:
    text = " ".join(["word"] * words) + "." if words else ""
    return Line(participant, text, act if words else "laugh", 0.0, gap_s)  # type: ignore[arg-type]


LINES = st.lists(st.builds(line, st.sampled_from("AB"), st.integers(0, 30), st.floats(-9.0, 2.0)), max_size=12)


@given(LINES, st.one_of(st.none(), st.floats(0.0, 40.0)))
def test_what_holds_for_every_talk(lines: list[Line], duration_s: float | None) -> None:
    talk, numbers = lay_out(lines, say, duration_s)
    assert [placed.line for placed in talk.lines] == [lines[i] for i in numbers]
    starts = [placed.start_s for placed in talk.lines]
    assert starts == sorted(starts)
    assert all(start_s >= LEAD_IN_S for start_s in starts)
    for participant in "AB":
        own = list(talk.of(participant))
        assert all(a.end_s < b.start_s for a, b in pairwise(own))
    for placed in talk.lines:
        assert placed.end_s <= talk.duration_s
        assert placed.start_s < placed.end_s
        if placed.words:
            assert placed.words[0].start_s == pytest.approx(placed.start_s)
            assert placed.words[-1].end_s == pytest.approx(placed.end_s)
            assert placed.words[0].phones[0].start_s == placed.words[0].start_s


def spans(talk: Talk) -> list[tuple[float, float]]:
    return [(pytest.approx(placed.start_s), pytest.approx(placed.end_s)) for placed in talk.lines]


def test_gaps_and_overlaps_are_where_they_were_asked_for() -> None:
    """A nod two seconds before the end of ten words; the next line counts from the end of those."""
    talk, _ = lay_out([line("A", 10, 0.3), line("B", 1, -2.0), line("B", 2, 0.5)], say, None)
    assert spans(talk) == [(0.7, 3.7), (1.7, 2.0), (4.2, 4.8)]
    assert talk.duration_s == pytest.approx(4.8 + TAIL_S)


def test_nobody_begins_before_they_have_ended() -> None:
    talk, _ = lay_out([line("A", 10, 0.0), line("A", 1, -2.0)], say, None)
    assert talk.lines[1].start_s > talk.lines[0].end_s


def test_goodbyes_stay_and_the_line_before_is_cut_to_whole_sentences() -> None:
    body = Line("B", "One two three. Four five six. " + "x " * 90 + "y.", "tell", 0.0, 0.2, (4, 50))
    lines = [
        *(line("AB"[i % 2], 50, 0.2) for i in range(2)),
        body,
        line("A", 3, 0.3, "part"),
        line("B", 2, 0.3, "part"),
    ]
    talk, numbers = lay_out(lines, say, 50.0)
    assert numbers == [0, 1, 2, 3, 4]
    assert talk.lines[2].line.text == "One two three. Four five six."
    assert talk.lines[2].line.emphasis == (4,)
    assert talk.duration_s == 50.0
    assert talk.lines[-1].line.act == "part"


def test_a_short_talk_ends_without_goodbyes() -> None:
    talk, numbers = lay_out([line("A", 3, 0.0), line("A", 3, 0.3, "part")], say, 20.0)
    assert numbers == [0]
    assert talk.duration_s == 20.0
