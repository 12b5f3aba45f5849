"""`nonverbal collect`: the command."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from nonverbal.collect.filters import Filters
from nonverbal.collect.manners import Manners
from nonverbal.verdicts import Reason, UserError

_FLAT = tyro.conf.arg(name="")
EXIT_NOTHING = 4
"""Everything is accounted for and nothing went wrong, but no source was kept, now or before."""


@dataclass(frozen=True)
class Collect:
    """Videos from the network, as far as they look and sound like two people talking, for `nonverbal build`."""

    inputs: tyro.conf.Positional[tuple[str, ...]]
    """Addresses of videos, channels and playlists, files with one address a line, or lists (.csv, .jsonl)."""
    out: Path
    """Folder for media, thumbnails, records and sources.csv; what it already holds is not fetched again."""
    search: tuple[str, ...] = ()
    """Words to search YouTube for; in quotes, several searches one after the other."""
    search_results: int = 50
    """How many results of each search are looked at."""
    audio_first: bool = True
    """Whether the sound comes first, and the picture only if two people talk an accepted language in it."""
    min_side_px: int = 360
    """The smallest picture whose shorter side has so many pixels is fetched."""
    max_videos: int = 0
    """New videos to look at in this run; 0 for all."""
    max_duration_s: float = 0.0
    """Longest video in seconds; 0 for any length."""
    max_source_bytes: int = 4_000_000_000
    """Most bytes of one file."""
    takedown: Path | None = None
    """File of ids and addresses that are never fetched, one a line; what is there of them is named."""
    again: tuple[Reason, ...] = ()
    """Verdicts to find anew, such as E_TOO_LONG after a limit was raised."""
    cookies: Path | None = None
    """A cookies.txt of an account that may watch; it is read and never written."""
    proxy: str = ""
    """Proxy for all requests, without a password; if not given, that of the environment."""
    js_runtime: Path | None = None
    """Path of deno, node, bun or qjs for sites that ask for JavaScript; no other program is ever started."""
    allow_private_hosts: bool = False
    """Also ask hosts of the own network; for intranets and tests."""
    manners: Annotated[Manners, _FLAT] = field(default_factory=Manners)
    filters: Annotated[Filters, _FLAT] = field(default_factory=Filters)

    def run(self, console: Console) -> int:
        if self.max_source_bytes < 1 or self.max_videos < 0 or self.max_duration_s < 0:
            raise UserError("--max-source-bytes has to be above 0, --max-videos and --max-duration-s 0 or more")
        if "@" in self.proxy:
            raise UserError(
                "--proxy names a user: command lines are seen by everybody on a machine, so give it in the environment "
                "variables http_proxy and https_proxy"
            )
        # Imported here, since decoders, models and hundreds of sites come along that no other command needs.
        from nonverbal.collect.collecting import collect
        from nonverbal.collect.summary import show_books

        books, archive, gate = collect(self, console)
        show_books(books, archive, gate, console)
        return 0 if archive.local or any(not r.reason for r in archive.records.values()) else EXIT_NOTHING
