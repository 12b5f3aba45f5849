"""Reads a PyTorch state dict without running anything in it: a pickle of four known names, every other refused.

A pickle is a program for a small stack machine that may call any function. This reader knows the few instructions with
which PyTorch writes a dict of tensors, and calls nothing: the four names stand for records of its own. What the file
says of sizes is proved before memory is taken.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from nonverbal.verdicts import UserError

_MAX_PROGRAM_BYTES = 4 << 20
_MAX_DATA_BYTES = 1 << 30
_DTYPES: dict[str, np.dtype[Any]] = {"torch FloatStorage": np.dtype("<f4"), "torch LongStorage": np.dtype("<i8")}
_DICT, _TENSOR = "collections OrderedDict", "torch._utils _rebuild_tensor_v2"
_MARK = object()


@dataclass(frozen=True, slots=True)
class _Name:
    """One of the four names a program may mention."""

    text: str


@dataclass(frozen=True, slots=True)
class _Storage:
    dtype: np.dtype[Any]
    key: str
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class _Refused(Exception):
    pass


def read_state_dict(path: Path) -> dict[str, NDArray[Any]]:
    """Name -> array of a file that ``torch.save`` wrote.

    Raises:
        UserError: the file is no such state dict, holds anything else, or is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive)
    except (_Refused, zipfile.BadZipFile, OSError, struct.error, ValueError, LookupError, TypeError) as error:
        raise UserError(
            f"{path} cannot be read as weights ({error}): expected a PyTorch state dict of tensors; fetch it again"
        ) from error


def _read(archive: zipfile.ZipFile) -> dict[str, NDArray[Any]]:
    entries = {entry.filename: entry for entry in archive.infolist()}
    programs = [name for name in entries if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(programs) != 1:
        _refuse(f"{len(programs)} files data.pkl, expected 1")
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries.values()):
        _refuse("compressed entries")
    if entries[programs[0]].file_size > _MAX_PROGRAM_BYTES:
        _refuse("an index that is too large")
    if sum(entry.file_size for entry in entries.values()) > _MAX_DATA_BYTES:
        _refuse("more data than any of the known models has")
    folder = programs[0].removesuffix("data.pkl") + "data/"
    tensors = _Machine(archive.read(programs[0])).run()
    return {name: _array(archive, folder, tensor) for name, tensor in tensors.items()}


def _array(archive: zipfile.ZipFile, folder: str, tensor: _Tensor) -> NDArray[Any]:
    storage, count = tensor.storage, int(np.prod(tensor.shape, dtype=np.int64))
    if min((*tensor.shape, tensor.offset), default=0) < 0 or tensor.offset + count > storage.count:
        _refuse(f"a tensor of shape {tensor.shape} beyond its data")
    expected = [int(np.prod(tensor.shape[i + 1 :], dtype=np.int64)) for i in range(len(tensor.shape))]
    if len(tensor.stride) != len(tensor.shape) or any(
        size > 1 and step != right for size, step, right in zip(tensor.shape, tensor.stride, expected, strict=True)
    ):
        _refuse(f"a tensor of shape {tensor.shape} that does not lie in order")
    if (
        not storage.key.isalnum()
        or archive.getinfo(folder + storage.key).file_size < storage.count * storage.dtype.itemsize
    ):
        _refuse(f"data {storage.key[:40]!r} that is not there or too short")
    data = np.frombuffer(archive.read(folder + storage.key), storage.dtype, storage.count)
    return data[tensor.offset : tensor.offset + count].reshape(tensor.shape).copy()


