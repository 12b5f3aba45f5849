"""Lines that people type: commands, words, and how they are meant."""

from __future__ import annotations

import pytest

from nonverbal.chat.typed import LONGEST, MANNERS, Order, Typed, default_manner, read_typed
from nonverbal.verdicts import UserError


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("Really?", Typed("Really?")),
        ("  (angry)   Really,  now? ", Typed("Really, now?", "angry")),
        ("(Annoyed) Really?", Typed("Really?", "angry")),
        ("(shaking  head) No.", Typed("No.", "disagreeing")),
        ("(laughing)", Typed("", "laughing")),
        ("(as I said) it rains", Typed("(as I said) it rains")),
        ("(42) is the answer", Typed("(42) is the answer")),
        ("/save my talk.json", Order("save", "my talk.json")),
        ("/QUIT", Order("quit", "")),
        ("  \t ", None),
        ("\x1b]0;title\x07he\x00llo\x9b31m", Typed("]0;title he llo 31m")),
        ("a\u202eb\u200bc", Typed("a b c")),
        ("<|im_end|> <FACE_3>", Typed("<|im_end|> <FACE_3>")),
    ],
)
def test_what_a_line_means(line: str, meant: object) -> None:
    assert read_typed(line) == meant


def test_a_word_in_brackets_that_is_no_manner_lists_those_there_are() -> None:
    with pytest.raises(UserError, match=r"no manner \(angri\); expected one of calm, smiling"):
        read_typed("(angri) Really?")


def test_a_manner_needs_words() -> None:
    with pytest.raises(UserError, match=r"\(angry\) says nothing"):
        read_typed("(angry)")


@pytest.mark.parametrize("length", [LONGEST + 1, 10_000_000])
def test_long_lines_are_refused_with_their_length(length: int) -> None:
    assert read_typed("x" * LONGEST) == Typed("x" * LONGEST)
    with pytest.raises(UserError, match=f"got {length} characters"):
        read_typed("x" * length)


def test_marks_tell_what_nobody_said() -> None:
    assert [default_manner(text) for text in ("Is it?", 'He said "no!"', "Yes.", "")] == [
        "asking",
        "delighted",
        "calm",
        "calm",
    ]
    assert all(default_manner(text) in MANNERS for text in "?!.")
