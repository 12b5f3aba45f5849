"""One unit through its stages: what a worker does, in whichever process or machine it runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonverbal.pipeline.plan import Plan, needed
from nonverbal.pipeline.stage import Job, Stage
from nonverbal.pipeline.store import Store
from nonverbal.types import Clip, Source
from nonverbal.verdicts import Reject, RejectedError


@dataclass(frozen=True)
class Unit:
    """A source, or a clip of one, on its way through the stages of its level."""

    source: Source
    clip: Clip | None = None

    @property
    def unit_id(self) -> str:
        return self.clip.clip_id if self.clip else self.source.source_id

    @property
    def level(self) -> str:
        return "clip" if self.clip else "source"

    @property
    def duration_s(self) -> float:
        """Seconds of media; 0 for a source, whose length is not known before it is probed."""
        return self.clip.duration_s if self.clip else 0.0

    def stages(self, plan: Plan) -> tuple[Stage, ...]:
        return plan.clip_stages if self.clip else plan.source_stages


class ChangedError(Exception):
    """The media file is not the one it was when the run began."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} changed or went away during the build: put it back or give it anew, leave it alone, run again"
        )


@dataclass(frozen=True)
class Watcher:
    """Told by `work` where it is: a stage begins; a stage or a commit has ended after so many seconds."""

    begun: Callable[[str], None]
    ended: Callable[[str, float], None]


FileMark = tuple[int, int, int]
"""Size, modification time and inode: differs once a file has been written to or replaced."""


def file_mark(path: str) -> FileMark:
    """The mark of the file as it is now."""
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns, status.st_ino


def work(
    plan: Plan, store: Store, job: Job, mark: FileMark, watcher: Watcher, only: Collection[str] = ()
) -> tuple[str, Reject] | None:
    """Runs the stages whose results are missing, commits each, and stops at the first rejection.

    With `only`, no other stages are run: the unit comes by elsewhere for those.

    Results kept in memory are let go after their last reader, so that a clip's tracks do not lie around while the
    next stages need the room.

    Returns:
        the rejecting stage and its verdict, or None when the unit came through.

    Raises:
        ChangedError: the media file differs from `mark`; nothing made from it since is committed.
    """
    stages = Unit(job.source, job.clip).stages(plan)
    verdicts = [(stage.name, store.read_reject(stage.name, job.unit_id)) for stage in stages]
    end = next((i for i, (_, verdict) in enumerate(verdicts) if verdict), len(stages))
    todo = needed(stages[:end], [s.name for s in stages if store.has(s.name, job.unit_id)])
    here = [stage for stage in todo if stage.name in only] if only else todo
    memory: dict[str, Any] = {}
    for i, stage in enumerate(here):
        watcher.begun(stage.name)
        verdict = _step(stage, plan, store, job, mark, memory, watcher)
        if verdict is not None:
            return stage.name, verdict
        for name in [name for name in memory if not any(name in later.reads for later in here[i + 1 :])]:
            del memory[name]
    if len(here) < len(todo):
        return None  # an earlier rejection counts once everything before it has been looked at
    return next(((name, verdict) for name, verdict in verdicts if verdict), None)


def _step(
    stage: Stage,
    plan: Plan,
    store: Store,
    job: Job,
    mark: FileMark,
    memory: dict[str, Any],
    watcher: Watcher,
) -> Reject | None:
    """One stage on one unit: its result goes into `memory`, a rejection is committed and returned."""
    inputs = {name: _input(name, plan, store, job, memory) for name in stage.reads}
    begun_s = time.perf_counter()
    result = _run(stage, job, inputs)
    made_s = time.perf_counter()
    watcher.ended(stage.name, made_s - begun_s)
    _check_unchanged(job.source.path, mark)
    if isinstance(result, Reject):
        store.put_reject(stage.name, job.unit_id, result)
        return result
    memory[stage.name] = result if stage.codec is None else store.put(stage.name, job.unit_id, result)
    watcher.ended("commit", time.perf_counter() - made_s)
    return None


def _run(stage: Stage, job: Job, inputs: Mapping[str, Any]) -> Any:
    try:
        return stage.run(job, inputs)
    except RejectedError as error:
        return error.reject


def _input(name: str, plan: Plan, store: Store, job: Job, memory: Mapping[str, Any]) -> Any:
    if name in memory:
        return memory[name]
    return store.read(name, job.source.source_id if name in plan.source_names else job.unit_id)


def _check_unchanged(path: str, mark: FileMark) -> None:
    try:
        same = file_mark(path) == mark
    except FileNotFoundError:
        same = False
    if not same:
        raise ChangedError(str(Path(path)))
