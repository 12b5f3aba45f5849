"""One source, from its page to a media file: each step is taken only if the one before let it by."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nonverbal.collect.addresses import without_secrets
from nonverbal.collect.archive import PASSING, Archive, Record, new_record
from nonverbal.collect.filters import Filters, check_media
from nonverbal.collect.formats import Choice, Format, choose
from nonverbal.collect.manners import Gate
from nonverbal.collect.mux import mux
from nonverbal.collect.transfer import Opener, fetch, fetch_small
from nonverbal.media.names import clean_text
from nonverbal.verdicts import Reason, Reject, RejectedError

_THUMBNAIL_BYTES = 8 << 20
_WIDEST_PX = 1280
_SUFFIXES = ((b"\xff\xd8\xff", ".jpg"), (b"\x89PNG", ".png"), (b"RIFF", ".webp"))
_CHUNK_BYTES = 1 << 20

Tick = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Limits:
    """What is fetched of a source at most, and how."""

    max_source_bytes: int
    max_duration_s: float
    min_side_px: int
    audio_first: bool


class _TurnedDownError(Exception):
    """A verdict on the way, with the step that gave it and the bytes that it spared."""

    def __init__(self, stage: str, reject: Reject, saved: int = 0) -> None:
        super().__init__(reject.message)
        self.stage, self.reject, self.saved = stage, reject, saved


@dataclass
class Fetcher:
    """Takes sources one after the other through all steps."""

    archive: Archive
    opener: Opener
    gate: Gate
    filters: Filters
    limits: Limits
    tick: Tick

    def take(self, key: str, url: str, info: Mapping[str, Any]) -> Record:
        """The finished record of a source that was looked up; its files are in place, or gone if it was turned down."""
        record = describe(new_record(key, without_secrets(url)), info)
        try:
            record = self._through(record, info)
        except _TurnedDownError as error:
            record = turned_down(record, error.stage, error.reject, error.saved)
        except RejectedError as error:
            record = turned_down(record, "fetch", error.reject)
        if record.reason and record.reason not in PASSING:
            self.archive.clear(record.name)
        return record

    def _through(self, record: Record, info: Mapping[str, Any]) -> Record:
        _check_state(info, record.url)
        self._check_duration(record)
        choice = choose(info, self.limits.min_side_px, self.limits.audio_first)
        if choice is None:
            raise _TurnedDownError(
                "look up",
                Reject(
                    Reason.E_NO_FORMAT, f"{record.url}: it comes in no form with sound and picture that can be fetched"
                ),
            )
        record = self._thumbnail(record, info, choice)
        self._check_size(record, choice)
        path = self._apart(record, choice) if choice.sound else self._whole(record, choice.picture)
        return self._kept(record, path, choice)

    def _check_duration(self, record: Record) -> None:
        if 0 < self.limits.max_duration_s < record.duration_s:
            told = f"{record.url} lasts {record.duration_s:.0f} s, expected at most {self.limits.max_duration_s:g}"
            raise _TurnedDownError("look up", Reject(Reason.E_TOO_LONG, f"{told}; raise --max-duration-s"))
        short = self.filters.too_short(record.url, record.duration_s)
        if short is not None:
            raise _TurnedDownError("look up", short)

    def _check_size(self, record: Record, choice: Choice) -> None:
        if choice.size_bytes > self.limits.max_source_bytes:
            told = f"{record.url} has about {choice.size_bytes:,} bytes, expected at most"
            sentence = f"{told} {self.limits.max_source_bytes:,}; raise --max-source-bytes"
            raise _TurnedDownError("look up", Reject(Reason.E_TOO_BIG, sentence))

    def _thumbnail(self, record: Record, info: Mapping[str, Any], choice: Choice) -> Record:
        """F1: the record with its thumbnail; one that is not there says nothing."""
        address = best_thumbnail(info)
        if not address:
            return record
        self.tick("thumbnail", 0, 1)
        path = self.archive.partial / f"{record.name}.thumbnail"
        try:
            fetch_small(self.opener, self.gate, address, path, _THUMBNAIL_BYTES)
        except RejectedError as error:
            if error.reject.reason in (Reason.E_RATE_LIMIT, Reason.E_BOT_CHECK):
                raise
            return record
        suffix = next((s for magic, s in _SUFFIXES if path.read_bytes()[:4].startswith(magic)), "")
        if not suffix:
            path.unlink()
            return record
        final = self.archive.thumbnails / f"{record.name}{suffix}"
        os.replace(path, final)
        reject = self.filters.see(final)
        if reject is not None:
            told = Reject(reject.reason, reject.message.replace(str(final), record.url))
            raise _TurnedDownError("thumbnail", told, choice.size_bytes)
        return replace(record, thumbnail=f"thumbnails/{final.name}")

    def _whole(self, record: Record, chosen: Format) -> Path:
        path = self._fetched(record, chosen, "video")
        self._judge(record, path, None)
        return path

    def _apart(self, record: Record, choice: Choice) -> Path:
        assert choice.sound is not None
        sound = self._fetched(record, choice.sound, "audio")
        self._judge(record, sound, choice.picture)
        picture = self._fetched(record, choice.picture, "video")
        self.tick("joining", 0, 1)
        path = mux(picture, sound, self.archive.partial / f"{record.name}.whole")
        check_media(path)
        return path

    def _fetched(self, record: Record, chosen: Format, what: str) -> Path:
        path = self.archive.partial / f"{record.name}.{what}"
        if path.exists():
            return path  # of a run that was stopped after it
        note = "sound" if what == "audio" else "video"
        limit = self.limits.max_source_bytes
        return fetch(self.opener, self.gate, chosen, path, limit, lambda done, of: self.tick(note, done, of))

    def _judge(self, record: Record, path: Path, later: Format | None) -> None:
        """F3 and F4, after a look at whether the file is what it was said to be; `later` is what they may spare."""
        try:
            duration_s = check_media(path, needs_picture=later is None).duration_s
        except RejectedError as error:
            path.unlink()  # a file that lies is no part to go on with
            raise _TurnedDownError("fetch", _renamed(error.reject, path, record.url)) from error
        if self.limits.audio_first:
            reject = self.filters.hear(path, self.tick)
            if reject is not None:
                spared = (later.size_bytes or int(later.rate_kbps * 125.0 * duration_s)) if later else 0
                raise _TurnedDownError("audio", _renamed(reject, path, record.url), spared)

    def _kept(self, record: Record, path: Path, choice: Choice) -> Record:
        suffix = path.suffix if choice.sound else _suffix(check_media(path).container)
        final = self.archive.media / f"{record.name}{suffix}"
        digest = _sha256(path)
        os.replace(path, final)
        for left in self.archive.partial.glob(f"{record.name}.*"):
            left.unlink()
        formats = tuple(clean_text(f.format_id, 60) for f in (choice.sound, choice.picture) if f)
        size = final.stat().st_size
        return replace(record, media=f"media/{final.name}", sha256=digest, size_bytes=size, formats=formats)


def describe(record: Record, info: Mapping[str, Any]) -> Record:
    """The record with what a site tells about a source, on one line each and without control characters."""
    duration = info.get("duration")

    def text(*names: str) -> str:
        return next((clean_text(str(info[name])) for name in names if info.get(name)), "")

    return replace(
        record,
        title=text("title"),
        channel=text("channel", "uploader", "creator", "series", "webpage_url_domain"),
        channel_url=without_secrets(text("channel_url", "uploader_url")),
        licence=text("license"),
        availability=text("availability"),
        duration_s=float(duration) if isinstance(duration, int | float) and 0 < duration < 1e9 else 0.0,
        uploaded=text("upload_date", "release_date"),
    )


def turned_down(record: Record, stage: str, reject: Reject, saved: int = 0) -> Record:
    """The record of a source that is not kept, and why."""
    named = reject.message if record.url in reject.message else f"{record.url}: {reject.message}"
    message = clean_text(named, 1000)
    return replace(
        record, reason=str(reject.reason), stage=stage, message=message, bytes_saved=saved, media="", thumbnail=""
    )


def best_thumbnail(info: Mapping[str, Any]) -> str:
    """The address of the largest thumbnail that is not larger than it is looked at; empty where there is none."""
    listed = [t for t in info.get("thumbnails") or () if isinstance(t, Mapping) and t.get("url")]
    fitting = [t for t in listed if int(t.get("width") or 0) <= _WIDEST_PX]
    if fitting:
        return str(fitting[-1]["url"])  # yt-dlp sorts them, the best one last
    return str(info.get("thumbnail") or (listed[0]["url"] if listed else ""))


def _check_state(info: Mapping[str, Any], url: str) -> None:
    state = info.get("live_status") or ("is_live" if info.get("is_live") else "")
    if state in ("is_live", "is_upcoming", "post_live"):
        sentence = f"{url} is live, was a moment ago, or has not begun ({state}); collect it when it is over"
        raise _TurnedDownError("look up", Reject(Reason.E_LIVE, sentence))
    held = {"private": Reason.E_PRIVATE, "subscriber_only": Reason.E_MEMBERS, "premium_only": Reason.E_MEMBERS}
    reason = held.get(str(info.get("availability")))
    if reason is not None and not info.get("formats"):
        raise _TurnedDownError("look up", Reject(reason, f"{url} is not public; give --cookies of who may watch it"))


def _renamed(reject: Reject, path: Path, url: str) -> Reject:
    """The verdict with the address in place of a name that only this run knows."""
    return Reject(reject.reason, reject.message.replace(str(path), url).replace(path.name, url))


def _suffix(container: str) -> str:
    """A name ending that `nonverbal build` takes for a video, by what the file is and not by what it was called."""
    known = {"mov": ".mp4", "matroska": ".mkv", "avi": ".avi", "mpegts": ".ts", "mpeg": ".mpg", "flv": ".flv"}
    return next((suffix for name, suffix in known.items() if name in container.split(",")), ".mp4")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
