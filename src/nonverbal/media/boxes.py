"""What the outermost structure of a file promises, against its size: the sign of a download that broke off."""

from __future__ import annotations

import struct
from pathlib import Path

_SEGMENT = b"\x18\x53\x80\x67"  # the Matroska element that holds everything after the header


def missing_bytes(path: Path, demuxer: str) -> int:
    """How many bytes the file promises beyond its end; 0 for a whole file and for formats that do not tell."""
    if demuxer == "mov":
        return _missing_mp4(path)
    if demuxer == "matroska":
        return _missing_matroska(path)
    return 0


def _missing_mp4(path: Path) -> int:
    size = path.stat().st_size
    at = 0
    with path.open("rb") as file:
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length = struct.unpack(">I", head[:4])[0]
            if length == 1 and len(head) == 16:
                length = struct.unpack(">Q", head[8:])[0]
            if length == 0:  # to the end of the file
                return 0
            if length < 8:  # no box: what follows cannot be walked
                return 0
            at += length
    return max(0, at - size)


def _missing_matroska(path: Path) -> int:
    with path.open("rb") as file:
        head = file.read(4096)
    length, after = _vint(head, 4)
    at = after + length
    if head[at : at + 4] != _SEGMENT:
        return 0
    length, after = _vint(head, at + 4)
    return max(0, after + length - path.stat().st_size)


def _vint(data: bytes, at: int) -> tuple[int, int]:
    """(value, position after it) of a Matroska length; 0 for the unknown length of a live recording."""
    first = data[at] if at < len(data) else 0
    width = 9 - first.bit_length()
    if width > 8 or at + width > len(data):
        return 0, at + 1
    mask = (1 << 7 * width) - 1
    value = int.from_bytes(data[at : at + width], "big") & mask
    return (0 if value == mask else value), at + width
