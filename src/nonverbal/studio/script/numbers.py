"""Numbers as people say them: counts, years, prices and times of day in words."""

from __future__ import annotations

import numpy as np

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_TIMES = ("in the morning", "in the afternoon", "in the evening", "at night")


def number_words(value: int) -> str:
    """0 to 999,999 in words: "three hundred and five".

    Raises:
        ValueError: the value is outside.
    """
    if not 0 <= value < 1_000_000:
        raise ValueError(f"{value} has no words here; expected 0 to 999999")
    if value < 20:
        return _ONES[value]
    if value < 100:
        return _TENS[value // 10] + (f" {_ONES[value % 10]}" if value % 10 else "")
    size, name = (100, "hundred") if value < 1000 else (1000, "thousand")
    head, rest = f"{number_words(value // size)} {name}", value % size
    if not rest:
        return head
    return f"{head} and {number_words(rest)}" if rest < 100 else f"{head} {number_words(rest)}"


def year_words(year: int) -> str:
    """1901 to 2099 in words: "nineteen ninety four", "two thousand and six", "twenty twelve"."""
    if 2000 <= year < 2010:
        return "two thousand" + (f" and {_ONES[year % 10]}" if year % 10 else "")
    low = year % 100
    return f"{number_words(year // 100)} {'oh ' if low < 10 else ''}{number_words(low)}"


def price(rng: np.random.Generator) -> str:
    """A price such as "forty five dollars"."""
    kind = int(rng.integers(4))
    if kind == 0:
        return f"{number_words(int(rng.integers(2, 20)))} dollars"
    if kind == 1:
        return f"{number_words(int(rng.integers(20, 100)))} dollars"
    if kind == 2:
        return f"{number_words(int(rng.integers(1, 10)) * 100 + int(rng.integers(0, 10)) * 10)} dollars"
    return f"{number_words(int(rng.integers(2, 10)))} dollars and {number_words(int(rng.integers(2, 10)) * 10)} cents"


def clock(rng: np.random.Generator) -> str:
    """A time of day such as "a quarter to nine" or "six in the morning"."""
    hour = _ONES[int(rng.integers(1, 13))]
    kind = int(rng.integers(6))
    if kind == 0:
        return f"half past {hour}"
    if kind == 1:
        return f"a quarter {('to', 'past')[int(rng.integers(2))]} {hour}"
    if kind == 2:
        return f"{('five', 'ten', 'twenty')[int(rng.integers(3))]} {('to', 'past')[int(rng.integers(2))]} {hour}"
    if kind == 3:
        return f"{hour} {_TIMES[int(rng.integers(4))]}"
    if kind == 4:
        return f"{hour} thirty"
    return f"{hour} o'clock"


def year(rng: np.random.Generator) -> str:
    """A year people remember."""
    return year_words(int(rng.integers(1965, 2025)))
