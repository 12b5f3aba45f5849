"""Counts of matched events and of moments, by hand and against a slow search."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest

from nonverbal.mars.event_scores import (
    F1,
    WORD_MOMENTS,
    Moment,
    MomentMeter,
    event_f1,
    matches,
    phrase_ends_s,
    sentence_spans_s,
)
from nonverbal.motion.events import KINDS, Events
from nonverbal.types import Turn, Word
from nonverbal.verdicts import UserError


def events(*peaks_s: float, size: float = 9.0, lasts_s: float = 0.8) -> Events:
    at = np.array(peaks_s, float)
    return Events(at - lasts_s / 2, at + lasts_s / 2, at, np.full(len(at), size))


def nothing() -> dict[str, Events]:
    return {kind: events() for kind in KINDS}


def turn(participant: str, text: str, start_s: float, sentences: tuple[int, ...] = (0,), step_s: float = 0.5) -> Turn:
    words = tuple(
        Word(word, start_s + i * step_s, start_s + (i + 1) * step_s, 1.0) for i, word in enumerate(text.split())
    )
    return Turn(participant, words[0].start_s, words[-1].end_s, text, words, sentences)


TURNS = (
    turn("A", "Is it late? I think so.", 0.0, (0, 3)),  # sentences 0 to 1.5 and 1.5 to 3 s
    turn("B", "Yes, it is.", 4.0),  # phrases end at 4.5 and 5.5 s
    turn("A", "Well then.", 7.0),  # 7 to 8 s
)


def test_sentences_and_phrases_end_where_their_words_do() -> None:
    starts, ends = sentence_spans_s(TURNS, "A")
    assert starts.tolist() == [0.0, 1.5, 7.0]
    assert ends.tolist() == [1.5, 3.0, 8.0]
    assert phrase_ends_s(TURNS, "A").tolist() == [4.5, 5.5]
    assert phrase_ends_s(TURNS, "B").tolist() == [1.5, 3.0, 8.0]
    paused = Turn("B", 0, 3, "a b", (Word("a", 0, 1, 1), Word("b", 1.2, 3, 1)))
    assert phrase_ends_s([paused], "A").tolist() == [1, 3]
    assert [len(x) for x in sentence_spans_s((), "A")] == [0, 0]


def test_matching_by_hand() -> None:
    truth, candidate = np.array([1.0, 2.0, 5.0]), np.array([1.4, 1.6, 5.6])
    assert matches(truth, candidate) == 2  # 1.0 with 1.4, 2.0 with 1.6; 5.0 and 5.6 are too far apart
    assert matches(truth, candidate, 0.6) == 3
    assert matches(np.array([1.0]), np.array([0.9, 1.1])) == 1
    assert matches(np.array([]), candidate) == 0
    f1 = event_f1({"nod": events(1, 2, 5), "smile": events(1)}, {"nod": events(1.4, 1.6)})
    assert f1 == {"nod": F1(3, 2, 2)}
    assert f1["nod"].value == pytest.approx(0.8)
    assert F1(0, 0, 0).value is None
    assert F1(1, 2, 0, 4) + F1(2, 3, 1, 5) == F1(3, 5, 1, 9)


def test_matching_finds_the_most_pairs_there_are() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        a, b = (np.round(rng.uniform(0, 2.5, rng.integers(0, 5)), 1) for _ in range(2))
        small, large = sorted((a, b), key=len)
        most = max(
            k
            for k in range(len(small) + 1)
            if k == 0
            or any(
                all(abs(x - y) <= 0.45 for x, y in zip(chosen, order, strict=True))
                for chosen in combinations(small, k)
                for order in permutations(large, k)
            )
        )
        assert matches(a, b, 0.45) == most


def test_a_moment_asks_for_a_peak_of_the_size_and_length_in_its_window() -> None:
    starts, ends = sentence_spans_s(TURNS, "A")
    at_end = Moment("brows_up", "end", 0.6, 0.2, least_s=0.6)
    assert at_end.flags(events(1.0), starts, ends).tolist() == [True, False, False]
    assert at_end.flags(events(0.8, 1.8, 8.19), starts, ends).tolist() == [False, False, True]
    assert not at_end.flags(events(1.0, lasts_s=0.5), starts, ends).any()
    within = Moment("nod", "within", 0.1, 0.2, least_size=4.0)
    assert within.flags(events(0.2, 7.5), starts, ends).tolist() == [True, False, True]
    assert not within.flags(events(0.2, size=3.9), starts, ends).any()


def test_moments_are_counted_over_all_sentences_and_dialogues() -> None:
    meter = MomentMeter()
    truth = nothing() | {"brows_up": events(1.2), "nod": events(2.0, 7.5)}
    candidate = nothing() | {"brows_up": events(1.1, 7.9), "nod": events(0.5, 7.2)}
    meter.add(TURNS, "A", truth, candidate)
    meter.add(TURNS, "A", truth, truth)
    report = meter.report()
    assert report.counts["brows_up"] == F1(1, 2, 1, 3) + F1(1, 1, 1, 3)
    assert report.counts["nod"] == F1(2, 2, 1, 3) + F1(2, 2, 2, 3)
    assert report.counts["smile"] == F1(0, 0, 0, 6)
    assert report.words_f1 == pytest.approx((2 * 2 / 5 + 2 * 3 / 8) / 2)
    assert set(report.counts) == set(WORD_MOMENTS)


def test_what_is_answered_to_the_partner_is_counted_after_them() -> None:
    meter = MomentMeter()
    partner = nothing() | {"smile": events(5.0, 9.0)}
    truth = nothing() | {"smile": events(5.8), "nod": events(4.9)}
    candidate = nothing() | {"smile": events(4.8, 9.4), "nod": events(6.4)}
    meter.add(TURNS, "A", truth, candidate, partner)
    counts = meter.report().counts
    assert counts["smile_back"] == F1(1, 1, 0, 2)
    assert counts["nod_along"] == F1(1, 1, 0, 2)


def test_a_dialogue_without_words_or_faces_has_no_score() -> None:
    meter = MomentMeter()
    meter.add((), "A", {"nod": events(1)}, {"nod": events(1)}, {"nod": events(2)})
    assert meter.report().words_f1 is None
    assert set(meter.report().counts) == {"nod", "nod_along"}
    assert MomentMeter().report().words_f1 is None


def test_a_candidate_that_lacks_a_kind_is_refused() -> None:
    with pytest.raises(UserError, match="no smile events"):
        MomentMeter().add(TURNS, "A", nothing(), {kind: e for kind, e in nothing().items() if kind != "smile"})
