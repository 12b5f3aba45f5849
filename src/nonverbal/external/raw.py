"""``raw/``: all that runners gave, as an optional part of a dataset: CLIP_ID.npz for each dialogue (see `record`).

It is no part of the tables, of ``dataset.json`` or of the content hash; each file carries its own clip and sha256.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from nonverbal.dataset.publish import link_file
from nonverbal.external.record import EstimatesCodec

RAW_DIR = "raw"
_PART = ".part"


def publish_raw(root: Path, results: Mapping[str, Path]) -> None:
    """Makes the folder hold exactly `results`, clip id -> stored result of `estimate`; no folder where there is none.

    Raises:
        OSError: the disk is full or cannot be written to.
    """
    trim_raw(root, results)
    if not results:
        return
    folder = root / RAW_DIR
    folder.mkdir(exist_ok=True)
    for clip_id, stored in sorted(results.items()):
        place, part = folder / f"{clip_id}.npz", folder / f"{clip_id}{_PART}"
        if place.is_file() and place.samefile(stored):
            continue
        part.unlink(missing_ok=True)
        link_file(stored, part)
        os.replace(part, place)
        part.unlink(missing_ok=True)  # where both names were of one file already, replacing leaves them be


def trim_raw(root: Path, dialogue_ids: Collection[str]) -> None:
    """Removes what belongs to none of the dialogues."""
    for path in sorted((root / RAW_DIR).glob("*")):
        if path.suffix != ".npz" or path.stem not in dialogue_ids:
            path.unlink()
    with suppress(OSError):  # absent, or in use
        (root / RAW_DIR).rmdir()


def raw_faults(root: Path, dialogue_ids: Collection[str]) -> Iterator[tuple[str, str]]:
    """(file inside the dataset, sentence) of everything in the folder that is not as it was written."""
    for path in sorted((root / RAW_DIR).glob("*")):
        name = path.relative_to(root).as_posix()
        if path.suffix != ".npz" or path.stem not in dialogue_ids:
            yield name, "belongs to no dialogue; remove it"
            continue
        try:
            found = EstimatesCodec().read(path).clip_id
        except (OSError, ValueError) as error:
            yield name, f"cannot be read ({error}); remove it and run the build again"
            continue
        if found != path.stem:
            yield name, f"holds the estimates of {found}; remove it and run the build again"
