"""The formant voices of espeak-ng: less natural, quick, with the synthesiser's own times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nonverbal.backends import espeak
from nonverbal.studio.speech.laugh import laugh
from nonverbal.studio.speech.pronounce import WordSounds, pronounce_lines, respelled
from nonverbal.studio.speech.spoken import fitted, stressed, trimmed
from nonverbal.studio.speech.voices import Spoken
from nonverbal.studio.talk import Line, Phone, SpokenWord

_PITCH_HZ = {"f": 190.0, "m": 105.0}


@dataclass(frozen=True)
class EspeakVoice:
    """A voice of espeak-ng, such as ``en-us+f3``."""

    name: str

    def say(self, line: Line, rng: np.random.Generator) -> Spoken:
        if not line.text:
            pitch_hz = _PITCH_HZ.get(self.name.partition("+")[2][:1], 140.0)
            return laugh(pitch_hz, 1.0 + (pitch_hz - 105.0) / 600.0, line.mood, rng)
        language = self.name.partition("+")[0]
        (words,) = pronounce_lines([line.text], language)
        pace = round(170 * (1.0 + 0.06 * line.mood) * rng.uniform(0.95, 1.05))
        pitch = round(50 + 8 * line.mood + rng.uniform(-3, 3))
        sound = espeak.speak(respelled(line.text), self.name, pace, pitch)
        told = fitted(_times(words, sound), [bool(w.mark) for w in words], sound.samples, sound.rate_hz)
        samples = stressed(sound.samples, sound.rate_hz, [told[i] for i in line.emphasis])
        samples, told = trimmed(samples, sound.rate_hz, told)
        return Spoken(samples, sound.rate_hz, tuple(told))


def _times(words: Sequence[WordSounds], sound: espeak.EspeakSound) -> list[SpokenWord]:
    """Each word with the times of its sounds: the synthesiser's events paired in order with the words' sounds."""
    starts = [event.sample for event in sound.events] + [len(sound.samples)]
    spans = [(a, b) for event, a, b in zip(sound.events, starts[:-1], starts[1:], strict=True) if event.ipa]
    count = sum(len(word.sounds) for word in words)
    # Where both do not agree on the number of sounds, the events are spread over the sounds in order.
    edges = np.linspace(0, len(spans), count + 1)
    out, k = [], 0
    for word in words:
        phones = []
        for said in word.sounds:
            first, last = int(edges[k]), max(int(np.ceil(edges[k + 1])) - 1, int(edges[k]))
            phones.append(Phone(said.symbol, spans[first][0], spans[last][1], said.stress))
            k += 1
        out.append(_joined(word.word, phones, sound.rate_hz))
    return out


def _joined(word: str, phones: Sequence[Phone], rate_hz: int) -> SpokenWord:
    """The word with its phones end to end, from times in samples to seconds."""
    edges = [*(phone.start_s / rate_hz for phone in phones), phones[-1].end_s / rate_hz]
    closed = tuple(Phone(p.symbol, a, b, p.stress) for p, a, b in zip(phones, edges[:-1], edges[1:], strict=True))
    return SpokenWord(word, edges[0], edges[-1], closed)
