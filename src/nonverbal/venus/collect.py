"""The sources named by files, folders and lists: each once, by the hash of its bytes; what cannot be read, with why."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from nonverbal.media.names import check_file, printable
from nonverbal.types import Source
from nonverbal.venus.listing import SourceList, is_list, read_list
from nonverbal.venus.walk import walk
from nonverbal.verdicts import Reason, Reject, RejectedError, UserError

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file whose bytes were hashed before, and the state it was in: unchanged state, unchanged bytes."""

    path: str
    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    source_id: str


@dataclass(frozen=True, slots=True)
class Alias:
    """A further name under which a source was met."""

    source_id: str
    path: str


@dataclass(frozen=True, slots=True)
class Collection:
    """What the inputs hold.

    Attributes:
        sources: in the order of the inputs, folders sorted by name; no source_id twice.
        rejected: records of what could not be read, with the verdict; their ids hash the name.
        aliases: names of sources met again.
        ignored: files in folders that have no media extension.
        known: the state of all files hashed, for the next run.
        hashed_bytes: read to find the ids that were not known.
    """

    sources: tuple[Source, ...]
    rejected: tuple[tuple[Source, Reject], ...]
    aliases: tuple[Alias, ...]
    ignored: int
    known: tuple[KnownFile, ...]
    hashed_bytes: int


def collect(
    inputs: Sequence[str],
    known: Iterable[KnownFile] = (),
    tick: Callable[[str], None] = lambda path: None,
) -> Collection:
    """The sources that `inputs` name: media files, folders (searched recursively), lists (.csv, .jsonl).

    A file in the state it had in `known` is not read. `tick` is called with each file's name.

    Raises:
        UserError: an input does not exist, is an address on the network, or is a list with a mistake in it.
    """
    gathering = _Gathering({k.path: k for k in known}, tick)
    for name in inputs:
        if name.startswith(("http://", "https://")):
            raise UserError(
                f"{printable(name)}: a build takes files; fetch it with `nonverbal collect` and give its sources.csv"
            )
        path = Path(name)
        if not os.path.lexists(path):
            raise UserError(
                f"{printable(name)} does not exist, expected a media file, a folder or a list; check the name"
            )
        if path.is_dir():
            gathering.folder(path)
        elif is_list(path):
            gathering.list(read_list(path))
        else:
            gathering.file(Source("", str(path.absolute()), 0))
    return gathering.result()


@dataclass
class _Gathering:
    known: dict[str, KnownFile]
    tick: Callable[[str], None]
    sources: dict[str, Source] = field(default_factory=dict)
    rejected: dict[str, tuple[Source, Reject]] = field(default_factory=dict)
    aliases: dict[Alias, None] = field(default_factory=dict)
    states: dict[str, KnownFile] = field(default_factory=dict)
    ignored: int = 0
    hashed_bytes: int = 0

    def folder(self, root: Path) -> None:
        found = walk(root.absolute())
        self.ignored += found.ignored
        for path in found.files:
            self.file(Source("", path, 0))
        for path, message in found.bad:
            self.reject(Source("", path, 0), Reject(Reason.E_NAME, message))

    def list(self, listed: SourceList) -> None:
        for source in listed.sources:
            self.file(source)

    def file(self, draft: Source) -> None:
        """Adds the file at ``draft.path``; id and size are filled in here."""
        self.tick(draft.path)
        try:
            state = self.state(draft.path)
        except RejectedError as error:
            self.reject(draft, error.reject)
            return
        self.states[draft.path] = state
        source = replace(draft, source_id=state.source_id, size_bytes=state.size_bytes)
        first = self.sources.setdefault(state.source_id, source)
        if first.path != source.path:
            self.aliases[Alias(state.source_id, source.path)] = None

    def reject(self, draft: Source, verdict: Reject) -> None:
        source_id = hashlib.sha256(b"name\0" + os.fsencode(draft.path)).hexdigest()
        self.rejected.setdefault(source_id, (replace(draft, source_id=source_id), verdict))

    def state(self, name: str) -> KnownFile:
        """The file's state and hash.

        Raises:
            RejectedError: E_NAME when it cannot be opened, E_CHANGED when it is being written.
        """
        path = Path(name)
        before = _state(name, check_file(path))
        before_known = self.known.get(name) or self.states.get(name)
        if before_known is not None and before == replace(before_known, source_id=""):
            return before_known
        try:
            digest = _sha256(path, before.size_bytes)
            after = _state(name, path.stat())
        except OSError as error:
            raise RejectedError(
                Reason.E_NAME,
                f"{printable(name)} cannot be read ({error.strerror}), expected a readable file; check the disk",
            ) from error
        if after != before:
            raise RejectedError(
                Reason.E_CHANGED,
                f"{printable(name)} changed while it was read; wait until it is written, then run again",
            )
        self.hashed_bytes += before.size_bytes
        return replace(before, source_id=digest)

    def result(self) -> Collection:
        return Collection(
            tuple(self.sources.values()),
            tuple(self.rejected.values()),
            tuple(self.aliases),
            self.ignored,
            tuple(self.states.values()),
            self.hashed_bytes,
        )


def _state(name: str, stat: os.stat_result) -> KnownFile:
    return KnownFile(name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, "")


def _sha256(path: Path, size_bytes: int) -> str:
    """The hash of the first `size_bytes`: files of the kernel say they have none and may never end."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while size_bytes > 0 and (chunk := file.read(min(_CHUNK_BYTES, size_bytes))):
            digest.update(chunk)
            size_bytes -= len(chunk)
    return digest.hexdigest()
