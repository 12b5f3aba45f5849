"""Times without sound: words and phones without holes, plausible pace, the same every time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from nonverbal.studio.script.write import write_script
from nonverbal.studio.speech.rhythm import time_talk
from nonverbal.studio.talk import Line, Talk

pytest.importorskip("espeakng_loader", reason="espeakng-loader comes with nonverbal[studio]")


@pytest.fixture(scope="module")
def talk() -> Talk:
    return time_talk(write_script(np.random.default_rng(3), 250), 3, 240.0)


def test_words_are_those_of_the_lines_and_phones_cover_them(talk: Talk) -> None:
    for spoken in talk.lines:
        assert [word.word for word in spoken.words] == (spoken.line.text.split(" ") if spoken.line.text else [])
        edges = [edge for word in spoken.words for edge in (word.start_s, word.end_s)]
        assert edges == sorted(edges)
        for word in spoken.words:
            assert (word.start_s, word.end_s) == (word.phones[0].start_s, word.phones[-1].end_s)
            assert all(a.end_s == b.start_s for a, b in pairwise(word.phones))
            assert all(phone.end_s > phone.start_s for phone in word.phones)


def test_people_speak_at_a_human_pace(talk: Talk) -> None:
    words = sum(len(spoken.words) for spoken in talk.lines)
    talking_s = sum(spoken.end_s - spoken.start_s for spoken in talk.lines if spoken.words)
    assert 120 <= 60 * words / talking_s <= 220
    assert talk.duration_s == 240.0
    assert talk.lines[-1].end_s > 220
    first = {p: next(talk.of(p)).start_s for p in "AB"}
    assert max(first.values()) < 15


def test_the_same_seed_gives_the_same_times() -> None:
    lines = write_script(np.random.default_rng(1), 30)
    assert time_talk(lines, 4) == time_talk(lines, 4)
    assert time_talk(lines, 4) != time_talk(lines, 5)


def test_ends_are_drawn_out_and_marks_are_silent() -> None:
    """The same word in the middle and at the end of a sentence, over many seeds."""
    middle, end, pause = [], [], []
    for seed in range(30):
        (spoken,) = time_talk([Line("A", "The house stood. Behind the house.", "tell", 0.0, 0.0)], seed).lines
        middle.append(spoken.words[1].end_s - spoken.words[1].start_s)
        end.append(spoken.words[5].end_s - spoken.words[5].start_s)
        pause.append(spoken.words[3].start_s - spoken.words[2].end_s)
    assert np.mean(end) > 1.2 * np.mean(middle)
    assert 0.1 < np.median(pause) < 0.6
