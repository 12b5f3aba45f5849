"""Stages that do next to nothing, for measuring what the engine itself costs: a source of many clips, a result each."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from nonverbal.pipeline.stage import Codec, Job
from nonverbal.pipeline.store import JsonCodec
from nonverbal.types import Clip, Source


@dataclass(frozen=True)
class Stub:
    """The result of a stage: so many seconds were slept."""

    slept_s: float


def stub_source(folder: Path, clips: int, name: str = "stub.txt") -> Source:
    """A "media file" that only says how many clips it is cut into."""
    path = folder / name
    path.write_text(f"{clips} {name}\n")
    data = path.read_bytes()
    return Source(hashlib.sha256(data).hexdigest(), str(path), len(data))


@dataclass(frozen=True)
class StubCut:
    name: ClassVar[str] = "stub_cut"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ()
    codec: ClassVar[Codec | None] = JsonCodec(tuple[Clip, ...])

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Any:
        count = int(Path(job.source.path).read_text().split()[0])
        names = (hashlib.sha256(f"{job.source.source_id} {i}".encode()).hexdigest()[:32] for i in range(count))
        return tuple(Clip(name, job.source.source_id, float(i), i + 1.0) for i, name in enumerate(names))


@dataclass(frozen=True)
class StubWork:
    stub_s: float = 0.0
    """Seconds to take for each clip."""
    name: ClassVar[str] = "stub_work"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ()
    codec: ClassVar[Codec | None] = JsonCodec(Stub)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Any:
        time.sleep(self.stub_s)
        return Stub(self.stub_s)
