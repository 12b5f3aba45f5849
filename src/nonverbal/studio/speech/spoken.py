"""What all voices do with a sentence just made: times fitted to what is heard, stress, silence cut off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nonverbal.studio.speech.loudness import loud_frames, settle_end, settle_start
from nonverbal.studio.talk import Phone, SpokenWord
from nonverbal.types import F32

_MARGIN_S = 0.01
"""Sound kept before the first and after the last audible moment, and the time in which it fades."""
_MIN_PHONE_S = 0.01
_STRESS_GAIN = 10 ** (2.5 / 20)


def moved(word: SpokenWord, by_s: float, factor: float = 1.0) -> SpokenWord:
    """The word with its times multiplied by `factor`, then moved."""
    phones = tuple(
        replace(phone, start_s=phone.start_s * factor + by_s, end_s=phone.end_s * factor + by_s)
        for phone in word.phones
    )
    return SpokenWord(word.word, word.start_s * factor + by_s, word.end_s * factor + by_s, phones)


def fitted(words: Sequence[SpokenWord], pause_after: Sequence[bool], samples: F32, rate_hz: int) -> list[SpokenWord]:
    """The words with their edges towards pauses moved to where the voice begins and ends to be heard.

    Args:
        words: in order, not overlapping.
        pause_after: whether a pause may follow each word; one does follow the last.
        samples: [S] the sound.
        rate_hz: its rate.
    """
    loud = loud_frames(samples, rate_hz)
    out: list[SpokenWord] = []
    for i, word in enumerate(words):
        start_s, end_s = word.start_s, word.end_s
        if i == 0 or pause_after[i - 1]:
            low_s = out[-1].end_s if out else 0.0
            start_s = settle_start(loud, start_s, low_s, max(word.phones[0].end_s - _MIN_PHONE_S, low_s))
        if i == len(words) - 1 or pause_after[i]:
            high_s = words[i + 1].start_s if i < len(words) - 1 else len(samples) / rate_hz
            end_s = settle_end(loud, end_s, word.phones[-1].start_s + _MIN_PHONE_S, high_s)
        out.append(_with_edges(word, start_s, max(end_s, start_s + _MIN_PHONE_S)))
    return out


def _with_edges(word: SpokenWord, start_s: float, end_s: float) -> SpokenWord:
    """The word from `start_s` to `end_s`, its first and last phone reaching there."""
    edges = np.clip([start_s, *(phone.start_s for phone in word.phones[1:]), end_s], start_s, end_s).tolist()
    phones = tuple(
        Phone(phone.symbol, a, b, phone.stress) for phone, a, b in zip(word.phones, edges[:-1], edges[1:], strict=True)
    )
    return SpokenWord(word.word, start_s, end_s, phones)


def stressed(samples: F32, rate_hz: int, words: Sequence[SpokenWord]) -> F32:
    """[S] the sound with these words a little louder, without steps."""
    gain = np.ones(len(samples), dtype=np.float32)
    for word in words:
        gain[round(word.start_s * rate_hz) : round(word.end_s * rate_hz)] = _STRESS_GAIN
    width = max(round(0.04 * rate_hz), 1)
    padded = np.pad(gain, (width // 2, width - 1 - width // 2), mode="edge")
    smooth = np.convolve(padded, np.full(width, 1 / width, dtype=np.float32), mode="valid")
    out: F32 = (samples * smooth).astype(np.float32)
    return out


def trimmed(samples: F32, rate_hz: int, words: Sequence[SpokenWord]) -> tuple[F32, list[SpokenWord]]:
    """The sound from just before the first word to just after the last, faded at both ends, and the words moved."""
    first = max(round((words[0].start_s - _MARGIN_S) * rate_hz), 0)
    last = min(round((words[-1].end_s + _MARGIN_S) * rate_hz), len(samples))
    out = samples[first:last].copy()
    fade = np.linspace(0.0, 1.0, min(round(_MARGIN_S * rate_hz), len(out) // 2), dtype=np.float32)
    out[: len(fade)] *= fade
    out[len(out) - len(fade) :] *= fade[::-1]
    return out, [moved(word, -first / rate_hz) for word in words]
