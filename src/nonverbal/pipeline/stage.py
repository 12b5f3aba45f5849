"""What a stage is: a frozen dataclass whose fields are its config, with names for what it reads and writes.

A pipeline is a list of stages over units of one kind. A unit is a source (a media file) or a clip of one.
Each stage gets the unit's `Job` and the results of the stages named in `reads`, and returns its result or
a `Reject`. Results with a codec are committed to disk and found again by key; results without one
(``codec = None``) stay in the worker's memory while the unit is worked on and are made again when a later
stage needs them after a restart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from nonverbal.types import Clip, Source
from nonverbal.verdicts import Reject

if TYPE_CHECKING:
    from nonverbal.media.audio import Audio


class Codec(Protocol):
    """How one kind of result is written to and read from one file whose name ends in `suffix`."""

    @property
    def suffix(self) -> str: ...

    def write(self, path: Path, value: Any) -> None: ...

    def read(self, path: Path) -> Any: ...


@dataclass(frozen=True, order=True)
class Needs:
    """What a worker must have while a stage runs: cores, graphics cards, memory (0: the limit of all workers)."""

    cpus: float = 1.0
    gpus: float = 0.0
    memory_gb: float = 0.0

    def and_also(self, other: Needs) -> Needs:
        """What meets both."""
        memory_gb = max(self.memory_gb, other.memory_gb)
        return Needs(max(self.cpus, other.cpus), max(self.gpus, other.gpus), memory_gb)

    def __str__(self) -> str:
        memory = f", {self.memory_gb:g} GB of memory" if self.memory_gb else ""
        return f"{self.cpus:g} CPU, {self.gpus:g} GPU{memory}"


@dataclass
class Job:
    """One unit of work as a stage sees it: where the media lies, which part of it, and how to report progress.

    `clip` is None for source-level stages. `tick` is called with a fraction in [0, 1] at least every few
    seconds of work, so that a stage that hangs is told from one that is slow. `threads` is how many threads
    the stage may keep busy; results never depend on it.
    """

    source: Source
    clip: Clip | None = None
    threads: int = 1
    tick: Callable[[float], None] = field(default=lambda fraction: None)

    @property
    def unit_id(self) -> str:
        return self.clip.clip_id if self.clip else self.source.source_id

    @cached_property
    def audio(self) -> Audio:
        """The clip's sound, 16 kHz mono float32, decoded once however many stages listen."""
        from nonverbal.media.audio import read_audio  # decoders load in workers only, never where nothing is to be done

        assert self.clip is not None, "a source-level stage asked for a clip's audio"
        return read_audio(Path(self.source.path), self.clip.start_s, self.clip.end_s)


@runtime_checkable
class Stage(Protocol):
    """The contract of a stage; implementations are frozen dataclasses and share no base class."""

    name: ClassVar[str]
    version: ClassVar[int]
    reads: ClassVar[tuple[str, ...]]
    codec: ClassVar[Codec | None]

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Any | Reject: ...
