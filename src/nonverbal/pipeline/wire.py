"""What the supervisor and its workers say to each other: records as JSON, so that nothing is ever unpickled.

Supervisor: `Setup` once, then a `Task` at a time. Worker: `Said` with kind

    ready   set up; `value` is how many seconds that took
    begun   `stage` begins
    tick    `stage` has come to `value` in [0, 1]
    ended   `stage` (or "commit") took `value` seconds
    done    the unit came through; `value` is the worker's peak memory in MB, here and in the next two
    reject  `stage` turned the unit down: `reason`, `message`
    fail    the worker is done for: `reason`, `message`, `traceback`; the next try gets a fresh one
    full    no space left to write: `message`
    stop    something only the user can mend, for instance a missing package: `message`

What happens to a worker is told in the same way, by whoever watches over it: a crash or a limit overstepped as
`fail`, with the tail of what the process printed in `log`, and

    unborn  the process died before it was ready: `message`
    lost    the machine, or what watches there, is gone and the worker with it: `message`
"""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, TypeVar, cast

from nonverbal.pipeline.plan import Plan
from nonverbal.pipeline.stage import Stage
from nonverbal.records import dumps, from_plain, loads, to_plain
from nonverbal.types import Clip, Source
from nonverbal.verdicts import Reason

T = TypeVar("T")


@dataclass(frozen=True)
class StageSpec:
    """Where a stage's class is found, and its config as JSON."""

    module: str
    name: str
    config: str

    @classmethod
    def of(cls, stage: Stage) -> StageSpec:
        return cls(type(stage).__module__, type(stage).__qualname__, dumps(stage))

    def build(self) -> Stage:
        kind = getattr(importlib.import_module(self.module), self.name)
        return cast(Stage, from_plain(kind, json.loads(self.config)))


@dataclass(frozen=True)
class Setup:
    """Which stages a worker will run and where their results lie."""

    artefacts: str
    source_stages: tuple[StageSpec, ...]
    clip_stages: tuple[StageSpec, ...]

    @classmethod
    def of(cls, artefacts: str, plan: Plan) -> Setup:
        source_stages = tuple(StageSpec.of(stage) for stage in plan.source_stages)
        return cls(artefacts, source_stages, tuple(StageSpec.of(stage) for stage in plan.clip_stages))

    def plan(self) -> Plan:
        return Plan(tuple(s.build() for s in self.source_stages), tuple(s.build() for s in self.clip_stages))


@dataclass(frozen=True)
class Task:
    """One unit to work on; `mark` is the media file's as the supervisor saw it when the run began.

    `stages` names those to do if they are missing; none means all.
    """

    source: Source
    clip: Clip | None
    threads: int
    mark: tuple[int, int, int]
    stages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Said:
    """One message of a worker; see the table above."""

    kind: str
    stage: str = ""
    value: float = 0.0
    reason: Reason | None = None
    message: str = ""
    traceback: str = ""
    log: str = ""

    @property
    def is_verdict(self) -> bool:
        """Whether the work on the task ends with this."""
        return self.kind not in ("ready", "begun", "tick", "ended")


def to_text(record: Any) -> str:
    """One record as ASCII, for `records.loads` on the other side; file names that are not UTF-8 survive."""
    return json.dumps(to_plain(record))


def send(connection: Connection, record: Any) -> None:
    """Sends one record."""
    connection.send_bytes(to_text(record).encode("ascii"))


def receive(connection: Connection, kind: type[T]) -> T:
    """The next record, which must be a `kind`; EOFError when the other side is gone."""
    return loads(kind, connection.recv_bytes().decode("ascii"))
