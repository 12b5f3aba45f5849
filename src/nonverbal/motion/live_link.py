"""Recordings of Live Link Face (CSV): rows of ARKit coefficients with the turns of head and eyes, and their true times.

Columns are found by name, so files with 61 numbers a row, with 68 (seven or more of other kinds), or with the 52
coefficients alone are read alike. A timecode is ``hours:minutes:seconds:frames``, the last with a fraction.
"""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from nonverbal.media.names import check_file, printable
from nonverbal.motion.rotations import F, matrix_about
from nonverbal.spaces import ARKIT52_NAMES
from nonverbal.types import F32
from nonverbal.verdicts import RejectedError, UserError

TURNS = tuple(part + angle for part in ("Head", "LeftEye", "RightEye") for angle in ("Yaw", "Pitch", "Roll"))
COLUMNS = tuple(name[0].upper() + name[1:] for name in ARKIT52_NAMES) + TURNS
"""The 61 numbers of a row: 52 coefficients, then radians that grow to the person's right, downwards, and for a roll to
the person's right."""

MAX_ROWS = 1_000_000
"""More than four and a half hours at 60 rows a second."""
MAX_BYTES = 2 << 30
LONGEST_GAP_S = 60.0

_FACES = len(ARKIT52_NAMES)
_STAMP = "timecode"
_SHOWN = 5
_DAY_S = 86400.0
_TIMECODE = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})[:;](\d{1,3}(?:\.\d{0,9})?)", re.ASCII)
_DROPS = {30: 2, 60: 4}
"""Frame numbers that a drop-frame timecode leaves out at the start of a minute, by the frames it counts a second."""


@dataclass(frozen=True, slots=True, eq=False)
class LiveLink:
    """A recording row by row: N rows in which a face was seen.

    Attributes:
        times_s: [N] rising, from the first row; when each row's picture came.
        fps: rows a second where none is missing.
        counted_fps: frames that the timecode counts a second.
        drop_frame: the timecode leaves numbers out, as those of 29.97 and 59.94 pictures a second do.
        face: [N, 52] as they stand in the file.
        head: [N, 3, 3] turn in seat axes (x to the person's left, y up, z forward); None where there is none, as all
            zeros mean.
        gaze: [N, 4] as in `types.Motion`; None where the file has none.
        missing: rows that did not come or hold no face, going by the times.
        repeated: rows left out because their time had been there.
        ignored: names of columns that were not read.
    """

    times_s: F
    fps: float
    counted_fps: float
    drop_frame: bool
    face: F32
    head: F | None
    gaze: F32 | None
    missing: int
    repeated: int
    ignored: tuple[str, ...]


def read_live_link(path: Path, counted_fps: float | None = None) -> LiveLink:
    """The recording in `path`.

    Args:
        counted_fps: frames that its timecode counts a second; found where the seconds roll over if left out.

    Raises:
        UserError: it cannot be read, is empty or too large, lacks columns, holds numbers that are none, or its times go
            back or leave out more than a minute.
    """
    name = printable(path)
    stamps, values, columns, ignored = _read(path, name)
    times_s, counted, drop = _times(stamps, name, counted_fps)
    keep = np.append(True, np.diff(times_s) != 0.0)
    times_s, values = times_s[keep], values[keep]
    rises = np.diff(times_s)
    bad = np.flatnonzero((rises < 0) | (rises > LONGEST_GAP_S))
    if len(bad):
        at = np.flatnonzero(keep)[bad[0] : bad[0] + 2]
        told = f"timecode {printable(stamps[at[0]])} is followed by {printable(stamps[at[1]])}"
        raise UserError(f"{name}: {told}; expected 0 to {LONGEST_GAP_S:.0f} s more: give one recording in one piece")
    if not len(rises):
        raise UserError(f"{name}: all rows have one timecode, {printable(stamps[0])}; expected times that go on")
    step = float(np.median(rises))
    step = float(np.mean(rises[np.abs(rises - step) < 0.2 * step]))
    return LiveLink(
        times_s=times_s - times_s[0],
        fps=1.0 / step,
        counted_fps=counted,
        drop_frame=drop,
        face=values[:, :_FACES].astype(np.float32),
        head=_head(values, columns),
        gaze=_gaze(values, columns),
        missing=int(np.sum(np.maximum(np.rint(rises / step), 1) - 1)),
        repeated=int(np.sum(~keep)),
        ignored=ignored,
    )


def _read(path: Path, name: str) -> tuple[list[str], F, Mapping[str, int], tuple[str, ...]]:
    """Timecodes and numbers [N, C] of the rows with a face, the column of each name, and names that were not read."""
    try:
        if check_file(path).st_size > MAX_BYTES:
            raise UserError(f"{name}: is larger than {MAX_BYTES >> 30} GB; expected one recording: cut it")
        with path.open(newline="", encoding="utf-8-sig") as file:
            return _table(file, name)
    except RejectedError as error:
        raise UserError(error.reject.message) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{name}: cannot be read as a CSV file ({error}); export it again") from error


