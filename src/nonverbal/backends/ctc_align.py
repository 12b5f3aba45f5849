"""Forced alignment of words to the emissions of a CTC network: exact Viterbi, in numpy.

A path names one state in each frame. Between, before and after the L tokens of the text lies the blank::

    tokens    h  i  |  y  o  u          frames   . . h h . i . | . . y o . u u .
    states    . h . i . | . y . o . u .          a repeated token needs a blank between

Of all paths that spell the tokens, the most likely one is taken. Characters that a network has no token for are a star,
which stands for anything but silence.

Source: Graves et al. 2006, "Connectionist temporal classification"; Kürzinger et al. 2020, "CTC-segmentation of large
corpora"; Bain et al. 2023, "WhisperX", for words of unknown characters.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nonverbal.types import F32

I32 = NDArray[np.int32]

STAR = -1
"""Token of whatever the network cannot spell."""

_SILENT_STAR = math.log(0.5)
"""What a star pays for a frame of silence: it may hold short ones, but long ones belong to the gap beside it."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a CTC network can write.

    Attributes:
        ids: token of each character, as the network spells it.
        blank: token of nothing.
        delimiter: token between words; None where the network has none.
    """

    ids: Mapping[str, int]
    blank: int
    delimiter: int | None

    def spell(self, word: str) -> tuple[int, ...]:
        """The tokens of a word: letters in whichever case the network has, without accents it does not have.

        Each run of letters and digits without a token is one `STAR`; all else that has none is left out.
        """
        tokens: list[int] = []
        for letter in unicodedata.normalize("NFC", word).replace("’", "'"):
            known = self._known(letter)
            if known is None and letter.isalnum():
                known = self._known(unicodedata.normalize("NFKD", letter)[0])
            if known is not None:
                tokens.append(known)
            elif letter.isalnum() and (not tokens or tokens[-1] != STAR):
                tokens.append(STAR)
        return tuple(tokens) if any(self._is_sound(token) for token in tokens) else ()

    def _known(self, letter: str) -> int | None:
        for written in (letter, letter.lower(), letter.upper()):
            found = self.ids.get(written)
            if found is not None and found not in (self.blank, self.delimiter):
                return found
        return None

    def _is_sound(self, token: int) -> bool:
        """Whether a token may be heard by itself, unlike an apostrophe or a hyphen."""
        return token == STAR or any(i == token and letter[:1].isalnum() for letter, i in self.ids.items())


@dataclass(frozen=True, slots=True)
class WordFrames:
    """Frames ``[first, stop)`` of a word, and the mean probability of its tokens where it is heard, in [0, 1]."""

    first: int
    stop: int
    prob: float


def align_words(
    log_probs: F32, words: Sequence[str], vocabulary: Vocabulary, spaced: bool = True
) -> tuple[WordFrames | None, ...] | None:
    """Where each word lies.

    A word ends where the delimiter after it begins, else with the last frame of its last token.

    Args:
        log_probs: [T, V] finite log-probabilities of the network's tokens.
        words: in order.
        vocabulary: of the network.
        spaced: whether the network writes its delimiter between these words.

    Returns:
        None for a word that has no token; None for all where the frames are too few for the tokens.
    """
    spelled = [vocabulary.spell(word) for word in words]
    delimiter = vocabulary.delimiter if spaced else None
    tokens, places = _sequence(spelled, delimiter)
    path = best_path(log_probs, tokens, vocabulary.blank)
    if path is None:
        return None
    emitted = _emissions(log_probs, vocabulary.blank)
    frames: list[WordFrames | None] = []
    for place in places:
        if place is None:
            frames.append(None)
            continue
        own = np.flatnonzero((path >= place[0]) & (path < place[1]))
        stop = int(own[-1]) + 1
        if delimiter is not None and place[1] < len(tokens):
            stop = int(np.flatnonzero(path == place[1])[0])
        heard = emitted[own, [tokens[k] for k in path[own]]]
        frames.append(WordFrames(int(own[0]), stop, float(np.exp(min(0.0, heard.mean())))))
    return tuple(frames)


def best_path(log_probs: F32, tokens: Sequence[int], blank: int) -> I32 | None:
    """The most likely path that spells the tokens.

    Args:
        log_probs: [T, V].
        tokens: indices of columns, or `STAR`.
        blank: column of the blank.

    Returns:
        [T] index into `tokens`, -1 for blank; None where there are too few frames.
    """
    frames, states = len(log_probs), 2 * len(tokens) + 1
    repeats = sum(a == b for a, b in zip(tokens[1:], tokens, strict=False))
    if frames < len(tokens) + repeats:
        return None
    labels = np.full(states, blank)
    labels[1::2] = tokens
    emitted = _emissions(log_probs, blank)[:, labels]
    skips = np.full(states, -np.inf)
    skips[3::2] = np.where(labels[3::2] != labels[1:-2:2], 0.0, -np.inf)
    best = np.full(states, -np.inf)
    best[: min(2, states)] = emitted[0, : min(2, states)]
    came = np.zeros((frames, states), dtype=np.int8)
    before = np.full((3, states), -np.inf)
    for t in range(1, frames):
        before[0], before[1, 1:], before[2, 2:] = best, best[:-1], best[:-2] + skips[2:]
        came[t] = before.argmax(axis=0)
        best = before.max(axis=0) + emitted[t]
    state = states - 1 if states == 1 or best[-1] >= best[-2] else states - 2
    path = np.empty(frames, dtype=np.int32)
    for t in range(frames - 1, -1, -1):
        path[t] = (state - 1) // 2 if state % 2 else -1
        state -= came[t, state]
    return path


def _emissions(log_probs: F32, blank: int) -> NDArray[np.float64]:
    """[T, V + 1] with a last column, which `STAR` finds, for the likeliest token of each frame."""
    emitted = log_probs.astype(np.float64)
    others = np.delete(emitted, blank, axis=1).max(axis=1, initial=-np.inf)
    return np.column_stack([emitted, np.maximum(others, emitted[:, blank] + _SILENT_STAR)])


def _sequence(
    spelled: Sequence[Sequence[int]], delimiter: int | None
) -> tuple[list[int], list[tuple[int, int] | None]]:
    """All tokens with delimiters between words, and where each word's lie among them."""
    tokens: list[int] = []
    places: list[tuple[int, int] | None] = []
    for word in spelled:
        if word and tokens and delimiter is not None:
            tokens.append(delimiter)
        places.append((len(tokens), len(tokens) + len(word)) if word else None)
        tokens += word
    return tokens, places
