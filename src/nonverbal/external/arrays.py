"""Arrays on their way to and from a runner: npy files in, npz files out, with nothing believed that was not checked."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from nonverbal.external.protocol import ArraySpec, RunnerError
from nonverbal.timeline import FPS
from nonverbal.verdicts import Reason

Arrays = dict[str, NDArray[Any]]

_HEADER_BYTES = 1 << 16


def write_inputs(folder: Path, job: int, arrays: Mapping[str, NDArray[Any]], form: str = "npy") -> dict[str, str]:
    """Writes each array to a file of its own that a runner can map into memory; name -> file name.

    With the form "video", the array called ``crops`` becomes a lossless video file.
    """
    files: dict[str, str] = {}
    for name, values in arrays.items():
        as_video = form == "video" and name == "crops"
        files[name] = f"{job}.{name}.{'mkv' if as_video else 'npy'}"
        if as_video:
            _write_video(folder / files[name], values)
        else:
            np.save(folder / files[name], np.ascontiguousarray(values), allow_pickle=False)
    return files


def _write_video(path: Path, pictures: NDArray[Any]) -> None:
    """[N, H, W, 3] RGB as FFV1 in Matroska, 25 pictures a second; reading gives the same bytes."""
    import av  # an encoder is loaded only where a runner wants videos

    with av.open("file:" + os.fspath(path), "w", format="matroska") as file:
        stream = file.add_stream("ffv1", rate=int(FPS))
        stream.height, stream.width, stream.pix_fmt = pictures.shape[1], pictures.shape[2], "bgr0"
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24").reformat(format="bgr0")
            frame.pts, frame.time_base = i, Fraction(1, int(FPS))
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def bind(sizes: dict[str, int], specs: Mapping[str, ArraySpec], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Checks arrays against what is declared; the letters of shapes are looked up in `sizes` and added to it.

    Raises:
        ValueError: a name is missing or not declared, or a dtype or shape is another.
    """
    if set(arrays) != set(specs):
        raise ValueError(f"got the arrays {_listed(arrays)}, expected {_listed(specs)}")
    for name, spec in specs.items():
        values = arrays[name]
        if str(values.dtype) != spec.dtype:
            raise ValueError(f"{name} is {values.dtype}, expected {spec.dtype}")
        fits = len(values.shape) == len(spec.shape) and all(
            have == (int(want) if want.isdigit() else sizes.setdefault(want, have))
            for have, want in zip(values.shape, spec.shape, strict=True)
        )
        if not fits:
            known = ", ".join(f"{letter}={size}" for letter, size in sizes.items())
            raise ValueError(f"{name} has the shape {list(values.shape)}, expected {spec} with {known or 'no sizes'}")


def read_answer(path: Path, specs: Mapping[str, ArraySpec], sizes: Mapping[str, int], limit_bytes: int) -> Arrays:
    """The arrays that a runner wrote, checked.

    Raises:
        RunnerError: E_SCHEMA where the file is missing, cut, too large or not what was declared, E_NONFINITE where it
            holds NaN or infinity.
    """
    try:
        arrays = read_npz(path, limit_bytes)
        bind(dict(sizes), specs, arrays)
    except (OSError, ValueError) as error:
        raise RunnerError(Reason.E_SCHEMA, f"the runner's answer is unusable: {error}") from error
    for name, values in arrays.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            rows = int((~np.isfinite(values)).reshape(len(values), -1).any(axis=1).sum()) if values.ndim else 1
            told = f"{name} holds NaN or infinity in {rows} of {len(values) if values.ndim else 1} rows"
            raise RunnerError(Reason.E_NONFINITE, f"{told}; expected finite numbers, and valid false where none is")
    return arrays


def read_npz(path: Path, limit_bytes: int) -> Arrays:
    """The arrays of an npz file of which nothing is believed.

    Raises:
        ValueError: it is none, is cut or damaged, or holds what is no array of numbers or more than `limit_bytes`.
        OSError: it cannot be opened.
    """
    try:
        return _read_zip(path, limit_bytes)
    except (EOFError, NotImplementedError, RuntimeError, SyntaxError, zlib.error, zipfile.BadZipFile) as error:
        raise ValueError(f"it is no whole npz file ({error})") from error


def _read_zip(path: Path, limit_bytes: int) -> Arrays:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no regular file")
        if status.st_size > limit_bytes:
            raise ValueError(f"it has {status.st_size} bytes, expected at most {limit_bytes}")
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            total = sum(entry.file_size for entry in entries)
            if total > limit_bytes:
                raise ValueError(f"it unpacks to {total} bytes, expected at most {limit_bytes}")
            names = [entry.filename.removesuffix(".npy") for entry in entries]
            if len(set(names)) != len(names):
                raise ValueError("two arrays have one name")
            return {name: _read_npy(archive, entry) for name, entry in zip(names, entries, strict=True)}


def _read_npy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    """One array; its header is held against the bytes there are before anything of the size it claims is made."""
    with archive.open(entry) as file:
        shape, fortran, dtype = _header(file)
        if dtype.hasobject or dtype.kind not in "biuf" or dtype.fields is not None:
            raise ValueError(f"{entry.filename} holds {dtype}, expected numbers")
        data = file.read(entry.file_size)  # to the end, which checks the checksum
    count = 1
    for size in shape:
        count *= size
    if min(shape, default=1) < 0 or count * dtype.itemsize != len(data):
        raise ValueError(f"{entry.filename} holds {len(data)} bytes, expected {count * dtype.itemsize}")
    values = np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
    return np.ascontiguousarray(values, dtype.newbyteorder("=")) if values.ndim else values.astype(dtype)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    version = npy.read_magic(file)
    if version not in read:
        raise ValueError(f"an array is in npy version {version}, expected 1.0 or 2.0")
    shape, fortran, dtype = read[version](file, max_header_size=_HEADER_BYTES)
    return shape, fortran, dtype


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names)[:20]) or "none"
