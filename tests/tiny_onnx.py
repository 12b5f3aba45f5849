"""Networks of a few nodes as ONNX files, written by hand: what runs such files is tested without anybody's weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def node(kind: str, inputs: Sequence[str], output: str) -> bytes:
    """A node without attributes."""
    names = b"".join(_field(1, name) for name in inputs)
    return names + _field(2, output) + _field(3, output) + _field(4, kind)


def constant(name: str, values: np.ndarray) -> bytes:
    """Numbers, float32 or int64."""
    kind = 1 if values.dtype == np.float32 else 7
    dims = b"".join(_field(1, n) for n in values.shape)
    return dims + _field(2, kind) + _field(8, name) + _field(9, values.tobytes())


def _value(name: str, shape: Sequence[int]) -> bytes:
    dims = b"".join(_field(1, _field(1, n)) for n in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, dims)))


def write(
    path: Path, nodes: Sequence[bytes], constants: Sequence[bytes], shape: Sequence[int], out_shape: Sequence[int]
) -> Path:
    """A network from "images" to "output"."""
    graph = b"".join(_field(1, n) for n in nodes) + _field(2, "tiny") + b"".join(_field(5, c) for c in constants)
    graph += _field(11, _value("images", shape)) + _field(12, _value("output", out_shape))
    path.write_bytes(_field(1, 7) + _field(7, graph) + _field(8, _field(2, 11)))
    return path


def mean_colour(path: Path, side: int) -> Path:
    """[1, 3, side, side] -> [1, 3, 1, 1], the mean of each channel."""
    return write(path, [node("GlobalAveragePool", ["images"], "output")], [], (1, 3, side, side), (1, 3, 1, 1))


def always(path: Path, rows: np.ndarray, side: int) -> Path:
    """[1, 3, side, side] -> `rows` [1, N, D], whatever the picture."""
    nodes = [
        node("GlobalAveragePool", ["images"], "mean"),
        node("Reshape", ["mean", "flat"], "colours"),
        node("MatMul", ["ones", "colours"], "columns"),
        node("MatMul", ["columns", "nothing"], "zeros"),
        node("Add", ["zeros", "rows"], "output"),
    ]
    constants = [
        constant("flat", np.asarray([1, 1, 3], np.int64)),
        constant("ones", np.ones((1, rows.shape[1], 1), np.float32)),
        constant("nothing", np.zeros((3, rows.shape[2]), np.float32)),
        constant("rows", rows.astype(np.float32)),
    ]
    return write(path, nodes, constants, (1, 3, side, side), rows.shape)
