"""``dataset.json``: what a dataset is, what it was made with, and every file it consists of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonverbal.dataset.schema import READABLE_VERSIONS, SCHEMA_VERSION
from nonverbal.dataset.splits import SplitConfig
from nonverbal.record_files import RecordFile, sealed_text

MANIFEST_NAME = "dataset.json"
CARD_NAME = "README.md"
SOURCES_NAME = "sources.parquet"
CLIPS_NAME = "clips.parquet"
DIALOGUES_DIR = "dialogues"
MOTION_DIR = "motion"
TOKENS_DIR = "tokens"
"""Tables of tokens made from the dataset; no part of it."""
ARRAYS_DIR = ".nonverbal/arrays"
"""Motion laid out for training, made again when it is missing; no part of the dataset."""


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A model that took part in making the data: the stage, the model, the package it came from, its licence."""

    stage: str
    model: str
    origin: str
    licence: str


@dataclass(frozen=True, slots=True)
class FileEntry:
    """Size and sha256 of one file as it was written."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of ``dataset.json``.

    Attributes:
        inputs: sha256 over everything the assembly was given; equal inputs need no work.
        face_space, body_space, fps: layout of all motion; empty and 0 while there is none.
        shares: how channels are shared out to the splits.
        splits: split -> number of dialogues.
        statistics: the counts of `nonverbal.dataset.stats`, as plain values.
        config: the resolved settings of all stages.
        files: path inside the dataset -> size and hash; all files but ``dataset.json`` itself.
        given_splits: splits came from outside, so that dialogues keep theirs whatever the shares are.
    """

    schema_version: int
    tool: str
    content_hash: str
    inputs: str
    face_space: str
    body_space: str
    fps: float
    shares: SplitConfig
    splits: dict[str, int]
    statistics: dict[str, Any]
    config: dict[str, Any]
    models: tuple[ModelUse, ...]
    files: dict[str, FileEntry]
    given_splits: bool = False


_FILE = RecordFile(
    "schema_version",
    SCHEMA_VERSION,
    "the folder of a dataset that `nonverbal build` wrote",
    "restore it or build the dataset again",
    READABLE_VERSIONS,
)


def read_manifest(root: Path) -> Manifest:
    """The manifest of the dataset in the folder `root`.

    Raises:
        UserError: there is no dataset, it is damaged, or it was written by another version; the message names the file.
    """
    return _FILE.read(Manifest, root / MANIFEST_NAME)


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write `manifest`; equal datasets have equal files."""
    path.write_text(sealed_text(manifest), encoding="utf-8")


def file_entry(path: Path) -> FileEntry:
    """Size and hash of a file."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return FileEntry(path.stat().st_size, sha256)
