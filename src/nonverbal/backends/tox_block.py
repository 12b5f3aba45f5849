"""The recurrent network of the package `tox-block`: six kinds of harm in English, its files read without running them.

The package keeps Keras weights in an HDF5 file and its vocabulary in a pickle. Both are proved by hash first; then the
weights are taken from the places where that very file has them, and the pickle's strings and numbers are read one after
the other, without doing what it says. So neither TensorFlow nor h5py is needed, and the package is never imported.

Source: https://github.com/Pascal-Bliem/tox-block (MIT); trained on the Toxic Comment data of Jigsaw (CC0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nonverbal.backends.harm_models import OWN_LABELS, TOX_BLOCK, TOX_BLOCK_FILES
from nonverbal.verdicts import UserError
from nonverbal.weights import verified

F32 = NDArray[np.float32]

_PLACES: dict[str, tuple[int, tuple[int, ...]]] = {
    "words": (10280, (20000, 50)),
    "forward_in": (4014040, (50, 200)),
    "forward_again": (4056088, (50, 200)),
    "forward_bias": (4096088, (200,)),
    "backward_in": (4096888, (50, 200)),
    "backward_again": (4138936, (50, 200)),
    "backward_bias": (4178936, (200,)),
    "dense": (4183032, (100, 50)),
    "dense_bias": (4179736, (50,)),
    "out": (4206304, (50, 6)),
    "out_bias": (4179936, (6,)),
}
"""Where in the file each array of little-endian float32 begins, and its shape."""

_TOKENS = 100
"""Words that the network sees at once, as in its training."""

_OVERLAP = 20
_BATCH = 256
_PARTS = str.maketrans(dict.fromkeys('!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n', " "))

_FIXED = {
    b"\x80": 1, b"K": 1, b"M": 2, b"J": 4, b"h": 1, b"j": 4, b"q": 1, b"r": 4, b"X": 4, b")": 0, b"}": 0, b"(": 0,
    b"\x81": 0, b"\x85": 0, b"R": 0, b"u": 0, b"b": 0, b".": 0, b"\x88": 0, b"\x89": 0, b"N": 0,
}  # fmt: skip
"""Instructions of the pickle and the bytes that follow each; "X" and "c" have a text besides."""


class ToxBlock:
    """See `HarmModel`."""

    labels = OWN_LABELS[TOX_BLOCK]

    def score(self, texts: Sequence[str], tick: Callable[[float], None]) -> NDArray[np.float64]:
        """See `HarmModel.score`; a text of more than 100 words has the score of its worst stretch of 100."""
        rows, owner = [], []
        for number, text in enumerate(texts):
            known = _known_words(text)
            for first in range(0, max(len(known) - _OVERLAP, 1) if known else 0, _TOKENS - _OVERLAP):
                part = known[first : first + _TOKENS]
                rows.append([0] * (_TOKENS - len(part)) + part)
                owner.append(number)
        scores = np.zeros((len(texts), len(self.labels)))
        for first in range(0, len(rows), _BATCH):
            found = _network(np.array(rows[first : first + _BATCH]))
            np.maximum.at(scores, owner[first : first + _BATCH], found)
            tick(min((first + _BATCH) / len(rows), 1.0))
        return scores


def _known_words(text: str) -> list[int]:
    """The numbers of the known words of a text, in order; others are left out, as in the network's training."""
    index = _vocabulary()
    return [index[word] for word in text.lower().translate(_PARTS).split(" ") if word in index]


def _network(tokens: NDArray[np.int64]) -> F32:
    """[N, 6] of [N, 100] numbers of words."""
    w = _weights()
    seen = w["words"][tokens]
    ways = [_recurrent(seen, w, "forward"), _recurrent(seen[:, ::-1], w, "backward")]
    most = np.concatenate([states.max(axis=0) for states in ways], axis=1)
    hidden = np.maximum(most @ w["dense"] + w["dense_bias"], 0.0)
    return np.asarray(1.0 / (1.0 + np.exp(-(hidden @ w["out"] + w["out_bias"]))))


def _recurrent(seen: F32, w: dict[str, F32], way: str) -> F32:
    """[T, N, 50] states of an LSTM whose gates are Keras' hard sigmoids, in its order: in, forget, cell, out."""
    again = w[f"{way}_again"]
    given = seen @ w[f"{way}_in"] + w[f"{way}_bias"]
    state = cell = np.zeros((len(seen), again.shape[0]), np.float32)
    states = []
    for step in range(seen.shape[1]):
        let_in, keep, new, out = np.split(given[:, step] + state @ again, 4, axis=1)
        cell = _gate(keep) * cell + _gate(let_in) * np.tanh(new)
        state = _gate(out) * np.tanh(cell)
        states.append(state)
    return np.stack(states)


def _gate(values: F32) -> F32:
    return np.clip(0.2 * values + 0.5, 0.0, 1.0)


@lru_cache(maxsize=1)
def _weights() -> dict[str, F32]:
    data = verified(TOX_BLOCK_FILES[0]).read_bytes()
    return {
        name: np.frombuffer(data, "<f4", int(np.prod(shape)), offset=place).reshape(shape)
        for name, (place, shape) in _PLACES.items()
    }


@lru_cache(maxsize=1)
def _vocabulary() -> dict[str, int]:
    """Word -> number, of those that the network has numbers for."""
    path = verified(TOX_BLOCK_FILES[1])
    try:
        index = dict(_pairs_after(path.read_bytes(), "word_index"))
    except (KeyError, ValueError) as error:
        raise UserError(f"{path}: holds no vocabulary that can be read ({error}): install tox-block again") from error
    return {word: number for word, number in index.items() if number < len(_weights()["words"])}


def _pairs_after(data: bytes, name: str) -> Iterator[tuple[str, int]]:
    """The pairs of a text and a number in the dict that a pickle gives this name."""
    texts: dict[int, str] = {}
    begun, last = False, ""
    for code, value in _instructions(data):
        if code == b"X":
            if begun:
                return  # the name of what comes next: words stood in an earlier dict and are only referred to
            last = str(value)
            begun = last == name
        elif code in (b"q", b"r"):
            texts[int(value)] = last
        elif begun and code in (b"h", b"j"):
            last = texts[int(value)]
        elif begun and code in (b"K", b"M", b"J"):
            yield last, int(value)


def _instructions(data: bytes) -> Iterator[tuple[bytes, int | str]]:
    """Every instruction of a pickle with its text or number.

    Raises:
        ValueError: it has one that this file does not.
    """
    at = 0
    while at < len(data):
        code = data[at : at + 1]
        at += 1
        if code == b"c":
            at = data.index(b"\n", data.index(b"\n", at) + 1) + 1
            continue
        if code not in _FIXED:
            raise ValueError(f"byte {at - 1} is {code!r}")
        size = _FIXED[code]
        number = int.from_bytes(data[at : at + size], "little")
        at += size
        if code == b"X":
            yield code, data[at : at + number].decode("utf-8", "surrogatepass")
            at += number
        else:
            yield code, number
