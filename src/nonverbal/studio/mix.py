"""Speaks a script: every line by its voice, in its place, in one room, with the truth of who says what when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import gcd

import numpy as np
from scipy.signal import fftconvolve, lfilter, resample_poly

from nonverbal.studio.layout import Layout
from nonverbal.studio.talk import Line, Talk
from nonverbal.studio.voices import Spoken, Voice
from nonverbal.types import F32

RATE_HZ = 48_000
PEAK = 10 ** (-1.2 / 20)
"""Loudest sample: 1.2 dB below full scale."""

_SPEECH_RMS = 10 ** (-24 / 20)
_LOUDER_DB = 2.0
"""Voices differ by at most this much from the common level, either way."""
_TONE_DBFS = (-66.0, -54.0)
_REVERB_S = (0.12, 0.3)
"""Time in which the room's echo falls by 60 dB."""
_ECHO_DB = (-30.0, -20.0)
_ECHO_DELAY_S = 0.006


def record_talk(
    lines: Sequence[Line], voices: Mapping[str, Voice], seed: int, duration_s: float | None = None
) -> tuple[Talk, F32, int]:
    """The talk with its times, [S] mono samples, and their rate; the same arguments give the same bytes.

    Args:
        lines: what is said.
        voices: the voice of each participant.
        seed: decides melody and pace of each line, the levels and the room.
        duration_s: length of the talk; lines that would not fit are left out. None for as long as it takes.
    """
    layout = Layout(duration_s)
    sounds: list[tuple[int, F32]] = []
    gains = _gains(voices, seed)
    for i, line in enumerate(lines):
        spoken = voices[line.participant].say(line, np.random.default_rng((seed, 1, i)))
        placed = layout.put(line, spoken.words, spoken.duration_s)
        if placed is None:
            break
        offset_s = placed.start_s - (spoken.words[0].start_s if spoken.words else 0.0)
        sounds.append((round(offset_s * RATE_HZ), _levelled(spoken) * gains[line.participant]))
    talk = layout.talk()
    talk = replace(talk, duration_s=round(talk.duration_s * 25) / 25)  # whole frames of picture
    dry = np.zeros(round(talk.duration_s * RATE_HZ), dtype=np.float32)
    for first, sound in sounds:
        dry[max(first, 0) : first + len(sound)] += sound[max(-first, 0) : len(dry) - first]
    return talk, _in_a_room(dry, np.random.default_rng((seed, 3))), RATE_HZ


def _gains(voices: Mapping[str, Voice], seed: int) -> dict[str, np.float32]:
    rng = np.random.default_rng((seed, 4))
    return {name: np.float32(10 ** (rng.uniform(-_LOUDER_DB, _LOUDER_DB) / 20)) for name in sorted(voices)}


def _levelled(spoken: Spoken) -> F32:
    """The sound at `RATE_HZ` and the common level, measured where it is loud."""
    common = gcd(RATE_HZ, spoken.rate_hz)
    samples = resample_poly(spoken.samples, RATE_HZ // common, spoken.rate_hz // common).astype(np.float32)
    power = np.square(samples, dtype=np.float64)
    loud = power[power > 0.01 * power.max(initial=0.0)]
    out: F32 = samples * np.float32(_SPEECH_RMS / max(np.sqrt(loud.mean()) if len(loud) else 1.0, 1e-6))
    return out


def _in_a_room(dry: F32, rng: np.random.Generator) -> F32:
    """[S] the sound with a short echo and the tone of the room, below full scale."""
    decay_s = rng.uniform(*_REVERB_S)
    times = np.arange(round(decay_s * RATE_HZ)) / RATE_HZ
    echo = rng.standard_normal(len(times)) * 10 ** (-3 * times / decay_s)
    echo *= 10 ** (rng.uniform(*_ECHO_DB) / 20) / np.sqrt(np.square(echo).sum())
    response = np.concatenate(([1.0], np.zeros(round(_ECHO_DELAY_S * RATE_HZ)), echo))
    wet = fftconvolve(dry, response)[: len(dry)]
    tone = lfilter([1.0], [1.0, -0.97], rng.standard_normal(len(dry)))  # falls by 6 dB per octave, as rooms hum
    tone *= 10 ** (rng.uniform(*_TONE_DBFS) / 20) / np.sqrt(np.square(tone).mean())
    mixed = wet + tone
    out: F32 = (mixed * min(1.0, PEAK / np.abs(mixed).max())).astype(np.float32)
    return out
