"""The tokenizers a command is given: loaded from their folders, one a part, fitting the dataset they are used on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nonverbal.dataset.read import Dataset
from nonverbal.tokens.config import TOKENIZER_PARTS, spaces_of
from nonverbal.tokens.store import load_tokenizer
from nonverbal.tokens.tokenizer import Tokenizer
from nonverbal.verdicts import UserError


@dataclass(frozen=True, slots=True)
class Loaded:
    """A tokenizer, the folder it was loaded from, and its hash, which goes over all weights and is worth keeping."""

    folder: Path
    tokenizer: Tokenizer
    hash: str


Chosen = Mapping[str, Loaded]
"""The tokenizer of each part, in the order of `TOKENIZER_PARTS`."""


def load_chosen(folders: Iterable[Path]) -> Chosen:
    """Load tokenizers; in which order they are given is of no importance.

    Raises:
        UserError: none is given, one cannot be loaded, or two would make tokens of the same face or body.
    """
    found: dict[str, Loaded] = {}
    for folder in folders:
        tokenizer = load_tokenizer(folder)
        part = tokenizer.part
        if part in found:
            raise UserError(
                f"{folder}: got a second tokenizer of {part!r} beside {found[part].folder}; give one a part"
            )
        found[part] = Loaded(folder, tokenizer, tokenizer.hash)
    if not found:
        raise UserError("got no tokenizer, expected at least one folder that `nonverbal train-tokenizer` wrote")
    if "joint" in found and len(found) > 1:
        other = next(part for part in found if part != "joint")
        raise UserError(
            f"{found[other].folder}: got a tokenizer of {other!r} together with the joint one {found['joint'].folder}, "
            f"which holds {other!r} already; give either the joint one or those of face and body"
        )
    return {part: found[part] for part in TOKENIZER_PARTS if part in found}


def check_fit(chosen: Chosen, dataset: Dataset) -> None:
    """See that the tokenizers understand the motion of `dataset`.

    Raises:
        UserError: there is no motion, or a tokenizer is of other spaces or another frame rate.
    """
    manifest = dataset.manifest
    if not len(dataset):
        raise UserError(f"{dataset.root}: holds no dialogue, so there is nothing to make tokens of")
    for part, loaded in chosen.items():
        tokenizer = loaded.tokenizer
        expected = spaces_of(part, manifest.face_space, manifest.body_space)
        if tuple(tokenizer.spaces) != expected:
            got = "+".join(tokenizer.spaces)
            raise UserError(
                f"{loaded.folder}: a tokenizer of {got}, expected {'+'.join(expected)} as in {dataset.root}; "
                "train one on this dataset"
            )
        if tokenizer.fps != manifest.fps:
            raise UserError(
                f"{loaded.folder}: a tokenizer of {tokenizer.fps:g} frames a second, expected {manifest.fps:g} as in "
                f"{dataset.root}; train one on this dataset"
            )
