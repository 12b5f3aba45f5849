"""Every source an output has ever seen, kept beside it: builds add up, and unchanged files are not hashed again."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from pathlib import Path

from nonverbal.pipeline.lock import Output
from nonverbal.pipeline.store import JsonCodec, commit_sealed
from nonverbal.pipeline.unit import FileMark
from nonverbal.types import Source
from nonverbal.venus.collect import Collection, KnownFile, collect
from nonverbal.verdicts import Reject, UserError


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An input that could not be opened; the source's id hashes its name, since its bytes are not known."""

    source: Source
    reject: Reject


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What `collect` found over all builds of one output; sources and unreadable inputs in the order of their ids."""

    sources: tuple[Source, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    known: tuple[KnownFile, ...] = ()

    @property
    def marks(self) -> dict[str, FileMark]:
        """The state of each source's file when it was hashed; one that no file has whose path has other bytes now."""
        states = {(k.path, k.source_id): (k.size_bytes, k.mtime_ns, k.inode) for k in self.known}
        return {s.source_id: states.get((s.path, s.source_id), (-1, -1, -1)) for s in self.sources}

    def plus(self, found: Collection) -> Catalogue:
        """This catalogue with what was found now, which says the latest about a file."""
        sources = {s.source_id: s for s in (*self.sources, *found.sources)}
        known = {k.path: k for k in (*self.known, *found.known)}
        bad = {u.source.source_id: u for u in (*self.unreadable, *(Unreadable(*pair) for pair in found.rejected))}
        read_now = {k.path for k in found.known}
        return Catalogue(
            tuple(sources[i] for i in sorted(sources)),
            tuple(bad[i] for i in sorted(bad) if bad[i].source.path not in read_now),
            tuple(known[path] for path in sorted(known)),
        )


def update(output: Output, inputs: Sequence[str], tick: Callable[[str], None]) -> tuple[Catalogue, Collection]:
    """The output's catalogue with the inputs added, saved where that changed it; and what the inputs alone hold.

    Raises:
        UserError: an input does not exist or is a list with a mistake in it, or the saved catalogue is damaged.
    """
    path = output.home / "catalogue.json"
    before = _load(path)
    found = collect(inputs, before.known, tick)
    after = before.plus(found)
    if after != before:
        commit_sealed(path, Catalogue, after)
    return after, found


def forget(output: Output, ids: Container[str]) -> None:
    """Takes the sources in `ids` out of the output's catalogue."""
    path = output.home / "catalogue.json"
    before = _load(path)
    after = Catalogue(
        tuple(source for source in before.sources if source.source_id not in ids),
        tuple(bad for bad in before.unreadable if bad.source.source_id not in ids),
        tuple(file for file in before.known if file.source_id not in ids),
    )
    if after != before:
        commit_sealed(path, Catalogue, after)


def _load(path: Path) -> Catalogue:
    if not path.exists():
        return Catalogue()
    try:
        loaded: Catalogue = JsonCodec(Catalogue).read(path)
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error}); remove it and give all inputs again: no work is lost") from error
    return loaded
