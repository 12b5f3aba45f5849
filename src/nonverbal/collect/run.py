"""All sources in turn: those known are passed by, each new one gets a record, and a host that refuses is left alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from nonverbal.collect.addresses import host_of, without_secrets
from nonverbal.collect.archive import ADDRESS, Archive, Record, TakeDown, new_record
from nonverbal.collect.manners import EnoughError, Gate
from nonverbal.collect.source import Fetcher, Tick, turned_down
from nonverbal.collect.ytdlp import Found, Session
from nonverbal.pipeline.lock import OutputError
from nonverbal.verdicts import Reason, Reject, UserError

_STRIKES = 3
"""Refusals in a row after which a host is asked no more in this run."""
_REFUSALS = (Reason.E_BOT_CHECK, Reason.E_RATE_LIMIT)


@dataclass
class Books:
    """What a run did: records of this run by name, how many were known, and why it ended early, if it did."""

    found: int = 0
    known: int = 0
    left: int = 0
    records: dict[str, Record] = field(default_factory=dict)
    taken_down: list[Record] = field(default_factory=list)
    stopped: str = ""

    @property
    def kept(self) -> int:
        return sum(not record.reason for record in self.records.values())

    @property
    def bytes_saved(self) -> int:
        return sum(record.bytes_saved for record in self.records.values())

    @property
    def verdicts(self) -> Counter[str]:
        """How many sources were turned down in this run, by reason."""
        return Counter(record.reason for record in self.records.values() if record.reason)


@dataclass
class Runner:
    """Goes through addresses until they end, or the run has what it may have."""

    session: Session
    archive: Archive
    fetcher: Fetcher
    gate: Gate
    takedown: TakeDown
    max_videos: int
    tick: Tick
    books: Books = field(default_factory=Books)
    _strikes: Counter[str] = field(default_factory=Counter)
    _counted: int = 0

    def run(self, addresses: Iterable[str]) -> Books:
        """Collects what the addresses lead to."""
        self._take_down()
        waiting = list(addresses)
        for at, address in enumerate(waiting):
            try:
                for found in self.session.videos(address, self._is_known):
                    self._one(found)
                    self._check_count()
            except EnoughError as error:
                self.books.stopped = str(error)
                self.books.left += len(waiting) - at
                break
        return self.books

    def _check_count(self) -> None:
        if 0 < self.max_videos <= len(self.books.records):
            raise EnoughError(f"--max-videos {self.max_videos} is reached")

    def _take_down(self) -> None:
        """Takes what is on the take-down list off the list for builds; its files are for their owner to delete."""
        for record in list(self.archive.records.values()):
            if not record.reason and self.takedown.names_record(record):
                self.books.taken_down.append(record)
                sentence = f"{record.url} is on the take-down list; {record.media} is yours to delete, and to purge"
                kept = replace(record, reason=str(Reason.E_TAKEDOWN), stage="take-down", message=sentence)
                self.archive.put(kept)

    def _is_known(self, found: Found) -> bool:
        """Whether nothing has to be asked about what a list names; counts what is passed by."""
        if self._strikes[host_of(found.url)] >= _STRIKES:
            self.books.left += 1
            return True
        record = self.archive.known(found.key, found.url)
        settled = record is not None and record.reason == Reason.E_TAKEDOWN
        if not settled and self.takedown.names(found.url, found.video_id, found.key):
            self._put(turned_down(self._record(found), "take-down", _taken_down(found.url)), found)
            return True
        if record is None or record.name in self.books.records or not self.archive.is_settled(record):
            return record is not None and record.name in self.books.records
        self.books.known += 1
        return True

    def _one(self, found: Found) -> None:
        """Looks after one video that was looked up, or could not be."""
        self.books.found += 1
        self.tick("found", self.books.found, 0)
        if found.reject is not None:
            self._put(turned_down(self._record(found), "look up", found.reject), found)
            self._note(found.url, found.reject.reason)
            return
        record = self.archive.known(found.key, found.url)
        if record is not None and self.archive.is_settled(record):
            self.books.known += 1
            self.archive.put(self.archive.note_asked(record, without_secrets(found.asked)))
            return
        blank = self._record(found)
        if self.takedown.names_record(blank):
            self._put(turned_down(blank, "take-down", _taken_down(found.url)), found)
            return
        self._put(self._taken(found, blank), found)
        self.gate.between_videos()

    def _taken(self, found: Found, blank: Record) -> Record:
        assert found.info is not None
        try:
            record = self.fetcher.take(found.key, found.url, found.info)
        except (EnoughError, OutputError, UserError, OSError):
            raise
        except Exception as error:  # what a site says, or what a medium holds, can be wrong in ways that nobody listed
            what = f"{without_secrets(found.url)}: {type(error).__name__}: {error}; this is a mistake of ours, tell us"
            record = turned_down(blank, "fetch", Reject(Reason.E_CRASH, what))
        self._note(found.url, Reason(record.reason) if record.reason else None)
        return record

    def _note(self, url: str, reason: Any) -> None:
        host = host_of(url)
        self._strikes[host] = self._strikes[host] + 1 if reason in _REFUSALS else 0

    def _record(self, found: Found) -> Record:
        known = self.archive.known(found.key, found.url)
        if known is not None:
            return replace(new_record(known.key, known.url), asked=known.asked)
        return new_record(found.key or f"{ADDRESS} {without_secrets(found.url)}", without_secrets(found.url))

    def _put(self, record: Record, found: Found) -> None:
        cost = self.gate.bytes_fetched - self._counted
        self._counted = self.gate.bytes_fetched
        record = replace(record, bytes_fetched=cost, fetched_at=datetime.now(UTC).isoformat(timespec="seconds"))
        record = self.archive.note_asked(record, without_secrets(found.asked))
        self.archive.put(record)
        self.books.records[record.name] = record


def _taken_down(url: str) -> Reject:
    return Reject(Reason.E_TAKEDOWN, f"{without_secrets(url)} is on the take-down list and is left alone")
