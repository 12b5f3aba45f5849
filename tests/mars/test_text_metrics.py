"""Numbers of texts, by hand."""

from __future__ import annotations

import sys

import pytest

from nonverbal.mars.text_metrics import distinct, text_report
from nonverbal.verdicts import UserError

pytest.importorskip("sacrebleu")
pytest.importorskip("rouge_score")


def test_the_same_text_is_perfect() -> None:
    report = text_report(["Do you know what time it is?"], ["Do you know what time it is?"])
    assert report.bleu == pytest.approx(100.0)
    assert report.chrf == pytest.approx(100.0)
    assert report.rouge_l == pytest.approx(1.0)
    assert "tok:13a" in report.signature


def test_numbers_by_hand() -> None:
    report = text_report(["the cat sat on the mat", "yes"], ["the cat sat on a mat", "no way"])
    # n-grams found: 5 of 7, 3 of 5, 2 of 4, 1 of 3; 7 words said against 8: exp(1 - 8/7)
    assert report.bleu == pytest.approx(100 * 2.718281828 ** (-1 / 7) * (5 / 7 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25)
    assert report.rouge_l == pytest.approx((5 / 6 + 0) / 2)
    assert report.distinct_1 == pytest.approx(6 / 7)
    assert report.distinct_2 == 1.0
    assert report.distinct_1_true == 1.0
    assert (report.mean_words, report.mean_words_true) == (3.5, 4.0)


def test_nothing_said_is_nothing_and_not_a_failure() -> None:
    silent = text_report(["", ""], ["Yes.", "No."])
    assert (silent.bleu, silent.empty, silent.distinct_1, silent.rouge_l) == (0.0, 2, None, 0.0)
    assert text_report([""], [""]).bleu is None


def test_distinct_counts_runs_within_texts_only() -> None:
    assert distinct([["a", "b"], ["a", "b"], ["c"]], 2) == 0.5
    assert distinct([["a"]], 2) is None


def test_bad_input_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="got 1 generated and 2 true"):
        text_report(["a"], ["a", "b"])
    with pytest.raises(UserError, match="got 0 generated"):
        text_report([], [])
    monkeypatch.setitem(sys.modules, "rouge_score.rouge_scorer", None)
    with pytest.raises(UserError, match=r"rouge-score: pip install 'nonverbal\[lm\]'"):
        text_report(["a"], ["a"])