def _table(file: TextIO, name: str) -> tuple[list[str], F, Mapping[str, int], tuple[str, ...]]:
    reader = csv.reader(file)
    header = next((row for row in reader if row), None)
    if header is None:
        raise UserError(f"{name}: has 0 rows; expected a recording of Live Link Face (CSV)")
    stamp, places, ignored = _layout(header, name)
    stamps, lines, numbers = [], array("q"), array("d")
    for row in reader:
        if not any(cell.strip() for cell in row[2:]):  # no face in this picture, or an empty line
            continue
        try:
            numbers.extend([float(row[place]) for place in places.values()])
            stamps.append(row[stamp])
            lines.append(reader.line_num)
        except (ValueError, IndexError) as error:
            raise UserError(f"{name}, line {reader.line_num}: expected {len(places)} numbers, got {error}") from error
        if len(stamps) > MAX_ROWS:
            raise UserError(f"{name}: holds more than {MAX_ROWS:,} rows; expected one recording: cut it")
    if len(stamps) < 2:
        raise UserError(f"{name}: has {len(stamps)} rows of numbers; expected a recording of at least two")
    values = np.frombuffer(numbers).reshape(len(stamps), len(places))
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(bad):
        raise UserError(f"{name}, line {lines[bad[0]]}: holds a number that is not finite; expected finite ones")
    return stamps, values, {column: i for i, column in enumerate(places)}, ignored


def _layout(header: Sequence[str], name: str) -> tuple[int, dict[str, int], tuple[str, ...]]:
    """Where the timecode and each known column stand, the coefficients first; and the names of the others."""
    plain = [cell.rsplit(".", 1)[-1].strip().lower() for cell in header]
    wanted = [_STAMP, *(column.lower() for column in COLUMNS[:_FACES])]
    missing = [column for column in ("Timecode", *COLUMNS[:_FACES]) if column.lower() not in plain]
    if missing:
        named = ", ".join(missing[:_SHOWN]) + (f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else "")
        raise UserError(f"{name}: lacks the columns {named}; expected a recording of Live Link Face (CSV)")
    double = [column for column in wanted if plain.count(column) > 1]
    if double:
        raise UserError(f"{name}: has two columns {double[0]}; expected each once")
    places = {column: plain.index(column.lower()) for column in COLUMNS if column.lower() in plain}
    known = {plain.index(_STAMP), *places.values()}
    others = (printable(cell) for i, cell in enumerate(header) if i not in known and plain[i] != "blendshapecount")
    return plain.index(_STAMP), places, tuple(others)


def _times(stamps: Sequence[str], name: str, counted_fps: float | None) -> tuple[F, float, bool]:
    """[N] seconds of each timecode, how many frames it counts a second, and whether it is a drop-frame one."""
    parts = np.stack([_parts(stamp, name) for stamp in stamps])
    whole = parts[:, :3] @ [3600.0, 60.0, 1.0]
    per_second = _counted(parts[:, 3], whole, name) if counted_fps is None else counted_fps
    drop = _drops_frames(stamps, parts, per_second)
    seconds = whole + parts[:, 3] / per_second
    if drop:
        minutes = parts[:, 0] * 60 + parts[:, 1]
        left_out = _DROPS[round(per_second)] * (minutes - minutes // 10)
        seconds = (whole * per_second + parts[:, 3] - left_out) * 1.001 / per_second
    day = _DAY_S if not drop else _DAY_S * (1 + 1e-6)  # a day of drop-frame timecode is 86 ms longer
    return seconds + day * np.cumsum(np.diff(seconds, prepend=seconds[0]) < -_DAY_S / 2), per_second, drop


def _parts(stamp: str, name: str) -> F:
    """[4] hours, minutes, seconds and frames of a timecode."""
    match = _TIMECODE.fullmatch(stamp.strip())
    if match is None:
        raise UserError(f"{name}: got the timecode {printable(stamp[:40])}; expected all like 13:13:04:31.652")
    return np.array([float(part) for part in match.groups()])


def _counted(frames: F, whole: F, name: str) -> float:
    """Frames a second: what the last of a second and the first of the next are apart, and one step more."""
    rolls = np.flatnonzero(np.diff(whole) == 1.0)
    if not len(rolls):
        raise UserError(f"{name}: too short: its timecode never reaches a next second, so its rate cannot be told")
    step = np.median(np.diff(frames))
    return max(float(np.round(np.median(frames[rolls] - frames[rolls + 1]) + step)), 1.0)


def _drops_frames(stamps: Sequence[str], parts: F, per_second: float) -> bool:
    """Whether numbers are left out: a semicolon says so, or every minute but each tenth begins later than others."""
    drop = _DROPS.get(round(per_second))
    if drop is None:
        return False
    if ";" in stamps[0]:
        return True
    begins = np.flatnonzero((np.diff(parts[:, 1]) != 0) & (parts[1:, 1] % 10 != 0)) + 1
    step = np.median(np.diff(parts[:, 3]))
    rises = parts[begins, 3] + per_second - parts[begins - 1, 3]
    return len(begins) > 1 and bool(np.all(np.abs(rises - drop - step) < 0.5))


def _head(values: F, columns: Mapping[str, int]) -> F | None:
    """[N, 3, 3]; signs are taken to be those of the eyes' columns."""
    if not all("Head" + angle in columns for angle in ("Yaw", "Pitch", "Roll")):
        return None
    yaw, pitch, roll = (values[:, columns["Head" + angle]] for angle in ("Yaw", "Pitch", "Roll"))
    if not (yaw.any() or pitch.any() or roll.any()):
        return None
    return matrix_about(1, -yaw) @ matrix_about(0, pitch) @ matrix_about(2, roll)


def _gaze(values: F, columns: Mapping[str, int]) -> F32 | None:
    """[N, 4] from the turns of the eyes; the median of how far they diverge, which eyes do not, is taken out."""
    names = [eye + angle for eye in ("LeftEye", "RightEye") for angle in ("Yaw", "Pitch")]
    if not all(name in columns for name in names):
        return None
    left_yaw, left_pitch, right_yaw, right_pitch = (-values[:, columns[name]] for name in names)
    apart = max(float(np.median(left_yaw - right_yaw)), 0.0) / 2.0
    return np.stack([left_yaw - apart, left_pitch, right_yaw + apart, right_pitch], axis=1).astype(np.float32)
