"""What is compared: folders or datasets given as NAME=PATH, and the clips that all of them have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from nonverbal.dataset.manifest import MANIFEST_NAME
from nonverbal.dataset.read import open_dataset
from nonverbal.formats.motion_file import SUFFIX
from nonverbal.media.names import MAX_TEXT, clean_text, printable
from nonverbal.verdicts import UserError

Media = Literal["motion", "video"]

FILMS = (".mp4", ".webm")
MAX_CONDITIONS = 10
_MAX_NAME = 40
_ID_DIGITS = 12
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where a clip lies: a file, or one participant of a dialogue in a dataset's folder."""

    path: Path
    dialogue: str = ""
    participant: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One of the things compared: its name, what its clips are, and the clips by their names."""

    name: str
    path: Path
    media: Media
    clips: Mapping[str, Place]
    is_dataset: bool


def gather(given: Sequence[str], max_items: int, seed: int) -> tuple[Condition, ...]:
    """The conditions, cut to the clips that all of them have and to at most `max_items`, drawn by seed.

    Files of a folder have to be there in every folder; a dataset may hold more than what is asked of it.

    Raises:
        UserError: fewer than two conditions, two of one name, a folder without clips, films beside motion, or a clip
            that one of them lacks.
    """
    if not 2 <= len(given) <= MAX_CONDITIONS:
        raise UserError(f"{len(given)} conditions: expected 2 to {MAX_CONDITIONS}, each a folder or NAME=FOLDER")
    found = [_condition(*named(text)) for text in given]
    names = [condition.name for condition in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UserError(f"two conditions are called {twice!r}; name them apart: {twice}=FOLDER other=FOLDER")
    kinds = {condition.media: condition for condition in found}
    if len(kinds) > 1:
        told = f"{kinds['video'].name} holds films and {kinds['motion'].name} motion"
        raise UserError(f"{told}; expected one kind, since raters would tell them apart: film the motion first")
    wanted = _drawn(_shared(found), max_items, seed)
    return tuple(replace(c, clips={name: c.clips[name] for name in wanted}) for c in found)


def named(text: str) -> tuple[str, Path]:
    """Name and path of NAME=PATH, or of a PATH that is named by its folder.

    Raises:
        UserError: the name is empty, too long or holds what a table cannot show.
    """
    name, separator, path = text.partition("=")
    if not separator or Path(text).exists():
        name, path = Path(text).resolve().name, text
    if not path:
        raise UserError(f"{printable(text)}: expected NAME=FOLDER or FOLDER")
    if not 0 < len(name) <= _MAX_NAME or clean_text(name) != name or ":" in name or "," in name:
        raise UserError(
            f"a condition is called {printable(name)!r}; expected 1 to {_MAX_NAME} characters without ':' and ',': "
            f"name it as in NAME={printable(path)}"
        )
    return name, Path(path)


def _condition(name: str, path: Path) -> Condition:
    if not path.is_dir():
        raise UserError(f"{printable(path)}: no such folder; expected a folder of clips or a dataset, as NAME=FOLDER")
    if (path / MANIFEST_NAME).is_file():
        return Condition(name, path, "motion", _of_dataset(path), True)
    clips: dict[str, Place] = {}
    kinds: set[Media] = set()
    for file in sorted(path.iterdir()):
        kind = _media(file)
        if kind is None:
            continue
        kinds.add(kind)
        stem = _stem(file.name)
        if stem in clips:
            raise UserError(f"{printable(path)}: holds two clips called {printable(stem)!r}; remove one of them")
        clips[stem] = Place(file)
    if not clips:
        raise UserError(f"{printable(path)}: holds no clip; expected *.mp4, *.webm, *{SUFFIX}, or a dataset")
    if len(kinds) > 1:
        raise UserError(f"{printable(path)}: holds films and motion; expected one kind, so move the other elsewhere")
    return Condition(name, path, kinds.pop(), clips, False)


def _media(file: Path) -> Media | None:
    if file.name.startswith(".") or not file.is_file():
        return None
    if file.name.endswith(SUFFIX):
        return "motion"
    return "video" if file.suffix.lower() in FILMS else None


def _stem(name: str) -> str:
    stem = name.removesuffix(SUFFIX) if name.endswith(SUFFIX) else Path(name).stem
    if clean_text(stem) != stem or len(stem) >= MAX_TEXT:
        raise UserError(f"{printable(name)}: a name that a table cannot show; rename it")
    return stem


def _of_dataset(path: Path) -> dict[str, Place]:
    """Each participant of each dialogue, named as `nonverbal export` names them."""
    dataset = open_dataset(path)
    clips = {
        clean_text(f"{row['dialogue_id'][:_ID_DIGITS]}-{name}"): Place(path, row["dialogue_id"], name)
        for row in dataset.rows()
        for name in row["participants"]
    }
    if not clips:
        raise UserError(f"{printable(path)}: the dataset holds no dialogue; expected one with motion to show")
    return clips


def _shared(found: Sequence[Condition]) -> list[str]:
    """Names of the clips to show: those of the folders, or what all datasets have where there is no folder."""
    folders = [condition for condition in found if not condition.is_dataset]
    wanted = set().union(*(c.clips for c in folders)) if folders else set(found[0].clips)
    if not folders:
        wanted.intersection_update(*(condition.clips for condition in found))
        if not wanted:
            raise UserError(f"{', '.join(c.name for c in found)}: have no dialogue in common; expected the same ids")
    for condition in found:
        missing = sorted(wanted - set(condition.clips))
        if missing:
            shown = ", ".join(missing[:_SHOWN]) + (", ..." if len(missing) > _SHOWN else "")
            raise UserError(
                f"{printable(condition.path)}: lacks {len(missing)} of {len(wanted)} clips ({shown}); "
                "expected the same names in all conditions: make them or remove them elsewhere"
            )
    return sorted(wanted)


def _drawn(names: list[str], most: int, seed: int) -> list[str]:
    if len(names) <= most:
        return names
    return sorted(names[i] for i in np.random.default_rng(seed).permutation(len(names))[:most])
