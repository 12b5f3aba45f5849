"""Fake stages that need more than one core, and what they saw of the worker they ran on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from fake_stages import FakeRecord

from nonverbal.pipeline.stage import Codec, Job, Needs
from nonverbal.pipeline.store import JsonCodec


@dataclass(frozen=True)
class FakeWatchOnCard:
    """Keeps its result in memory, and wants a graphics card; says which one it got."""

    name: ClassVar[str] = "fake_watch"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ()
    codec: ClassVar[Codec | None] = None
    needs: ClassVar[Needs] = Needs(gpus=1)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Any:
        return [os.environ.get("CUDA_VISIBLE_DEVICES", ""), str(os.getpid())]


@dataclass(frozen=True)
class FakeReport:
    """Reads what stays in memory, so it has to run where that was made."""

    name: ClassVar[str] = "fake_report"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("fake_watch",)
    codec: ClassVar[Codec | None] = JsonCodec(FakeRecord)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Any:
        return FakeRecord(" ".join(inputs["fake_watch"]), float(job.threads))


@dataclass(frozen=True)
class FakeWhere:
    """An ordinary stage that says which process it ran in and which cards that saw."""

    name: ClassVar[str] = "fake_where"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("fake_first",)
    codec: ClassVar[Codec | None] = JsonCodec(FakeRecord)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Any:
        return FakeRecord(f"{os.environ.get('CUDA_VISIBLE_DEVICES', '')} {os.getpid()}", 0.0)


@dataclass(frozen=True)
class FakeLast:
    """Wants two cores, and reads nothing that is in memory."""

    name: ClassVar[str] = "fake_last"
    version: ClassVar[int] = 1
    reads: ClassVar[tuple[str, ...]] = ("fake_report",)
    codec: ClassVar[Codec | None] = JsonCodec(FakeRecord)
    needs: ClassVar[Needs] = Needs(cpus=2)

    def run(self, job: Job, inputs: Mapping[str, Any]) -> Any:
        return FakeRecord("last", float(job.threads))
