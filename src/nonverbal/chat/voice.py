"""The model's words as sound: each phrase spoken at the pace that its steps leave for it.

words   0.32 I  0.64 was  0.96 late  . . .  2.88 Sorry        seconds, from the steps that they begin in
phrases |--- I was late ---|               |- Sorry -|        cut at pauses; each is spoken to begin and end in time
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from nonverbal.backends import espeak
from nonverbal.studio.speech.pronounce import respelled
from nonverbal.types import F32, Word
from nonverbal.verdicts import UserError

RATE_HZ = 22050
_PAUSE_S = 0.4
"""Silence between the end of a word and the next that cuts a phrase."""
_PACE = 170
_SLOWEST, _FASTEST = 110, 300
"""Words a minute that still sound like speech."""
_LAST_S = 0.35
"""What a phrase's last word takes, of which only the step it begins in is known."""
_PEAK = 0.7


@dataclass(frozen=True)
class Speaker:
    """An espeak-ng voice, or nobody, who is silent."""

    voice: str = ""

    def __post_init__(self) -> None:
        if self.voice and not espeak.has_voice(self.voice):
            raise UserError(f"there is no voice {self.voice!r}; expected one of espeak-ng such as en-us+m3")

    def speak(self, words: Sequence[Word], duration_s: float) -> tuple[F32, int]:
        """[S] samples in [-1, 1] of `duration_s`, and their rate; nobody's are silence."""
        track = np.zeros(round(duration_s * RATE_HZ), np.float32)
        for phrase in phrases(words) if self.voice else ():
            sound = self._say(" ".join(w.word for w in phrase), phrase[-1].start_s + _LAST_S - phrase[0].start_s)
            first = round(phrase[0].start_s * RATE_HZ)
            track[first : first + len(sound)] += sound[: len(track) - first]
        loudest = float(np.abs(track).max(initial=0.0))
        return (track * np.float32(_PEAK / loudest) if loudest else track), RATE_HZ

    def _say(self, text: str, wanted_s: float) -> F32:
        """The phrase at the pace that lets it last about `wanted_s`: said once to see how long it takes, then again."""
        sound = self._at_pace(text, _PACE)
        takes_s = len(sound) / RATE_HZ
        pace = round(float(np.clip(_PACE * takes_s / wanted_s, _SLOWEST, _FASTEST)))
        return sound if pace == _PACE else self._at_pace(text, pace)

    def _at_pace(self, text: str, pace: int) -> F32:
        sound = espeak.speak(respelled(text), self.voice, pace)
        assert sound.rate_hz == RATE_HZ
        loud = np.flatnonzero(np.abs(sound.samples) > 0.01)
        return sound.samples[loud[0] : loud[-1] + 1] if len(loud) else sound.samples[:0]


def phrases(words: Sequence[Word]) -> list[list[Word]]:
    """Words that follow each other without a pause."""
    breaks = [0] + [int(b.start_s - a.end_s > _PAUSE_S) for a, b in pairwise(words)]
    numbered = zip(np.cumsum(breaks).tolist(), words, strict=False)
    return [[word for _, word in group] for _, group in groupby(numbered, key=lambda pair: pair[0])]
