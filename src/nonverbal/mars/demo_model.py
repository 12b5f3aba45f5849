"""The small model that ships with the package, so that there is somebody to talk with before anything is trained."""

from __future__ import annotations

from pathlib import Path

from nonverbal.mars.store import CARD_NAME
from nonverbal.verdicts import UserError

PROVENANCE_NAME = "provenance.json"
"""Beside the weights: what they were made from, how, and what they reach."""

_FOLDER = Path(__file__).parent / "demo"

_STARTERS = (
    "Hello, how are you?",
    "What is your name?",
    "Tell me a joke.",
    "(laughing) I got the job!",
    "I lost my wallet.",
    "Did you sleep well?",
    "What do you think about pets?",
    "Do you know what time it is?",
    "(angry) Do you know what time it is?",
    "Goodbye.",
)


def demo_model() -> Path:
    """The folder of the model, for `load_mars`.

    Raises:
        UserError: this copy of the package came without it.
    """
    if not (_FOLDER / CARD_NAME).is_file():
        raise UserError(
            f"{_FOLDER}: the model that ships with nonverbal is not there; install the package again, or make it with "
            "`make fit`, which takes about an hour and a half"
        )
    return _FOLDER


def starters() -> tuple[str, ...]:
    """What to say to it at first: lines of the kind it has learnt to answer, as they are typed into a chat."""
    return _STARTERS
