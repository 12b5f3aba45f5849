"""The videos a dataset was made from, where the user has them: found by their bytes, never by their names."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nonverbal.media.container import sniff
from nonverbal.verdicts import UserError

_CHUNK_BYTES = 1 << 20
_PIECE_BYTES = 1 << 18
_HEAD_BYTES = 4096
_MOST_FILES = 200_000
_TYPES = {
    "mov": "video/mp4",
    "ogg": "video/ogg",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "aac": "audio/aac",
}
"""What browsers may be given, by the demuxer that the first bytes call for; Matroska files depend on their kind."""

_Identity = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class MediaFile:
    """An open file whose bytes have been proved to be those of a source; it closes itself when nobody holds it."""

    file: BinaryIO
    size_bytes: int
    media_type: str
    source_id: str

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` to before `end`, piece by piece; ends early where the file was cut meanwhile."""
        while start < end:
            piece = os.pread(self.file.fileno(), min(end - start, _PIECE_BYTES), start)
            if not piece:
                return
            start += len(piece)
            yield piece


class MediaFolder:
    """The files below a folder, by size at first; a file is hashed when it is asked for and then remembered.

    Links are not followed, neither to folders nor to files. A file counts as proved as long as it is the same
    file of the same size and time of change.
    """

    def __init__(self, root: Path, sizes: Mapping[str, int]) -> None:
        if not root.is_dir():
            raise UserError(f"--media {root}: is no folder; expected the one with the videos the dataset was made from")
        self._sizes = dict(sizes)
        self._lock = threading.Lock()
        self._hashes: dict[_Identity, str] = {}
        wanted = set(sizes.values())
        self._by_size: dict[int, list[Path]] = {}
        for path, size in _files(root):
            if size in wanted:
                self._by_size.setdefault(size, []).append(path)

    def may_have(self, source_id: str) -> bool:
        """A file of the right size is there, and no look inside has shown it to be another one."""
        return bool(self._by_size.get(self._sizes.get(source_id, -1)))

    def open(self, source_id: str) -> MediaFile | None:
        """The file of a source; None where there is none, or it is of a kind that browsers cannot show."""
        for path in self._by_size.get(self._sizes.get(source_id, -1), []):
            try:
                handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError:
                continue
            file = os.fdopen(handle, "rb")
            state = os.fstat(handle)
            kind = media_type(os.pread(handle, _HEAD_BYTES, 0)) if stat.S_ISREG(state.st_mode) else None
            if kind and self._hash(handle, state) == source_id:
                return MediaFile(file, state.st_size, kind, source_id)
            file.close()
        return None

    def _hash(self, handle: int, state: os.stat_result) -> str:
        identity = state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns
        with self._lock:  # one at a time, since it is the disk that takes the time
            if identity not in self._hashes:
                digest, at = hashlib.sha256(), 0
                while piece := os.pread(handle, _CHUNK_BYTES, at):
                    digest.update(piece)
                    at += len(piece)
                self._hashes[identity] = digest.hexdigest()
            return self._hashes[identity]


def _files(root: Path) -> Iterator[tuple[Path, int]]:
    """Regular files below `root` with their sizes."""
    seen = 0
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder) / name
            try:
                state = path.lstat()
            except OSError:
                continue
            if stat.S_ISREG(state.st_mode):
                yield path, state.st_size
            seen += 1
            if seen == _MOST_FILES:
                raise UserError(
                    f"--media {root}: holds more than {_MOST_FILES:,} files; name a folder with the videos only"
                )


def media_type(head: bytes) -> str | None:
    """The type to tell browsers for a file that begins with `head`; None for what they cannot show."""
    kind = sniff(head)
    if kind == "matroska":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    return _TYPES.get(kind or "")
