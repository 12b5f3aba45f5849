"""Sounds of words: neighbours that espeak merges, respelled words, words without a sound."""

from __future__ import annotations

import pytest

from nonverbal.studio.speech.pronounce import Sound, pronounce_lines, respelled
from nonverbal.verdicts import UserError

pytest.importorskip("espeakng_loader", reason="espeakng-loader comes with nonverbal[studio]")


def heard(text: str) -> list[str]:
    (words,) = pronounce_lines([text])
    assert [word.word for word in words] == text.split(" ")
    return [" ".join(sound.symbol for sound in word.sounds) for word in words]


@pytest.mark.parametrize(
    ("text", "sounds"),
    [
        ("one of the best", ["w ʌ n", "ʌ v", "ð ə", "b ɛ s t"]),
        ("out of a box", ["aʊ ɾ", "ə v", "ɐ", "b ɑː k s"]),
        ("going to be there", ["ɡ oʊ ɪ ŋ", "t ə", "b i", "ð ɛɹ"]),
        ("with the dog", ["w ɪ ð", "ð ə", "d ɑː ɡ"]),
    ],
)
def test_words_that_espeak_merges_are_taken_apart(text: str, sounds: list[str]) -> None:
    assert heard(text) == sounds


def test_marks_stress_and_several_texts() -> None:
    empty, words = pronounce_lines(["", "Stop, my friend! Really?"])
    assert empty == ()
    assert [word.mark for word in words] == [",", "", "!", "?"]
    assert words[0].sounds == (Sound("s"), Sound("t"), Sound("ɑː", 1), Sound("p"))


def test_hums_are_not_spelled_out() -> None:
    assert heard("Mm-hm.") == ["ʌ m h ʌ m"]
    assert respelled("Hmm, mm-hm.") == "hum, um-hum."


def test_a_number_in_digits_is_one_word() -> None:
    first, year = heard("In 1984")
    assert first == "ɪ n"
    assert len(year.split(" ")) > 8


def test_a_word_without_sound_is_refused() -> None:
    with pytest.raises(UserError, match="has no sound"):
        pronounce_lines(["Well - no"])
