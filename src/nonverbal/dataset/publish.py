"""From a staging folder into the dataset: whole files only, ``dataset.json`` last, then what is no longer part goes.

1. Everything new is written to DATASET/.assembling and flushed to disk.
2. Each file is renamed to its place; ``dataset.json`` comes last. Shards of dialogues have new names and motion that
   stays is not touched, so who reads by ``dataset.json`` sees the dataset of before until that moment.
3. Files that ``dataset.json`` does not name are removed, then .assembling.

A ``.assembling`` that is still there tells that the last assembly did not finish, so the next one starts over.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from nonverbal.dataset.content import read_summary
from nonverbal.dataset.manifest import CARD_NAME, DIALOGUES_DIR, MANIFEST_NAME, MOTION_DIR, Manifest
from nonverbal.pipeline.faults import fault
from nonverbal.pipeline.store import HOME
from nonverbal.verdicts import UserError

STAGING_NAME = ".assembling"
TABLE_DIRS = (DIALOGUES_DIR, MOTION_DIR)

_NO_LINK = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EACCES)


def check_output(root: Path) -> None:
    """See that writing a dataset into `root` overwrites nothing else; a build calls it before any work.

    Raises:
        UserError: the folder holds files of a dataset's names but no dataset.
    """
    if any((root / name).exists() for name in (MANIFEST_NAME, STAGING_NAME, HOME)):
        return
    for name in (CARD_NAME, *TABLE_DIRS):
        if (root / name).exists():
            raise UserError(f"{root}: holds {name} but no {MANIFEST_NAME}; expected an empty folder or a dataset")


def start_staging(root: Path) -> Path:
    """A fresh staging folder inside the dataset `root`, on the same file system as what it will replace."""
    staging = root / STAGING_NAME
    staging.mkdir(parents=True, exist_ok=True)  # never removed before the end: it tells that an assembly is under way
    for path in staging.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name in TABLE_DIRS:
        (staging / name).mkdir()
    return staging


def link_file(source: Path, place: Path) -> None:
    """Give `source` the second name `place` without copying; copy where the file system cannot link."""
    try:
        os.link(source, place)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        shutil.copyfile(source, place)


def is_published(source: Path, place: Path) -> bool:
    """Whether `place` already is the motion file `source`: the same file, or a copy of the same content."""
    if not place.is_file():
        return False
    if place.samefile(source):
        return True
    try:
        return place.stat().st_size == source.stat().st_size and read_summary(place) == read_summary(source)
    except (OSError, ValueError):
        return False


def publish(root: Path, staging: Path, manifest: Manifest) -> None:
    """Move every staged file to its place in `root` and remove what `manifest` does not name."""
    staged = [path for path in staging.rglob("*") if path.is_file()]
    for path in staged:
        _flush(path)
    for name in TABLE_DIRS:
        (root / name).mkdir(exist_ok=True)
    for path in sorted(staged, key=lambda p: (p.name == MANIFEST_NAME, p)):
        fault("publish")
        os.replace(path, root / path.relative_to(staging))
    for path in leftovers(root, manifest):
        path.unlink()
    for folder in (root, *(root / name for name in TABLE_DIRS)):
        _flush(folder)
    shutil.rmtree(staging)


def leftovers(root: Path, manifest: Manifest) -> Iterator[Path]:
    """Files in the tables' folders that the manifest does not name."""
    for name in TABLE_DIRS:
        for path in sorted((root / name).glob("*")):
            if path.relative_to(root).as_posix() not in manifest.files:
                yield path


def is_intact(root: Path, manifest: Manifest) -> bool:
    """Whether the last assembly finished and every file has its size; cheap, so it does not see flipped bytes."""
    if (root / STAGING_NAME).exists():
        return False
    for name, entry in manifest.files.items():
        path = root / name
        if not path.is_file() or path.stat().st_size != entry.size_bytes:
            return False
    return not any(leftovers(root, manifest))


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
