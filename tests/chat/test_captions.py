"""Subtitles: which words share a row, and what is drawn where."""

from __future__ import annotations

import numpy as np

from nonverbal.chat.captions import Titler, captions_of
from nonverbal.chat.describe import Direction
from nonverbal.types import U8, Word


def said(text: str, start_s: float, each_s: float = 0.3) -> list[Word]:
    return [Word(word, start_s + i * each_s, start_s + (i + 1) * each_s, 1.0) for i, word in enumerate(text.split())]


def test_rows_end_at_pauses_at_the_other_and_when_they_are_full() -> None:
    own = said("Yes, I do.", 1.0) + said("Why?", 4.0) + said("word " * 30, 6.0, 0.1)
    rows = captions_of(own, said("Oh.", 4.5))
    assert [" ".join(row.words) for row in rows[:3]] == ["Yes, I do.", "Why?", "Oh."]
    assert [row.partner for row in rows[:4]] == [False, False, True, False]
    assert all(len(" ".join(row.words)) <= 52 for row in rows)
    assert sum(len(row.words) for row in rows) == len(own) + 1
    assert rows[1].end_s == 4.5  # the other's row replaces it
    assert 1.9 < rows[0].end_s < 4.0


def test_nobody_says_nothing() -> None:
    assert captions_of([], []) == ()


def drawn(at_s: float, told: tuple[Direction, ...] = ()) -> U8:
    picture = np.full((180, 320, 3), 100, np.uint8)
    Titler(320, 180, captions_of(said("One two", 1.0), []), told).put(picture, at_s)
    return picture


def test_each_word_appears_at_its_time() -> None:
    before, one, two, after = (drawn(at_s) for at_s in (0.9, 1.1, 1.4, 9.0))
    assert (before == 100).all()
    assert (after == 100).all()
    bright = [int((picture > 200).sum()) for picture in (one, two)]
    assert 0 < bright[0] < bright[1]
    changed = np.flatnonzero((one != 100).any(axis=(1, 2)))
    assert changed.min() > 140  # the lowest rows only


def test_directions_stand_in_the_corner_while_they_last() -> None:
    told = (Direction("nods", 3.0, 3.2),)
    shown, later = drawn(3.1, told), drawn(6.0, told)
    assert (later == 100).all()
    rows, columns = np.nonzero((shown != 100).any(axis=2))
    assert rows.max() < 40
    assert columns.max() < 160


def test_words_wider_than_the_picture_are_cut() -> None:
    picture = np.zeros((120, 120, 3), np.uint8)
    Titler(120, 120, captions_of(said("w" * 400, 0.0), []), ()).put(picture, 0.1)
    assert picture.any()
