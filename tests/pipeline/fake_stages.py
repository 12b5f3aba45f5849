"""Stages that only pretend: they do arithmetic on ids, and misbehave on the units whose media file says so.

The "media" of a fake source is a text file: the first line says how many clips it is cut into, each further line is
``STAGE CLIP_INDEX TRICK``, for instance ``fake_second 1 segfault``; a clip index of -1 means the source itself.
"""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from nonverbal.pipeline.stage import Codec, Job
from nonverbal.pipeline.store import JsonCodec
from nonverbal.types import Clip, Source
from nonverbal.verdicts import Reason, Reject, RejectedError, UserError


@dataclass(frozen=True)
class FakeRecord:
    text: str
    number: float


def fake_source(folder: Path, name: str, clips: int, *tricks: str) -> Source:
    """Writes the fake media file and returns its record."""
    path = folder / name
    path.write_text("\n".join([str(clips), name, *tricks]) + "\n")
    data = path.read_bytes()
    return Source(hashlib.sha256(data).hexdigest(), str(path), len(data))


def misbehave(stage: str, job: Job) -> Any:
    """Plays the trick that the media file asks for at this stage and clip."""
    index = -1 if job.clip is None else int(job.clip.start_s)
    for line in Path(job.source.path).read_text().splitlines()[2:]:
        where, which, trick = line.split(" ", 2)
        if where == stage and int(which) == index:
            return TRICKS[trick.split(" ")[0]](job, trick)
    return None


def _segfault(job: Job, trick: str) -> None:
    print("fake decoder chatter before the end", flush=True)
    os.kill(os.getpid(), 11)


def _once(job: Job, trick: str) -> None:
    """Dies the first time only; the mark lies where the trick says."""
    mark = Path(trick.split(" ")[1])
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), 9)


def _kill_parent(job: Job, trick: str) -> None:
    """Takes the supervisor down, as a unit would that makes a whole machine run out of memory."""
    os.kill(os.getppid(), 9)
    time.sleep(600)


def _raise(job: Job, trick: str) -> None:
    raise KeyError("a fake bug")


def _hang(job: Job, trick: str) -> None:
    time.sleep(600)


def _hang_with_child(job: Job, trick: str) -> None:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    time.sleep(600)


def _slow(job: Job, trick: str) -> None:
    for _ in range(600):
        time.sleep(0.1)
        job.tick(0.5)


def _hoard(job: Job, trick: str) -> None:
    kept = [b"x" * (600 << 20)]
    time.sleep(600)
    del kept


def _memory(job: Job, trick: str) -> None:
    raise MemoryError("a fake allocation")


def _flood(job: Job, trick: str) -> None:
    for _ in range(3000):
        os.write(2, b"fake stderr flood " * 100)


def _reject(job: Job, trick: str) -> Reject:
    return Reject(Reason.E_SILENT, "fake: silent; expected sound; record it again")


def _raise_reject(job: Job, trick: str) -> None:
    raise RejectedError(Reason.E_DECODE, "fake: broken deep down")


def _touch(job: Job, trick: str) -> None:
    with open(job.source.path, "a") as media:
        media.write("grown\n")


def _no_package(job: Job, trick: str) -> None:
    raise UserError("fake: pip install 'nonverbal[offline]'")


def _full(job: Job, trick: str) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def _big(job: Job, trick: str) -> FakeRecord:
    return FakeRecord("x" * 100_000, 0.0)


def _forget(job: Job, trick: str) -> None:
    """Removes a result behind the engine's back: the folder to empty stands in the trick."""
    for path in Path(trick.split(" ")[1]).iterdir():
        path.unlink()


def _confined(job: Job, trick: str) -> FakeRecord:
    """Tells what the worker may do: where the trick says, somebody listens."""
    port = int(trick.split(" ")[1])
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
        network = "reached"
    except OSError as error:
        network = errno.errorcode[error.errno or 0]
    kinds = (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_DATA)
    return FakeRecord(" ".join([network, *(str(resource.getrlimit(kind)[0]) for kind in kinds)]), 0.0)


def _bomb(job: Job, trick: str) -> None:
    bytearray(64 << 30)


TRICKS: dict[str, Any] = {
    "confined": _confined,
    "bomb": _bomb,
    "segfault": _segfault,
    "once": _once,
    "kill_parent": _kill_parent,
    "raise": _raise,
    "hang": _hang,
    "hang_with_child": _hang_with_child,
    "slow": _slow,
    "hoard": _hoard,
    "memory": _memory,
    "flood": _flood,
    "reject": _reject,
    "raise_reject": _raise_reject,
    "touch": _touch,
    "no_package": _no_package,
    "full": _full,
    "big": _big,
    "forget": _forget,
}


def _count(stage: str, job: Job) -> None:
    """Leaves a trace of every call, where the environment says, for tests that ask what was done again."""
    folder = os.environ.get("FAKE_CALLS")
    if folder:
        (Path(folder) / f"{stage}.{job.unit_id}.{os.getpid()}.{time.monotonic_ns()}").touch()


@dataclass(frozen=True)
class FakeProbe:
    probe_salt: int = 0
    """Only there to be changed."""
    name: ClassVar[str] = "fake_probe"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ()
    codec: ClassVar[Codec | None] = JsonCodec(FakeRecord)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Any:
        _count(self.name, job)
        return misbehave(self.name, job) or FakeRecord("probed", 0.1)


@dataclass(frozen=True)
class FakeCut:
    name: ClassVar[str] = "fake_cut"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("fake_probe",)
    codec: ClassVar[Codec | None] = JsonCodec(tuple[Clip, ...])

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Any:
        _count(self.name, job)
        count = int(Path(job.source.path).read_text().splitlines()[0])
        source_id = job.source.source_id
        names = [hashlib.sha256(f"{source_id} {i}".encode()).hexdigest()[:32] for i in range(count)]
        clips = tuple(Clip(name, source_id, float(i), i + 1.0) for i, name in enumerate(names))
        return misbehave(self.name, job) or clips


@dataclass(frozen=True)
class FakeFirst:
    first_salt: int = 0
    """Only there to be changed."""
    first_s: float = 0.0
    """Seconds to take."""
    name: ClassVar[str] = "fake_first"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("fake_probe",)
    codec: ClassVar[Codec | None] = JsonCodec(FakeRecord)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Any:
        _count(self.name, job)
        time.sleep(self.first_s)
        return misbehave(self.name, job) or FakeRecord(f"{self.first_salt} {job.unit_id}", inputs["fake_probe"].number)


@dataclass(frozen=True)
class FakeWatch:
    """Keeps its result in memory."""

    name: ClassVar[str] = "fake_watch"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ()
    codec: ClassVar[Codec | None] = None

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Any:
        _count(self.name, job)
        return misbehave(self.name, job) or [job.unit_id] * 3


@dataclass(frozen=True)
class FakeSecond:
    second_salt: int = 0
    """Only there to be changed."""
    name: ClassVar[str] = "fake_second"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("fake_watch",)
    codec: ClassVar[Codec | None] = JsonCodec(FakeRecord)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Any:
        _count(self.name, job)
        job.tick(0.5)
        return misbehave(self.name, job) or FakeRecord(f"{self.second_salt} {inputs['fake_watch']}", 0.3)


@dataclass(frozen=True)
class FakeThird:
    name: ClassVar[str] = "fake_third"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("fake_first", "fake_watch")
    codec: ClassVar[Codec | None] = JsonCodec(FakeRecord)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Any:
        _count(self.name, job)
        return misbehave(self.name, job) or FakeRecord(f"{inputs['fake_first']} {inputs['fake_watch']}", 0.7)
