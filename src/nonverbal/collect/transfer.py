"""One file from one address, gone on with where it was broken off, and known for what it is before all of it came."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from nonverbal.collect.addresses import host_of
from nonverbal.collect.formats import DIRECT, Format
from nonverbal.collect.manners import Gate
from nonverbal.media.names import clean_text
from nonverbal.pipeline.lock import output_error
from nonverbal.pipeline.store import commit_record
from nonverbal.record_files import RecordFile
from nonverbal.verdicts import Reason, RejectedError, UserError

_BLOCK_BYTES = 1 << 16
_OVERLAP_BYTES = 1 << 14
"""Bytes asked for again when a file is gone on with: where they differ, it is another file."""
_PROGRESS_BYTES = 1 << 20
"""A try that brought this much does not count against the tries."""
_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15}|\*)")
_TEXT = re.compile(rb"\s*(<!doctype|<html|<\?xml|<head|<script|\{\s*\"|#EXTM3U)", re.IGNORECASE)
_VERSION = 1
_STATE = RecordFile("version", _VERSION, "the state of a broken-off file", "remove it")

OnBytes = Callable[[int, int], None]
"""Told how many bytes of a file are there, and of how many (0: not told)."""


class Opener(Protocol):
    """What opens an address: `ytdlp.Session`."""

    def opened(self, url: str, headers: Mapping[str, str]) -> Any: ...

    def fetch_parts(self, chosen: Format, path: Path, on_bytes: Callable[[int], None]) -> None: ...


@dataclass(frozen=True, slots=True)
class PartState:
    """What a partial file is a part of: another form or another length makes it worthless."""

    version: int
    format_id: str
    total_bytes: int


class _BrokenOffError(Exception):
    """The answer ended too early; what came of it is kept."""


def fetch(opener: Opener, gate: Gate, chosen: Format, path: Path, limit_bytes: int, on_bytes: OnBytes) -> Path:
    """Fetches a format to `path`, which is there whole or not at all; a part of it waits beside it for the next try.

    Raises:
        RejectedError: E_TOO_BIG, E_NOT_MEDIA, E_TRUNCATED, or why the server gives nothing.
    """
    part = path.with_name(path.name + ".part")
    with gate.allowing(limit_bytes):
        if chosen.protocol in DIRECT:
            _Transfer(opener, gate, chosen, part, limit_bytes, on_bytes).run()
        else:
            opener.fetch_parts(chosen, part, lambda count: on_bytes(count, chosen.size_bytes))
    if not part.exists() or not part.stat().st_size:
        raise RejectedError(Reason.E_EMPTY, f"{_place(chosen)} sends nothing, expected media; try another address")
    os.replace(part, path)
    _state_path(part).unlink(missing_ok=True)
    return path


def fetch_small(opener: Opener, gate: Gate, url: str, path: Path, limit_bytes: int) -> int:
    """Fetches a small file, such as a thumbnail, as a whole; returns how long it is."""
    with gate.allowing(limit_bytes), opener.opened(url, {}) as answer:
        data: bytes = answer.read()
    temporary = path.with_name(path.name + ".part")
    temporary.write_bytes(data)
    os.replace(temporary, path)
    return len(data)


@dataclass
class _Transfer:
    opener: Opener
    gate: Gate
    chosen: Format
    part: Path
    limit_bytes: int
    on_bytes: OnBytes
    total: int = 0

    best: int = 0
    restarts: int = 0

    def run(self) -> None:
        """Asks until the file is whole; each try goes on where the one before ended."""
        self._recall()
        attempt = 0
        while True:
            try:
                if self._ask(self._size()):
                    return
                continue  # a server that gives a file in pieces has given one
            except _BrokenOffError as error:
                attempt = 1 if self._size() - self.best >= _PROGRESS_BYTES else attempt + 1
                self.best = max(self.best, self._size())
                if not self.gate.wait(attempt, None):
                    raise RejectedError(
                        Reason.E_TRUNCATED,
                        f"{_place(self.chosen)} broke off {attempt} times, at most {self.best:,} of "
                        f"{self.total or 'untold'} bytes came ({error}); run the same again to go on",
                    ) from error

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _recall(self) -> None:
        """Takes up the part of an earlier run if it is of the same form."""
        try:
            state = _STATE.read(PartState, _state_path(self.part))
        except UserError:
            state = None
        if state is not None and state.format_id == self.chosen.format_id:
            self.total = state.total_bytes
        else:
            self.part.unlink(missing_ok=True)

    def _remember(self, total: int) -> None:
        if total != self.total or not _state_path(self.part).exists():
            commit_record(_state_path(self.part), PartState, PartState(_VERSION, self.chosen.format_id, total))
        self.total = total

    def _ask(self, have: int) -> bool:
        """One request for what is missing; True once the file is whole.

        Raises:
            _BrokenOffError: the answer ended before its end.
        """
        start = max(0, have - _OVERLAP_BYTES)
        piece = int((self.chosen.raw.get("downloader_options") or {}).get("http_chunk_size") or 0)
        headers = {**(self.chosen.raw.get("http_headers") or {}), "Accept-Encoding": "identity"}
        if have or piece:
            headers["Range"] = f"bytes={start}-{start + piece - 1 if piece else ''}"
        try:
            with self.opener.opened(self.chosen.url, headers) as answer:
                end = self._placed(answer, start, "Range" in headers)
                if end < 0:
                    return self._restart()
                with _saving(self.part):
                    self._write(answer, have)
        except RejectedError as error:
            if have and getattr(error.__cause__, "status", 0) == 416:
                return self._restart()
            if error.reject.reason is Reason.E_FETCH and self._size() > have:
                raise _BrokenOffError(clean_text(str(error.__cause__ or error), 200)) from error
            raise
        size = self._size()
        if not self.total:
            return True
        if size > self.total:
            raise RejectedError(Reason.E_CHANGED, f"{_place(self.chosen)} changed while it was fetched; run again")
        if size < self.total and size <= have:
            raise _BrokenOffError("nothing came")
        return size == self.total

    def _placed(self, answer: Any, start: int, asked: bool) -> int:
        """Checks what the answer is a part of; 0 for a good one, -1 where the file has to be begun anew."""
        span = _RANGE.fullmatch((answer.headers.get("Content-Range") or "").strip())
        if asked and answer.status == 206 and span:
            total = 0 if span[3] == "*" else int(span[3])
            if int(span[1]) != start or (self.total and total != self.total):
                return -1
        else:
            if self._size():
                return -1  # the server sends all of it again
            length = answer.headers.get("Content-Length") or ""
            plain = length.isascii() and length.isdigit() and not answer.headers.get("Content-Encoding")
            total = int(length[:15]) if plain else 0
        self.gate.check_length(total, self.chosen.url)
        if not self._size():
            _check_type(answer, self.chosen)
        self._remember(total)
        return 0

    def _restart(self) -> bool:
        self.restarts += 1
        if self.restarts > self.gate.manners.tries:
            raise _BrokenOffError("the server cannot go on with a file, and breaks off each time")
        self.part.unlink(missing_ok=True)
        self.total = 0
        return False

    def _write(self, answer: Any, have: int) -> None:
        """Appends the answer; its first bytes have to be the last ones that are there."""
        with self.part.open("r+b" if have else "wb") as file:
            if have:
                start = max(0, have - _OVERLAP_BYTES)
                file.seek(start)
                known = file.read()
                if _exactly(answer, len(known)) != known:
                    file.truncate(0)  # another file under the same address
                    raise _BrokenOffError("the bytes differ from those that came before")
            size = have
            while block := answer.read(_BLOCK_BYTES):
                if not size and _TEXT.match(block):
                    raise RejectedError(
                        Reason.E_NOT_MEDIA, f"{_place(self.chosen)} sends text instead of media; try another address"
                    )
                size += len(block)
                self.gate.check_length(size, self.chosen.url)
                file.write(block)
                self.on_bytes(size, self.total)


@contextmanager
def _saving(path: Path) -> Iterator[None]:
    """Tells a disk that cannot be written from a network that cannot be read."""
    try:
        yield
    except OSError as error:
        raise output_error(error, path.parent) from error


def _exactly(answer: Any, count: int) -> bytes:
    parts = b""
    while len(parts) < count and (block := answer.read(count - len(parts))):
        parts += block
    return parts


def _check_type(answer: Any, chosen: Format) -> None:
    kind = (answer.headers.get("Content-Type") or "").split(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml", "application/json"):
        raise RejectedError(
            Reason.E_NOT_MEDIA, f"{_place(chosen)} sends {kind} instead of media; try another address, or later"
        )


def _state_path(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _place(chosen: Format) -> str:
    return f"{clean_text(host_of(chosen.url), 100)} (format {clean_text(chosen.format_id, 40) or 'only one'})"
