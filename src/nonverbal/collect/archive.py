"""Everything ever met, one record a source, and the list that a build goes on from."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from nonverbal.pipeline.store import commit, commit_record
from nonverbal.record_files import RecordFile
from nonverbal.types import Source
from nonverbal.venus.listing import COLUMNS
from nonverbal.verdicts import Reason, UserError

LIST_NAME = "sources.csv"
PASSING = frozenset(
    {Reason.E_FETCH, Reason.E_RATE_LIMIT, Reason.E_BOT_CHECK, Reason.E_FORBIDDEN, Reason.E_LIVE, Reason.E_TRUNCATED}
)
"""Verdicts that may be others tomorrow: the next run asks again."""
ADDRESS = "address"
"""Begins the key of what never got as far as an extractor's."""
_VERSION = 1
_FILE = RecordFile("version", _VERSION, "the record of a source", "remove it to have the source collected again")


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of one source: where it comes from, what became of it, and what it cost.

    Attributes:
        name: what its files are called: a hash of the extractor and its id, or of the address.
        key: extractor and the site's id.
        url: of its page, without user names and passwords.
        asked: further addresses that led to it alone.
        availability: public, unlisted, ... where the site tells.
        media, thumbnail: file names below the output; empty where there is none.
        sha256: of the media file: its source_id in a dataset.
        formats: ids of the forms fetched.
        bytes_fetched: all that came for it, pages and pictures included.
        bytes_saved: what a filter spared, as far as the site tells sizes.
        reason: empty for a source that was kept.
        stage: which step gave the verdict.
    """

    version: int
    name: str
    key: str
    url: str
    asked: tuple[str, ...] = ()
    title: str = ""
    channel: str = ""
    channel_url: str = ""
    licence: str = ""
    availability: str = ""
    duration_s: float = 0.0
    uploaded: str = ""
    fetched_at: str = ""
    media: str = ""
    thumbnail: str = ""
    sha256: str = ""
    size_bytes: int = 0
    formats: tuple[str, ...] = ()
    bytes_fetched: int = 0
    bytes_saved: int = 0
    reason: str = ""
    stage: str = ""
    message: str = ""


def source_name(key: str) -> str:
    """What a source's files are called: nothing that a site says can get into a file name."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32]


def new_record(key: str, url: str) -> Record:
    """The record of a source just met."""
    return Record(_VERSION, source_name(key), key, url)


@dataclass
class Archive:
    """The records of an output folder.

    Attributes:
        again: verdicts that are to be found anew, whatever they were.
    """

    root: Path
    again: frozenset[str] = frozenset()
    records: dict[str, Record] = field(default_factory=dict)
    local: list[Source] = field(default_factory=list)
    _by_url: dict[str, str] = field(default_factory=dict)

    def load(self) -> None:
        """Reads all records; makes the folders.

        Raises:
            UserError: one is damaged.
        """
        for folder in (self.media, self.thumbnails, self.partial, self._folder):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.root, self._folder, self.partial):
            for path in folder.glob(".*.tmp"):  # of a run that was killed while it wrote
                path.unlink(missing_ok=True)
        for path in sorted(self._folder.glob("*.json")):
            if not path.name.startswith("."):
                self._index(_FILE.read(Record, path))

    @property
    def media(self) -> Path:
        return self.root / "media"

    @property
    def thumbnails(self) -> Path:
        return self.root / "thumbnails"

    @property
    def partial(self) -> Path:
        return self.root / ".nonverbal" / "partial"

    @property
    def _folder(self) -> Path:
        return self.root / "records"

    def known(self, key: str, url: str) -> Record | None:
        """The record of a source, by its key or else by an address that led to it."""
        return self.records.get(source_name(key) if key else self._by_url.get(url, ""))

    def is_settled(self, record: Record) -> bool:
        """Whether there is nothing more to do about a source."""
        if record.reason in PASSING or record.reason in self.again:
            return False
        return bool(record.reason) or (self.root / record.media).is_file()

    def put(self, record: Record) -> None:
        """Writes a record, and the list where that is changed by it."""
        before = self.records.get(record.name)
        for name in {self._by_url.get(url, record.name) for url in (record.url, *record.asked)} - {record.name}:
            if self.records[name].key.startswith(f"{ADDRESS} "):  # of a time when its page could not be read
                (self._folder / f"{name}.json").unlink(missing_ok=True)
                del self.records[name]
        commit_record(self._folder / f"{record.name}.json", Record, record)
        self._index(record)
        if not record.reason or (before is not None and not before.reason):
            self.write_list()

    def clear(self, name: str) -> None:
        """Removes what was fetched of a source so far: a verdict needs no media."""
        for folder in (self.media, self.thumbnails, self.partial):
            for path in folder.glob(f"{name}.*"):
                path.unlink(missing_ok=True)

    def write_list(self) -> None:
        """The list of what was kept, in order of name, for `nonverbal build`."""
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(COLUMNS)
        for record in (self.records[name] for name in sorted(self.records)):
            if not record.reason:
                about = (record.url, record.channel, record.title, record.licence, record.fetched_at)
                rows.writerow((record.media, *about, record.thumbnail))
        for source in self.local:
            rows.writerow([getattr(source, column) for column in COLUMNS])
        data = text.getvalue().encode("utf-8", "surrogateescape")
        commit(self.root / LIST_NAME, lambda temporary: temporary.write_bytes(data), Path.read_bytes)

    def note_asked(self, record: Record, url: str) -> Record:
        """The record with a further address that led to it."""
        if url in ("", record.url, *record.asked):
            return record
        return replace(record, asked=(*record.asked, url))

    def _index(self, record: Record) -> None:
        self.records[record.name] = record
        for url in (record.url, *record.asked):
            self._by_url[url] = record.name


@dataclass(frozen=True)
class TakeDown:
    """What must not be collected: addresses, ids of sites, names of sources or hashes of their media, one a line."""

    entries: frozenset[str] = frozenset()

    def names(self, *tokens: str) -> bool:
        """Whether any of the tokens is on the list."""
        return any(token and token in self.entries for token in tokens)

    def names_record(self, record: Record) -> bool:
        """Whether the list speaks of a source, in whatever way."""
        video_id = record.key.split(" ", 1)[-1]
        return self.names(record.name, record.sha256, record.key, video_id, record.url, *record.asked)


def read_takedown(path: Path | None) -> TakeDown:
    """The take-down list of a file; lines that begin with # are remarks.

    Raises:
        UserError: it cannot be read.
    """
    return TakeDown(frozenset(read_lines(path))) if path else TakeDown()


def read_lines(path: Path) -> Iterable[str]:
    """The lines of a text file without remarks and empty ones.

    Raises:
        UserError: it cannot be read, or is no UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}); expected a text file in UTF-8, one entry a line") from error
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
