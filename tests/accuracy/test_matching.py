"""Truth cut to a clip, and people matched by face."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_talk import made_dialogue, noisy

from nonverbal.accuracy.matching import cut, match, same_face
from nonverbal.types import PARTS, Clip, Turn, Word


def test_a_truth_is_cut_to_the_clip_that_was_found() -> None:
    truth = made_dialogue(3)
    found = replace(noisy(cut(truth, 12.0, 20.0), 4))
    pair = match(truth, found)
    assert [m.n_frames for m, _ in pair.people] == [200, 200]
    (left, left_found), (right, _) = pair.people
    assert left_found is not None
    assert (left.participant, left_found.participant, right.participant) == ("A", "B", "B")
    np.testing.assert_array_equal(left.face, truth.participants[0].face[300:500])
    assert np.abs(left.head_pose - left_found.head_pose).mean() < 0.02
    assert pair.names == {"B": "A", "A": "B"}


def test_words_belong_to_the_clip_that_holds_their_middle() -> None:
    words = tuple(Word(w, s, s + 0.4, 1.0) for w, s in (("one", 0.9), ("two", 1.5), ("three", 2.7), ("four", 2.9)))
    dialogue = replace(made_dialogue(3), turns=(Turn("A", 0.9, 3.3, "one two three four", words),))
    (turn,) = cut(dialogue, 1.0, 3.0).turns
    assert [w.word for w in turn.words] == ["one", "two", "three"]
    assert turn.words[0].start_s == pytest.approx(-0.1)
    assert (turn.start_s, turn.end_s) == (0.0, 2.0)
    assert cut(dialogue, 10.0, 12.0).turns == ()


def test_a_truth_that_begins_later_than_the_file_keeps_its_time() -> None:
    truth = made_dialogue(3)
    moved = replace(truth, clip=replace(truth.clip, start_s=60.0, end_s=100.0))
    part = cut(moved, 61.0, 63.0)
    np.testing.assert_array_equal(part.participants[0].face, truth.participants[0].face[25:75])


def test_lengths_that_differ_by_a_frame_are_cut_to_the_shorter() -> None:
    truth = made_dialogue(3)
    found = noisy(cut(truth, 0.0, 39.96), 4)
    found = replace(found, clip=truth.clip)
    assert {m.n_frames for pair in match(truth, found).people for m in pair if m} == {999}


def test_faces_are_matched_by_where_they_are_seen_in_common() -> None:
    """Cuts: each is seen half the time, and in the other's half the box of the other lies in the same place."""
    a, b = made_dialogue(3, 8.0).participants
    first = np.arange(a.n_frames) < 100
    box = a.bbox.copy()

    def shown(motion, rows):
        return replace(motion, bbox=box * rows[:, None], validity=np.repeat(rows[:, None], len(PARTS), 1).astype("u1"))

    truth = [shown(a, first), shown(b, ~first)]
    assert same_face(truth, [shown(b, ~first), shown(a, first)]) == {0: 1, 1: 0}
    assert same_face(truth, [shown(a, first)]) == {0: 0}
    assert same_face(truth, []) == {}


def test_a_clip_turned_down_is_cut_from_the_truth() -> None:
    truth = made_dialogue(3)
    pair = match(truth, None, Clip("c", truth.clip.source_id, 10.0, 14.0))
    assert pair.truth.clip.duration_s == 4.0
    assert [(m.n_frames, found) for m, found in pair.people] == [(100, None), (100, None)]
    assert (pair.found.participants, pair.found.turns) == ((), ())