class _Machine:
    """Follows the program of a pickle, protocol 2, over records."""

    def __init__(self, program: bytes) -> None:
        self._program, self._at = program, 0
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self) -> dict[str, _Tensor]:
        while (code := self._take(1)) != b".":
            step = _STEPS.get(code)
            if step is None:
                _refuse(f"instruction {code!r} at byte {self._at - 1}")
            step(self)
        (result,) = self._stack
        if not isinstance(result, dict) or not all(
            isinstance(name, str) and isinstance(tensor, _Tensor) for name, tensor in result.items()
        ):
            _refuse("something else than named tensors")
        return result

    def _take(self, count: int) -> bytes:
        if self._at + count > len(self._program):
            _refuse("an index that ends early")
        self._at += count
        return self._program[self._at - count : self._at]

    def number(self, form: str) -> int:
        return int(struct.unpack(form, self._take(struct.calcsize(form)))[0])

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def header(self) -> None:
        if (version := self.number("B")) != 2:
            _refuse(f"pickle protocol {version}, expected 2")

    def name(self) -> None:
        end = self._program.find(b"\n", self._program.find(b"\n", self._at) + 1)
        if end < 0:
            _refuse("an index that ends early")
        text = self._take(end + 1 - self._at).decode("ascii", "replace").strip().replace("\n", " ")
        if text not in (_DICT, _TENSOR, *_DTYPES):
            _refuse(f"it asks for {text[:60]!r}, which no plain tensor needs")
        self.push(_Name(text))

    def text(self) -> None:
        self.push(self._take(self.number("<I")).decode())

    def above_mark(self) -> list[Any]:
        place = len(self._stack) - 1 - self._stack[::-1].index(_MARK)
        taken, self._stack = self._stack[place + 1 :], self._stack[:place]
        return taken

    def last(self, count: int) -> tuple[Any, ...]:
        if len(self._stack) < count:
            _refuse("an index that takes more than it has")
        taken, self._stack = self._stack[-count:], self._stack[:-count]
        return tuple(taken)

    def remember(self, place: int) -> None:
        self._memo[place] = self._stack[-1]

    def recall(self, place: int) -> None:
        self.push(self._memo[place])

    def storage(self) -> None:
        """Where numbers lie in the archive: ("storage", kind, key, device, count)."""
        kind, dtype, key, _, count = self.last(1)[0]
        known = _DTYPES.get(dtype.text) if isinstance(dtype, _Name) else None
        if kind != "storage" or known is None or not isinstance(key, str) or not isinstance(count, int):
            _refuse("data of an unknown kind")
        self.push(_Storage(known, key, count))

    def call(self) -> None:
        """What the two callable names would make, as a record."""
        name, arguments = self.last(2)
        if name == _Name(_DICT) and arguments == ():
            self.push({})
        elif name == _Name(_TENSOR):
            storage, offset, shape, stride, _, _ = arguments
            if not isinstance(storage, _Storage) or not all(isinstance(n, int) for n in (offset, *shape, *stride)):
                _refuse("a tensor of an unknown kind")
            self.push(_Tensor(storage, offset, tuple(shape), tuple(stride)))
        else:
            _refuse("a call of something that is not to be called")

    def assign(self, pairs: list[Any]) -> None:
        target = self._stack[-1]
        if not isinstance(target, dict):
            _refuse("items for something that is no dict")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if not isinstance(key, str):
                _refuse("a name that is no text")
            target[key] = value


_STEPS: dict[bytes, Callable[[_Machine], Any]] = {
    b"\x80": _Machine.header,
    b"c": _Machine.name,
    b"X": _Machine.text,
    b"K": lambda m: m.push(m.number("B")),
    b"M": lambda m: m.push(m.number("<H")),
    b"J": lambda m: m.push(m.number("<i")),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"N": lambda m: m.push(None),
    b"(": lambda m: m.push(_MARK),
    b")": lambda m: m.push(()),
    b"}": lambda m: m.push({}),
    b"\x85": lambda m: m.push(m.last(1)),
    b"\x86": lambda m: m.push(m.last(2)),
    b"\x87": lambda m: m.push(m.last(3)),
    b"t": lambda m: m.push(tuple(m.above_mark())),
    b"q": lambda m: m.remember(m.number("B")),
    b"r": lambda m: m.remember(m.number("<I")),
    b"h": lambda m: m.recall(m.number("B")),
    b"j": lambda m: m.recall(m.number("<I")),
    b"Q": _Machine.storage,
    b"R": _Machine.call,
    b"s": lambda m: m.assign(list(m.last(2))),
    b"u": lambda m: m.assign(m.above_mark()),
    b"b": lambda m: m.last(1),  # attributes of the dict, such as versions of layers
}
"""By opcode: protocol 2 without what plain tensors do not need."""


def _refuse(why: str) -> NoReturn:
    raise _Refused(why)
