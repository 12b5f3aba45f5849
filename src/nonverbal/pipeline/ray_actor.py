"""On a cluster's node: an actor that keeps one worker process there, watches over it and passes on what it says.

The actor is the supervisor of its process, by the same code as on a single machine. So what hangs, crashes, hoards or
floods is dealt with where it happens. Everything that crosses the network is text.
"""

from __future__ import annotations

import os
import platform
import secrets
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nonverbal import __version__
from nonverbal.backends import registry
from nonverbal.pipeline.pool import LocalPool
from nonverbal.pipeline.stage import Needs, Stage
from nonverbal.pipeline.supervisor import Limits
from nonverbal.pipeline.survey import Outcome, Status
from nonverbal.pipeline.unit import FileMark, Unit, file_mark
from nonverbal.pipeline.wire import Said, Setup, Task, to_text
from nonverbal.records import loads
from nonverbal.verdicts import UserError

_HOLD_S = 1.0
"""How long messages are gathered before they travel; verdicts do not wait."""
_LISTEN_S = 0.2

VERSION = f"nonverbal {__version__} on Python {'.'.join(platform.python_version_tuple()[:2])}"


@dataclass(frozen=True)
class Check:
    """What the driver wants to see on a node before it trusts it with work.

    `token` stands in the file `path`; the node has to write it into another one beside it. `media` are some of the
    media files with their marks, `keys` the keys of all stages.
    """

    version: str
    path: str
    token: str
    media: tuple[tuple[str, FileMark], ...]
    keys: dict[str, str]


@dataclass(frozen=True)
class Greeting:
    """A node's answer: who it is, which file it has written, and what is wrong there in one sentence, or nothing."""

    host: str
    answer: str
    problem: str


class Post:
    """One worker process on this node, replaced when it fails; Ray calls one method at a time, in the main thread.

    The main thread matters: the kernel ends the worker process when the thread that started it ends.
    """

    def __init__(self, setup: str, paths: list[str]) -> None:
        sys.path += [path for path in paths if path not in sys.path]
        self._setup = loads(Setup, setup)
        self._pool = LocalPool(self._setup, workers=1)

    def greet(self, check: str) -> str:
        """Looks whether the node has what it takes; the text of a `Greeting`."""
        asked = loads(Check, check)
        answer = f"{asked.path}.{secrets.token_hex(8)}"
        return to_text(Greeting(socket.gethostname(), answer, _problem(asked, answer, self._setup)))

    def work(self, task: str, limits: str, stage: str) -> list[str]:
        """Begins with a task that goes on from `stage`; the first messages about it."""
        work = loads(Task, task)
        self._pool.prepare({Needs(): 1})
        seat = self._pool.free(Needs())
        assert seat is not None, "a task came before the last one had ended"
        seat.begin(Outcome(Unit(work.source, work.clip), Status.PENDING, stage), 0)
        self._pool.give(seat, work, loads(Limits, limits))
        return self.more()

    def more(self) -> list[str]:
        """The next messages, after a second at most; the last is a verdict when the task has ended."""
        said: list[Said] = []
        deadline_s = time.monotonic() + _HOLD_S
        while time.monotonic() < deadline_s and not any(message.kind == "ready" for message in said):
            for seat, message in self._pool.listen(_LISTEN_S):
                if seat.task is not None:
                    said.append(message)
                    seat.task = None if message.is_verdict else seat.task
            if said and said[-1].is_verdict:
                break
        return [to_text(message) for message in said]

    def end(self) -> None:
        """Ends the process and all it started."""
        self._pool.close()


def _problem(asked: Check, answer: str, setup: Setup) -> str:
    """The first thing that is not here as it is where the driver runs, with the way out."""
    if asked.version != VERSION:
        return f"has {VERSION}, the driver {asked.version}: install the same on all nodes"
    try:
        same = Path(asked.path).read_text() == asked.token
        Path(answer).write_text(asked.token)
    except OSError as error:
        same, why = False, f" ({error.strerror})"
    else:
        why = ""
    if not same:
        folder = os.path.dirname(asked.path)
        return f"does not share the output folder {folder}{why}: put it where all nodes read and write the same files"
    for path, mark in asked.media:
        if (found := _mark(path)) != mark:
            what = "another file" if found else "no file"
            return f"sees {what} at {path}: put the media where all nodes find the same files under the same paths"
    plan = setup.plan()
    if plan.keys != asked.keys:
        return "has other stages than the driver: install the same nonverbal on all nodes"
    return _missing(plan.stages)


def _missing(stages: Sequence[Stage]) -> str:
    """What a model chosen for a stage lacks here; its weights are fetched where that is allowed."""
    try:
        registry.fetch(stages)
        registry.check(stages, with_gpu=False)
    except UserError as error:
        return f"lacks something: {error}"
    return ""


def _mark(path: str) -> FileMark | None:
    try:
        return file_mark(path)
    except OSError:
        return None
