"""What is typed into a chat: commands, words, and before them, in brackets, how they are meant.

Do you know what time it is?             meant as it is written: a question
(angry) Do you know what time it is?     the same words with a frown and crossed arms
(laughing)                               no words at all
/save talk.json                          a command
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from nonverbal.media.names import clean_text
from nonverbal.studio.talk import Act, Gesture
from nonverbal.verdicts import UserError

LONGEST = 600
"""Characters of what is said in one go: about 40 seconds."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is said: what the line does, its mood from -1 to 1, and a gesture on its second word."""

    act: Act
    mood: float
    gesture: Gesture | None = None


MANNERS: Mapping[str, Manner] = MappingProxyType(
    {
        "calm": Manner("tell", 0.0),
        "smiling": Manner("tell", 1.0),
        "laughing": Manner("joke", 1.0),
        "delighted": Manner("exclaim", 0.9),
        "surprised": Manner("exclaim", 0.2),
        "asking": Manner("ask", 0.0, "palm_up"),
        "greeting": Manner("greet", 0.5, "wave"),
        "agreeing": Manner("agree", 0.5),
        "disagreeing": Manner("disagree", -0.3),
        "doubting": Manner("doubt", -0.4, "cross_arms"),
        "shrugging": Manner("doubt", 0.0, "shrug"),
        "thinking": Manner("think", 0.0, "hand_to_chin"),
        "angry": Manner("blame", -0.8, "cross_arms"),
        "hurt": Manner("blame", -0.8),
        "sad": Manner("tell", -1.0),
        "comforting": Manner("comfort", -0.3),
    }
)
"""Every manner that can stand in brackets."""

_ALIASES = {
    "happy": "delighted", "excited": "delighted", "curious": "asking", "nodding": "agreeing",
    "shaking head": "disagreeing", "skeptical": "doubting", "sceptical": "doubting", "worried": "comforting",
    "annoyed": "angry", "neutral": "calm", "joking": "laughing", "waving": "greeting",
}  # fmt: skip

_BRACKETS = re.compile(r"\(([^()]*)\)\s*(.*)")


@dataclass(frozen=True, slots=True)
class Typed:
    """Words and how they are meant; `manner` is empty where nobody said."""

    text: str
    manner: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A command with what follows it, such as ``save`` and ``talk.json``."""

    name: str
    argument: str


def read_typed(line: str) -> Typed | Order | None:
    """What a line means; None for an empty one. Control and escape characters are taken out.

    Raises:
        UserError: it is too long, a single word in brackets is no manner, or a manner has no words to go with.
    """
    if len(line) > 20 * LONGEST:
        raise UserError(_too_long(len(line)))
    text = clean_text(line, len(line))
    if text.startswith("/"):
        name, _, argument = text[1:].partition(" ")
        return Order(name.lower(), argument.strip())
    if len(text) > LONGEST:
        raise UserError(_too_long(len(text)))
    return _typed(text) if text else None


def default_manner(text: str) -> str:
    """How words are meant that nobody said more about: by their last mark."""
    return {"?": "asking", "!": "delighted"}.get(text.rstrip("\"'”’)")[-1:], "calm")


def _typed(text: str) -> Typed:
    found = _BRACKETS.fullmatch(text)
    if not found:
        return Typed(text)
    told, words = " ".join(found[1].lower().split()), found[2]
    manner = _ALIASES.get(told, told)
    if manner not in MANNERS:
        if " " in told or not told.isalpha():
            return Typed(text)  # an aside in brackets, to be said as it is
        raise UserError(f"there is no manner ({told}); expected one of {', '.join(MANNERS)}")
    if not words and manner != "laughing":
        raise UserError(f"({told}) says nothing: write the words after it; only (laughing) goes without any")
    return Typed(words, manner)


def _too_long(length: int) -> str:
    return f"got {length} characters in one go, expected at most {LONGEST}: say it in several lines"
