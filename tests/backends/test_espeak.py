"""espeak-ng: pronunciation, and sound that depends on nothing said before."""

from __future__ import annotations

import numpy as np
import pytest

from nonverbal.backends import espeak
from nonverbal.verdicts import UserError

pytest.importorskip("espeakng_loader", reason="espeakng-loader comes with nonverbal[studio]")


def test_pronunciation() -> None:
    assert espeak.pronounce(["time", "Is it late? No."], "en-us") == ["t_ˈaɪ_m", "ɪ_z ɪ_t l_ˈeɪ_t n_ˈoʊ"]


def test_the_same_text_sounds_the_same_whatever_was_said_before() -> None:
    """The library's flutter and noise go on from call to call; loading it anew starts them anew."""
    first = espeak.speak("Hello there.", "en-us+f3")
    espeak.speak("Something else entirely.", "en-us+m3")
    again = espeak.speak("Hello there.", "en-us+f3")
    assert first.samples.tobytes() == again.samples.tobytes()
    assert first.events == again.events


def test_events_say_what_sounds_when() -> None:
    sound = espeak.speak("A busy sister.", "en-us+m3")
    starts = [event.sample for event in sound.events]
    assert starts == sorted(starts)
    assert [event.ipa.strip("ˈˌ") for event in sound.events if event.ipa] == [
        "ɐ",
        "b",
        "ɪ",
        "z",
        "i",
        "s",
        "ɪ",
        "s",
        "t",
        "ɚ",
    ]
    hiss = [i for i, event in enumerate(sound.events) if event.ipa == "s"]
    steep = np.abs(np.diff(sound.samples, prepend=0.0))
    for i in hiss:
        before, during = steep[starts[i - 1] : starts[i]], steep[starts[i] : starts[i + 1]]
        assert during.mean() / np.abs(sound.samples[starts[i] : starts[i + 1]]).mean() > (
            2 * before.mean() / np.abs(sound.samples[starts[i - 1] : starts[i]]).mean()
        )


def test_a_voice_that_is_not_there() -> None:
    with pytest.raises(UserError, match="no voice 'xx-nowhere'"):
        espeak.speak("Hello.", "xx-nowhere")
    assert espeak.pronounce(["no"], "en-us") == ["n_ˈoʊ"]
