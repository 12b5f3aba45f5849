"""Words with doubtful times, words between two speakers, turns and sentences."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonverbal.types import Span, SpeakerSegment, Word
from nonverbal.venus.turns import assign_speakers, ends_sentence, make_turns, repair_times, trim_to_speech

NAN = math.nan
odd_times = st.one_of(st.floats(-1.0, 12.0), st.sampled_from([NAN, math.inf, 3.0]))


def word(text: str, start_s: float, end_s: float) -> Word:
    return Word(text, start_s, end_s, 0.9)


def test_a_number_without_a_time_gets_the_gap() -> None:
    """ "in 25 minutes": the recogniser has no time for 25, which lies between 1.2 and 1.8."""
    found = repair_times([word("in", 1.0, 1.2), word("25", NAN, NAN), word("minutes", 1.8, 2.2)], 3.0)
    assert [(w.start_s, w.end_s, w.interpolated) for w in found] == [
        (1.0, 1.2, False),
        (1.2, 1.7, True),  # no slower than half a second a word
        (1.8, 2.2, False),
    ]


def test_several_words_share_the_gap_by_their_letters() -> None:
    found = repair_times(
        [word("costs", 0.0, 1.0), word("$5", 1.0, 1.0), word("each,", 0.5, 0.6), word("I", 1.7, 2.0)], 2.0
    )
    assert [w.interpolated for w in found] == [False, True, True, False]
    assert (found[1].start_s, found[1].end_s) == (1.0, 1.2)
    assert (found[2].start_s, found[2].end_s) == (1.2, 1.7)


def test_without_a_gap_the_word_before_gives_up_time() -> None:
    found = repair_times([word("seven", 1.0, 1.5), word("%", 1.5, 1.5), word("of", 1.5, 1.6)], 2.0)
    assert [w.interpolated for w in found] == [True, True, False]
    assert found[0].start_s == 0.0 or found[0].start_s == 1.0
    assert found[0].end_s == found[1].start_s < found[1].end_s <= 1.5


@given(st.lists(st.tuples(odd_times, odd_times), max_size=12), st.sampled_from([0.05, 5.0, 10.0]))
def test_repaired_times_rise_inside_the_clip(times: list[tuple[float, float]], end_s: float) -> None:
    words = [word("ab"[: 1 + i % 2], a, b) for i, (a, b) in enumerate(times)]
    found = repair_times(words, end_s)
    assert [w.word for w in found] == [w.word for w in words]
    edges = [t for w in found for t in (w.start_s, w.end_s)]
    assert all(math.isfinite(t) for t in edges)
    assert edges == sorted(edges)
    assert all(0.0 <= t <= end_s for t in edges)


@given(st.lists(st.integers(20, 900), max_size=15))
def test_good_times_stay(lengths_ms: list[int]) -> None:
    edges = [0]
    for length in lengths_ms:
        edges.append(edges[-1] + length)
    words = [word("w", a / 1000, b / 1000) for a, b in pairwise(edges)]
    assert repair_times(words, edges[-1] / 1000 + 1.0) == tuple(words)


def test_the_first_word_after_a_pause_does_not_begin_in_the_pause() -> None:
    speech = [Span(0.0, 2.0), Span(5.0, 8.0)]
    assert trim_to_speech(word("So", 3.0, 5.4), speech) == word("So", 5.0, 5.4)
    assert trim_to_speech(word("ah", 3.0, 3.2), speech) == word("ah", 3.0, 3.2)
    assert trim_to_speech(word("x", NAN, NAN), speech).word == "x"


def test_each_word_goes_to_who_talks() -> None:
    segments = [SpeakerSegment("S0", 0.0, 2.0), SpeakerSegment("S1", 2.0, 4.0)]
    words = [word("hello", 0.5, 1.0), word("there.", 1.2, 2.1), word("Hi!", 2.2, 2.6)]
    assert assign_speakers(words, segments) == ("S0", "S0", "S1")


def test_a_word_in_which_both_talk_does_not_change_hands() -> None:
    """S1 covers all of "really", S0 two thirds of it: not enough to switch and back inside a sentence."""
    segments = [SpeakerSegment("S0", 0.0, 1.2), SpeakerSegment("S0", 1.4, 3.0), SpeakerSegment("S1", 0.9, 1.5)]
    words = [word("I", 0.0, 0.9), word("really", 0.9, 1.5), word("like", 1.5, 2.0), word("it", 2.0, 3.0)]
    assert assign_speakers(words, segments) == ("S0",) * 4


def test_a_clear_interjection_changes_hands_and_back() -> None:
    segments = [SpeakerSegment("S0", 0.0, 1.0), SpeakerSegment("S1", 1.0, 1.5), SpeakerSegment("S0", 1.5, 3.0)]
    words = [word("we", 0.2, 0.9), word("Yeah.", 1.05, 1.45), word("went", 1.6, 2.2)]
    assert assign_speakers(words, segments) == ("S0", "S1", "S0")


def test_a_word_outside_all_segments_goes_to_the_nearest() -> None:
    segments = [SpeakerSegment("S0", 0.0, 1.0), SpeakerSegment("S1", 5.0, 6.0)]
    assert assign_speakers([word("well", 4.0, 4.5)], segments) == ("S1",)
    assert assign_speakers([word("well", 1.5, 2.0)], segments) == ("S0",)


def test_words_need_segments() -> None:
    assert assign_speakers([], []) == ()
    with pytest.raises(ValueError, match="1 words and no diarized segments"):
        assign_speakers([word("a", 0, 1)], [])


def test_turns_change_with_the_speaker_and_after_a_pause() -> None:
    words = [word("Good.", 0.0, 1.0), word("And", 1.1, 1.5), word("you?", 1.5, 2.0), word("Fine.", 2.5, 3.0)]
    words += [word("So", 8.0, 8.5)]
    turns = make_turns(words, ["S0", "S0", "S0", "S1", "S1"], max_pause_s=2.0)
    assert [(t.participant, t.text, t.start_s, t.end_s) for t in turns] == [
        ("S0", "Good. And you?", 0.0, 2.0),
        ("S1", "Fine.", 2.5, 3.0),
        ("S1", "So", 8.0, 8.5),
    ]
    assert turns[0].sentences == (0, 1)
    assert turns[0].words == tuple(words[:3])


speaker_words = st.lists(
    st.tuples(st.sampled_from(["S0", "S1"]), st.integers(0, 4), st.sampled_from(["so", "well.", "why?"]))
)


@given(speaker_words, st.sampled_from([0.0, 1.0, 2.0]))
def test_turns_hold_every_word_once_in_order(rows: list[tuple[str, int, str]], max_pause_s: float) -> None:
    words, speakers, now = [], [], 0.0
    for speaker, gap, text in rows:
        words.append(word(text, now + gap, now + gap + 0.5))
        speakers.append(speaker)
        now += gap + 0.5
    turns = make_turns(words, speakers, max_pause_s)
    assert [w for t in turns for w in t.words] == words
    assert [t.participant for t in turns for _ in t.words] == speakers
    for turn in turns:
        assert turn.text.split() == [w.word for w in turn.words]
        assert turn.sentences[0] == 0
        assert list(turn.sentences) == sorted(set(turn.sentences))
        assert all(ends_sentence(turn.words[i - 1].word) for i in turn.sentences[1:])
        gaps = [b.start_s - a.end_s for a, b in pairwise(turn.words)]
        assert all(gap <= max_pause_s for gap in gaps)


@pytest.mark.parametrize("text", ["there.", "really?!", 'said."', "so…", "ok.)", "好。"])
def test_sentences_end(text: str) -> None:
    assert ends_sentence(text)


@pytest.mark.parametrize("text", ["there", "Dr.", "U.S.", "e.g.", "well,", "3.5", "J."])
def test_sentences_go_on(text: str) -> None:
    assert not ends_sentence(text)


@pytest.mark.parametrize(
    ("text", "language", "ends"),
    [
        ("3.", "en", True), ("3.", "de", False), ("1990.", "de", True), ("bzw.", "de", False), ("ist.«", "de", True),
        ("Mme.", "fr", False), ("है।", "hi", True), ("نعم؟", "ar", True), ("ναι;", "el", True), ("well;", "en", False),
        ("ます。」", "ja", True), (".", "en", True),
    ],
)  # fmt: skip
def test_sentences_of_other_languages(text: str, language: str, ends: bool) -> None:
    assert ends_sentence(text, language) is ends


def test_marks_of_interpolation_stay() -> None:
    given_ = replace(word("two", 0.0, 0.5), interpolated=True)
    assert repair_times([given_], 1.0)[0].interpolated
