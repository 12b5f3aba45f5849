"""A CSV file that only grows: every row is on the disk before it counts, and no cell is taken for a formula.

A row is one `write` of whole lines followed by fsync, under a lock of the kernel's that one process holds. What a crash
left of a line is cut off when the file is opened again: its row was never confirmed to anybody.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock

from nonverbal.media.names import printable
from nonverbal.pipeline.lock import output_error
from nonverbal.verdicts import UserError

MAX_BYTES = 1 << 28
"""Beyond this a file is no table of ratings."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


def cell(text: str) -> str:
    """`text` so that a spreadsheet shows it and never runs it; `uncell` gives it back."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def uncell(text: str) -> str:
    """What `cell` was given."""
    return text.removeprefix("'")


class DurableCsv:
    """The file at `path` with the columns `columns`, held for this process alone until `close`.

    Raises:
        UserError: another process holds it, or it has other columns.
        OutputError: it cannot be written.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path, self.columns = path, tuple(columns)
        self._writing = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except FileExistsError as error:
            raise UserError(f"{printable(path.parent)}: is a file; expected a folder for the table") from error
        except IsADirectoryError as error:
            raise UserError(f"{printable(path)}: is a folder; expected the name of a table") from error
        except OSError as error:
            raise output_error(error, path) from error
        try:
            self._hold()
            self._mend()
        except BaseException:
            os.close(self._file)
            raise

    def append(self, rows: Iterable[Sequence[str]]) -> None:
        """Adds rows, all of them or none; they are on the disk when this returns.

        Raises:
            ValueError: a cell has more than one line, so that a torn row could not be told from whole ones.
            OutputError: no space is left, or the disk does not answer.
        """
        data = _lines(rows)
        with self._writing:
            before = os.fstat(self._file).st_size
            try:
                written = os.write(self._file, data)
                while written < len(data):
                    written += os.write(self._file, data[written:])
                os.fsync(self._file)
            except OSError as error:
                os.ftruncate(self._file, before)
                raise output_error(error, self.path) from error

    def close(self) -> None:
        """Gives the file back; another call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _hold(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            told = "another study writes it; stop that one, or name another --out"
            raise UserError(f"{printable(self.path)}: {told}") from error

    def _mend(self) -> None:
        """Writes the header of a new file; cuts the unfinished last line of an old one."""
        size = os.fstat(self._file).st_size
        if size > MAX_BYTES:
            raise UserError(f"{printable(self.path)}: {size} bytes, expected at most {MAX_BYTES}; name another --out")
        held = os.pread(self._file, size, 0)
        whole = held[: held.rfind(b"\n") + 1]
        if not whole:
            if held and not _lines([self.columns]).startswith(held):
                raise UserError(f"{printable(self.path)}: is no table of ratings; name another --out")
            os.ftruncate(self._file, 0)
            self.append([self.columns])
            return
        _check_header(whole, self.columns, self.path)
        if len(whole) < size:
            os.ftruncate(self._file, len(whole))
            os.fsync(self._file)


def read_rows(path: Path, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """The rows of a table; a last line that is not finished is left out.

    Raises:
        UserError: it is missing, no UTF-8 text, has other columns, or a row has too few or too many cells.
    """
    name = printable(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(f"{name}: cannot be read ({error.strerror}); expected a table that a study wrote") from error
    if len(data) > MAX_BYTES:
        raise UserError(f"{name}: more than {MAX_BYTES} bytes; expected a table that a study wrote")
    whole = data[: data.rfind(b"\n") + 1]
    _check_header(whole, columns, path)
    try:
        table = csv.reader(io.StringIO(whole.decode("utf-8-sig"), newline=""), strict=True)
        rows = [tuple(uncell(text) for text in row) for row in table]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{name}: is no table in UTF-8 ({error}); copy it again as it was written") from error
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(columns):
            raise UserError(f"{name}: row {number} has {len(row)} cells, expected {len(columns)}; remove or mend it")
    return rows[1:]


def _check_header(data: bytes, columns: Sequence[str], path: Path) -> None:
    first = data.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].rstrip(b"\r").decode("utf-8", "replace")
    if first != ",".join(columns):
        got = printable(first[:80])
        raise UserError(f"{printable(path)}: begins with {got!r}, expected the columns {','.join(columns)}")


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text, table = io.StringIO(newline=""), [[cell(value) for value in row] for row in rows]
    if any("\n" in value or "\r" in value for row in table for value in row):
        raise ValueError("a cell holds a line break, expected one line")
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue().encode("utf-8")
