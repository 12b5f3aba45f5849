"""Motion on the wire: chunks of frames as 16-bit numbers, little-endian, made for typed arrays (docs/wire_format.md).

byte   0   4s   "NVMO"
       4   u8   version, 1
       5   u8   flags: 1 gaze follows, 2 marks follow
       6   u16  F, columns of the face; 8 u16 D, columns of the body; 10 u16 zero
      12   u32  first frame, counted from the beginning of the clip or answer
      16   u32  T, frames
      20   f32  frames a second; 24 f32 unit of the face's numbers; 28 f32 of the body's
      32   i16  face [T, F], body [T, D], gaze [T, 4] in units of pi / 32767
           u8   marks: [T] validity, bit i as in PARTS, and speaking in bit 6; then confidence [T, 6] in 1/255
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nonverbal.types import F32, PARTS
from nonverbal.verdicts import UserError

MAGIC, VERSION = b"NVMO", 1
_HEADER = struct.Struct("<4sBBHHHIIfff")
_GAZE, _MARKS = 1, 2
_SPEAKING_BIT = len(PARTS)
_MOST = 32767
_GAZE_UNIT = np.float32(np.pi / _MOST)

LARGEST = {"arkit52": 1.0, "flame53": 16.0, "smplx117": 2 * np.pi}
"""Largest value of each space that a chunk can hold, in its unit; what lies beyond is cut to it."""


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """What is known of each frame: validity [T, 6] 0 or 1, confidence [T, 6] in [0, 1], speaking [T] 0 or 1."""

    validity: NDArray[np.uint8]
    confidence: F32
    speaking: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """T frames of one participant.

    Attributes:
        first_frame: of the first row, counted from the beginning of the clip or answer.
        fps: frames per second.
        face: [T, F] and `body` [T, D] in the units of their spaces.
        gaze: [T, 4] as in `types.Motion`, if known.
        marks: if known.
    """

    first_frame: int
    fps: float
    face: F32
    body: F32
    gaze: F32 | None = None
    marks: Marks | None = None

    @property
    def n_frames(self) -> int:
        return len(self.face)


def pack(chunk: Chunk, face_space: str = "arkit52", body_space: str = "smplx117") -> bytes:
    """The bytes of a chunk; values are rounded to a 32,767th of the largest of their space."""
    face_unit, body_unit = (np.float32(LARGEST[name] / _MOST) for name in (face_space, body_space))
    flags = (_GAZE if chunk.gaze is not None else 0) | (_MARKS if chunk.marks is not None else 0)
    widths = chunk.face.shape[1], chunk.body.shape[1]
    header = _HEADER.pack(
        MAGIC, VERSION, flags, *widths, 0, chunk.first_frame, chunk.n_frames, chunk.fps, face_unit, body_unit
    )
    rows = [header, _whole(chunk.face, face_unit), _whole(chunk.body, body_unit)]
    if chunk.gaze is not None:
        rows.append(_whole(chunk.gaze, _GAZE_UNIT))
    if chunk.marks is not None:
        bits = np.column_stack([chunk.marks.validity, chunk.marks.speaking]).astype(np.uint8) << np.arange(7)
        rows.append(bits.sum(axis=1).astype(np.uint8).tobytes())
        rows.append(np.rint(np.clip(chunk.marks.confidence, 0, 1) * 255).astype(np.uint8).tobytes())
    return b"".join(rows)


def unpack(data: bytes) -> Chunk:
    """The chunk that bytes stand for.

    Raises:
        UserError: they are no chunk, of another version, or cut short.
    """
    if len(data) < _HEADER.size or data[:4] != MAGIC:
        raise UserError(f"motion: got {data[:4]!r}, expected a chunk that begins with {MAGIC!r}")
    _, version, flags, faces, bodies, _, first, count, fps, face_unit, body_unit = _HEADER.unpack_from(data)
    if version != VERSION:
        raise UserError(f"motion: got version {version}, expected {VERSION}; use the same release at both ends")
    gazes, marked = 4 * bool(flags & _GAZE), bool(flags & _MARKS)
    expected = _HEADER.size + count * (2 * (faces + bodies + gazes) + 7 * marked)
    if len(data) != expected:
        raise UserError(f"motion: got {len(data)} bytes, expected {expected} for {count} frames")
    at, found = _HEADER.size, []
    for width, unit in ((faces, face_unit), (bodies, body_unit), (gazes, _GAZE_UNIT)):
        values = np.frombuffer(data, "<i2", count * width, at).reshape(count, width)
        found.append(values.astype(np.float32) * np.float32(unit))
        at += 2 * count * width
    marks = _marks(data, at, count) if marked else None
    return Chunk(first, fps, found[0], found[1], found[2] if gazes else None, marks)


def _marks(data: bytes, at: int, count: int) -> Marks:
    bits = np.frombuffer(data, np.uint8, count, at)
    known = ((bits[:, None] >> np.arange(_SPEAKING_BIT + 1)) & 1).astype(np.uint8)
    confidence = np.frombuffer(data, np.uint8, count * len(PARTS), at + count).reshape(count, len(PARTS))
    return Marks(known[:, :-1], confidence.astype(np.float32) / np.float32(255), known[:, -1])


def _whole(values: F32, unit: np.float32) -> bytes:
    return np.clip(np.rint(values / unit), -_MOST, _MOST).astype("<i2").tobytes()
