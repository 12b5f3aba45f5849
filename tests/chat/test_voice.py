"""Words spoken in the time that their steps leave."""

from __future__ import annotations

import numpy as np
import pytest

from nonverbal.chat.voice import RATE_HZ, Speaker, phrases
from nonverbal.types import F32, Word
from nonverbal.verdicts import UserError


def said(text: str, start_s: float, each_s: float = 0.32) -> list[Word]:
    return [Word(w, start_s + i * each_s, start_s + (i + 1) * each_s, 1.0) for i, w in enumerate(text.split())]


def heard_s(samples: F32) -> tuple[float, float]:
    loud = np.flatnonzero(np.abs(samples) > 0.02)
    return loud[0] / RATE_HZ, loud[-1] / RATE_HZ


def test_pauses_cut_phrases() -> None:
    words = said("I was late.", 0.0) + said("Sorry.", 2.0)
    assert [[w.word for w in phrase] for phrase in phrases(words)] == [["I", "was", "late."], ["Sorry."]]
    assert phrases([]) == []


@pytest.mark.parametrize("each_s", [0.2, 0.4])
def test_a_phrase_sounds_while_its_words_last(each_s: float) -> None:
    words = said("I was about to say something very nice.", 1.0, each_s)
    samples, rate_hz = Speaker("en-us+m3").speak(words, 6.0)
    assert (len(samples), rate_hz) == (6 * RATE_HZ, RATE_HZ)
    begins_s, ends_s = heard_s(samples)
    assert begins_s == pytest.approx(1.0, abs=0.05)
    assert ends_s == pytest.approx(words[-1].start_s + 0.35, abs=0.45)
    assert np.abs(samples).max() == pytest.approx(0.7, abs=0.01)


def test_what_reaches_over_the_end_is_cut_and_nobody_is_silent() -> None:
    words = said("Something very long indeed.", 0.5)
    assert len(Speaker("en-us+m3").speak(words, 0.8)[0]) == round(0.8 * RATE_HZ)
    assert not Speaker().speak(words, 2.0)[0].any()
    assert not Speaker("en-us+m3").speak([], 2.0)[0].any()


def test_an_unknown_voice_is_told() -> None:
    with pytest.raises(UserError, match="no voice 'klingon'"):
        Speaker("klingon")
