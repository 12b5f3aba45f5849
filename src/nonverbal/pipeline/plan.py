"""The stages of a pipeline in order, checked before anything runs, each with the key of its results.

A key hashes a stage's name, version, config and the keys of what it reads. A unit's id hashes content already, so
a result is named by (stage, unit id, key): a changed setting gives new keys to that stage and to whatever reads
it, directly or not, and to nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, cast

from nonverbal.pipeline.stage import Stage
from nonverbal.records import dumps, to_plain


def stage_key(stage: Stage, keys: Mapping[str, str]) -> str:
    """sha256 (hex) over the stage's name, version, config and the keys of what it reads."""
    config = to_plain(cast(Any, stage))
    parents = sorted((name, keys[name]) for name in stage.reads)
    return hashlib.sha256(dumps([stage.name, stage.version, config, parents]).encode()).hexdigest()


@dataclass(frozen=True)
class Plan:
    """Source stages, the last of which returns the clips of a source, and the clip stages that follow.

    A clip stage may read a source stage: it gets the result for the source that the clip is cut from.

    Raises:
        ValueError: a name or a setting stands twice, a stage reads what no earlier stage writes, or a result
            would be thrown away unread.
    """

    source_stages: tuple[Stage, ...]
    clip_stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        _check_names(self.stages)
        _check_reads(self.stages)
        if not self.source_stages or self.source_stages[-1].codec is None:
            raise ValueError("the last source stage must have a codec: its result is the list of clips")

    @property
    def stages(self) -> tuple[Stage, ...]:
        return self.source_stages + self.clip_stages

    @cached_property
    def keys(self) -> dict[str, str]:
        """The key of each stage by name."""
        keys: dict[str, str] = {}
        for stage in self.stages:
            keys[stage.name] = stage_key(stage, keys)
        return keys

    @cached_property
    def source_names(self) -> frozenset[str]:
        return frozenset(stage.name for stage in self.source_stages)

    def of(self, stage_name: str) -> Stage:
        """The stage of that name."""
        return next(stage for stage in self.stages if stage.name == stage_name)


def needed(stages: Sequence[Stage], present: Collection[str]) -> list[Stage]:
    """The stages to run, in order, when the results named in `present` lie on disk.

    Those are the ones whose result is missing, and of those kept in memory only the ones that a stage to run
    reads, directly or through another.
    """
    wanted: list[Stage] = []
    for stage in reversed(stages):
        missing = stage.codec is not None and stage.name not in present
        read = stage.codec is None and any(stage.name in later.reads for later in wanted)
        if missing or read:
            wanted.insert(0, stage)
    return wanted


def _check_names(stages: Sequence[Stage]) -> None:
    owners: dict[str, str] = {}
    for i, stage in enumerate(stages):
        if stage.name in {earlier.name for earlier in stages[:i]}:
            raise ValueError(f"two stages are named {stage.name!r}: names must differ, results are filed under them")
        for setting in fields(cast(Any, stage)):
            owner = owners.setdefault(setting.name, stage.name)
            if owner != stage.name:
                raise ValueError(
                    f"stages {owner!r} and {stage.name!r} both have a setting {setting.name!r}: rename one"
                )


def _check_reads(stages: Sequence[Stage]) -> None:
    written: list[str] = []
    for stage in stages:
        for name in stage.reads:
            if name not in written:
                raise ValueError(
                    f"stage {stage.name!r} reads {name!r}, which no earlier stage writes; earlier: {', '.join(written)}"
                )
        written.append(stage.name)
    for i, stage in enumerate(stages):
        if stage.codec is None and not any(stage.name in later.reads for later in stages[i + 1 :]):
            raise ValueError(f"stage {stage.name!r} has no codec and no later stage reads it: its result would be lost")
