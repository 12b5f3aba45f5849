"""Pitch, level and rate are those that were put into the sound, and nothing is told where others talk."""

from __future__ import annotations

import numpy as np
import pytest
from recordings import job_with

from nonverbal.types import F32, Prosody, SpeakerSegment, Turn, Word
from nonverbal.venus.diarize import Diarization
from nonverbal.venus.pitch import HOP_S, PitchRange, track_pitch
from nonverbal.venus.prosody import MeasureProsody, Said, with_prosody
from nonverbal.venus.syllables import syllables
from nonverbal.venus.transcribe import Transcript

RATE_HZ = 16_000


def voice(hz: F32 | np.ndarray, level: float = 0.1) -> F32:
    """A buzz with twelve harmonics whose pitch is `hz`, one number a sample."""
    phase = 2 * np.pi * np.cumsum(hz) / RATE_HZ
    return (level * sum(np.sin(k * phase) / k for k in range(1, 13))).astype(np.float32)


def tone(hz: float, seconds: float, level: float = 0.1) -> F32:
    return voice(np.full(round(seconds * RATE_HZ), hz), level)


def silence(seconds: float) -> F32:
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def semitones(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    return np.abs(12 * np.log2(found / true))


@pytest.mark.parametrize(("snr_db", "within_st"), [(60.0, 0.02), (20.0, 0.03), (6.0, 0.25)])
def test_a_glide_is_followed(snr_db: float, within_st: float) -> None:
    hz = 80.0 * 5.0 ** np.linspace(0, 1, 3 * RATE_HZ)
    clean = voice(hz)
    noise = np.random.default_rng(0).normal(0, clean.std() * 10 ** (-snr_db / 20), len(clean))
    found = track_pitch((clean + noise).astype(np.float32), RATE_HZ, PitchRange())
    true = hz[(np.arange(len(found)) * HOP_S * RATE_HZ).astype(int) + 80]
    assert (found > 0).mean() > 0.98
    inside = slice(5, -5)
    assert np.quantile(semitones(found[inside], true[inside]), 0.95) < within_st


def test_no_voice_has_no_pitch() -> None:
    hiss = np.random.default_rng(0).normal(0, 0.1, 2 * RATE_HZ).astype(np.float32)
    assert (track_pitch(hiss, RATE_HZ, PitchRange()) > 0).mean() < 0.05
    assert not track_pitch(silence(1.0), RATE_HZ, PitchRange()).any()
    assert track_pitch(silence(0.005), RATE_HZ, PitchRange()).shape == (0,)
    both = np.concatenate([silence(0.5), tone(200, 0.5), silence(0.5)])
    found = track_pitch(both, RATE_HZ, PitchRange())
    assert (found[52:98] > 0).all()
    assert not found[:46].any()
    assert not found[104:].any()


def test_a_hum_far_below_the_voice_is_silence() -> None:
    found = track_pitch(np.concatenate([tone(150, 1.0, 0.2), tone(100, 1.0, 0.001)]), RATE_HZ, PitchRange())
    assert (found[2:98] > 0).all()
    assert not found[103:].any()


def test_a_missing_fundamental_is_heard() -> None:
    at_s = np.arange(RATE_HZ) / RATE_HZ
    thin = sum(np.sin(2 * np.pi * 150 * k * at_s) for k in (3, 4, 5, 6)).astype(np.float32) * 0.1
    found = track_pitch(thin, RATE_HZ, PitchRange())
    assert np.median(found) == pytest.approx(150, rel=0.005)


def test_constant_offset_and_loudness_change_nothing() -> None:
    plain = tone(180, 1.0)
    found = track_pitch(plain, RATE_HZ, PitchRange())
    other = track_pitch(plain * 0.01 + 0.2, RATE_HZ, PitchRange())
    assert other[5:-5] == pytest.approx(found[5:-5], rel=1e-3)


def said(sound: F32, words: list[Word], others: list[SpeakerSegment] | None = None) -> Said:
    turn = Turn("S0", words[0].start_s, words[-1].end_s, "", tuple(words))
    segments = (SpeakerSegment("S0", turn.start_s, turn.end_s), *(others or ()))
    inputs = {"transcribe": Transcript("en", (turn,)), "diarize": Diarization(segments, ("S0", "S1"))}
    return MeasureProsody(prosody=True).run(job_with(sound), inputs)


def measured(sound: F32, words: list[Word], others: list[SpeakerSegment] | None = None) -> list[Prosody]:
    (turn,) = said(sound, words, others).turns
    return [p for p in turn if p is not None]


def test_words_have_the_pitch_and_level_of_their_sound() -> None:
    rising = voice(150 * 2 ** (np.linspace(0, 0.5, RATE_HZ // 2)), 0.1)
    sound = np.concatenate([tone(120, 0.5, 0.1), tone(240, 0.5, 0.05), rising, silence(0.5)])
    words = [Word("one", 0, 0.5, 1.0), Word("two", 0.5, 1.0, 1.0), Word("three", 1.0, 1.5, 1.0)]
    flat, high, up = measured(sound, words)
    assert flat.pitch_hz == pytest.approx(120, rel=0.01)
    assert high.pitch_hz == pytest.approx(240, rel=0.01)
    assert flat.voiced is not None
    assert flat.voiced > 0.9
    assert flat.pitch_slope_st_s == pytest.approx(0, abs=0.5)
    assert up.pitch_slope_st_s == pytest.approx(12.0, rel=0.1), "six semitones in half a second"
    assert up.pitch_range_st == pytest.approx(4.8, rel=0.1), "80 % of six"
    assert flat.energy_db is not None
    assert high.energy_db is not None
    assert flat.energy_db - high.energy_db == pytest.approx(6.0, abs=0.2)
    assert sorted(p.energy_db for p in (flat, high, up))[1] == 0.0, "against the speaker's median"  # type: ignore[type-var]


def test_nothing_is_told_of_sound_that_others_share() -> None:
    sound = tone(120, 3.0) + np.concatenate([silence(1.0), tone(300, 1.5, 0.3), silence(0.5)])
    words = [Word("one", 0.2, 0.8, 1.0), Word("two", 1.2, 1.8, 1.0), Word("three", 2.2, 2.9, 1.0)]
    other = [SpeakerSegment("S1", 1.0, 2.5)]
    before, under, after = measured(sound, words, other)
    assert (under.alone, under.voiced, under.pitch_hz, under.energy_db) == (0.0, None, None, None)
    assert before.alone == 1.0
    assert after.alone == pytest.approx(0.571, abs=0.02)
    assert after.pitch_hz == pytest.approx(120, rel=0.01), "measured where it is alone"


def test_whispers_have_a_level_and_no_pitch() -> None:
    hiss = np.random.default_rng(0).normal(0, 0.05, 2 * RATE_HZ).astype(np.float32)
    sound = np.concatenate([hiss[:RATE_HZ], tone(150, 1.0)])
    whisper, spoken = measured(sound, [Word("so", 0.1, 0.9, 1.0), Word("it", 1.1, 1.9, 1.0)])
    assert (whisper.pitch_hz, whisper.pitch_range_st, whisper.pitch_slope_st_s) == (None, None, None)
    assert whisper.energy_db is not None
    assert spoken.pitch_hz == pytest.approx(150, rel=0.01)


def test_the_rate_is_local_and_leaves_pauses_out() -> None:
    fast = [Word("banana", 0.3 * i, 0.3 * (i + 1), 1.0) for i in range(10)]
    slow = [Word("banana", 4.0 + i, 5.0 + i, 1.0) for i in range(4)]
    rates = [p.syllables_s for p in measured(silence(9.0), [*fast, *slow])]
    assert rates[:10] == [10.0] * 10
    assert rates[10:] == [3.0] * 4


def test_what_has_no_usable_time_is_not_measured() -> None:
    words = [Word("one", 0.0, 0.5, 1.0), Word("two", 0.5, 0.8, 1.0, interpolated=True), Word("x", 0.9, 0.9, 1.0)]
    ((first, guessed, point),) = said(tone(120, 1.0), words).turns
    assert first is not None
    assert guessed is None
    assert point is not None
    assert point.pitch_hz is None


def test_off_by_default_and_joined_on_request() -> None:
    word = Word("one", 0.0, 0.5, 1.0)
    turns = (Turn("S0", 0.0, 0.5, "one", (word,)),)
    inputs = {"transcribe": Transcript("en", turns), "diarize": Diarization((), ("S0",))}
    assert MeasureProsody().run(job_with(tone(120, 1.0)), inputs) == Said(())
    assert with_prosody(turns, Said(())) == turns
    told = MeasureProsody(prosody=True).run(job_with(tone(120, 1.0)), inputs)
    (joined,) = with_prosody(turns, told)
    assert joined.words[0].prosody == told.turns[0][0]
    assert MeasureProsody(prosody=True).run(job_with(tone(120, 1.0)), inputs) == told, "the same each time"
    with pytest.raises(ValueError, match="pitch_min_hz"):
        MeasureProsody(pitch_min_hz=500, pitch_max_hz=100)


@pytest.mark.parametrize(
    ("word", "language", "count"),
    [
        ("strength", "en", 1), ("banana", "en", 3), ("table", "en", 2), ("walked", "en", 1), ("wanted", "en", 2),
        ("somebody", "en", 3), ("radio", "en", 3), ("going", "en", 2), ("23", "en", 3), ("...", "en", 0),
        ("Straße", "de", 2), ("maison", "fr", 2), ("table", "fr", 1), ("teatro", "es", 3), ("привет", "ru", 2),
        ("안녕하세요", "ko", 5), ("你好", "zh", 2), ("きょう", "ja", 2), ("नमस्ते", "hi", None),
    ],
)  # fmt: skip
def test_syllables(word: str, language: str, count: int | None) -> None:
    assert syllables(word, language) == count
