"""Codes of languages, and words written with or without spaces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonverbal.backends.languages import NAMES, check_codes, joined, name_of, whole_words


def words(pieces: list[str], language: str) -> list[str]:
    return ["".join(pieces[i].strip() for i in word) for word in whole_words(pieces, language)]


@pytest.mark.parametrize(
    ("language", "pieces", "whole"),
    [
        ("fr", [" Où", " m", "'a", " mis", " ?", " Allez", "-vous", "."], ["Où", "m'a", "mis?", "Allez-vous."]),
        ("fr", [" «", " L", "'", "ami", " »,", " dit", "-il"], ["«L'ami»,", "dit-il"]),
        ("es", [" ¿", "Cómo", " estás", "?"], ["¿Cómo", "estás?"]),
        ("de", [" Am", " 3", ".", " Oktober"], ["Am", "3.", "Oktober"]),
        ("zh", ["我", "用", " Py", "thon", "写", "。", "“", "好", "”"], ["我", "用", "Python", "写。", "“好”"]),
        ("en", [" $7", ".30", " don't", " self", "-control"], ["$7", ".30", "don't", "self", "-control"]),
        ("ja", ["", " ", "はい"], ["はい"]),
    ],
)
def test_pieces_become_words(language: str, pieces: list[str], whole: list[str]) -> None:
    assert words(pieces, language) == whole


@given(st.lists(st.text(" ab'-.?你", max_size=3), max_size=8), st.sampled_from(["en", "fr", "zh", "th"]))
def test_every_piece_is_in_one_word_in_order(pieces: list[str], language: str) -> None:
    found = [i for word in whole_words(pieces, language) for i in word]
    assert found == [i for i, piece in enumerate(pieces) if piece.strip()]


def test_languages_without_spaces_are_written_without() -> None:
    assert joined(["我", "用", "Python", "3", "写。"], "zh") == "我用Python 3写。"
    assert joined(["Guten", "Tag."], "de") == "Guten Tag."
    assert joined([], "ja") == ""


@pytest.mark.parametrize(
    ("code", "meant"),
    [("english", "en"), ("German", "de"), ("germann", "de"), ("en-US", "en"), ("zh_CN", "zh"), ("ZH", "zh")],
)
def test_an_unknown_code_names_the_likely_one_and_all(code: str, meant: str) -> None:
    with pytest.raises(ValueError, match=rf"languages has '{code}'.*did you mean {meant}\?\): af, am, ") as caught:
        check_codes(("en", code), "languages")
    assert all(f" {known}" in str(caught.value) for known in NAMES)


def test_nothing_is_made_up_for_nonsense() -> None:
    with pytest.raises(ValueError, match="languages has 'xx', expected codes of languages: af") as caught:
        check_codes(("xx",), "languages")
    assert "did you mean" not in str(caught.value)


def test_the_codes_are_those_of_whisper() -> None:
    tokenizer = pytest.importorskip("faster_whisper.tokenizer")
    assert set(NAMES) == set(tokenizer._LANGUAGE_CODES)
    assert name_of("de") == "German (de)"
