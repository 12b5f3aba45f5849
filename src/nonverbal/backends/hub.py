"""Models of the Hugging Face hub: found in its cache or in a folder, never fetched, safetensors only.

A setting that takes such a model takes a name (``org/name``, or ``org/name@revision``) or a folder. Whoever loads one
gives the folder found here to the loader, so that nothing is asked of the network and nothing but what was checked is
read.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from nonverbal.verdicts import UserError

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?(@[A-Za-z0-9][\w.-]*)?")
_INDEX = "model.safetensors.index.json"

SAFETENSORS: tuple[tuple[str, ...], ...] = (("config.json",), ("model.safetensors", _INDEX))
"""What a model of transformers takes, without its tokenizer or feature extractor."""

CTRANSLATE2: tuple[tuple[str, ...], ...] = (
    ("model.bin",), ("config.json",), ("tokenizer.json",), ("vocabulary.txt", "vocabulary.json"),
)  # fmt: skip
"""What a Whisper model of faster-whisper takes."""


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model of the hub, in its cache or in a folder, whole.

    Attributes:
        name: ``org/name``, ``org/name@revision`` or a folder.
        files: groups of file names; of each group, one must be there.
        setting: the setting that names the model, for the sentence.
        size_gb: what a download takes, roughly; 0 where unknown.
    """

    name: str
    files: tuple[tuple[str, ...], ...] = SAFETENSORS
    setting: str = ""
    size_gb: float = 0.0

    def __str__(self) -> str:
        size = f" (about {self.size_gb:g} GB)" if self.size_gb else ""
        return f"the model {self.name}{size}"

    def problem(self) -> str | None:
        try:
            folder = folder_of(self.name, self.setting)
        except UserError as error:
            return str(error)
        if missing := _missing(folder, self.files):
            return f"{self} has no {missing} in {folder}: {self._whole()}"
        return None

    def _whole(self) -> str:
        if is_folder(self.name):
            return f"give a folder that has {', '.join(' or '.join(group) for group in self.files)}"
        return f"run {download_command(self.name)} again, or give a repository that has it"


def is_folder(name: str) -> bool:
    """Whether `name` is a path and not the name of a repository."""
    return name.startswith(("/", ".", "~")) or (name != "" and Path(name).is_dir())


def folder_of(name: str, setting: str = "") -> Path:
    """The folder of a model: the given one, or its snapshot in the cache of the hub.

    Args:
        name: ``org/name``, ``org/name@revision`` (a branch, a tag or a commit; main without it) or a folder.
        setting: where it was given, for the sentence.

    Raises:
        UserError: there is no such folder, the name is none, or the cache has no such model.
    """
    at = f" (--{setting.replace('_', '-')})" if setting else ""
    if is_folder(name):
        folder = Path(name).expanduser().resolve()
        if not folder.is_dir():
            raise UserError(f"the folder {name}{at} does not exist: give a folder with a model, or a name as org/model")
        return folder
    if not _NAME.fullmatch(name):
        raise UserError(f"{name!r}{at} is no model: expected a name of the Hugging Face hub as org/model, or a folder")
    repository, _, revision = name.partition("@")
    home = cache_folder() / f"models--{repository.replace('/', '--')}"
    commit = _commit(home, revision or "main")
    folder = home / "snapshots" / commit
    if not folder.is_dir():
        raise UserError(f"the model {name}{at} is not in {cache_folder()}: run {download_command(name)}")
    return folder


def download_command(name: str) -> str:
    """What brings a model of the hub into its cache."""
    repository, _, revision = name.partition("@")
    return f"hf download {repository}" + (f" --revision {revision}" if revision else "")


def cache_folder() -> Path:
    """Where the hub's own tools keep models: ``HF_HUB_CACHE``, ``HF_HOME/hub`` or ``~/.cache/huggingface/hub``."""
    if given := os.environ.get("HF_HUB_CACHE"):
        return Path(given).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("HF_HOME") or Path(base) / "huggingface").expanduser() / "hub"


def _commit(home: Path, revision: str) -> str:
    """The commit that a branch or tag stands for; a commit stands for itself."""
    try:
        told = (home / "refs" / revision).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return revision
    return told if re.fullmatch(r"[0-9a-f]{7,64}", told) else revision


def _missing(folder: Path, files: tuple[tuple[str, ...], ...]) -> str | None:
    """The first file that is not there; a model in parts needs each of them."""
    for group in files:
        found = next((name for name in group if (folder / name).is_file()), None)
        if found is None:
            return " or ".join(group)
        if found == _INDEX and (part := _missing_part(folder)):
            return part
    return None


def _missing_part(folder: Path) -> str | None:
    try:
        parts = set(json.loads((folder / _INDEX).read_text(encoding="utf-8"))["weight_map"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"readable {_INDEX}"
    return next((str(part) for part in sorted(map(str, parts)) if not (folder / part).is_file()), None)
