"""Speaks a script: every line by its voice, in its place, in one room, with the truth of who says what when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import gcd

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, lfilter, resample_poly

from nonverbal.studio.speech.layout import lay_out
from nonverbal.studio.speech.voices import Spoken, Voice
from nonverbal.studio.talk import Line, SpokenWord, Talk
from nonverbal.timeline import FPS
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
_TILT = 0.25
"""Microphones differ: from a little dull to a little bright, the same at low pitch."""


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
    sounds: dict[int, Spoken] = {}

    def say(number: int, line: Line) -> tuple[tuple[SpokenWord, ...], float]:
        spoken = voices[line.participant].say(line, np.random.default_rng((seed, 1, number)))
        sounds[number] = spoken
        return spoken.words, spoken.duration_s

    talk, numbers = lay_out(lines, say, duration_s)
    talk = replace(talk, duration_s=round(talk.duration_s * FPS) / FPS)  # whole frames of picture
    gains = _gains(voices, seed)
    tracks = {name: np.zeros(round(talk.duration_s * RATE_HZ), dtype=np.float32) for name in sorted(voices)}
    for placed, number in zip(talk.lines, numbers, strict=True):
        spoken, track = sounds[number], tracks[placed.line.participant]
        sound = _levelled(spoken) * gains[placed.line.participant]
        first = round((placed.start_s - (spoken.words[0].start_s if spoken.words else 0.0)) * RATE_HZ)
        track[max(first, 0) : first + len(sound)] += sound[max(-first, 0) : len(track) - first]
    return talk, _in_a_room(list(tracks.values()), np.random.default_rng((seed, 3))), RATE_HZ


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


def _in_a_room(tracks: Sequence[F32], rng: np.random.Generator) -> F32:
    """[S] all voices, each from its own place through its own microphone, and the tone of the room; no peak clips."""
    decay_s = rng.uniform(*_REVERB_S)
    mixed = np.zeros(len(tracks[0]))
    for track in tracks:
        tilt = rng.uniform(-_TILT, _TILT)
        mixed += fftconvolve(lfilter([1.0, tilt], [1.0 + tilt], track), _response(decay_s, rng))[: len(track)]
    tone = lfilter([1.0], [1.0, -0.97], rng.standard_normal(len(mixed)))  # falls by 6 dB per octave, as rooms hum
    mixed += tone * 10 ** (rng.uniform(*_TONE_DBFS) / 20) / np.sqrt(np.square(tone).mean())
    out: F32 = (mixed * min(1.0, PEAK / np.abs(mixed).max())).astype(np.float32)
    return out


def _response(decay_s: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """The sound itself, and after a moment an echo that dies away."""
    times = np.arange(round(decay_s * RATE_HZ)) / RATE_HZ
    echo = rng.standard_normal(len(times)) * 10 ** (-3 * times / decay_s)
    echo *= 10 ** (rng.uniform(*_ECHO_DB) / 20) / np.sqrt(np.square(echo).sum())
    return np.concatenate(([1.0], np.zeros(round(_ECHO_DELAY_S * RATE_HZ)), echo))
