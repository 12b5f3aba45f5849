"""Use of codebooks, against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonverbal.tokens.codebook_metrics import CodebookMeter, CodebookReport
from nonverbal.verdicts import UserError


def counted(codes: list[list[int]], codebook_size: int) -> CodebookReport:
    meter = CodebookMeter(codebook_size, len(codes[0]))
    meter.add(np.array(codes, np.int32))
    return meter.report()


def test_the_numbers_of_four_codes_worked_out_by_hand() -> None:
    # Codes 0, 0, 1, 2 of 4: p = 1/2, 1/4, 1/4, 0, so H = 1/2 + 1/2 + 1/2 = 1.5 bits.
    report = counted([[0], [0], [-1], [1], [2]], 4)
    assert report.tokens == (4,)
    assert report.entropy_bits == pytest.approx((1.5,))
    assert report.perplexity == pytest.approx((2**1.5,))
    assert report.utilisation == (0.75,)
    assert report.dead_codes == (1,)


def test_levels_are_counted_apart() -> None:
    report = counted([[0, 3], [1, 3], [2, -1], [3, 3]], 4)
    assert report.tokens == (4, 3)
    assert report.perplexity == pytest.approx((4.0, 1.0))
    assert report.entropy_bits == pytest.approx((2.0, 0.0))
    assert report.utilisation == (1.0, 0.25)
    assert report.dead_codes == (0, 3)


@given(st.lists(st.lists(st.integers(-1, 7), max_size=20), min_size=1, max_size=5), st.randoms())
def test_neither_order_nor_cuts_matter(sequences: list[list[int]], shuffler) -> None:  # type: ignore[no-untyped-def]
    every = [code for sequence in sequences for code in sequence if code >= 0]
    meter, shuffled = CodebookMeter(8, 1), CodebookMeter(8, 1)
    for sequence in sequences:
        meter.add(np.array(sequence, np.int32).reshape(-1, 1))
    for sequence in shuffler.sample(sequences, len(sequences)):
        shuffled.add(np.array(sequence, np.int32).reshape(-1, 1))
    if not every:
        with pytest.raises(UserError, match="no token"):
            meter.report()
        return
    shares = [every.count(code) / len(every) for code in set(every)]
    assert meter.report() == shuffled.report()
    assert meter.report().entropy_bits[0] == pytest.approx(-sum(p * math.log2(p) for p in shares))
    assert meter.report().dead_codes == (8 - len(shares),)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros((3, 2), np.int32), r"got \[3, 2\] of int32, expected \[L, 1\]"),
        (np.zeros(3, np.int32), r"got \[3\]"),
        (np.zeros((3, 1)), "of float64"),
        (np.array([[8]], np.int32), "expected -1 to 7"),
        (np.array([[-2]], np.int32), "got -2"),
    ],
)
def test_codes_of_something_else_get_their_sentence(codes: np.ndarray, message: str) -> None:
    with pytest.raises(UserError, match=message):
        CodebookMeter(8, 1).add(codes)
