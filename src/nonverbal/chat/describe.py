"""Motion as stage directions between the words: ``[smiles, brows up] Really? [nods]``.

The directions are the events of `mars.events`, but for smiles, which last and are told by how strong they are. Blinks
are left out, and strokes of the hands that follow each other are one gesture. A direction stands before the first word
that begins after it does.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from nonverbal.motion.events import body_events, face_events
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.timeline import FPS
from nonverbal.types import F32, Word

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "smile": "smiles",
        "brows_up": "brows up",
        "brows_down": "frowns",
        "nod": "nods",
        "shake": "shakes head",
        "stroke": "gestures",
    }
)
"""Kinds of events -> what a reader sees; kinds that are missing are not told."""

_SMILE, _BROAD = 0.22, 0.5
"""Mean of both mouthSmile coefficients from which on somebody smiles, and smiles broadly."""
_SMILE_S = 0.32
"""How long a smile lasts at least; shorter ones are mouth shapes of speech."""
_SMILES = [ARKIT52_NAMES.index(f"mouthSmile{side}") for side in ("Left", "Right")]
_AGAIN_S: Mapping[str, float] = MappingProxyType({"stroke": 1.6})
"""Silence between two events of a kind after which it is told anew, where it is not `_SOON_S`."""
_SOON_S = 0.6
_EARLY_S = 0.12
"""A direction that begins by this much after a word still stands before it: a word's time is only that of its step."""
LOOK_BACK_S = 4.0
"""How much motion the running directions look at: more than any event needs to be told."""


Spell = tuple[float, float, float]
"""Start and end in seconds, and size."""


@dataclass(frozen=True, slots=True)
class Direction:
    """Something that is done in ``[start_s, end_s)``."""

    text: str
    start_s: float
    end_s: float


def directions(face: F32, body: F32, fps: float = FPS) -> tuple[Direction, ...]:
    """What somebody does, in order of time.

    Args:
        face: [T, 52] ``arkit52``.
        body: [T, 117] ``smplx117``.
        fps: of both.
    """
    found = [
        Direction(_name(kind, size), start_s, end_s)
        for kind, spells in _spells(face, body, fps).items()
        for start_s, end_s, size in _joined(spells, _AGAIN_S.get(kind, _SOON_S))
    ]
    return tuple(sorted(found, key=lambda direction: direction.start_s))


def describe(words: Sequence[Word], told: Sequence[Direction]) -> str:
    """Words and directions as one line: those between the same two words share one pair of brackets."""
    starts = [word.start_s for word in words]
    before: list[list[str]] = [[] for _ in range(len(words) + 1)]
    for direction in told:
        place = before[bisect_left(starts, direction.start_s - _EARLY_S)]
        if direction.text not in place:
            place.append(direction.text)
    pieces = [piece for i, word in enumerate(words) for piece in (bracketed(before[i]), word.word)]
    return " ".join(piece for piece in (*pieces, bracketed(before[-1])) if piece)


def bracketed(texts: Sequence[str]) -> str:
    """``[smiles, nods]``; nothing for nothing."""
    return f"[{', '.join(texts)}]" if texts else ""


class Running:
    """Tells directions while the motion comes: each once, as soon as it can be told."""

    def __init__(self, fps: float = FPS) -> None:
        self._fps = fps
        self._told_until_s: dict[str, float] = {}

    def look(self, face: F32, body: F32, first_s: float = 0.0) -> tuple[str, ...]:
        """What begins to show in the latest motion, [n, 52] and [n, 117], of which `LOOK_BACK_S` is enough.

        Args:
            face: rows of ``arkit52``.
            body: rows of ``smplx117``.
            first_s: when their first frame is.
        """
        return tuple(
            text
            for kind, spells in _spells(face, body, self._fps).items()
            for text in self._new(kind, [(a + first_s, b + first_s, size) for a, b, size in spells])
        )

    def _new(self, kind: str, spells: Sequence[Spell]) -> Iterator[str]:
        for start_s, end_s, size in spells:
            until_s = self._told_until_s.get(kind, -LOOK_BACK_S)
            if start_s > until_s + _AGAIN_S.get(kind, _SOON_S):
                yield _name(kind, size)
            self._told_until_s[kind] = max(until_s, end_s)


def _spells(face: F32, body: F32, fps: float) -> dict[str, list[Spell]]:
    """The spells of each kind of `NAMES`, in order of time."""
    events = face_events(face, "arkit52", None, fps) | body_events(body, "smplx117", None, fps)
    found = {
        kind: list(zip(e.start_s.tolist(), e.end_s.tolist(), e.size.tolist(), strict=True))
        for kind, e in events.items()
    }
    found["smile"] = _smiling(face[:, _SMILES].mean(axis=1), fps)
    return {kind: found[kind] for kind in NAMES}


def _smiling(strength: F32, fps: float) -> list[Spell]:
    """Where a smile of strength [T] is strong enough for long enough."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], strength >= _SMILE, [False]]))).tolist()
    runs = [(a, b) for a, b in list(pairwise(edges))[::2] if b - a >= _SMILE_S * fps]
    return [(a / fps, b / fps, float(strength[a:b].max())) for a, b in runs]


def _joined(spells: Sequence[Spell], apart_s: float) -> list[Spell]:
    """Spells of one kind, those that are not further apart than this as one."""
    out: list[Spell] = []
    for start_s, end_s, size in spells:
        if out and start_s <= out[-1][1] + apart_s:
            out[-1] = (out[-1][0], max(out[-1][1], end_s), max(out[-1][2], size))
        else:
            out.append((start_s, end_s, size))
    return out


def _name(kind: str, size: float) -> str:
    return "smiles broadly" if kind == "smile" and size >= _BROAD else NAMES[kind]
