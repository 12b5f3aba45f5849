"""How many people are asked for, and which shares of the talk are theirs."""

from __future__ import annotations

import re

import pytest

from nonverbal.venus.diarize import Diarize
from nonverbal.venus.headcount import Headcount, fair_share, parse_headcount, verdict_of
from nonverbal.verdicts import Reason, UserError


@pytest.mark.parametrize(("text", "least", "most"), [("2", 2, 2), ("3", 3, 3), (" 2..6 ", 2, 6), ("4..4", 4, 4)])
def test_numbers_and_ranges(text: str, least: int, most: int) -> None:
    found = parse_headcount(text)
    assert (found.least, found.most) == (least, most)
    assert parse_headcount(found.setting) == found


@pytest.mark.parametrize("text", ["", "two", "2-6", "2..", "..3", "-2", "2.5", "2..3..4", "１"])
def test_what_is_no_number_of_people(text: str) -> None:
    with pytest.raises(UserError, match=r'expected a number such as "2" or a range such as "2..6"'):
        Diarize(participants=text)


@pytest.mark.parametrize("text", ["1", "0..2", "7", "2..7", "4..3", "999999999999"])
def test_numbers_out_of_range(text: str) -> None:
    with pytest.raises(UserError, match=f"participants is '{text}', expected 2 to 6 people, the smaller number first"):
        Diarize(participants=text)


def shares(*parts: float) -> dict[str, float]:
    return {f"S{i}": part for i, part in enumerate(parts)}


@pytest.mark.parametrize(
    ("asked", "parts", "reason", "told"),
    [
        ("2", (), Reason.E_NO_SPEECH, "no speech"),
        ("2..6", (1.0,), Reason.E_ONE_SPEAKER, "expected 2 to 6 speakers"),
        ("2", (0.4, 0.3, 0.3), Reason.E_THREE_PLUS, 'expected exactly two; cut.* or take participants of up to "2..3"'),
        ("2..3", (0.3, 0.3, 0.2, 0.2), Reason.E_THREE_PLUS, "4 voices share.* expected 2 to 3; cut"),
        ("2", (0.2, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1), Reason.E_THREE_PLUS, "leave out rare voices$"),
        ("3", (0.6, 0.4), Reason.E_FEW_SPEAKERS, r'2 voices share the talk .* expected 3; .* \(now "3"\)'),
        ("2..4", (0.97, 0.03), Reason.E_ONE_SPEAKER, "one voice has nearly all"),
        ("2..4", (0.6, 0.37, 0.03), Reason.E_FEW_SPEAKERS, r"only 2 of 3 voices .* at least 3.3% each"),
    ],
)
def test_every_way_not_to_be_the_people_asked_for(
    asked: str, parts: tuple[float, ...], reason: Reason, told: str
) -> None:
    found = verdict_of(shares(*parts), parse_headcount(asked), 0.05)
    assert found is not None
    assert found.reason is reason
    assert re.search(told, found.message), found.message


@pytest.mark.parametrize(
    ("asked", "parts"), [("2", (0.95, 0.05)), ("3", (0.6, 0.36, 0.04)), ("2..6", (0.5, 0.5)), ("6", (1 / 6,) * 6)]
)
def test_who_may_stay(asked: str, parts: tuple[float, ...]) -> None:
    assert verdict_of(shares(*parts), parse_headcount(asked), 0.05) is None


def test_an_equal_part_is_always_fair() -> None:
    """At the largest setting, each of any number needs exactly as much as all others."""
    assert [fair_share(0.5, n) for n in range(2, 7)] == pytest.approx([1 / n for n in range(2, 7)])


def test_a_range_holds_its_ends() -> None:
    assert [n in Headcount(3, 5) for n in range(2, 7)] == [False, True, True, True, False]
