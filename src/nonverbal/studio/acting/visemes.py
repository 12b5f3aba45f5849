"""What mouth, jaw and tongue do to make the sounds of speech: IPA phones to ARKit coefficients, blended over time.

Every phone pulls each coefficient towards its target with a dominance that fades beyond the phone's ends, so neighbours
overlap and a sound is shaped before it is heard; what is seen is the dominance-weighted mean. Lips that must meet do so
on the frame nearest to the middle of the sound, however short it is.

Source: Cohen and Massaro 1993, "Modeling coarticulation in synthetic visual speech".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import scipy  # loads its parts when they are used

from nonverbal.motion.rotations import F
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.studio.acting.curves import humps
from nonverbal.studio.talk import Phone
from nonverbal.timeline import FPS

CHANNELS = (
    "jawOpen", "jawForward", "mouthFunnel", "mouthPucker", "mouthRollLower", "mouthRollUpper", "mouthPress",
    "mouthStretch", "mouthUpperUp", "mouthLowerDown", "mouthShrugLower", "mouthShrugUpper", "mouthSmile",
    "mouthDimple", "tongueOut", "cheekPuff",
)  # fmt: skip
"""What phones drive, left and right as one; ``mouthClose`` follows from the closure."""

_OPEN = {"jawOpen": 0.62, "mouthLowerDown": 0.38, "mouthUpperUp": 0.14}
_SPREAD = {"jawOpen": 0.17, "mouthStretch": 0.36, "mouthSmile": 0.14, "mouthLowerDown": 0.36, "mouthUpperUp": 0.16}
_MID = {"jawOpen": 0.38, "mouthStretch": 0.26, "mouthLowerDown": 0.38, "mouthUpperUp": 0.16, "mouthSmile": 0.05}
_ROUND_OPEN = {"jawOpen": 0.40, "mouthFunnel": 0.52, "mouthPucker": 0.28, "mouthLowerDown": 0.10}
_ROUND_CLOSE = {"jawOpen": 0.15, "mouthPucker": 0.74, "mouthFunnel": 0.34}
_NEUTRAL = {"jawOpen": 0.28, "mouthLowerDown": 0.20, "mouthUpperUp": 0.07}
_LIPS = {"jawOpen": 0.17, "mouthRollLower": 0.30, "mouthRollUpper": 0.24, "mouthPress": 0.26, "mouthShrugLower": 0.14}
_BITE = {"jawOpen": 0.09, "mouthRollLower": 0.52, "mouthUpperUp": 0.22, "mouthShrugUpper": 0.10}
_TEETH = {"jawOpen": 0.07, "mouthStretch": 0.28, "mouthLowerDown": 0.42, "mouthUpperUp": 0.16, "mouthDimple": 0.10}
_HUSH = {"jawOpen": 0.13, "mouthFunnel": 0.56, "mouthPucker": 0.24, "mouthUpperUp": 0.18, "jawForward": 0.14}
_RIDGE = {"jawOpen": 0.15, "mouthLowerDown": 0.28, "mouthUpperUp": 0.09, "tongueOut": 0.02}
_BACK = {"jawOpen": 0.27, "mouthLowerDown": 0.20, "mouthUpperUp": 0.05}
_RHOTIC = {**_NEUTRAL, "mouthFunnel": 0.18, "mouthPucker": 0.10}
_R = {"jawOpen": 0.15, "mouthFunnel": 0.28, "mouthPucker": 0.32, "mouthLowerDown": 0.10}
_TONGUE = {"jawOpen": 0.18, "mouthLowerDown": 0.24, "mouthUpperUp": 0.10, "tongueOut": 0.30}
_L = {"jawOpen": 0.24, "mouthLowerDown": 0.20, "tongueOut": 0.12}
_H = {"jawOpen": 0.26, "mouthLowerDown": 0.12}

VISEMES: Mapping[str, Mapping[str, float]] = {
    **dict.fromkeys("aɑɐʌɶ", _OPEN),
    "æ": {**_OPEN, "jawOpen": 0.42, "mouthStretch": 0.24, "mouthSmile": 0.07},
    **dict.fromkeys("iɪᵻɨyj", _SPREAD),
    **dict.fromkeys("eɛ", _MID),
    **dict.fromkeys("əɘɵ", _NEUTRAL),
    **dict.fromkeys("ɚɜɝø", _RHOTIC),
    **dict.fromkeys("oɔɒœ", _ROUND_OPEN),
    **dict.fromkeys("uʊwʉɯʍɥ", _ROUND_CLOSE),
    **dict.fromkeys("rɹɻʁʀ", _R),
    "ɾ": _RIDGE,
    "p": {**_LIPS, "cheekPuff": 0.10},
    "b": {**_LIPS, "cheekPuff": 0.05},
    "m": _LIPS,
    **dict.fromkeys("fvɱʋ", _BITE),
    **dict.fromkeys("θð", _TONGUE),
    **dict.fromkeys("szcç", _TEETH),
    **dict.fromkeys("ʃʒɕʑ", _HUSH),
    **dict.fromkeys("tdnɲɳʈɖ", _RIDGE),
    **dict.fromkeys("lɫɭʎ", _L),
    **dict.fromkeys("kɡgŋxqɣχ", _BACK),
    **dict.fromkeys("hɦʔ", _H),
}
"""IPA character -> targets; coefficients left out are 0. Sizes are those of clear, not loud, talk."""

_CONTACT = frozenset("pbm")
_TEETH_ON_LIP = frozenset("fvɱʋ")
_STRONG: Mapping[str, tuple[str, float]] = {
    **dict.fromkeys("pbm", ("mouthRollLower mouthRollUpper mouthPress cheekPuff", 4.0)),
    **dict.fromkeys("fvɱʋ", ("mouthRollLower jawOpen mouthUpperUp", 4.0)),
    **dict.fromkeys("uʊwoɔɒʉ", ("mouthFunnel mouthPucker", 3.0)),
    **dict.fromkeys("ʃʒ", ("mouthFunnel mouthPucker jawForward", 3.0)),
    **dict.fromkeys("szcç", ("jawOpen", 2.5)),
    **dict.fromkeys("aɑɐʌæ", ("jawOpen mouthLowerDown", 1.6)),
    **dict.fromkeys("θð", ("tongueOut", 3.0)),
}
"""Character -> coefficients on which it yields less to its neighbours, and how much less (others are 1)."""

_WEAK = 0.5  # dominance of consonants made behind the lips on what they leave free
_BEHIND = frozenset("tdnlkɡgŋhʔɾ")
_FADE_S = 0.05  # how fast a phone's pull fades beyond its ends
_REACH_S = 0.18  # past this the pull is below 0.2 %
_REST = 0.15  # dominance of the mouth's rest: it wins some 100 ms after the last sound


def _tables() -> tuple[dict[str, int], F, F]:
    rows = {symbol: i for i, symbol in enumerate(VISEMES)}
    targets = np.array([[VISEMES[s].get(c, 0.0) for c in CHANNELS] for s in rows])
    pulls = np.ones_like(targets)
    for symbol, i in rows.items():
        pulls[i] = _WEAK if symbol in _BEHIND else 1.0
        names, strength = _STRONG.get(symbol, ("", 1.0))
        for name in names.split():
            pulls[i, CHANNELS.index(name)] = strength
    return rows, targets, pulls


_ROWS, _TARGETS, _PULLS = _tables()


def _columns() -> tuple[list[int], list[int]]:
    channel, column = [], []
    for i, name in enumerate(CHANNELS):
        for full in (name, name + "Left", name + "Right"):
            if full in ARKIT52_NAMES:
                channel.append(i)
                column.append(ARKIT52_NAMES.index(full))
    return channel, column


_CHANNEL_OF, _COLUMN_OF = _columns()
_JAW = CHANNELS.index("jawOpen")
_OPENERS = [CHANNELS.index(name) for name in ("mouthUpperUp", "mouthLowerDown", "mouthFunnel", "mouthStretch")]
_LIP_FREE = [CHANNELS.index(name) for name in ("mouthLowerDown", "mouthFunnel")]


@dataclass(frozen=True, slots=True, eq=False)
class Sounds:
    """P single sounds in time: characters of `VISEMES`, seconds, and how strongly each is said (1 is plain)."""

    rows: F
    start_s: F
    end_s: F
    strength: F


def letters(symbol: str) -> str:
    """The characters of an IPA symbol that shape the mouth: ``"tʃ"`` has two, ``"iː"`` one, an unknown symbol none."""
    plain = unicodedata.normalize("NFD", symbol)
    return "".join(c for c in plain if c in _ROWS)


def sounds(phones: Iterable[Phone], strengths: Iterable[float]) -> Sounds:
    """Phones split into single sounds: a diphthong's or affricate's parts share its time evenly.

    A symbol nobody knows counts as a neutral vowel, since something is heard.
    """
    rows, starts, ends, strong = [], [], [], []
    for phone, strength in zip(phones, strengths, strict=True):
        parts = letters(phone.symbol) or "ə"
        each_s = (phone.end_s - phone.start_s) / len(parts)
        for i, part in enumerate(parts):
            rows.append(_ROWS[part])
            starts.append(phone.start_s + i * each_s)
            ends.append(phone.start_s + (i + 1) * each_s)
            strong.append(strength)
    return Sounds(np.array(rows, dtype=np.int64), np.array(starts), np.array(ends), np.array(strong))


def speak(heard: Sounds, count: int) -> tuple[F, F]:
    """The face of speech.

    Returns:
        [count, 52] coefficients in [0, 1], ``mouthClose`` still zero (see `close_lips`), and [count] how far sounds
        hold the lips together, 0 to 1.
    """
    pull = _dominance(heard, count)
    pulls = _PULLS[heard.rows]
    shaped = (pull @ (pulls * _TARGETS[heard.rows] * heard.strength[:, None])) / (pull @ pulls + _REST)
    closed = _held_together(heard, count, _CONTACT)
    bitten = _held_together(heard, count, _TEETH_ON_LIP)
    shaped[:, _OPENERS] *= 1.0 - closed[:, None]
    shaped[:, _LIP_FREE] *= 1.0 - 0.85 * bitten[:, None]
    shaped[:, _JAW] *= 1.0 - 0.4 * bitten
    face = np.zeros((count, len(ARKIT52_NAMES)))
    face[:, _COLUMN_OF] = shaped[:, _CHANNEL_OF]
    return np.clip(face, 0.0, 1.0), closed


def close_lips(face: F, closed: F) -> None:
    """Sets ``mouthClose`` of `face` [T, 52] in place so that the lips meet where `closed` [T] is 1.

    ARKit's ``mouthClose`` brings the lips together against an open jaw, so it equals ``jawOpen`` where they touch.
    """
    close, jaw = ARKIT52_NAMES.index("mouthClose"), ARKIT52_NAMES.index("jawOpen")
    face[:, close] = np.minimum(face[:, close] + closed * face[:, jaw], face[:, jaw])


def _dominance(heard: Sounds, count: int) -> scipy.sparse.csc_array:
    """[count, P] 1 in the inner half of a sound, fading as a bell beyond it."""
    first = np.clip(np.ceil((heard.start_s - _REACH_S) * FPS - 0.5), 0, count).astype(np.int64)
    last = np.clip(np.ceil((heard.end_s + _REACH_S) * FPS - 0.5), 0, count).astype(np.int64)
    begins = np.concatenate([[0], np.cumsum(last - first)])
    sound = np.repeat(np.arange(len(first)), last - first)
    frame = np.arange(begins[-1]) - begins[sound] + first[sound]
    middle, quarter = (heard.start_s + heard.end_s) / 2.0, (heard.end_s - heard.start_s) / 4.0
    outside = np.maximum(np.abs((frame + 0.5) / FPS - middle[sound]) - quarter[sound], 0.0)
    return scipy.sparse.csc_array((np.exp(-0.5 * (outside / _FADE_S) ** 2), frame, begins), shape=(count, len(first)))


def _held_together(heard: Sounds, count: int, symbols: frozenset[str]) -> F:
    """[count] 0 to 1: 1 during the sounds among `symbols`, and on at least the frame nearest to each one's middle."""
    mine = np.isin(heard.rows, [_ROWS[s] for s in symbols])
    middle = (heard.start_s[mine] + heard.end_s[mine]) / 2.0
    hold_s = np.maximum(heard.end_s[mine] - heard.start_s[mine] - 0.02, 1.02 / FPS)
    return np.clip(humps(count, middle - hold_s / 2.0 - 0.05, 0.05, hold_s, 0.05).sum(axis=1), 0.0, 1.0)
