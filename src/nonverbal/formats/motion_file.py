"""Our own file of one person's motion: `NAME.motion.safetensors`, arrays and one JSON text, no code inside.

The arrays ``face``, ``body``, ``gaze`` (float32) and ``validity`` (uint8) are those of a `Take`, each there or not. The
metadata holds one key, ``nonverbal.motion``, with everything else as canonical JSON: one key, since safetensors writes
several in any order, and equal takes must give equal bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from nonverbal.formats.take import Take
from nonverbal.media.names import check_file, clean_text, printable
from nonverbal.pipeline.store import commit
from nonverbal.records import dumps, loads
from nonverbal.types import Word
from nonverbal.verdicts import RejectedError, UserError

SUFFIX = ".motion.safetensors"
FORMAT_VERSION = 1

_KEY = "nonverbal.motion"
_KINDS = {"face": "F32", "body": "F32", "gaze": "F32", "validity": "U8"}
_MEND = "export or copy it again"


@dataclass(frozen=True, slots=True)
class MotionCard:
    """The JSON in a motion file: what the arrays mean, and what is said; fields as in `Take`."""

    format_version: int
    name: str
    fps: float
    face_space: str | None
    body_space: str | None
    words: tuple[Word, ...]
    source: str
    licence: str


def motion_bytes(take: Take) -> bytes:
    """The file of a take; equal takes give equal bytes."""
    texts = (clean_text(take.name), take.fps, take.face_space, take.body_space, take.words)
    card = MotionCard(FORMAT_VERSION, *texts, clean_text(take.source), clean_text(take.licence))
    arrays = {name: getattr(take, name) for name in _KINDS}
    held = {name: np.ascontiguousarray(values) for name, values in arrays.items() if values is not None}
    return save(held, {_KEY: dumps(card)})


def write_motion(take: Take, path: Path) -> None:
    """Write a take to `path`, whole or not at all.

    Raises:
        UserError: the name does not end in .motion.safetensors, or its folder cannot be written to.
    """
    if not path.name.endswith(SUFFIX):
        raise UserError(f"{printable(path)}: expected a name that ends in {SUFFIX}")
    data = motion_bytes(take)

    def write(temporary: Path) -> None:
        temporary.write_bytes(data)

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        commit(path, write, read_motion)
    except OSError as error:
        raise UserError(f"{printable(path)}: cannot be written ({error.strerror}); choose another place") from error


def read_motion(path: Path) -> Take:
    """The take in the file at `path`.

    Raises:
        UserError: it is missing, cut short, of another kind or version, or what it holds is no take.
    """
    name = printable(path)
    try:
        check_file(path)
        with safe_open(path, framework="np") as file:
            kinds = {key: file.get_slice(key).get_dtype() for key in file.keys()}  # noqa: SIM118 - no mapping
            text = (file.metadata() or {}).get(_KEY)
            card = _card(text, kinds, name)
            arrays = {key: file.get_tensor(key) for key in kinds}
    except RejectedError as error:
        raise UserError(error.reject.message) from error
    except (OSError, SafetensorError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{name}: not a whole safetensors file ({error}); {_MEND}") from error
    try:
        return Take(
            card.name, card.fps, card.face_space, arrays.get("face"), card.body_space, arrays.get("body"),
            arrays.get("gaze"), card.words, arrays.get("validity"), card.source, card.licence,
        )  # fmt: skip
    except UserError as error:
        raise UserError(f"{name}: {error}") from error


def _card(text: str | None, kinds: dict[str, str], name: str) -> MotionCard:
    if text is None:
        raise UserError(f"{name}: a safetensors file without motion; expected one that `nonverbal export` wrote")
    wrong = [f"{key} ({kind})" for key, kind in kinds.items() if _KINDS.get(key) != kind]
    if wrong:
        expected = ", ".join(f"{key} ({kind})" for key, kind in _KINDS.items())
        raise UserError(f"{name}: holds the array {printable(wrong[0])}; expected only {expected}")
    try:
        card = loads(MotionCard, text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{name}: its description cannot be read ({error}); {_MEND}") from error
    if card.format_version != FORMAT_VERSION:
        told = f"got format version {card.format_version}, expected {FORMAT_VERSION}"
        raise UserError(f"{name}: {told}; use a matching release")
    return card
