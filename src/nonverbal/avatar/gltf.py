"""Files in binary glTF 2.0: arrays become accessors, a tree of JSON says what they are.

Source: Khronos, "glTF 2.0 Specification", sections 3.6 (buffers, accessors, sparse ones) and 4 (GLB).
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

VERTICES, TRIANGLES = 34962, 34963
"""Targets of buffer views that hold vertex attributes and triangles' corners."""

_COMPONENTS = {"u1": 5121, "u2": 5123, "u4": 5125, "f4": 5126}
_TYPES = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}
_MAGIC, _VERSION, _JSON, _BIN = b"glTF", 2, b"JSON", b"BIN\0"


class GltfFile:
    """A file that grows: arrays and pictures are added to its one buffer, `tree` holds everything else."""

    def __init__(self, tree: dict[str, Any]) -> None:
        """Begins with what `tree` already says; it must hold neither buffers nor accessors."""
        self.tree = tree
        self._data = bytearray()
        self._views: list[dict[str, int]] = []
        self._accessors: list[dict[str, Any]] = []

    def add(self, values: Array, target: int | None = None, normalized: bool = False, bounds: bool = False) -> int:
        """Adds [N], [N, 2 to 4] or [N, 4, 4] values of 8, 16, 32 bit or float32; returns the accessor's index.

        Args:
            target: `VERTICES` or `TRIANGLES` for what a mesh is drawn from.
            normalized: integers stand for [0, 1].
            bounds: note least and largest values, which positions and times must have.
        """
        accessor = self._describe(values, bounds) | {"bufferView": self._view(values.tobytes(), target)}
        if normalized:
            accessor["normalized"] = True
        return self._append(accessor)

    def add_sparse(self, values: Array) -> int:
        """As `add` for [N, 3] float32 of which most rows are zero; only the others are stored."""
        rows = np.flatnonzero(values.any(axis=1))
        accessor = self._describe(values, bounds=True)
        if len(rows):
            index = rows.astype(np.uint16 if len(values) <= 1 << 16 else np.uint32)
            accessor["sparse"] = {
                "count": len(rows),
                "indices": {"bufferView": self._view(index.tobytes()), "componentType": _component(index)},
                "values": {"bufferView": self._view(np.ascontiguousarray(values[rows]).tobytes())},
            }
        return self._append(accessor)

    def add_bytes(self, data: bytes) -> int:
        """Adds a picture's file; returns the index of its buffer view."""
        return self._view(data)

    def to_bytes(self) -> bytes:
        """The whole file."""
        data = self._data
        tree = self.tree | {
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": len(data)}],
        }
        text = json.dumps(tree, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        chunks: list[bytes | bytearray] = [_chunk_head(_JSON, text), text, _chunk_head(_BIN, data), data]
        return b"".join([struct.pack("<4sII", _MAGIC, _VERSION, 12 + sum(map(len, chunks))), *chunks])

    def _describe(self, values: Array, bounds: bool) -> dict[str, Any]:
        accessor: dict[str, Any] = {
            "componentType": _component(values),
            "count": len(values),
            "type": _TYPES[values.shape[1:]],
        }
        if bounds:
            accessor["min"] = np.atleast_1d(values.min(axis=0)).tolist()
            accessor["max"] = np.atleast_1d(values.max(axis=0)).tolist()
        return accessor

    def _append(self, accessor: dict[str, Any]) -> int:
        self._accessors.append(accessor)
        return len(self._accessors) - 1

    def _view(self, data: bytes, target: int | None = None) -> int:
        """Every view starts and ends at a multiple of four bytes, which suits all types."""
        view = {"buffer": 0, "byteOffset": len(self._data), "byteLength": len(data)}
        if target is not None:
            view["target"] = target
        self._data += data + b"\0" * (-len(data) % 4)
        self._views.append(view)
        return len(self._views) - 1


def _component(values: Array) -> int:
    return _COMPONENTS[values.dtype.newbyteorder("<").str[1:]]


def _chunk_head(kind: bytes, data: bytes | bytearray) -> bytes:
    return struct.pack("<I4s", len(data), kind)
