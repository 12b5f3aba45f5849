"""Arrays out of .npz files from anywhere, without pickles and without believing what a header says about sizes."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonverbal.media.names import check_file, printable
from nonverbal.verdicts import RejectedError, UserError

Array = NDArray[Any]

MAX_ARRAY_BYTES = 4 << 30
"""The largest array that is read: a day of SMPL-X poses at 25 a second in float64 is 2.9 GB."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_HEADER_BYTES = 4096
_KINDS = "fiubUS"
_DAMAGE = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)
_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class NpzFile:
    """The arrays of an .npz, each read when it is asked for.

    Raises:
        UserError: it is missing or no whole .npz.
    """

    def __init__(self, path: Path) -> None:
        self._name = printable(path)
        try:
            check_file(path)
            self._zip = zipfile.ZipFile(path)
        except RejectedError as error:
            raise UserError(error.reject.message) from error
        except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise UserError(f"{self._name}: not a whole .npz file ({error}); copy it again") from error
        self.names = tuple(i.filename[:-4] for i in self._zip.infolist() if i.filename.endswith(".npy"))

    def array(self, name: str) -> Array:
        """The array `name`.

        Raises:
            UserError: there is none, it holds objects (a pickle, which could run code), is too large, or cut short.
        """
        if name not in self.names:
            shown = ", ".join(printable(n[:40]) for n in self.names[:12]) or "nothing"
            raise UserError(f"{self._name}: has no array {name!r}; it holds {shown}")
        try:
            with self._zip.open(f"{name}.npy") as file:
                return self._read(file, name)
        except UserError:
            raise
        except (
            OSError,
            EOFError,
            ValueError,
            RuntimeError,
            NotImplementedError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            raise UserError(f"{self._name}: the array {name!r} is damaged ({error}); copy the file again") from error

    def close(self) -> None:
        self._zip.close()

    def _read(self, file: Any, name: str) -> Array:
        version = np.lib.format.read_magic(file)
        if version not in _READERS:
            raise UserError(f"{self._name}: the array {name!r} is of format {version}, expected one that numpy writes")
        shape, columns_first, kind = _READERS[version](file, max_header_size=_HEADER_BYTES)
        if kind.kind not in _KINDS:
            raise UserError(f"{self._name}: the array {name!r} holds {kind}, which is never read: objects are pickles")
        size = int(np.prod([int(n) for n in shape], dtype=object)) * kind.itemsize
        if not 0 <= size <= MAX_ARRAY_BYTES:
            raise UserError(
                f"{self._name}: the array {name!r} claims {size:,} bytes, expected up to {MAX_ARRAY_BYTES:,}"
            )
        data = io.BytesIO()
        while (left := size + 1 - data.tell()) > 0 and (block := file.read(min(left, 1 << 20))):
            data.write(block)
        if data.tell() != size:
            raise UserError(f"{self._name}: the array {name!r} is not as long as it says; copy the file again")
        flat = np.frombuffer(data.getbuffer(), kind)
        return flat.reshape(shape[::-1]).T if columns_first else flat.reshape(shape)


def write_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays to `path`; equal arrays give equal bytes, as numpy's own writer, which notes the time, does not."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, values in arrays.items():
            data = io.BytesIO()
            np.lib.format.write_array(data, np.asarray(values, order="C"), allow_pickle=False)
            file.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), data.getbuffer(), zipfile.ZIP_DEFLATED)
