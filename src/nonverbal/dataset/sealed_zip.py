"""A seal for zip files such as npz: the sha256 of all other bytes as their last 64, which zip calls the comment.

Programs that read zip files ignore it. Checksums of members alone would leave names and headers unproved.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

_DIGITS = 64


def seal(path: Path) -> None:
    """Seals a zip file."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"0" * _DIGITS
    data = path.read_bytes()[:-_DIGITS]
    path.write_bytes(data + hashlib.sha256(data).hexdigest().encode("ascii"))


def seal_fault(path: Path) -> str:
    """What is wrong with the bytes of a sealed file; empty if nothing is.

    Raises:
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    own = hashlib.sha256(data[:-_DIGITS]).hexdigest().encode("ascii")
    return "" if data[-_DIGITS:] == own else "got other bytes than those that were sealed"
