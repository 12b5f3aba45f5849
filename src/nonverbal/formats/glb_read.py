"""What stands in a GLB: its tree and the numbers of its animation, for reading back what was written."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonverbal.media.names import check_file, printable
from nonverbal.motion.rotations import F
from nonverbal.verdicts import RejectedError, UserError

_HEADER, _CHUNK = struct.Struct("<4sII"), struct.Struct("<I4s")
_KINDS = {5121: "<u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One animated property: [T] rising times in seconds and its values [T, W], straight lines between."""

    times_s: F
    values: F


@dataclass(frozen=True, slots=True, eq=False)
class GlbFile:
    """The tree of JSON and the one buffer of a GLB."""

    name: str
    tree: dict[str, Any]
    data: bytes

    def numbers(self, accessor: int) -> NDArray[Any]:
        """[N, W] of an accessor that is neither sparse nor interleaved."""
        told = self.tree["accessors"][accessor]
        view = self.tree["bufferViews"][told["bufferView"]]
        width = _WIDTHS[told["type"]]
        start = view.get("byteOffset", 0) + told.get("byteOffset", 0)
        return np.frombuffer(self.data, _KINDS[told["componentType"]], told["count"] * width, start).reshape(-1, width)

    def tracks(self) -> dict[tuple[int, str], Track]:
        """(node, property) -> its track, of the first animation.

        Raises:
            UserError: there is no animation, or it is damaged.
        """
        try:
            animation = self.tree["animations"][0]
            found = {}
            for channel in animation["channels"]:
                sampler, target = animation["samplers"][channel["sampler"]], channel["target"]
                times = self.numbers(sampler["input"])[:, 0].astype(np.float64)
                values = self.numbers(sampler["output"]).astype(np.float64).reshape(len(times), -1)
                found[target["node"], target["path"]] = Track(times, values)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise UserError(f"{self.name}: its animation is missing or damaged ({error}); export it again") from error
        return found


def read_glb(path: Path) -> GlbFile:
    """The GLB in `path`.

    Raises:
        UserError: it is missing, cut short, or no GLB.
    """
    name = printable(path)
    try:
        check_file(path)
        data = path.read_bytes()
        magic, version, length = _HEADER.unpack_from(data)
        size, kind = _CHUNK.unpack_from(data, _HEADER.size)
        begin = _HEADER.size + _CHUNK.size
        if magic != b"glTF" or version != 2 or kind != b"JSON" or length != len(data):
            raise ValueError("the header is not that of glTF 2")
        tree = json.loads(data[begin : begin + size])
        binary, kind = _CHUNK.unpack_from(data, begin + size)
        buffer = data[begin + size + _CHUNK.size :]
        if kind != b"BIN\0" or len(buffer) != binary or not isinstance(tree, dict):
            raise ValueError("its buffer is not whole")
    except RejectedError as error:
        raise UserError(error.reject.message) from error
    except (OSError, ValueError, struct.error, RecursionError) as error:
        raise UserError(f"{name}: not a whole GLB file ({error}); export it again") from error
    return GlbFile(name, tree, buffer)
