"""A take: one person's face, body and gaze over time, with the words said, wherever it came from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nonverbal.spaces import get_space
from nonverbal.types import F32, PARTS, U8, Word
from nonverbal.verdicts import UserError

MAX_FPS = 1000.0
MAX_FRAMES = 4_000_000
"""About 44 hours at 25 frames a second: beyond it a file is no recording of a person."""

_GAZE_WIDTH = 4


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """T frames of one person. At least one of face and body is there, and all arrays have T rows.

    Attributes:
        name: what to call it: of a dialogue and participant, or of a file.
        fps: frames per second; frame i shows ``[i / fps, (i + 1) / fps)``.
        face_space: name of the face's space, None without a face.
        face: [T, D] float32 in that space.
        body_space: name of the body's space, None without a body.
        body: [T, 117] float32 in that space.
        gaze: [T, 4] float32 as in `types.Motion`; None where unknown.
        words: what the person says, seconds from the first frame, in order of start.
        validity: [T, 6] uint8 0 or 1, columns as in `types.PARTS`; None where all of it counts. What is not valid is
            zero or otherwise made up: see `formats.fill`.
        source: where it comes from, for people to read.
        licence: what may be done with it, for people to read.

    Raises:
        UserError: an array has the wrong shape or kind, is not finite, or an ``arkit52`` value lies outside [0, 1].
    """

    name: str
    fps: float
    face_space: str | None = None
    face: F32 | None = None
    body_space: str | None = None
    body: F32 | None = None
    gaze: F32 | None = None
    words: tuple[Word, ...] = ()
    validity: U8 | None = None
    source: str = ""
    licence: str = ""

    def __post_init__(self) -> None:
        if not 0.0 < self.fps <= MAX_FPS:
            raise UserError(f"{self.name}: got {self.fps} frames a second, expected more than 0 and up to {MAX_FPS:g}")
        if self.face is None and self.body is None:
            raise UserError(f"{self.name}: has neither face nor body; expected at least one of them")
        if not 0 < self.n_frames <= MAX_FRAMES:
            raise UserError(f"{self.name}: got {self.n_frames} frames, expected 1 to {MAX_FRAMES:,}")
        for what, space, values in (("face", self.face_space, self.face), ("body", self.body_space, self.body)):
            if (space is None) != (values is None):
                raise UserError(f"{self.name}: expected {what} and {what}_space both or neither")
            if space is not None and values is not None:
                self._check_rows(what, values, get_space(space).dim)
        if self.face_space == "arkit52" and self.face is not None and (self.face.min() < 0 or self.face.max() > 1):
            span = f"{self.face.min():.3g} to {self.face.max():.3g}"
            raise UserError(f"{self.name}: arkit52 holds values from {span}, expected 0 to 1; clip them first")
        if self.gaze is not None:
            self._check_rows("gaze", self.gaze, _GAZE_WIDTH)
        self._check_validity()
        self._check_words()

    @property
    def n_frames(self) -> int:
        held = self.face if self.face is not None else self.body
        return 0 if held is None else len(held)

    @property
    def duration_s(self) -> float:
        return self.n_frames / self.fps

    def _check_rows(self, what: str, values: NDArray[np.generic], width: int) -> None:
        if values.shape != (self.n_frames, width) or values.dtype != np.float32:
            got = f"{values.dtype} {list(values.shape)}"
            raise UserError(f"{self.name}: {what} is {got}, expected float32 [{self.n_frames}, {width}]")
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if len(bad):
            raise UserError(f"{self.name}: {what} holds a number that is not finite in frame {bad[0]}")

    def _check_validity(self) -> None:
        marks = self.validity
        if marks is None:
            return
        if marks.shape != (self.n_frames, len(PARTS)) or marks.dtype != np.uint8 or marks.max() > 1:
            got = f"{marks.dtype} {list(marks.shape)}"
            raise UserError(f"{self.name}: validity is {got}, expected uint8 0 or 1 [{self.n_frames}, {len(PARTS)}]")

    def _check_words(self) -> None:
        before_s = 0.0
        for word in self.words:
            if not (math.isfinite(word.end_s) and before_s <= word.start_s <= word.end_s):
                times = f"{word.start_s} to {word.end_s} s"
                raise UserError(
                    f"{self.name}: {word.word!r} lasts from {times}; expected words in order of start, from 0"
                )
            before_s = word.start_s
