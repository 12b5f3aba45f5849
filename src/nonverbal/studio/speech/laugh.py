"""A laugh: bursts of breath that open into short vowels, falling in pitch and loudness."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from nonverbal.studio.speech.voices import Spoken
from nonverbal.studio.talk import SpokenWord
from nonverbal.types import F32

RATE_HZ = 22050
_FORMANTS_HZ = (720.0, 1240.0, 2500.0, 3600.0)
_WIDTHS_HZ = (90.0, 110.0, 170.0, 250.0)
_BREATH_S = 0.05


def laugh(pitch_hz: float, size: float, mood: float, rng: np.random.Generator) -> Spoken:
    """Three to seven bursts of "ha"; no words.

    Args:
        pitch_hz: of the speaking voice; a laugh starts higher.
        size: factor on the formants, larger for a smaller throat.
        mood: -1 to 1; a merry laugh is longer.
        rng: decides number, pace and pitch of the bursts.
    """
    count = int(rng.integers(3, 6)) + (mood > 0.5)
    pace_s = rng.uniform(0.17, 0.23)
    start_hz = pitch_hz * rng.uniform(1.35, 1.7)
    bursts = [_burst(start_hz * 0.94**i, rng.uniform(0.6, 0.75) * pace_s, rng) for i in range(count)]
    sound = np.zeros(round((count - 1) * pace_s * RATE_HZ) + len(bursts[-1]), dtype=np.float32)
    for i, burst in enumerate(bursts):
        first = round(i * pace_s * RATE_HZ)
        sound[first : first + len(burst)] += burst * (0.88**i if i else 0.8)
    for centre, width in zip(_FORMANTS_HZ, _WIDTHS_HZ, strict=True):
        sound = _resonance(sound, centre * size, width)
    words: tuple[SpokenWord, ...] = ()
    return Spoken((0.3 * sound / max(float(np.abs(sound).max()), 1e-6)).astype(np.float32), RATE_HZ, words)


def _burst(pitch_hz: float, seconds: float, rng: np.random.Generator) -> F32:
    """[S] breath that turns into voice: what the throat's resonances are then laid on."""
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    pitch = pitch_hz * (1.0 + 0.12 * np.sin(np.pi * times / seconds))
    phase = np.cumsum(pitch / RATE_HZ)
    pulses = np.diff(np.floor(phase), prepend=0.0)
    voiced = np.clip((times - _BREATH_S) / 0.02, 0.0, 1.0)
    shape = np.sin(np.pi * np.clip(times / seconds, 0, 1)) ** 0.7
    noise = rng.standard_normal(len(times)) * (0.04 * (1 - voiced) + 0.008)
    out: F32 = ((pulses * voiced + noise) * shape).astype(np.float32)
    return out


def _resonance(samples: F32, centre_hz: float, width_hz: float) -> F32:
    """[S] the sound through one formant, unit gain at 0 Hz."""
    r = np.exp(-np.pi * width_hz / RATE_HZ)
    a = [1.0, -2 * r * np.cos(2 * np.pi * centre_hz / RATE_HZ), r * r]
    out: F32 = lfilter([sum(a)], a, samples).astype(np.float32)
    return out
