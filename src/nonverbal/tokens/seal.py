"""Safetensors files that carry a hash of themselves, over every byte of header and numbers; needs no torch."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Mapping
from pathlib import Path

_ZEROS = "0" * 64
_SEAL = re.compile(rb'"seal":"([0-9a-f]{64})"')
_MAX_HEADER_BYTES = 100_000_000  # the format's own limit
_CHUNK_BYTES = 1 << 20


def sealed(data: bytes, metadata: Mapping[str, str]) -> list[bytes | memoryview]:
    """The bytes of a safetensors file with `metadata` and a seal in its header, in parts to be written in order.

    Equal tensors and metadata give equal bytes. The seal is the sha256 of the file with zeros in place of the seal.
    """
    (length,) = struct.unpack("<Q", data[:8])
    tensors = json.loads(data[8 : 8 + length])
    tensors.pop("__metadata__", None)
    told = {"__metadata__": {**dict(sorted(metadata.items())), "seal": _ZEROS, "sealed": "1"}}
    header = json.dumps(told | tensors, separators=(",", ":")).encode("ascii")
    header += b" " * (-len(header) % 8)
    start, numbers = struct.pack("<Q", len(header)), memoryview(data)[8 + length :]
    digest = hashlib.sha256(start + header)
    digest.update(numbers)
    mark = f'"seal":"{_ZEROS}"'.encode("ascii")
    at = header.rindex(mark, 0, header.index(b'"sealed":"1"')) + len('"seal":"')
    header = header[:at] + digest.hexdigest().encode("ascii") + header[at + 64 :]
    return [start, header, numbers]


def seal_fault(path: Path) -> str:
    """What is wrong with the bytes of a safetensors file; empty if nothing is, or if it is of a release without seals.

    Raises:
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length > min(size - 8, _MAX_HEADER_BYTES):
            return f"got {size} bytes, expected a header and numbers behind it"
        header = file.read(length)
        seals = list(_SEAL.finditer(header))
        if not seals:
            marked = b'"sealed":"1"' in header or b'"seal":' in header
            return "its header is damaged" if marked else _header_fault(header)
        at = seals[-1].start(1)
        digest = hashlib.sha256(start + header[:at] + _ZEROS.encode("ascii") + header[at + 64 :])
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    found, expected = digest.hexdigest(), seals[-1][1].decode("ascii")
    return "" if found == expected else f"got bytes with sha256 {found[:12]}, expected {expected[:12]}"


def metadata_of(path: Path) -> dict[str, str]:
    """What the header says beside the tensors; nothing where it cannot be read."""
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        try:
            told = json.loads(file.read(min(length, _MAX_HEADER_BYTES)))["__metadata__"]
        except (ValueError, KeyError, TypeError):
            return {}
    return told if isinstance(told, dict) else {}


def _header_fault(header: bytes) -> str:
    try:
        json.loads(header)
    except ValueError as error:
        return f"its header cannot be read ({error})"
    return ""
