"""Mouth shapes: what each sound must look like on the frames that show it."""

from __future__ import annotations

import numpy as np
import pytest
from hand_talk import PHONE_S, spoken_line

from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.studio.acting.face_acting import put_together, speech_face
from nonverbal.studio.acting.style import Style
from nonverbal.studio.acting.visemes import VISEMES, close_lips, letters, sounds, speak
from nonverbal.studio.talk import Phone

JAW, CLOSE = ARKIT52_NAMES.index("jawOpen"), ARKIT52_NAMES.index("mouthClose")


def column(face: np.ndarray, name: str) -> np.ndarray:
    return face[:, ARKIT52_NAMES.index(name)]


def said(text: str, start_s: float = 0.31) -> tuple[np.ndarray, list[Phone]]:
    """The finished mouth of a line, and its phones."""
    line = spoken_line("A", text, start_s)
    count = int(line.end_s * 25) + 20
    speech, closed = speech_face([line], Style(), count)
    face = put_together(speech, closed, np.zeros_like(speech), np.ones(count), Style(), np.random.default_rng(0))
    return face, [phone for word in line.words for phone in word.phones]


def at(phone: Phone) -> int:
    return int((phone.start_s + phone.end_s) / 2 * 25)


@pytest.mark.parametrize("start_s", [0.30, 0.31, 0.32, 0.33])
def test_lips_meet_on_p_b_m_wherever_frames_fall(start_s: float) -> None:
    face, phones = said("mama baby maybe", start_s)
    for phone in (p for p in phones if p.symbol in "pbm"):
        row = face[at(phone)]
        assert row[CLOSE] == pytest.approx(row[JAW], abs=0.02)
        assert row[ARKIT52_NAMES.index("mouthLowerDownLeft")] < 0.02
        assert row[ARKIT52_NAMES.index("mouthPressLeft")] > 0.05


def test_lips_meet_even_on_the_shortest_sound() -> None:
    """A [p] of 20 ms between two open vowels fell between two frames, and the mouth stayed open."""
    for shift in np.linspace(0.0, 0.04, 9):
        spans = [(0.2, 0.4), (0.4, 0.42), (0.42, 0.6)]
        phones = [Phone(s, a + shift, b + shift) for s, (a, b) in zip("apa", spans, strict=True)]
        face, closed = speak(sounds(phones, [1.0] * 3), 30)
        close_lips(face, closed)
        assert closed.max() == pytest.approx(1.0)
        middle = int((0.41 + shift) * 25)
        gap = face[:, JAW] - face[:, CLOSE]
        assert gap[middle] < 0.15 * gap.max()


def test_mouth_close_never_passes_jaw_open() -> None:
    face, _ = said("mama baby maybe five huge")
    assert (face[:, CLOSE] <= face[:, JAW] + 1e-9).all()


def test_sounds_have_their_shapes() -> None:
    face, phones = said("mama you five think yes huge")
    shown = {p.symbol: face[at(p)] for p in phones}
    value = {s: dict(zip(ARKIT52_NAMES, row, strict=True)) for s, row in shown.items()}
    assert value["ɑː"]["jawOpen"] > 0.4 > value["uː"]["jawOpen"]
    assert value["uː"]["mouthPucker"] > 0.4 > value["ɑː"]["mouthPucker"]
    assert value["f"]["mouthRollLower"] > 0.3
    assert value["f"]["mouthUpperUpLeft"] > 0.1
    assert value["dʒ"]["mouthFunnel"] > 0.25
    assert value["θ"]["tongueOut"] > 0.12
    assert value["ɛ"]["mouthStretchLeft"] > 0.12
    assert value["s"]["jawOpen"] < 0.25


def test_a_rounded_vowel_is_prepared_in_the_consonant_before_it() -> None:
    def shape(vowel: str) -> float:
        phones = [Phone("t", 0.2, 0.2 + PHONE_S), Phone(vowel, 0.2 + PHONE_S, 0.2 + 2 * PHONE_S)]
        return float(column(speak(sounds(phones, [1.0, 1.0]), 20)[0], "mouthPucker")[6])

    assert shape("u") > 0.15 > shape("i")


def test_stress_and_loudness_open_the_mouth() -> None:
    phone = [Phone("a", 0.2, 0.3)]
    quiet, loud = (speak(sounds(phone, [s]), 20)[0][:, JAW].max() for s in (0.9, 1.2))
    assert loud > 1.2 * quiet


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [("tʃ", "tʃ"), ("iː", "i"), ("aɪ", "aɪ"), ("ˈæ", "æ"), ("n̩", "n"), ("ɜː", "ɜ"), ("?", ""), ("", "")],
)
def test_symbols_fall_into_sounds(symbol: str, expected: str) -> None:
    assert letters(symbol) == expected


def test_an_unknown_symbol_still_moves_the_mouth() -> None:
    face, _ = speak(sounds([Phone("☃", 0.2, 0.4)], [1.0]), 20)
    assert face[:, JAW].max() > 0.1


def test_silence_has_a_closed_mouth() -> None:
    face, closed = speak(sounds([], []), 20)
    assert not face.any()
    assert not closed.any()


def test_targets_are_coefficients() -> None:
    assert all(0.0 < value <= 1.0 for targets in VISEMES.values() for value in targets.values())
