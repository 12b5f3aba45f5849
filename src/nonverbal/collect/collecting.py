"""A collection from beginning to end: the output held, the session open, the runner sent through the addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from nonverbal.collect.addresses import Hosts
from nonverbal.collect.archive import Archive, read_takedown
from nonverbal.collect.inputs import read_inputs
from nonverbal.collect.manners import Gate
from nonverbal.collect.run import Books, Runner
from nonverbal.collect.source import Fetcher, Limits
from nonverbal.collect.summary import watching
from nonverbal.collect.ytdlp import open_session
from nonverbal.pipeline.lock import claim, output_error

if TYPE_CHECKING:
    from nonverbal.collect.command import Collect


def collect(asked: Collect, console: Console) -> tuple[Books, Archive, Gate]:
    """Fetches what `asked` names into its folder.

    Raises:
        UserError: an input or a setting is not usable.
        LockedError: another process writes this output.
        OutputError: it cannot be written.
    """
    inputs = read_inputs(asked.inputs, asked.search, asked.search_results)
    takedown = read_takedown(asked.takedown)
    gate, hosts = Gate(asked.manners), Hosts(asked.allow_private_hosts)
    limits = Limits(asked.max_source_bytes, asked.max_duration_s, asked.min_side_px, asked.audio_first)
    with (
        claim(asked.out) as output,
        open_session(gate, hosts, asked.cookies, asked.proxy, asked.js_runtime) as session,
        watching(console, gate) as tick,
    ):
        archive = Archive(output.path, frozenset(map(str, asked.again)), local=list(inputs.local))
        try:
            archive.load()
            fetcher = Fetcher(archive, session, gate, asked.filters.settled(asked.audio_first), limits, tick)
            books = Runner(session, archive, fetcher, gate, takedown, asked.max_videos, tick).run(inputs.addresses)
            archive.write_list()
        except OSError as error:
            raise output_error(error, output.path) from error
        return books, archive, gate
