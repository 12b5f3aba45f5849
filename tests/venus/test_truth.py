"""Error rates, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonverbal.types import SpeakerSegment
from nonverbal.venus.truth import align_words, diarization_error, plain_words, quantiles, read_rttm, word_error_rate


def test_diarization_error_by_hand() -> None:
    """Truth: A 0-4, B 3-6 (3-4 both). Found: x 0-3, y 3-5, x 5-7. So x is A and y is B.

    0-3 right; 3-4 one of two found, 1 s missed; 4-5 right; 5-6 x for B, 1 s confused; 6-7 nobody, 1 s false alarm.
    """
    truth = [SpeakerSegment("A", 0, 4), SpeakerSegment("B", 3, 6)]
    found = [SpeakerSegment("x", 0, 3), SpeakerSegment("y", 3, 5), SpeakerSegment("x", 5, 7)]
    error = diarization_error(truth, found)
    assert (error.missed_s, error.confused_s, error.false_alarm_s, error.total_s) == (1.0, 1.0, 1.0, 7.0)
    assert error.rate == pytest.approx(3 / 7)


def test_a_collar_leaves_out_what_lies_near_the_edges_of_the_truth() -> None:
    """Truth 1-3, found 1.2-3.1: 0.2 s missed and 0.1 s too much, all within 0.3 s; of the truth 1.3-2.7 is left."""
    truth, found = [SpeakerSegment("A", 1, 3)], [SpeakerSegment("x", 1.2, 3.1)]
    assert diarization_error(truth, found).rate == pytest.approx(0.3 / 2)
    error = diarization_error(truth, found, collar_s=0.3)
    assert (error.rate, error.total_s) == (0.0, pytest.approx(1.4))


def test_speakers_are_matched_as_favourably_as_possible() -> None:
    truth = [SpeakerSegment("A", 0, 5), SpeakerSegment("B", 5, 8)]
    swapped = [SpeakerSegment("B", 0, 5), SpeakerSegment("A", 5, 8)]
    assert diarization_error(truth, swapped).rate == 0.0


def test_an_extra_speaker_is_confusion_and_silence_is_missed() -> None:
    truth = [SpeakerSegment("A", 0, 4)]
    found = [SpeakerSegment("x", 0, 3), SpeakerSegment("y", 3, 4)]
    assert diarization_error(truth, found).confused_s == 1.0
    assert diarization_error(truth, []).rate == 1.0
    assert diarization_error([], found).rate == 1.0
    assert diarization_error([], []).rate == 0.0


def test_word_errors_by_hand() -> None:
    truth = ["place", "white", "in", "j", "three", "please"]
    found = ["place", "wide", "in", "j", "three", "now", "please"]
    assert word_error_rate(truth, found) == pytest.approx(2 / 6)
    pairs = align_words(truth, found)
    assert (1, 1) in pairs, "white was heard as wide"
    assert (None, 5) in pairs, "now was put in"
    assert word_error_rate([], ["you"]) == 1.0


def test_plain_words_compare_digits_with_their_names() -> None:
    assert plain_words("Place white in J3, please!") == ["place", "white", "in", "j", "three", "please"]
    assert plain_words("I don't KNOW…") == ["i", "don't", "know"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("23 people, OK?", "twenty three people okay"),
        ("twenty-three", "twenty three"),
        ("It took 1,200 steps", "it took one thousand two hundred steps"),
        ("in 1999 or 1905 or 2024", "in nineteen ninety nine or nineteen oh five or two thousand twenty four"),
        ("room 007, code 12345", "room zero zero seven code one two three four five"),
        ("50% for $15", "fifty percent for fifteen dollars"),
        ("100 and 310", "one hundred and three hundred ten"),
    ],
)
def test_plain_words_say_numbers(text: str, said: str) -> None:
    assert plain_words(text) == said.split()


def test_times_break_ties_and_never_cost_an_edit() -> None:
    """The truth says yeah at 1 s and 3 s; one yeah is heard at 3.1 s."""
    starts = ([1.0, 3.0], [3.1])
    assert align_words(["yeah", "yeah"], ["yeah"], starts) == [(0, None), (1, 0)]
    assert align_words(["a", "b", "c"], ["a", "b", "c"], ([0, 0, 0], [90, 80, 70])) == [(0, 0), (1, 1), (2, 2)]


@given(st.lists(st.sampled_from("abc"), max_size=6), st.lists(st.sampled_from("abc"), max_size=6))
def test_alignment_is_a_shortest_one(truth: list[str], found: list[str]) -> None:
    """Against the plain recursion."""

    def distance(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        swap = distance(i - 1, j - 1) + (truth[i - 1] != found[j - 1])
        return min(swap, distance(i - 1, j) + 1, distance(i, j - 1) + 1)

    for starts in (None, (range(len(truth)), range(len(found)))):
        pairs = align_words(truth, found, starts)
        assert sum(i is None or j is None or truth[i] != found[j] for i, j in pairs) == distance(len(truth), len(found))


@given(st.lists(st.sampled_from("abc"), max_size=6), st.lists(st.sampled_from("abc"), max_size=6))
def test_alignment_uses_every_word_once_in_order(truth: list[str], found: list[str]) -> None:
    pairs = align_words(truth, found)
    assert [i for i, _ in pairs if i is not None] == list(range(len(truth)))
    assert [j for _, j in pairs if j is not None] == list(range(len(found)))


def test_rttm_of_one_recording(tmp_path: Path) -> None:
    path = tmp_path / "two.rttm"
    path.write_text(
        "SPEAKER b 1 2.500 1.000 <NA> <NA> y <NA> <NA>\nSPEAKER a 1 2.000 0.500 <NA> <NA> x <NA> <NA>\n"
        "SPEAKER a 1 0.000 1.250 <NA> <NA> y <NA> <NA>\n"
    )
    assert read_rttm(path, "a") == (SpeakerSegment("y", 0.0, 1.25), SpeakerSegment("x", 2.0, 2.5))


def test_quantiles_of_nothing_are_zero() -> None:
    assert quantiles([1.0, 3.0, 2.0], at=(0.5,)) == (2.0,)
    assert quantiles([]) == (0.0, 0.0)
