"""Speech against the truth, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_talk import made_motion

from nonverbal.accuracy.matching import match
from nonverbal.accuracy.speech import score_speech, spoken
from nonverbal.types import Clip, Dialogue, Span, Turn, Word

CLIP = Clip("c", "s", 0.0, 10.0)


def _turn(who: str, *words: tuple[str, float, float]) -> Turn:
    return Turn(who, words[0][1], words[-1][2], " ".join(w[0] for w in words), tuple(Word(*w, 1.0) for w in words))


def _dialogue(turns: tuple[Turn, ...], left: str = "A") -> Dialogue:
    """Two faces, that of `left` on the left; everybody speaks in their turns."""
    rng = np.random.default_rng(0)
    people = []
    for name in "AB":
        spans = [Span(t.start_s, t.end_s) for t in turns if t.participant == name]
        people.append(made_motion(rng, name, 250, 100.0 if name == left else 800.0, spans))
    return Dialogue(CLIP, "en", turns, tuple(people))


TRUTH = _dialogue((
    _turn("A", ("Do", 1.0, 1.2), ("you", 1.2, 1.4), ("have", 1.4, 1.8), ("23?", 1.8, 2.4)),
    _turn("B", ("Mhm,", 3.0, 3.2), ("surely", 3.2, 4.0)),
))  # fmt: skip


def test_words_by_hand() -> None:
    """Heard: do 30 ms late, you as "few", have 100 ms early and given to the other, 23 as two words, mhm not at all.

    Six true words and "twenty three" as two are seven: do you have twenty three mhm surely. One substitution and one
    deletion. Five are matched: do, have, twenty, three, surely.
    """
    found = _dialogue((
        _turn("A", ("do", 1.03, 1.2), ("few", 1.2, 1.4)),
        _turn("B", ("have", 1.3, 1.7)),
        _turn("A", ("twenty", 1.81, 2.1), ("three", 2.1, 2.41)),
        _turn("B", ("surely", 3.2, 4.05)),
    ))  # fmt: skip
    scores = score_speech(match(TRUTH, found))
    assert (scores.wrong, scores.n_true) == (2, 7)
    assert (scores.wrong_content, scores.n_true_content) == (1, 6)
    assert scores.matched == 5
    assert sorted(scores.start_error_s) == pytest.approx([0.0, 0.01, 0.03, 0.1]), "nobody says when three begins"
    assert sorted(scores.end_error_s) == pytest.approx([0.0, 0.01, 0.05, 0.1]), "nor when twenty ends"
    assert (scores.right_face, scores.right_voice) == (4, 4)


def test_swapped_names_are_no_mistake_and_swapped_faces_are() -> None:
    renamed = {"A": "B", "B": "A"}
    turns = tuple(replace(t, participant=renamed[t.participant]) for t in TRUTH.turns)
    same_faces = score_speech(match(TRUTH, _dialogue(turns, left="B")))
    assert (same_faces.matched, same_faces.right_face, same_faces.right_voice) == (7, 7, 7)
    other_faces = score_speech(match(TRUTH, _dialogue(turns, left="A")))
    assert (other_faces.right_face, other_faces.right_voice) == (0, 7)
    assert other_faces.diarization.rate == same_faces.diarization.rate == 0


def test_diarization_by_speaking_and_by_turns_by_hand() -> None:
    """True: A 1 to 2.4, B 3 to 4, 2.4 s in all. Found: A 1 to 2, B 3 to 4.4: 0.4 s missed and 0.4 s too much."""
    found = _dialogue((_turn("A", ("do", 1.0, 2.0)), _turn("B", ("surely", 3.0, 4.4))))
    scores = score_speech(match(TRUTH, found))
    assert scores.turns.rate == pytest.approx(0.8 / 2.4)
    assert scores.diarization.rate == pytest.approx(0.8 / 2.4)
    assert scores.speakers == (2, 2)


def test_a_voice_that_is_missing_is_counted() -> None:
    found = _dialogue((_turn("A", ("do", 1.0, 2.4)),))
    assert score_speech(match(TRUTH, found)).speakers == (2, 1)


def test_plain_words_know_which_edges_of_the_written_word_they_hold() -> None:
    words = [w for w in spoken(TRUTH) if w.word in ("twenty", "three", "you")]
    assert [(w.word, w.begins, w.ends) for w in words] == [
        ("you", True, True),
        ("twenty", True, False),
        ("three", False, True),
    ]
