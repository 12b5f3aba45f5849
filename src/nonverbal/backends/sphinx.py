"""The aligner pocketsphinx: phones of US English in hidden Markov models, on a grid of 10 ms."""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from nonverbal import weights
from nonverbal.backends.aligners import SPHINX_FILES
from nonverbal.backends.recognisers import Heard
from nonverbal.types import F32
from nonverbal.venus.truth import plain_words
from nonverbal.verdicts import UserError

_FRAME_S = 0.01
_MIDDLE_S = 0.0078
"""A frame looks at 25.6 ms from its beginning on; the edge between two of them lies in the middle of what both see."""

_BEAM = 1e-60
"""Paths this much less likely than the best are dropped. Of 22 windows of studio talk none lost its words; with 1e-100
one did, and so with the usual limit for ends of words."""

_FEWEST = 2
"""Words that are not parted any more."""

_PHONES = (
    "a:AE b:B c:K d:D e:EH f:F g:G h:HH i:IH j:JH k:K l:L m:M n:N o:AA p:P q:K r:R s:S t:T u:AH v:V w:W x:K y:Y z:Z"
)
_LETTERS = {pair[0]: pair[2:] for pair in _PHONES.split()}
"""A rough phone for each letter, for words that the dictionary lacks, such as names."""


@dataclass(frozen=True)
class SphinxAligner:
    """See `Aligner`."""

    def align(self, samples: F32, heard: Sequence[Heard], language: str) -> tuple[Heard, ...]:
        """The words with the times of their phones.

        Where no path leads through all words, the sound is parted at the longest pause that the recogniser heard, and
        each half is tried by itself.
        """
        said = [self._spoken(word.word) for word in heard]
        return tuple(self._part(samples, 0.0, list(heard), said))

    def _part(self, samples: F32, from_s: float, heard: list[Heard], said: list[list[str]]) -> list[Heard]:
        """Aligns words to `samples`, which begin at `from_s` of the whole sound."""
        if (times := self._times(samples, said)) is not None:
            return [
                replace(word, start_s=from_s + a, end_s=from_s + b, prob=1.0)
                for word, (a, b) in zip(heard, times, strict=True)
            ]
        cut = _longest_pause(heard) if len(heard) >= 2 * _FEWEST else None
        if cut is None:
            return [replace(word, start_s=math.nan, end_s=math.nan, prob=0.0) for word in heard]
        at_s = (heard[cut - 1].end_s + heard[cut].start_s) / 2
        place = min(max(round((at_s - from_s) * 16000), 0), len(samples))
        left = self._part(samples[:place], from_s, heard[:cut], said[:cut])
        return left + self._part(samples[place:], from_s + place / 16000, heard[cut:], said[cut:])

    def _times(self, samples: F32, said: list[list[str]]) -> list[tuple[float, float]] | None:
        """Start and end of each word in seconds, not numbers for what is not said; None where no path was found."""
        spoken = [plain for words in said for plain in words]
        if not spoken:
            return [(math.nan, math.nan)] * len(said)
        if len(samples) < 16000 * _FRAME_S * 3:
            return None
        decoder = self._decoder
        decoder.reinit_feat()  # else what it learned of the noise of other sound would move the words
        decoder.set_align_text(" ".join(spoken))
        decoder.start_utt()
        decoder.process_raw((np.clip(samples, -1.0, 1.0) * 32767).astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        found = [s for s in decoder.seg() or () if not s.word.startswith(("<", "["))]
        if len(found) != len(spoken):
            return None
        times, at, end_s = [], 0, len(samples) / 16000
        for words in said:
            own = found[at : at + len(words)]
            at += len(words)
            edges = (own[0].start_frame, own[-1].end_frame + 1) if own else (math.nan, math.nan)
            start_s, stop_s = (edge * _FRAME_S + _MIDDLE_S for edge in edges)
            times.append((min(start_s, end_s), min(stop_s, end_s)))
        return times

    def _spoken(self, word: str) -> list[str]:
        """The words of the dictionary that a written word is said as; unknown ones are added by their letters."""
        out = []
        for plain in plain_words(word):
            if self._decoder.lookup_word(plain) is None:
                phones = [_LETTERS[letter] for letter in plain if letter in _LETTERS]
                if not phones:
                    continue
                self._decoder.add_word(plain, " ".join(phones), True)
            out.append(plain)
        return out

    @cached_property
    def _decoder(self) -> Any:
        try:
            sphinx = importlib.import_module("pocketsphinx")
        except ImportError as error:
            raise UserError("pocketsphinx is missing: run pip install 'nonverbal[pocketsphinx]'") from error
        model = [weights.verified(file) for file in SPHINX_FILES]
        folder = next(path.parent for path in model if path.name == "mdef")
        words = next(path for path in model if path.name.endswith(".dict"))
        return sphinx.Decoder(
            hmm=str(folder), dict=str(words), lm=None, samprate=16000, cmn="batch", beam=_BEAM, pbeam=_BEAM,
            wbeam=_BEAM, loglevel="FATAL",
        )  # fmt: skip


def _longest_pause(heard: Sequence[Heard]) -> int | None:
    """Index of the word after the longest pause that leaves enough words on both sides; the middle one of equals."""
    middle = len(heard) / 2
    places = range(_FEWEST, len(heard) - _FEWEST + 1)
    pauses = {i: heard[i].start_s - heard[i - 1].end_s for i in places}
    known = [i for i in places if math.isfinite(pauses[i])]
    return max(known, key=lambda i: (round(pauses[i], 2), -abs(i - middle)), default=None)
